/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "checks.h"
#include "claim-file.h"
#include "files.h"
#include "plan.h"
#include "reap.h"
#include "run-directory.h"

/* as often as a holder may turn out to be dead in between */
#define MAX_TRIES 4

/* Under the root of all run directories; no name of a container. */
#define LOCK_NAME ".devices"

/* --- what is in the way ----------------------------------------------------*/

static void report_at(const struct origin *from, const char *file,
                      const char *host, const char *what,
                      const struct claim *holder, struct report *report)
{
    const struct report_where where = {
        .file = file, .line = from->line, .column = from->column,
        .path = from->field,
    };

    report_check(report, DEVICE_HELD, &where, "%s (%s) is held by the %s "
                 "\"%s\"", host, what, holder->is_container ? "container" :
                 "domain", holder->holder);
}

/* One error for each host node that somebody has. */
static void report_held(struct arena *arena, const struct plan_devices *d,
                        const char *file, const struct claim *holder,
                        struct report *report)
{
    const char *last = "";
    size_t i;

    for (i = 0; i < d->n_pages; i++) {
        struct claim_pages one = { d->pages[i].mfn, d->pages[i].count,
                                   d->pages[i].gfn };
        const struct claim part = { .pages = &one, .n_pages = 1 };
        const char *what = claim_overlap(arena, &part, holder);

        if (what && strcmp(last, d->pages[i].host)) {
            last = d->pages[i].host;
            report_at(&d->pages[i].from, file, last, what, holder, report);
        }
    }
    for (i = 0; i < d->n_interrupts && !*last; i++) {
        uint32_t one = d->interrupts[i].intid;
        const struct claim part = { .interrupts = &one, .n_interrupts = 1 };
        const char *what = claim_overlap(arena, &part, holder);

        if (what) {
            last = d->interrupts[i].host;
            report_at(&d->interrupts[i].from, file, last, what, holder,
                      report);
        }
    }
    for (i = 0; i < d->n_dtdevs && !*last; i++) {
        const char *one = d->dtdevs[i].path;
        const struct claim part = { .dtdevs = &one, .n_dtdevs = 1 };
        const char *what = claim_overlap(arena, &part, holder);

        if (what) {
            last = one;
            report_at(&d->dtdevs[i].from, file, one, what, holder, report);
        }
    }
}

/* --- claims of containers --------------------------------------------------*/

int ledger_containers(struct arena *arena, const struct claim **claims,
                      struct report *report)
{
    char **names = run_list(arena, report);
    const struct claim **tail = claims;
    struct claim *claim;

    *claims = NULL;
    for (; names && *names; names++) {
        claim = claim_file_read(arena, *names);
        if (!claim)
            continue;
        *tail = claim;
        tail = &claim->next;
    }
    return names ? 0 : -1;
}

static int lock_ledger(struct report *report)
{
    struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    int root_fd = open(run_root(), O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;
    int r = -1;

    if (root_fd >= 0)
        fd = openat(root_fd, LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC |
                    O_NOFOLLOW, 0600);
    while (fd >= 0 && (r = fcntl(fd, F_OFD_SETLKW, &range)) &&
           errno == EINTR)
        ;
    if (r) {
        report_check(report, RUN_DIRECTORY, NULL,
                     "the lock of the devices cannot be taken: %s",
                     strerror(errno));
        if (fd >= 0)
            close(fd);
        fd = -1;
    }
    if (root_fd >= 0)
        close(root_fd);
    return fd;
}

/* A container that nobody attends to: dead, or in want of a monitor. */
static bool is_unattended(const char *name)
{
    struct report *ignored = report_new();
    int dir_fd = ignored ? run_open(name, ignored) : -1;
    bool is = dir_fd >= 0 && !run_is_attended(dir_fd);

    if (dir_fd >= 0)
        close(dir_fd);
    report_free(ignored);
    return is;
}

/* Holders of what own needs; stale is set to one who must be recovered
 * first. -1: errors. */
static int check_containers(struct arena *arena, const struct claim *own,
                            const struct plan_devices *devices,
                            const char *file, const char **stale,
                            struct report *report)
{
    const struct claim *claim;
    int rc = 0;

    if (ledger_containers(arena, &claim, report))
        return -1;
    for (; claim; claim = claim->next) {
        if (!strcmp(claim->holder, own->holder) ||
            !claim_overlap(arena, own, claim))
            continue;
        if (is_unattended(claim->holder)) {
            *stale = claim->holder;
            return 0;
        }
        report_held(arena, devices, file, claim, report);
        rc = -1;
    }
    return rc;
}

static int check_domains(struct arena *arena, struct toolstack *ts,
                         const struct claim *own,
                         const struct plan_devices *devices,
                         const char *file, struct report *report)
{
    const struct claim *claim;
    int rc = 0;

    if (ledger_domains(arena, ts, &claim, report))
        return -1;
    for (; claim; claim = claim->next)
        if (claim_overlap(arena, own, claim)) {
            report_held(arena, devices, file, claim, report);
            rc = -1;
        }
    return rc;
}

static int claim_locked(struct arena *arena, struct toolstack *ts,
                        const struct claim *own, int dir_fd,
                        const struct plan_devices *devices, const char *file,
                        const char **stale, struct report *report)
{
    int lock_fd = lock_ledger(report), rc;

    if (lock_fd < 0)
        return -1;
    rc = check_containers(arena, own, devices, file, stale, report);
    if (!rc && !*stale)
        rc = check_domains(arena, ts, own, devices, file, report);
    if (!rc && !*stale)
        rc = claim_file_write(dir_fd, own, report);
    close(lock_fd);
    return rc;
}

int ledger_claim(struct arena *arena, struct toolstack *ts, const char *name,
                 int dir_fd, const struct plan_devices *devices,
                 const char *file, struct report *report)
{
    struct claim own;
    const char *stale = NULL;
    int tries, rc;

    if (!devices->count)
        return 0;
    if (!claim_of_passthrough(arena, name, devices->passed, &own)) {
        report_check(report, HOST_RESOURCES, NULL, "out of memory");
        return -1;
    }
    for (tries = 0; tries < MAX_TRIES; tries++) {
        stale = NULL;
        rc = claim_locked(arena, ts, &own, dir_fd, devices, file, &stale,
                          report);
        if (rc || !stale)
            return rc;
        if (container_recover(stale, report))
            return -1;
    }
    report_check(report, CONTAINER_BUSY, NULL,
                 "the container \"%s\", which has a device that is wanted, "
                 "cannot be recovered", stale);
    return -1;
}

int ledger_confirm(struct arena *arena, struct toolstack *ts,
                   const struct plan_devices *devices, const char *file,
                   struct report *report)
{
    struct claim own;

    if (!devices->count)
        return 0;
    if (claim_of_passthrough(arena, "", devices->passed, &own))
        return check_domains(arena, ts, &own, devices, file, report);
    report_check(report, HOST_RESOURCES, NULL, "out of memory");
    return -1;
}

void ledger_release(int dir_fd)
{
    unlinkat(dir_fd, CLAIM_FILE, 0);
}
