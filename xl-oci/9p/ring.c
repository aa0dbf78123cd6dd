/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ring.h"

#include <string.h>

#include <xen/grant_table.h>
#include <xen/io/9pfs.h>

/* One access each, in order with those to the data: acquire pairs with the
 * guest's virt_wmb() before it moves its index, release with its virt_rmb(). */
static uint32_t load_index(const RING_IDX *index)
{
    return __atomic_load_n(index, __ATOMIC_ACQUIRE);
}

static void store_index(RING_IDX *index, uint32_t value)
{
    __atomic_store_n(index, value, __ATOMIC_RELEASE);
}

void p9_ring_init(struct p9_ring *ring, struct xen_9pfs_data_intf *shared,
                  void *data, unsigned int order)
{
    *ring = (struct p9_ring){
        .shared = shared, .in = data,
        .size_bytes = (uint32_t)XEN_FLEX_RING_SIZE(order),
    };
    ring->out = ring->in + ring->size_bytes;
    ring->in_prod = load_index(&shared->in_prod);
    ring->out_cons = ring->out_seen = load_index(&shared->out_cons);
}

static void copy_from(const struct p9_ring *ring, uint32_t index, void *to,
                      uint32_t size_bytes)
{
    uint32_t at = index & (ring->size_bytes - 1);
    uint32_t first = ring->size_bytes - at;

    if (first > size_bytes)
        first = size_bytes;
    memcpy(to, ring->out + at, first);
    memcpy((unsigned char *)to + first, ring->out, size_bytes - first);
}

static void copy_to(const struct p9_ring *ring, uint32_t index,
                    const void *from, uint32_t size_bytes)
{
    uint32_t at = index & (ring->size_bytes - 1);
    uint32_t first = ring->size_bytes - at;

    if (first > size_bytes)
        first = size_bytes;
    memcpy(ring->in + at, from, first);
    memcpy(ring->in, (const unsigned char *)from + first, size_bytes - first);
}

static uint32_t size_of(const unsigned char header[P9_RING_HEADER_BYTES])
{
    return header[0] | (uint32_t)header[1] << 8 | (uint32_t)header[2] << 16 |
           (uint32_t)header[3] << 24;
}

static enum p9_ring_result broken(const char **reason, const char *why)
{
    *reason = why;
    return P9_RING_BROKEN;
}

enum p9_ring_result p9_ring_take(struct p9_ring *ring, void *buffer,
                                 size_t capacity, size_t *size_bytes,
                                 const char **reason)
{
    unsigned char header[P9_RING_HEADER_BYTES];
    uint32_t size, queued;

    ring->out_seen = load_index(&ring->shared->out_prod);
    queued = ring->out_seen - ring->out_cons;
    if (queued > ring->size_bytes)
        return broken(reason, "the guest's index is beyond its ring");
    if (queued < sizeof(header))
        return P9_RING_WAIT;
    copy_from(ring, ring->out_cons, header, sizeof(header));
    size = size_of(header);
    if (size < sizeof(header))
        return broken(reason, "a message is shorter than its header");
    if (size > capacity || size > ring->size_bytes)
        return broken(reason, "a message is longer than agreed");
    if (size > queued)
        return P9_RING_WAIT;
    copy_from(ring, ring->out_cons, buffer, size);
    /* the guest may have changed it in between */
    memcpy(buffer, header, sizeof(header));
    ring->taken_bytes = size;
    *size_bytes = size;
    return P9_RING_OK;
}

bool p9_ring_has_news(const struct p9_ring *ring)
{
    return load_index(&ring->shared->out_prod) != ring->out_seen;
}

enum p9_ring_result p9_ring_answer(struct p9_ring *ring, const void *reply,
                                   size_t size_bytes, const char **reason)
{
    uint32_t used = ring->in_prod - load_index(&ring->shared->in_cons);

    if (used > ring->size_bytes)
        return broken(reason, "the guest's index is beyond the replies");
    if (size_bytes > ring->size_bytes)
        return broken(reason, "a reply is longer than the ring");
    if (size_bytes > ring->size_bytes - used)
        return P9_RING_WAIT;
    copy_to(ring, ring->in_prod, reply, (uint32_t)size_bytes);
    ring->in_prod += (uint32_t)size_bytes;
    store_index(&ring->shared->in_prod, ring->in_prod);
    /* The reply first: whoever continues for us answers again rather than
     * never. The guest ignores a second reply to a tag. */
    ring->out_cons += ring->taken_bytes;
    ring->taken_bytes = 0;
    store_index(&ring->shared->out_cons, ring->out_cons);
    return P9_RING_OK;
}
