/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Dom0's kernel drives of the host's device tree, as sysfs tells. */
#ifndef XL_OCI_DOM0_DRIVERS_H
#define XL_OCI_DOM0_DRIVERS_H

struct arena;
struct host_driver;

/*
 * The nodes that have a driver on the buses that a tree's devices are on,
 * platform and amba, in no order; NULL for none. sysfs is where it is mounted;
 * what cannot be read there is not known and left out. -1 when memory is
 * exhausted.
 */
int dom0_drivers_read(struct arena *arena, const char *sysfs,
                      const struct host_driver **list);

#endif
