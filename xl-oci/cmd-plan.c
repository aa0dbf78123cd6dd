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

/* after the formats of enum plan_format */
#define FORMAT_PAYLOAD (PLAN_FORMAT_DTS + 1)

static const struct option_row rows[] = {
    PLAN_OPTION_ROWS(struct show_options, plan),
    { 0, "format", OPTION_FORMAT, offsetof(struct show_options, format),
      "FORMAT", "text|json|xl|dts|payload", "how to print the plan" },
    { .name = NULL },
};

static int print_plan(const struct loaded *loaded, int format)
{
    struct bytes out = BYTES_INIT;

    if (format == FORMAT_PAYLOAD ?
        plan_write_payload(loaded->plan, &out) :
        plan_format(loaded->plan, NULL, (enum plan_format)format, &out))
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
        rc = print_plan(&loaded, options->format);
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
        "it. Needs neither root nor Xen. --format=xl gives an xl.cfg(5) file, "
        "in which\n"
        "the initramfs and the images that oci-create would make are "
        "described in\n"
        "parentheses; --format=dts gives the partial device tree of the "
        "accelerators as\n"
        "source; --format=payload gives the cpio archive that follows "
        "our init in\n"
        "that initramfs (without its random seed).\n"
        "\n"
        "Exit codes: 0 shown; 1 the bundle has errors; 2 wrong command "
        "line.\n"
        "Example: xl oci-plan --memory=64M ./bundle\n",
    .run = run,
};
