/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loop devices that nobody would release any more. */
#ifndef XL_OCI_BLOCK_ORPHANS_H
#define XL_OCI_BLOCK_ORPHANS_H

struct report;

/*
 * Detaches the loop devices of disks that are no longer in xenstore, nor their
 * domains: libxl goes on when the program that should have detached one was
 * killed. What goes wrong is reported.
 */
void block_release_orphans(struct report *report);

#endif
