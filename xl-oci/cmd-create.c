/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "checks.h"

#include "commands.h"
#include "console-client.h"
#include "create.h"
#include "image.h"
#include "plan-options.h"
#include "print.h"
#include "reap.h"

#define SEED_BYTES 64

struct create_options {
    struct plan_options plan;
    bool paused, attached, dry_run;
    int format;
};

static const struct option_row rows[] = {
    PLAN_OPTION_ROWS(struct create_options, plan),
    { 'p', "paused", OPTION_FLAG, offsetof(struct create_options, paused),
      NULL, NULL, "leave it paused; `xl unpause NAME` starts it" },
    { 'c', "console", OPTION_FLAG, offsetof(struct create_options, attached),
      NULL, NULL, "stay attached; the exit code is the container's" },
    { 'N', "dry-run", OPTION_FLAG, offsetof(struct create_options, dry_run),
      NULL, NULL, "show the plan and create nothing" },
    { 0, "format", OPTION_FORMAT, offsetof(struct create_options, format),
      "FORMAT", "text|json|xl", "of a dry run's plan, and of errors (json)" },
    { .name = NULL },
};

static int print_plan(const struct loaded *loaded, enum plan_format format)
{
    struct bytes out = BYTES_INIT;

    if (plan_format(loaded->plan, NULL, format, &out))
        out.failed = true;
    return print_bytes(&out);
}

static struct container_exit exit_of_message(const struct message_exit *m)
{
    return (struct container_exit){
        .kind = (enum exit_kind)m->kind, .number = m->number,
        .text = *m->text ? m->text : NULL,
    };
}

/* What a code alone would not tell. */
static void tell_end(const char *name, const struct container_exit *ended)
{
    struct bytes out = BYTES_INIT;

    if (ended->kind == EXIT_EXITED || ended->kind == EXIT_SIGNALLED)
        return;
    bytes_printf(&out, "%s: %s", name, exit_kind_name(ended->kind));
    if (ended->text) {
        bytes_add_string(&out, ": ");
        print_add_safe_string(&out, ended->text); /* the guest's words */
    }
    bytes_add_string(&out, "\n");
    if (!out.failed)
        fwrite(out.data, 1, out.size, stderr);
    bytes_free(&out);
}

static void trim_cache(struct loaded *loaded)
{
    if (loaded->settings.cache_max_bytes)
        image_cache_trim(loaded->settings.cache_dir,
                         loaded->settings.cache_max_bytes, loaded->report);
}

static int run_attached(struct creation *creation)
{
    struct console_client client = {
        .monitor_fd = creation->monitor.fd, .domid = (int)creation->domid,
        .terminal = creation->loaded->plan->terminal,
    };
    const char *name = creation->record.name;
    struct report *report = creation->loaded->report;
    struct container_exit ended;
    struct message_exit message;

    if (console_client_run(&client, &message, report)) {
        print_report(report, false);
        return XL_OCI_INTERNAL;
    }
    if (client.lost_bytes)
        report_check(report, CONSOLE_LOST, NULL, "%llu bytes were lost",
                     (unsigned long long)client.lost_bytes);
    /* everything is released; the end has been told here */
    run_remove(name, report);
    trim_cache(creation->loaded);
    print_report(report, false);
    ended = exit_of_message(&message);
    tell_end(name, &ended);
    return exit_to_code(&ended);
}

static int create(const struct create_options *options, struct loaded *loaded)
{
    struct creation creation = {
        .loaded = loaded, .paused = options->paused,
        .attached = options->attached,
    };
    bool json = options->format == PLAN_FORMAT_JSON;
    int rc;

    if (load_require_guest(loaded) || creation_make(&creation)) {
        rc = print_report(loaded->report, json);
        if (options->attached)
            rc = XL_OCI_INTERNAL;
    } else if (options->attached) {
        rc = run_attached(&creation);
    } else {
        monitor_link_close(&creation.monitor);
        trim_cache(loaded);
        print_report(loaded->report, json);
        rc = XL_OCI_OK;
    }
    creation_close(&creation);
    return rc;
}

static int load_and_create(const struct create_options *options,
                           const char *bundle)
{
    bool json = options->format == PLAN_FORMAT_JSON;
    struct loaded loaded;
    int rc = XL_OCI_FAILED;

    if (load_bundle(&loaded, bundle, &options->plan)) {
        if (loaded.report)
            print_report(loaded.report, json);
        if (options->attached && !options->dry_run)
            rc = XL_OCI_INTERNAL;
    } else if (options->dry_run) {
        print_report(loaded.report, false);
        rc = print_plan(&loaded, (enum plan_format)options->format);
    } else {
        rc = create(options, &loaded);
    }
    loaded_close(&loaded);
    return rc;
}

static int run(const void *opaque, int argc, char **argv)
{
    struct create_options options = *(const struct create_options *)opaque;
    char uuid[DOMAIN_UUID_TEXT_BYTES];
    unsigned char seed[SEED_BYTES];

    (void)argc;
    options.dry_run |= globals.dry_run;
    options.plan.attach_stdin = options.attached;
    if (options.attached &&
        !console_client_size(&options.plan.rows, &options.plan.columns))
        options.plan.rows = options.plan.columns = 0;
    if (!options.dry_run) {
        /* a dry run is the same each time */
        if (domain_uuid_make(uuid) ||
            getrandom(seed, sizeof(seed), 0) != sizeof(seed)) {
            fputs("xl oci-create: no randomness\n", stderr);
            return XL_OCI_FAILED;
        }
        options.plan.uuid = uuid;
        options.plan.seed = seed;
        options.plan.seed_bytes = sizeof(seed);
    }
    return load_and_create(&options, argv[0]);
}

const struct command command_create = {
    .name = "oci-create",
    .summary = "Run an OCI bundle as a Xen domain",
    .arguments = "BUNDLE",
    .min_args = 1,
    .max_args = 1,
    .options = rows,
    .options_bytes = sizeof(struct create_options),
    .details =
        "Exit codes: 0 created; 1 the bundle or the host does not allow it, "
        "and nothing was\n"
        "left behind; 2 wrong command line. With -c: the process's exit "
        "status, 128 plus\n"
        "the signal that ended it, or 125 for everything else.\n"
        "Example: xl oci-create -c ./bundle\n",
    .run = run,
};
