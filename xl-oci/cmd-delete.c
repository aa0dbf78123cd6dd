/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "checks.h"

#include "commands.h"
#include "reap.h"
#include "signals.h"
#include "state.h"

/* for a monitor that has recorded the end and only has to go */
#define MONITOR_EXIT_MS 5000
/* Every command looks at every container, with its lock for a moment. */
#define LOCK_ATTEMPTS 100

struct delete_options {
    bool force;
};

static const struct option_row rows[] = {
    { 'f', "force", OPTION_FLAG, offsetof(struct delete_options, force), NULL,
      NULL, "end it first when it has not stopped" },
    { .name = NULL },
};

static int lock_unattended(const char *name, int dir_fd)
{
    int lock_fd = -1, i;

    for (i = 0; i < LOCK_ATTEMPTS && lock_fd < 0 &&
         !container_wait(name, MONITOR_EXIT_MS) &&
         !run_is_removed(name, dir_fd); i++)
        lock_fd = run_lock(dir_fd);
    return lock_fd;
}

/* The lock keeps everybody else away while the directory goes. */
static void remove_stopped(const char *name, int dir_fd, struct report *report)
{
    int lock_fd = lock_unattended(name, dir_fd);

    if (run_is_removed(name, dir_fd))
        ; /* by an attached command, whose it is, or by another oci-delete */
    else if (lock_fd < 0)
        report_check(report, CONTAINER_BUSY, NULL,
                     "\"%s\" is still attended to", name);
    else
        run_remove(name, report);
    if (lock_fd >= 0)
        close(lock_fd);
}

static void delete_one(struct arena *arena, const char *name, bool force,
                       struct report *report)
{
    struct container_state state = { .dir_fd = -1 };

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
    remove_stopped(name, state.dir_fd, report);
out:
    state_close(&state);
}

/* All that can be removed, whatever keeps another. */
static int delete_each(struct arena *arena, const void *opaque, int argc,
                       char **argv, struct report *report)
{
    const struct delete_options *options = opaque;
    bool force = options->force || globals.force;
    int i;

    for (i = 0; i < argc; i++)
        delete_one(arena, argv[i], force, report);
    return XL_OCI_OK;
}

static int run(const void *options, int argc, char **argv)
{
    return with_report(&command_delete, delete_each, options, argc, argv);
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
    .no_dry_run = true,
    .run = run,
};
