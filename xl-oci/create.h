/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Creation of a container from a plan: all of it or nothing. */
#ifndef XL_OCI_CREATE_H
#define XL_OCI_CREATE_H

#include <stdbool.h>
#include <stdint.h>

#include "disk-nodes.h"
#include "domain.h"
#include "ledger.h"
#include "load.h"
#include "monitor-start.h"
#include "run-directory.h"

struct creation {
    struct loaded *loaded;
    bool paused, attached;
    struct toolstack *ts;
    struct container_record record;
    struct ledger_order devices;    /* what it claims of the host's */
    struct monitor_link monitor;
    int dir_fd, lock_fd;
    const char *run_path;           /* <run root>/<name> */
    const char **image_paths;       /* per plan->images[i] */
    int *image_fds;                 /* theirs, among held_fds */
    const char **disk_paths;        /* per plan->disks[i] */
    const char *device_tree_path;       /* NULL: no devices */
    const char *ramdisk_path;
    int held_fds[MESSAGE_MAX_FDS];  /* of shared directories in the order of
                                     * the plan, then of cached and private
                                     * images */
    unsigned int n_held_fds;
    uint32_t domid;
    struct disk_nodes disks;        /* that are not libxl's to connect */
};

/*
 * Makes the container of creation->loaded->plan: running, or paused. When it
 * returns 0, creation is complete, the monitor attends to it, and the caller
 * ends with creation_close(). Else -1 with errors in loaded->report, and
 * nothing is left: no domain, device, file, lock or process.
 */
int creation_make(struct creation *creation);

/* Frees and closes; the link to the monitor too. */
void creation_close(struct creation *creation);

/* create-files.c: the shared directories, the images, private copies and the
 * ramdisk of the plan */
int creation_make_files(struct creation *creation);

/* create-files.c: waits until the images are on the disk, while the guest
 * starts */
int creation_settle_images(const struct creation *creation);

#endif
