/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ring: one of a share's pairs of rings, which lie in the guest's memory (Xen
 * docs/misc/9pfs.pandoc, xen/interface/io/9pfs.h). The guest may change every
 * byte of it at any time: an index is read once per use and judged before it
 * is used, our own are kept in memory of ours, and a message is copied out
 * before it is looked at. No Xen needed: the caller gives the pages.
 */
#ifndef XL_OCI_9P_RING_H
#define XL_OCI_9P_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xen_9pfs_data_intf;

/* Half of a ring holds the shortest msize, P9_MSIZE_MIN; 512 KiB at most. */
#define P9_RING_MIN_ORDER 2u
#define P9_RING_MAX_ORDER 9u
#define P9_RING_HEADER_BYTES 7u     /* size[4] type[1] tag[2] */

struct p9_ring {
    struct xen_9pfs_data_intf *shared;
    unsigned char *in, *out;    /* to the guest, from the guest */
    uint32_t size_bytes;        /* of each of both; a power of two */
    uint32_t in_prod, out_cons; /* ours; the shared ones are only written */
    uint32_t out_seen;          /* the guest's index when it was last read */
    uint32_t taken_bytes;       /* of the message that is being answered */
};

enum p9_ring_result {
    P9_RING_OK,
    P9_RING_WAIT,               /* nothing there, or no room: ask again after
                                 * the next event */
    P9_RING_BROKEN,             /* the guest broke the rules: end it */
};

/*
 * data: 1 << order pages, whose first half leads to the guest. Goes on where
 * the shared indices stand, so that a second process can continue for one
 * that died.
 */
void p9_ring_init(struct p9_ring *ring, struct xen_9pfs_data_intf *shared,
                  void *data, unsigned int order);

/*
 * Copies the next message to buffer. It stays on the ring until
 * p9_ring_answer(). *reason is set with P9_RING_BROKEN.
 */
enum p9_ring_result p9_ring_take(struct p9_ring *ring, void *buffer,
                                 size_t capacity, size_t *size_bytes,
                                 const char **reason);

/* Whether the guest's index has moved since p9_ring_take() has read it. */
bool p9_ring_has_news(const struct p9_ring *ring);

/*
 * Puts the reply on the ring and takes the message off it. The guest is to be
 * notified once afterwards: it may wait for either.
 */
enum p9_ring_result p9_ring_answer(struct p9_ring *ring, const void *reply,
                                   size_t size_bytes, const char **reason);

#endif
