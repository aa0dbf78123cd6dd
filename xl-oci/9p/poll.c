/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "poll.h"

/* Counted, not timed: what it is weighed against, the way through Xen and two
 * schedulers, takes longer on a slow machine too. Some 0.3 ms on a Cortex-A53,
 * more than a millisecond under QEMU. A quarter of it gains little there: the
 * guest itself has to be woken for a reply that came late, and just misses. */
#define LOOKS 65536u

static bool look(const struct p9_ring *rings, unsigned int n_rings)
{
    unsigned int i, ring;

    for (i = 0; i < LOOKS; i++)
        for (ring = 0; ring < n_rings; ring++)
            if (p9_ring_has_news(&rings[ring]))
                return true;
    return false;
}

bool p9_poll(struct p9_poll *poll, const struct p9_ring *rings,
             unsigned int n_rings)
{
    if (poll->rest) {
        poll->rest--;
        return false;
    }
    if (look(rings, n_rings)) {
        poll->next_rest = 0;
        return true;
    }
    poll->next_rest = poll->next_rest * 2 + 1;
    if (poll->next_rest > P9_POLL_REST_MAX)
        poll->next_rest = P9_POLL_REST_MAX;
    poll->rest = poll->next_rest;
    return false;
}
