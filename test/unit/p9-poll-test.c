/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking at the rings before sleeping: when it is worth it, and no longer. */
#include "tap.h"

#include <pthread.h>
#include <stdint.h>

#include <xen/grant_table.h>
#include <xen/io/9pfs.h>

#include "xl-oci/9p/poll.h"

#define ORDER 2u

static _Alignas(4096) unsigned char index_pages[2][4096];
static _Alignas(4096) unsigned char data[2][4096u << ORDER];
static struct p9_ring rings[2];
static const unsigned char request[] = { 7, 0, 0, 0, 108, 1, 0 };

static struct xen_9pfs_data_intf *shared(unsigned int i)
{
    return (void *)index_pages[i];
}

static void make_rings(void)
{
    unsigned int i;

    for (i = 0; i < 2; i++) {
        memset(index_pages[i], 0, sizeof(index_pages[i]));
        p9_ring_init(&rings[i], shared(i), data[i], ORDER);
    }
}

/* The guest's, of the request's first bytes. */
static void put(unsigned int i, uint32_t size_bytes)
{
    const uint32_t at = shared(i)->out_prod, half = 2048u << ORDER;
    uint32_t k;

    for (k = 0; k < size_bytes; k++)
        data[i][half + ((at + k) & (half - 1))] = request[k];
    __atomic_store_n(&shared(i)->out_prod, at + size_bytes, __ATOMIC_RELEASE);
}

static enum p9_ring_result take(unsigned int i)
{
    unsigned char message[64];
    const char *why;
    size_t size_bytes;
    enum p9_ring_result result = p9_ring_take(&rings[i], message,
                                              sizeof(message), &size_bytes,
                                              &why);

    if (result == P9_RING_OK)
        p9_ring_answer(&rings[i], message, size_bytes, &why);
    return result;
}

static void test_news(void)
{
    struct p9_poll poll = { 0 };

    make_rings();
    put(1, sizeof(request));
    ok(p9_poll(&poll, rings, 2), "a request is seen, on whichever ring");
    ok(p9_poll(&poll, rings, 2), "until it has been taken");
    is_int(take(1), P9_RING_OK, "it is taken");
    ok(!p9_poll(&poll, rings, 2), "then there is nothing");
}

/* A guest that leaves half a message does not keep us awake. */
static void test_half(void)
{
    struct p9_poll poll = { 0 };

    make_rings();
    put(0, 3);
    ok(p9_poll(&poll, rings, 1), "half a header is news");
    is_int(take(0), P9_RING_WAIT, "but no message");
    ok(!p9_poll(&poll, rings, 1), "and no news any more");
}

/* How many calls return false although there is news. */
static unsigned int rests(struct p9_poll *poll)
{
    unsigned int n;

    for (n = 0; n <= P9_POLL_REST_MAX && !p9_poll(poll, rings, 1); n++)
        ;
    return n;
}

static void test_rest(void)
{
    static const unsigned int want[] = { 1, 3, 7, 15, 31, 63, 63, 63 };
    struct p9_poll poll = { 0 }, before;
    unsigned int i;

    make_rings();
    for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
        take(0);
        ok(!p9_poll(&poll, rings, 1), "nothing is found");
        before = poll;
        put(0, sizeof(request));
        is_int(rests(&poll), want[i], "then as many looks are let out");
        poll = before;
        poll.rest = 0;
    }
    ok(p9_poll(&poll, rings, 1), "what is found");
    is_int(take(0), P9_RING_OK, "and taken");
    while (take(0) == P9_RING_OK)
        ;
    ok(!p9_poll(&poll, rings, 1), "makes looking worth it again");
    put(0, sizeof(request));
    is_int(rests(&poll), 1, "and little is let out");
}

static void *guest(void *arg)
{
    int i;

    (void)arg;
    for (i = 0; i < 1000; i++) {
        put(0, sizeof(request));
        while (__atomic_load_n(&shared(0)->out_cons, __ATOMIC_ACQUIRE) !=
               shared(0)->out_prod)
            ;
    }
    return NULL;
}

/* Another thread's requests, one after another: each is seen in the end. */
static void test_guest(void)
{
    struct p9_poll poll = { 0 };
    pthread_t thread;
    int taken = 0;

    make_rings();
    pthread_create(&thread, NULL, guest, NULL);
    while (taken < 1000)
        if (p9_poll(&poll, rings, 1))
            taken += take(0) == P9_RING_OK;
    pthread_join(thread, NULL);
    is_int(shared(0)->out_cons, 1000 * sizeof(request),
           "each request of another thread is seen");
}

int main(void)
{
    test_news();
    test_half();
    test_rest();
    test_guest();
    return done_testing();
}
