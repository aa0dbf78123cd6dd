/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Holders: which container or domain has a device of the host tree now. */
#ifndef XL_OCI_HOLDERS_H
#define XL_OCI_HOLDERS_H

#include "dt/passable.h"
#include "ledger.h"

/* All claims that can be seen: of containers, and of domains where there is
 * Xen. What cannot be seen is left out without a word. */
const struct claim *holders_read(struct arena *arena);

/* The claim that has a page of the device, or NULL. */
const struct claim *holders_of(const struct claim *claims,
                               const struct dt_devices *devices,
                               const struct dt_device *device);

#endif
