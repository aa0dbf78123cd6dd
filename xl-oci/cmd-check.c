/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/bytes.h"
#include "base/report.h"

#include "commands.h"
#include "load.h"
#include "plan-options.h"
#include "print.h"

struct check_options {
    struct plan_options plan;
    int format;
};

static const struct option_row rows[] = {
    PLAN_OPTION_ROWS(struct check_options, plan),
    { 0, "format", OPTION_FORMAT, offsetof(struct check_options, format),
      "FORMAT", "text|json", "how to print the diagnostics" },
    { .name = NULL },
};

/* Silence could as well mean that nothing was looked at. */
static int print_verdict(const struct report *report, const char *bundle)
{
    struct bytes out = BYTES_INIT;

    print_add_safe_string(&out, bundle);
    bytes_printf(&out, ": %zu errors, %zu warnings, %zu notes\n",
                 report_count(report, REPORT_ERROR),
                 report_count(report, REPORT_WARNING),
                 report_count(report, REPORT_NOTE));
    return print_bytes(&out);
}

static int run(const void *opaque, int argc, char **argv)
{
    const struct check_options *options = opaque;
    struct loaded loaded;
    bool json = options->format == 1;
    int rc;

    (void)argc;
    load_bundle(&loaded, argv[0], &options->plan);
    if (loaded.spec)
        load_require_loaders(&loaded);
    if (!loaded.report) {
        fputs("xl oci-check: out of memory\n", stderr);
        rc = XL_OCI_FAILED;
    } else {
        rc = print_report(loaded.report, json);
        if (!json && print_verdict(loaded.report, argv[0]))
            rc = XL_OCI_FAILED;
    }
    loaded_close(&loaded);
    return rc;
}

const struct command command_check = {
    .name = "oci-check",
    .summary = "Tell all that is wrong with a bundle, without starting it",
    .arguments = "BUNDLE",
    .min_args = 1,
    .max_args = 1,
    .options = rows,
    .options_bytes = sizeof(struct check_options),
    .details =
        "BUNDLE is the directory that holds config.json. Needs neither root "
        "nor Xen.\n"
        "\n"
        "Exit codes: 0 no errors; 1 errors; 2 wrong command line.\n"
        "Example: xl oci-check --format=json ./bundle\n",
    .run = run,
};
