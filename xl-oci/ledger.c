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

/* as often as others, each time all that there are, may die in between */
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
    int rc = names ? 0 : -1;
    struct claim *claim;

    *claims = NULL;
    for (; names && *names; names++) {
        rc |= claim_file_read(arena, *names, &claim, report);
        if (!claim)
            continue;
        *tail = claim;
        tail = &claim->next;
    }
    return rc;
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
    int dir_fd = run_find(name);
    bool is = dir_fd >= 0 && !run_is_attended(dir_fd);

    if (dir_fd >= 0)
        close(dir_fd);
    return is;
}

/* *stale: the first of those who are in the way and must be recovered before
 * it can be said whether they are. 0, or -1 with errors: others are. */
static int check_containers(struct arena *arena,
                            const struct ledger_order *order,
                            const struct claim **stale,
                            struct report *report)
{
    const struct claim *own = order->claims, *c;
    int rc = 0;

    *stale = NULL;
    for (c = own->next; c; c = c->next) {
        if (!strcmp(c->holder, own->holder) || !claim_overlap(arena, own, c))
            continue;
        if (is_unattended(c->holder)) {
            *stale = *stale ? *stale : c;
            continue;
        }
        report_held(arena, order->devices, order->file, c, report);
        rc = -1;
    }
    return rc;
}

static int check_domains(struct arena *arena, struct toolstack *ts,
                         const struct ledger_order *order,
                         struct report *report)
{
    const struct claim *claim;
    int rc = 0;

    if (ledger_domains(arena, ts, order->claims, &claim, report))
        return -1;
    for (; claim; claim = claim->next)
        if (claim_overlap(arena, order->claims, claim)) {
            report_held(arena, order->devices, order->file, claim, report);
            rc = -1;
        }
    return rc;
}

static int claim_locked(struct arena *arena, struct toolstack *ts,
                        struct ledger_order *order, int dir_fd,
                        const struct claim **stale, struct report *report)
{
    int lock_fd = lock_ledger(report), rc;

    if (lock_fd < 0)
        return -1;
    rc = ledger_containers(arena, &order->claims->next, report);
    if (!rc)
        rc = check_containers(arena, order, stale, report);
    if (!rc && !*stale)
        rc = check_domains(arena, ts, order, report);
    if (!rc && !*stale)
        rc = claim_file_write(dir_fd, order->claims, report);
    close(lock_fd);
    return rc;
}

/* All that are in the way, from the first on; without the ledger's lock, as
 * hooks may run. */
static int recover_stale(struct arena *arena, const struct claim *own,
                         const struct claim *stale, struct report *report)
{
    for (; stale; stale = stale->next)
        if (strcmp(stale->holder, own->holder) &&
            claim_overlap(arena, own, stale) &&
            container_recover(stale->holder, report))
            return -1;
    return 0;
}

int ledger_claim(struct arena *arena, struct toolstack *ts,
                 struct ledger_order *order, int dir_fd,
                 struct report *report)
{
    const struct claim *stale = NULL;
    struct claim *own;
    int tries, rc;

    if (!order->devices->count)
        return 0;
    own = order->claims = ARENA_NEW(arena, struct claim);
    if (!own || !claim_of_passthrough(arena, order->name,
                                      order->devices->passed, own)) {
        report_check(report, HOST_RESOURCES, NULL, "out of memory");
        return -1;
    }
    own->uuid = order->uuid;
    for (tries = 0; tries < MAX_TRIES; tries++) {
        rc = claim_locked(arena, ts, order, dir_fd, &stale, report);
        if (rc || !stale)
            return rc;
        if (recover_stale(arena, own, stale, report))
            return -1;
    }
    report_check(report, CONTAINER_BUSY, NULL,
                 "the container \"%s\", which has a device that is wanted, "
                 "cannot be recovered", stale->holder);
    return -1;
}

int ledger_confirm(struct arena *arena, struct toolstack *ts,
                   const struct ledger_order *order, struct report *report)
{
    return order->devices->count ? check_domains(arena, ts, order, report) :
           0;
}

void ledger_release(int dir_fd)
{
    unlinkat(dir_fd, CLAIM_FILE, 0);
}
