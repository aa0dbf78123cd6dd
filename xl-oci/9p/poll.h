/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Poll: looking at the rings for a little while before the server sleeps until
 * the next event. A guest that works on files sends its next request as soon
 * as it has the reply to the last one: waking the server for each costs more
 * than all that it does for it. No Xen needed.
 *
 * What it may cost Dom0's processor is bounded: a look that finds nothing lets
 * the next ones out, twice as many each time, up to P9_POLL_REST_MAX. A server
 * that nobody asks anything sleeps.
 */
#ifndef XL_OCI_9P_POLL_H
#define XL_OCI_9P_POLL_H

#include <stdbool.h>

#include "ring.h"

/* How many are let out at most between two that found nothing. */
#define P9_POLL_REST_MAX 63u

struct p9_poll {            /* all zero at first */
    unsigned int rest;      /* how many are to be let out now */
    unsigned int next_rest; /* and after the next that finds nothing */
};

/*
 * To be called when every ring has been taken from (p9_ring_take()) until it
 * had to wait. True as soon as the guest has put something on one of them:
 * take again. False: sleep until an event, which may be there already.
 */
bool p9_poll(struct p9_poll *poll, const struct p9_ring *rings,
             unsigned int n_rings);

#endif
