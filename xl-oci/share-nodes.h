/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The nodes of 9pfs devices in xenstore (9p/frontend.h), written by the
 * command while the domain is paused. libxl is told nothing of them: one way
 * for Xen 4.17, whose libxl wants QEMU for such devices, and for later ones.
 */
#ifndef XL_OCI_SHARE_NODES_H
#define XL_OCI_SHARE_NODES_H

#include <stddef.h>

struct plan;
struct report;

/* All shares of the plan, in one transaction, unless the domain is gone. 0, or
 * -1 with errors. */
int share_nodes_write(const struct plan *plan, int domid, const char *uuid,
                      struct report *report);

/* Removes the backends' nodes of the domain that had that UUID; its own went
 * with it. Its number may be another domain's by now. */
void share_nodes_remove(const char *uuid);

#endif
