/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/bytes.h"
#include "base/report.h"

#include "commands.h"
#include "load.h"
#include "plan-options.h"
#include "print.h"

struct show_options {
    struct plan_options plan;
    int format;
};

static const struct option_row rows[] = {
    PLAN_OPTION_ROWS(struct show_options, plan),
    { 0, "format", OPTION_FORMAT, offsetof(struct show_options, format),
      "FORMAT", "text|json|xl", "how to print the plan" },
    { .name = NULL },
};

static int print_plan(const struct loaded *loaded, enum plan_format format)
{
    struct bytes out = BYTES_INIT;

    if (plan_format(loaded->plan, NULL, format, &out))
        out.failed = true;
    return print_bytes(&out);
}

static int run(const void *opaque, int argc, char **argv)
{
    const struct show_options *options = opaque;
    struct loaded loaded;
    int rc;

    (void)argc;
    if (!load_bundle(&loaded, argv[0], &options->plan)) {
        /* standard output belongs to the plan alone */
        print_report(loaded.report, false);
        rc = print_plan(&loaded, (enum plan_format)options->format);
    } else if (loaded.report) {
        rc = print_report(loaded.report,
                          options->format == PLAN_FORMAT_JSON);
    } else {
        fputs("xl oci-plan: out of memory\n", stderr);
        rc = XL_OCI_FAILED;
    }
    loaded_close(&loaded);
    return rc;
}

const struct command command_plan = {
    .name = "oci-plan",
    .summary = "Show the domain that a bundle would become, and why",
    .arguments = "BUNDLE",
    .min_args = 1,
    .max_args = 1,
    .options = rows,
    .options_bytes = sizeof(struct show_options),
    .details =
        "Each line names the field of config.json, the option or the default "
        "that caused\n"
        "it. --format=xl gives an xl.cfg(5) file. Needs neither root nor "
        "Xen.\n"
        "\n"
        "Exit codes: 0 shown; 1 the bundle has errors; 2 wrong command "
        "line.\n"
        "Example: xl oci-plan --memory=64M ./bundle\n",
    .run = run,
};
