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

/*
 * As libxl names disks to their script, relative to Dom0's own directory, or
 * in full. domain: where the domain that has the disk is in xenstore.
 */
static bool is_disk(const char *label, char *domain, size_t domain_bytes)
{
    unsigned int domid, devid;
    char more;

    if (sscanf(label, "backend/vbd/%u/%u%c", &domid, &devid, &more) != 2 &&
        sscanf(label, "/local/domain/%*u/backend/vbd/%u/%u%c", &domid,
               &devid, &more) != 2)
        return false;
    snprintf(domain, domain_bytes, "/local/domain/%u", domid);
    return true;
}

static bool is_absent(int store_fd, const char *dir, const char *name)
{
    static struct xenstore_request r;

    r = (struct xenstore_request){
        .type = XENSTORE_READ, .dir = dir, .name = name };
    return !xenstore_batch(store_fd, &r, 1) && r.error == ENOENT;
}

/*
 * A label that names a disk, and there is no such disk, nor its domain: that
 * of a domain that is being created may have its loop device already, and its
 * nodes not yet.
 */
static bool is_orphan(const char *label, void *store_fd)
{
    const int fd = *(const int *)store_fd;
    char domain[32];

    return is_disk(label, domain, sizeof(domain)) &&
           is_absent(fd, label, "params") && is_absent(fd, domain, "domid");
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
