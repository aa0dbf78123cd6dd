/* SPDX-License-Identifier: MIT */
/*
 * The guest's wall clock. Xen on Arm tells a domain its birth in whole seconds
 * (Xen: arch/arm/vtimer.c, domain_vtimer_init(), time_offset.seconds), so that
 * Linux begins up to a second behind Dom0, and what Dom0 writes on a shared
 * file system is from the future. Hence init asks.
 */
#ifndef GUEST_HOST_CLOCK_H
#define GUEST_HOST_CLOCK_H

#include <stdint.h>

#include "xenbus.h"

/*
 * Says that the guest is booting, which the host answers with its time.
 * Returns that moment, of now_ns().
 */
int64_t host_clock_ask(struct xenbus *xenbus);

/*
 * Sets CLOCK_REALTIME by the answer, which is waited for a second at most: then
 * the clock remains as it is. It ends up ahead of the host's by what the
 * question took to get there, never behind. Returns -1 with errno.
 */
int host_clock_set(struct xenbus *xenbus, int64_t asked_ns);

#endif
