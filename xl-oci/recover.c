/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reap.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "checks.h"
#include "domain.h"
#include "guest-exit.h"
#include "monitor-start.h"
#include "run-directory.h"

#define WAIT_STEP_MS 5
#define END_TIMEOUT_MS 20000

static void report_no_memory(struct report *report)
{
    report_check(report, HOST_RESOURCES, NULL, "out of memory");
}

/* A new monitor for a complete container. It acts on nothing before COMMIT,
 * so the record cannot be overtaken by the end. */
static int start_monitor(const struct container_record *record, int dir_fd,
                         int lock_fd, int domid, struct report *report)
{
    struct monitor_start start = {
        .name = record->name, .uuid = record->uuid, .recover = true,
        .lock_fd = lock_fd, .dir_fd = dir_fd,
    };
    struct container_record updated = *record;
    struct monitor_link link;
    int rc = -1;

    if (monitor_link_open(&link, &start, report))
        return -1;
    updated.monitor_pid = link.pid;
    updated.domid = domid;
    if (!record_write(dir_fd, &updated, report) &&
        !monitor_link_domain(&link, &(struct message_domain){ .domid = domid },
                             NULL, 0, report)) {
        struct message answer;

        /* with or without the console: a container needs its monitor */
        rc = message_receive(link.fd, &answer, 0) == 1 &&
             !monitor_link_commit(&link, false) ? 0 : -1;
        if (rc)
            report_check(report, MONITOR_FAILED, NULL,
                         "it ended at its start");
    }
    monitor_link_close(&link);
    return rc;
}

static int recover_complete(const struct container_record *record, int dir_fd,
                            int *lock_fd, struct report *report)
{
    struct domain_state domain;
    int rc;

    if (domain_find(record->uuid, &domain, report))
        return -1;
    if (domain.life == DOMAIN_ABSENT || domain.life == DOMAIN_DYING)
        return container_reap(record->name, dir_fd, report);
    rc = start_monitor(record, dir_fd, *lock_fd, domain.domid, report);
    close(*lock_fd);
    *lock_fd = -1;
    /* it has output to collect and will be done at once */
    if (!rc && domain.life == DOMAIN_SHUTDOWN)
        rc = container_wait(record->name, END_TIMEOUT_MS);
    return rc;
}

static int recover_locked(struct arena *arena, const char *name, int dir_fd,
                          int *lock_fd, struct report *report)
{
    const struct container_record *record;

    if (run_is_removed(name, dir_fd))
        return 0;
    /* its creator died before it had written a word: nothing was made */
    if (faccessat(dir_fd, "record", F_OK, 0) && errno == ENOENT)
        return run_remove(name, report);
    record = record_read(arena, dir_fd, name, report);
    if (!record)
        return -1;
    switch (record->status) {
    case CONTAINER_STOPPED:
        return 0;
    case CONTAINER_CREATING:
        return container_reap(name, dir_fd, report) ? -1 :
               run_remove(name, report);
    default:
        return recover_complete(record, dir_fd, lock_fd, report);
    }
}

static int recover_open(const char *name, int dir_fd, struct report *report)
{
    int lock_fd = run_is_attended(dir_fd) ? -1 : run_lock(dir_fd), rc = -1;
    struct arena *arena;

    if (lock_fd < 0)
        return 0;
    arena = arena_new();
    if (arena)
        rc = recover_locked(arena, name, dir_fd, &lock_fd, report);
    else
        report_no_memory(report);
    arena_free(arena);
    if (lock_fd >= 0)
        close(lock_fd);
    return rc;
}

int container_recover(const char *name, struct report *report)
{
    int dir_fd, rc;

    run_sweep();
    dir_fd = run_find(name);
    /* it may be gone meanwhile */
    if (dir_fd < 0 && errno == ENOENT)
        return 0;
    if (dir_fd < 0) {
        report_check(report, RUN_DIRECTORY, NULL,
                     "the directory of \"%s\" cannot be opened: %s", name,
                     strerror(errno));
        return -1;
    }
    rc = recover_open(name, dir_fd, report);
    close(dir_fd);
    return rc;
}

int container_recover_all(struct report *report)
{
    struct arena *arena = arena_new();
    char **names = arena ? run_list(arena, report) : NULL;
    int rc = names ? 0 : -1;

    if (!arena)
        report_no_memory(report);
    run_sweep();
    for (; names && *names; names++)
        rc |= container_recover(*names, report);
    arena_free(arena);
    return rc;
}

int container_wait(const char *name, int timeout_ms)
{
    const struct timespec step = { .tv_nsec = WAIT_STEP_MS * 1000000l };
    int dir_fd = run_find(name), waited_ms;
    bool done = false;

    if (dir_fd < 0)
        return errno == ENOENT ? 0 : -1;
    for (waited_ms = 0; !done && waited_ms <= timeout_ms;
         waited_ms += WAIT_STEP_MS) {
        done = !run_is_attended(dir_fd) || run_is_removed(name, dir_fd);
        if (!done)
            nanosleep(&step, NULL);
    }
    close(dir_fd);
    return done ? 0 : -1;
}

static int end_record(const struct container_record *record, int dir_fd,
                      int signal, struct report *report)
{
    const struct container_exit cause = {
        .kind = EXIT_SIGNALLED, .number = signal,
    };

    if (record->status == CONTAINER_STOPPED)
        return 0;
    guest_exit_write(dir_fd, &cause);
    if (domain_destroy(record->uuid, report))
        return -1;
    if (container_wait(record->name, END_TIMEOUT_MS)) {
        report_check(report, CONTAINER_BUSY, NULL,
                     "the monitor of \"%s\" (pid %d) does not finish",
                     record->name, (int)record->monitor_pid);
        return -1;
    }
    /* the monitor may have been killed in between */
    return container_recover(record->name, report);
}

int container_end(const char *name, int signal, struct report *report)
{
    const struct container_record *record;
    int dir_fd = run_open(name, report), rc = -1;
    struct arena *arena;

    if (dir_fd < 0)
        return -1;
    arena = arena_new();
    if (!arena)
        report_no_memory(report);
    record = arena ? record_read(arena, dir_fd, name, report) : NULL;
    if (record)
        rc = end_record(record, dir_fd, signal, report);
    arena_free(arena);
    close(dir_fd);
    return rc;
}
