/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ring of a 9pfs device, with a thread as the guest: it writes requests
 * and reads replies as Linux's net/9p/trans_xen.c does, at full speed and
 * round the ring's end; then guests that break the rules.
 */
#include "tap.h"

#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>

#include <xen/grant_table.h>
#include <xen/io/9pfs.h>

#include "xl-oci/9p/ring.h"

#define ORDER 1u
#define RING_BYTES (4096u << ORDER >> 1)
#define MESSAGE_MAX (RING_BYTES / 2)
#define REQUESTS 60000u

static struct xen_9pfs_data_intf *shared;
static unsigned char *pages;
static struct p9_ring ring;

static void make_ring(uint32_t index)
{
    free(shared);
    free(pages);
    shared = calloc(1, 4096);
    pages = calloc(1, 4096u << ORDER);
    shared->in_cons = shared->in_prod = index;
    shared->out_cons = shared->out_prod = index;
    p9_ring_init(&ring, shared, pages, ORDER);
}

static void put_header(unsigned char *message, uint32_t size, uint16_t tag)
{
    memcpy(message, &size, 4);  /* little endian, as every host of ours */
    message[4] = 100;
    memcpy(message + 5, &tag, 2);
}

/* --- a guest that keeps to the rules --------------------------------------- */

static uint32_t size_of_request(uint32_t n)
{
    return P9_RING_HEADER_BYTES + n * 2654435761u % (MESSAGE_MAX - 7);
}

static uint32_t load(const RING_IDX *index)
{
    return __atomic_load_n(index, __ATOMIC_ACQUIRE);
}

static void guest_send(uint32_t n)
{
    unsigned char message[MESSAGE_MAX];
    uint32_t size = size_of_request(n), i;

    put_header(message, size, (uint16_t)n);
    for (i = P9_RING_HEADER_BYTES; i < size; i++)
        message[i] = (unsigned char)(n + i);
    while (RING_BYTES - (shared->out_prod - load(&shared->out_cons)) < size)
        sched_yield();
    for (i = 0; i < size; i++)
        pages[RING_BYTES + ((shared->out_prod + i) & (RING_BYTES - 1))] =
            message[i];
    __atomic_store_n(&shared->out_prod, shared->out_prod + size,
                     __ATOMIC_RELEASE);
}

/* A reply is the request again. */
static bool guest_receive(uint32_t n)
{
    uint32_t size = size_of_request(n), i, wrong = 0;

    while (load(&shared->in_prod) == shared->in_cons)
        sched_yield();
    for (i = P9_RING_HEADER_BYTES; i < size; i++)
        wrong += pages[(shared->in_cons + i) & (RING_BYTES - 1)] !=
                 (unsigned char)(n + i);
    __atomic_store_n(&shared->in_cons, shared->in_cons + size,
                     __ATOMIC_RELEASE);
    return !wrong;
}

static void *guest(void *arg)
{
    uint32_t sent = 0, received = 0, wrong = 0;

    while (received < REQUESTS) {
        /* up to three under way */
        while (sent < REQUESTS && sent < received + 3)
            guest_send(sent++);
        wrong += !guest_receive(received++);
    }
    *(uint32_t *)arg = wrong;
    return NULL;
}

static bool echo_one(void)
{
    unsigned char message[MESSAGE_MAX];
    const char *reason;
    size_t size;

    for (;;) {
        switch (p9_ring_take(&ring, message, sizeof(message), &size,
                             &reason)) {
        case P9_RING_BROKEN:
            return false;
        case P9_RING_WAIT:
            sched_yield();
            continue;
        case P9_RING_OK:
            break;
        }
        for (;;)
            switch (p9_ring_answer(&ring, message, size, &reason)) {
            case P9_RING_BROKEN:
                return false;
            case P9_RING_WAIT:
                sched_yield();
                break;
            case P9_RING_OK:
                return true;
            }
    }
}

static void test_traffic(void)
{
    uint32_t wrong = 1, served = 0;
    pthread_t thread;

    make_ring(0xfffff000u);     /* the indices wrap soon */
    pthread_create(&thread, NULL, guest, &wrong);
    while (served < REQUESTS && echo_one())
        served++;
    is_int(served, REQUESTS, "every request is answered");
    if (served == REQUESTS) {
        pthread_join(thread, NULL);
        is_int(wrong, 0, "every byte arrives");
    }
}

/* --- guests that do not ---------------------------------------------------- */

static unsigned char buffer[RING_BYTES];
static const char *why;

static enum p9_ring_result take(size_t capacity)
{
    size_t size;

    why = NULL;
    return p9_ring_take(&ring, buffer, capacity, &size, &why);
}

static void announce(uint32_t size, uint32_t queued)
{
    make_ring(100);
    put_header(pages + RING_BYTES + 100, size, 1);
    shared->out_prod = 100 + queued;
}

static void test_hostile(void)
{
    announce(7, RING_BYTES + 1);
    is_int(take(MESSAGE_MAX), P9_RING_BROKEN, "an index beyond the ring");
    announce(7, 0u - 1);
    is_int(take(MESSAGE_MAX), P9_RING_BROKEN, "an index that went back");
    announce(6, 7);
    is_int(take(MESSAGE_MAX), P9_RING_BROKEN, "shorter than its header");
    is_str(why, "a message is shorter than its header", "says why");
    announce(0, 7);
    is_int(take(MESSAGE_MAX), P9_RING_BROKEN, "no size");
    announce(MESSAGE_MAX + 1, RING_BYTES);
    is_int(take(MESSAGE_MAX), P9_RING_BROKEN, "longer than agreed");
    announce(0xffffffff, RING_BYTES);
    is_int(take(MESSAGE_MAX), P9_RING_BROKEN, "longer than anything");
    announce(RING_BYTES + 8, RING_BYTES);
    is_int(take(2 * RING_BYTES), P9_RING_BROKEN, "longer than the ring");
    announce(20, 6);
    is_int(take(MESSAGE_MAX), P9_RING_WAIT, "half a header is waited for");
    announce(20, 19);
    is_int(take(MESSAGE_MAX), P9_RING_WAIT, "half a message is waited for");
    shared->out_prod++;
    is_int(take(MESSAGE_MAX), P9_RING_OK, "and taken when it is whole");
}

static void test_replies(void)
{
    announce(20, 20);
    take(MESSAGE_MAX);
    shared->in_cons = shared->in_prod + 1;
    is_int(p9_ring_answer(&ring, buffer, 11, &why), P9_RING_BROKEN,
           "an index beyond the replies");
    announce(20, 20);
    take(MESSAGE_MAX);
    shared->in_cons = shared->in_prod - (RING_BYTES - 10);
    is_int(p9_ring_answer(&ring, buffer, 11, &why), P9_RING_WAIT,
           "no room for a reply is waited for");
    is_int(shared->out_cons, 100, "the request stays");
    shared->in_cons += 1;
    is_int(p9_ring_answer(&ring, buffer, 11, &why), P9_RING_OK, "until then");
    is_int(shared->out_cons, 120, "and is gone then");
}

/* A second process goes on where a dead one stopped. */
static void test_continued(void)
{
    announce(20, 20);
    take(MESSAGE_MAX);
    p9_ring_init(&ring, shared, pages, ORDER);
    is_int(take(MESSAGE_MAX), P9_RING_OK, "unanswered, it is there again");
    p9_ring_answer(&ring, buffer, 11, &why);
    p9_ring_init(&ring, shared, pages, ORDER);
    is_int(take(MESSAGE_MAX), P9_RING_WAIT, "answered, it is not");
    is_int(ring.in_prod, 111, "replies go on where they were");
}

/* --- a size that changes under the reader ---------------------------------- */

static volatile bool stop;

static void *change_size(void *arg)
{
    uint32_t *size = arg, n = 0;

    while (!stop)
        __atomic_store_n(size, n++ % 2 ? 2000 : 8, __ATOMIC_RELAXED);
    return NULL;
}

static void test_changing_size(void)
{
    uint32_t bad = 0, header, i;
    pthread_t thread;
    size_t size;

    make_ring(0);
    put_header(pages + RING_BYTES, 8, 1);
    shared->out_prod = RING_BYTES;
    stop = false;
    pthread_create(&thread, NULL, change_size, pages + RING_BYTES);
    for (i = 0; i < 200000; i++) {
        if (p9_ring_take(&ring, buffer, RING_BYTES, &size, &why) !=
            P9_RING_OK) {
            bad++;
            continue;
        }
        memcpy(&header, buffer, sizeof(header));
        bad += header != size;
    }
    stop = true;
    pthread_join(thread, NULL);
    is_int(bad, 0, "the size that was judged is the size that is handed on");
}

int main(void)
{
    test_traffic();
    test_hostile();
    test_replies();
    test_continued();
    test_changing_size();
    free(shared);
    free(pages);
    return done_testing();
}
