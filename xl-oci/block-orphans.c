/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "block-orphans.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "checks.h"

#include "block-loop.h"
#include "xenstore-wire.h"

/* As libxl names disks to their script, relative to Dom0's own directory, or
 * in full. */
static bool is_disk(const char *label)
{
    unsigned int domid, devid;
    char more;

    return sscanf(label, "backend/vbd/%u/%u%c", &domid, &devid,
                  &more) == 2 ||
           sscanf(label, "/local/domain/%*u/backend/vbd/%u/%u%c", &domid,
                  &devid, &more) == 2;
}

/* A label that names a disk, and there is no such disk. */
static bool is_orphan(const char *label, void *store_fd)
{
    static struct xenstore_request r;

    if (!is_disk(label))
        return false;
    r = (struct xenstore_request){
        .type = XENSTORE_READ, .dir = label, .name = "params" };
    return !xenstore_batch(*(const int *)store_fd, &r, 1) &&
           r.error == ENOENT;
}

void block_release_orphans(struct report *report)
{
    int store_fd = xenstore_connect(), error;

    if (store_fd < 0)
        return;                 /* told by whoever needed it more */
    error = loop_detach_all(is_orphan, &store_fd);
    close(store_fd);
    if (error)
        report_check(report, DOMAIN_DESTROY, NULL,
                     "the loop device of a disk that is gone cannot be "
                     "detached: %s", strerror(error));
}
