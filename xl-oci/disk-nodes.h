/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Disks that are files, connected and released without libxl: the nodes in
 * xenstore are those that libxl would write (libxl_disk.c,
 * device_disk_add()), but all at once, and what xl-oci-block would do is done
 * here. libxl needs some fifty round trips to xenstored and a program start
 * for each; it sees these disks all the same, and an `xl destroy` releases
 * them by their script.
 */
#ifndef XL_OCI_DISK_NODES_H
#define XL_OCI_DISK_NODES_H

#include <stddef.h>
#include <stdint.h>

#include <libxl.h>

struct plan;
struct report;

struct disk_nodes {
    libxl_device_disk *disks;
    int count;
};

/* Moves such disks out of the configuration; the others are libxl's. */
void disk_nodes_take(libxl_domain_config *config, struct disk_nodes *nodes);
void disk_nodes_dispose(struct disk_nodes *nodes);

/* Of a domain that is not running yet. 0, or -1 with errors and no loop device
 * left; the nodes go with the domain. */
int disk_nodes_connect(const struct disk_nodes *nodes, uint32_t domid,
                       struct report *report);

/* Is each block device of the plan, which are libxl's to connect, by their
 * paths, the one that was looked at? Of a domain that is not running yet; file
 * names the bundle's configuration. 0, or -1 with errors. */
int disk_nodes_compare(const struct plan *plan, uint32_t domid,
                       const char *file, struct report *report);

/* Waits until blkback has taken the disks. 0, or -1 with errors. */
int disk_nodes_wait(const struct disk_nodes *nodes, uint32_t domid,
                    struct report *report);

/* Removes such disks of a domain that does not run, nor ever will, and waits
 * until their loop devices are gone. What fails is left to libxl. */
void disk_nodes_remove(uint32_t domid);

#endif
