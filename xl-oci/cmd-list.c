/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "checks.h"

#include "commands.h"
#include "print.h"
#include "reap.h"
#include "state.h"

struct list_options {
    int format;
    bool quiet;
};

static const struct option_row rows[] = {
    { 0, "format", OPTION_FORMAT, offsetof(struct list_options, format),
      "FORMAT", "table|json", "how to print the list" },
    { 'q', "quiet", OPTION_FLAG, offsetof(struct list_options, quiet), NULL,
      NULL, "names alone" },
    { .name = NULL },
};

/* "42s", "17m", "5h", "3d": the age of a container, for people */
static const char *format_age(int64_t created_s, char text[24])
{
    static const struct { int64_t seconds; char unit; } units[] = {
        { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' },
    };
    int64_t age = (int64_t)time(NULL) - created_s;
    size_t i;

    if (created_s <= 0 || age < 0)
        return "-";
    for (i = 0; i < 3 && age < 2 * units[i].seconds; i++)
        ;
    snprintf(text, 24, "%" PRId64 "%c", age / units[i].seconds,
             units[i].unit);
    return text;
}

/* More than OCI's: of those that run, how. */
static const char *status_text(const struct container_state *state)
{
    if (state->record->status == CONTAINER_RUNNING && state->domain.paused)
        return "paused";
    if (state_status(state) == CONTAINER_RUNNING && state->n_failed_shares)
        return "degraded";
    return container_status_name(state_status(state));
}

static void add_row(const struct container_state *state, struct bytes *out)
{
    const struct container_record *r = state->record;
    const struct domain_state *d = &state->domain;
    struct bytes ended = BYTES_INIT;
    char domid[16] = "-", memory[24] = "-", age[24];
    const char *text;

    if (d->life != DOMAIN_ABSENT) {
        snprintf(domid, sizeof(domid), "%d", d->domid);
        snprintf(memory, sizeof(memory), "%" PRIu64 "M",
                 (d->memory_kib + 512) / 1024);
    }
    state_format_exit(&r->exit, &ended);
    text = bytes_text(&ended);
    bytes_printf(out, "%-24s %5s %-8s %-13s %6s %5s  ", r->name, domid,
                 status_text(state), text ? text : "?", memory,
                 format_age(r->created_s, age));
    print_add_safe_string(out, r->bundle);
    bytes_add_string(out, "\n");
    bytes_free(&ended);
}

/*
 * What recovering has told already is not told again. Without Xen to ask, the
 * record is shown as it was last written.
 */
static int read_one(struct arena *arena, const char *name,
                    struct container_state *state, struct report *report)
{
    struct report *again;
    int rc;

    if (!container_recover(name, report)) {
        rc = state_read(arena, name, state, report);
        if (!rc)
            state_find_domain(state, report);
        return rc;
    }
    again = report_new();
    rc = again ? state_read(arena, name, state, again) : -1;
    report_free(again);
    return rc;
}

static void show_one(const struct list_options *options,
                     const struct container_state *state, bool first,
                     struct bytes *out)
{
    if (options->quiet) {
        bytes_printf(out, "%s\n", state->record->name);
    } else if (options->format == 1) {
        bytes_add_string(out, first ? "\n" : ",\n");
        state_format_json(state, out);
    } else {
        add_row(state, out);
    }
}

/*
 * A container may be deleted while it is listed: then it is not listed. One
 * that cannot be read does not keep the others from being shown.
 */
static int list_one(const struct list_options *options, const char *name,
                    bool first, struct bytes *out)
{
    struct arena *arena = arena_new();
    struct report *report = report_new();
    struct container_state state = { .dir_fd = -1 };
    int rc = XL_OCI_FAILED;

    if (!arena || !report) {
        out->failed = true;
    } else {
        if (!read_one(arena, name, &state, report))
            show_one(options, &state, first, out);
        rc = report_exit_code(report);
        if (rc == XL_OCI_FAILED)
            print_report(report, false);
    }
    state_close(&state);
    report_free(report);
    arena_free(arena);
    return rc == XL_OCI_NOT_FOUND ? XL_OCI_OK : rc;
}

static int list_all(const struct list_options *options, char **names)
{
    struct bytes out = BYTES_INIT;
    bool json = options->format == 1 && !options->quiet;
    int rc = XL_OCI_OK;
    size_t empty;

    if (json)
        bytes_add_string(&out, "[");
    else if (!options->quiet)
        bytes_printf(&out, "%-24s %5s %-8s %-13s %6s %5s  %s\n", "NAME",
                     "DOMID", "STATUS", "EXIT", "MEM", "AGE", "BUNDLE");
    for (empty = out.size; *names; names++) {
        if (list_one(options, *names, out.size == empty, &out))
            rc = XL_OCI_FAILED;
    }
    if (json)
        bytes_add_string(&out, out.size == empty ? "]\n" : "\n]\n");
    return print_bytes(&out) ? XL_OCI_FAILED : rc;
}

static int show(struct arena *arena, const void *options, int argc,
                char **argv, struct report *report)
{
    char **names = run_list(arena, report);

    (void)argc;
    (void)argv;
    return names ? list_all(options, names) : XL_OCI_FAILED;
}

static int run(const void *options, int argc, char **argv)
{
    return with_report(&command_list, show, options, argc, argv);
}

const struct command command_list = {
    .name = "oci-list",
    .summary = "List the containers of this host",
    .arguments = "",
    .options = rows,
    .options_bytes = sizeof(struct list_options),
    .details =
        "STATUS is OCI's, or paused, or degraded: it runs, but the backend of "
        "a share has\n"
        "ended (see oci-state). EXIT is how the process ended; AGE counts from "
        "the\n"
        "creation. The JSON list holds a state of oci-state per container.\n"
        "\n"
        "Exit codes: 0 listed; 1 some could not be read; 2 wrong command "
        "line.\n"
        "Example: xl oci-list --format=json\n",
    .run = run,
};
