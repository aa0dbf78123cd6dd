/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/bytes.h"
#include "spec.h"

#include "commands.h"
#include "print.h"

static int run(const void *options, int argc, char **argv)
{
    struct bytes out = BYTES_INIT;

    (void)options;
    (void)argc;
    (void)argv;
    spec_format_coverage(&out);
    return print_bytes(&out);
}

const struct command command_coverage = {
    .name = "oci-coverage",
    .summary = "Show what becomes of every property of the OCI specification",
    .arguments = "",
    .details =
        "The table is in Markdown, one row per property of runtime-spec "
        "1.3.\n"
        "\n"
        "Exit codes: 0 shown; 2 wrong command line.\n"
        "Example: xl oci-coverage | grep seccomp\n",
    .run = run,
};
