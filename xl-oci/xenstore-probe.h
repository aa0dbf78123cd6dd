/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XL_OCI_XENSTORE_PROBE_H
#define XL_OCI_XENSTORE_PROBE_H

#include <stdbool.h>

/*
 * Does a xenstored answer? xs_open() succeeds through the kernel's device even
 * when there is none, and the first request then waits for ever.
 */
bool xenstore_is_alive(void);

#endif
