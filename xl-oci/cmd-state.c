/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/report.h"

#include "commands.h"
#include "print.h"
#include "state.h"

static int show(struct arena *arena, const void *options, int argc,
                char **argv, struct report *report)
{
    struct bytes out = BYTES_INIT;
    struct container_state state;
    int rc = state_open(arena, argv[0], &state, report);

    (void)options;
    (void)argc;
    if (!rc)
        rc = state_find_domain(&state, report);
    if (!rc) {
        state_format_json(&state, &out);
        bytes_add_string(&out, "\n");
        rc = print_bytes(&out);
    }
    state_close(&state);
    return rc;
}

static int run(const void *options, int argc, char **argv)
{
    return with_report(&command_state, show, options, argc, argv);
}

const struct command command_state = {
    .name = "oci-state",
    .summary = "Show the OCI state of a container as JSON",
    .arguments = "NAME",
    .min_args = 1,
    .max_args = 1,
    .details =
        "The state is that of OCI runtime.md (pid is the monitor's), with "
        "the domain and\n"
        "the exit status under \"org.xenproject.oci\". There, failedShares "
        "tells of each\n"
        "9pfs share whose backend ended before the domain: when, by which "
        "signal or with\n"
        "which status, and why; the guest gets I/O errors from it.\n"
        "\n"
        "Exit codes: 0 shown; 1 it could not be found out; 2 wrong command "
        "line;\n"
        "3 no such container.\n"
        "Example: xl oci-state web | jq .status\n",
    .run = run,
};
