/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libFuzzer target: whatever indices and bytes the guest leaves on a ring, and
 * whenever it changes them, the reader stays within the ring and its buffer,
 * and what it hands out is one message of the size that its header says.
 * The input is a list of things that the guest does between our looks.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <xen/grant_table.h>
#include <xen/io/9pfs.h>

#include "xl-oci/9p/ring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ORDER 1u
#define CAPACITY 700u

struct input { const uint8_t *at, *end; };

static uint32_t take_u32(struct input *in)
{
    uint32_t value = 0;
    size_t left = (size_t)(in->end - in->at);
    size_t n = left < sizeof(value) ? left : sizeof(value);

    memcpy(&value, in->at, n);
    in->at += n;
    return value;
}

/* Bytes of the input, anywhere on the ring, round its end. */
static void scribble(struct input *in, unsigned char *ring, uint32_t size)
{
    uint32_t at = take_u32(in), n = take_u32(in) % 64, i;

    for (i = 0; i < n && in->at < in->end; i++)
        ring[(at + i) & (size - 1)] = *in->at++;
}

static uint32_t size_of(const unsigned char *message)
{
    return message[0] | (uint32_t)message[1] << 8 |
           (uint32_t)message[2] << 16 | (uint32_t)message[3] << 24;
}

/* false: the connection is over */
static int look(struct p9_ring *ring, struct input *in)
{
    unsigned char *message = malloc(CAPACITY), *reply;
    uint32_t reply_bytes = take_u32(in) % 5000;
    const char *reason = NULL;
    size_t size_bytes = 0;
    enum p9_ring_result result;

    result = p9_ring_take(ring, message, CAPACITY, &size_bytes, &reason);
    if (result == P9_RING_OK) {
        if (size_bytes < P9_RING_HEADER_BYTES || size_bytes > CAPACITY ||
            size_of(message) != size_bytes)
            abort();
        reply = calloc(1, reply_bytes + 1);
        result = p9_ring_answer(ring, reply, reply_bytes, &reason);
        free(reply);
    }
    if ((result == P9_RING_BROKEN) != (reason != NULL))
        abort();
    free(message);
    return result != P9_RING_BROKEN;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct xen_9pfs_data_intf *shared = calloc(1, 4096);
    unsigned char *pages = calloc(1, 4096u << ORDER);
    struct input in = { data, data + size };
    struct p9_ring ring;
    int goes_on = 1;

    shared->in_prod = shared->in_cons = take_u32(&in);
    shared->out_prod = shared->out_cons = take_u32(&in);
    p9_ring_init(&ring, shared, pages, ORDER);
    while (goes_on && in.at < in.end)
        switch (*in.at++ % 5) {
        case 0:
            scribble(&in, ring.out, ring.size_bytes);
            break;
        case 1:
            shared->out_prod += take_u32(&in) % (ring.size_bytes + 2);
            break;
        case 2:
            shared->in_cons = take_u32(&in) % 2 ? shared->in_prod :
                              take_u32(&in);
            break;
        case 3:         /* our own, which are only written */
            shared->in_prod = take_u32(&in);
            shared->out_cons = take_u32(&in);
            break;
        default:
            goes_on = look(&ring, &in);
        }
    free(shared);
    free(pages);
    return 0;
}
