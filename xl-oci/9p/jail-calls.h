/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The system calls that are left in the jail. */
#ifndef XL_OCI_9P_JAIL_CALLS_H
#define XL_OCI_9P_JAIL_CALLS_H

#include "jail.h"

/* Kills the process at any other one from now on. 0, or -1 with errno. */
int p9_jail_filter(const struct p9_jail *jail);

#endif
