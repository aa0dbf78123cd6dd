/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "checks.h"

#include "commands.h"
#include "reap.h"
#include "signals.h"
#include "state.h"

/* for a monitor that has recorded the end and only has to go */
#define MONITOR_EXIT_MS 5000

struct delete_options {
    bool force;
};

static const struct option_row rows[] = {
    { 'f', "force", OPTION_FLAG, offsetof(struct delete_options, force), NULL,
      NULL, "end it first when it has not stopped" },
    { .name = NULL },
};

/* The lock keeps everybody else away while the directory goes. */
static int remove_stopped(const char *name, int dir_fd, struct report *report)
{
    int lock_fd, rc;

    container_wait(name, MONITOR_EXIT_MS);
    lock_fd = run_lock(dir_fd);
    /* an attached command removes its container itself */
    if (lock_fd < 0 && run_is_removed(dir_fd))
        return 0;
    if (lock_fd < 0) {
        report_check(report, CONTAINER_BUSY, NULL,
                     "\"%s\" is still attended to", name);
        return -1;
    }
    rc = run_remove(name, report);
    close(lock_fd);
    return rc;
}

static int delete_one(const char *name, bool force, struct report *report)
{
    struct arena *arena = arena_new();
    struct container_state state = { .dir_fd = -1 };
    int rc = -1;

    if (!arena) {
        report_check(report, HOST_RESOURCES, NULL, "out of memory");
        return -1;
    }
    if (state_open(arena, name, &state, report))
        goto out;
    if (state.record->status != CONTAINER_STOPPED && !force) {
        report_check_remedy(report, CONTAINER_STATE, NULL,
                            "stop it (`xl oci-kill`), or use --force",
                            "\"%s\" is %s", name,
                            container_status_name(state.record->status));
        goto out;
    }
    if (state.record->status != CONTAINER_STOPPED &&
        container_end(name, SIGNAL_KILL, report))
        goto out;
    rc = remove_stopped(name, state.dir_fd, report);
out:
    state_close(&state);
    arena_free(arena);
    return rc;
}

static int run(const void *opaque, int argc, char **argv)
{
    const struct delete_options *options = opaque;
    bool force = options->force || globals.force;
    struct report *report = report_new();
    int i, rc = XL_OCI_FAILED;

    if (!report) {
        fputs("xl oci-delete: out of memory\n", stderr);
        return rc;
    }
    for (i = 0; i < argc; i++)
        delete_one(argv[i], force, report);
    rc = print_report(report, false);
    report_free(report);
    return rc;
}

const struct command command_delete = {
    .name = "oci-delete",
    .summary = "Remove stopped containers with their logs",
    .arguments = "NAME...",
    .min_args = 1,
    .max_args = UINT_MAX,
    .options = rows,
    .options_bytes = sizeof(struct delete_options),
    .details =
        "The bundle is never touched, nor a file of --persist.\n"
        "\n"
        "Exit codes: 0 removed; 1 one could not be removed, or has not "
        "stopped; 2 wrong\n"
        "command line; 3 no such container.\n"
        "Example: xl oci-delete -f web\n",
    .run = run,
};
