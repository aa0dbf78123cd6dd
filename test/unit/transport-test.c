/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the transport takes of a guest's rings, without Xen: this program is
 * the libraries of grants and event channels. */
#include "tap.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <xen/grant_table.h>
#include <xen/io/9pfs.h>
#include <xenevtchn.h>
#include <xengnttab.h>

#include "xl-oci/9p/transport.h"

#define PAGE 4096u

/* --- Xen's libraries ------------------------------------------------------- */

static _Alignas(PAGE) unsigned char index_page[PAGE];
static _Alignas(PAGE) unsigned char ring_pages[PAGE << P9_RING_MAX_ORDER];
static struct xen_9pfs_data_intf *const shared = (void *)index_page;
static uint32_t refs_mapped, last_ref;
static unsigned int binds, binds_to_fail;
/* what was done, one letter each: notify, pending, unmask */
static char done[16];
static size_t n_done;
static unsigned int events_left;

static void put_request(void);

static void note(char letter)
{
    if (n_done < sizeof(done) - 1)
        done[n_done++] = letter;
}

xengnttab_handle *xengnttab_open(struct xentoollog_logger *logger,
                                        unsigned int flags)
{
    (void)logger;
    (void)flags;
    return (xengnttab_handle *)index_page;
}

int xengnttab_close(xengnttab_handle *handle)
{
    (void)handle;
    return 0;
}

void *xengnttab_map_grant_ref(xengnttab_handle *handle, uint32_t domid,
                              uint32_t ref, int prot)
{
    (void)handle;
    (void)domid;
    (void)ref;
    (void)prot;
    return index_page;
}

void *xengnttab_map_domain_grant_refs(xengnttab_handle *handle, uint32_t count,
                                      uint32_t domid, uint32_t *refs, int prot)
{
    (void)handle;
    (void)domid;
    (void)prot;
    refs_mapped = count;
    last_ref = refs[count - 1];
    return ring_pages;
}

xenevtchn_handle *xenevtchn_open(struct xentoollog_logger *logger,
                                 unsigned int flags)
{
    (void)logger;
    (void)flags;
    return (xenevtchn_handle *)index_page;
}

int xenevtchn_fd(xenevtchn_handle *handle)
{
    (void)handle;
    return 6;
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *handle,
                                                     uint32_t domid,
                                                     evtchn_port_t port)
{
    (void)handle;
    (void)domid;
    (void)port;
    errno = EINVAL;
    return ++binds > binds_to_fail ? 7 : -1;
}

int xenevtchn_restrict(xenevtchn_handle *handle, domid_t domid)
{
    (void)handle;
    (void)domid;
    return 0;
}

/* Each event brings a request; when there is none any more: the end. */
xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *handle)
{
    (void)handle;
    note('p');
    if (!events_left)
        return -1;
    events_left--;
    put_request();
    return 7;
}

int xenevtchn_unmask(xenevtchn_handle *handle, evtchn_port_t port)
{
    (void)handle;
    if (port == 7)
        note('u');
    return 0;
}

int xenevtchn_notify(xenevtchn_handle *handle, evtchn_port_t port)
{
    (void)handle;
    if (port == 7)
        note('n');
    return 0;
}

/* --- tests ----------------------------------------------------------------- */

static struct p9_transport transport;

static int connect_with(uint32_t order, const char **failed)
{
    static const struct p9_frontend frontend = {
        .domid = 5, .n_rings = 1, .refs = { 8 }, .ports = { 9 },
    };

    shared->ring_order = order;
    if (order <= P9_RING_MAX_ORDER)
        shared->ref[(1u << order) - 1] = 1000 + order;
    binds = refs_mapped = 0;
    free(transport.request);
    free(transport.reply);
    return p9_transport_connect(&transport, &frontend, failed);
}

static void test_orders(void)
{
    static const uint32_t bad[] = { 0, 1, 10, 31, 32, UINT32_MAX };
    const char *failed;
    uint32_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ok(connect_with(bad[i], &failed) == -1 && !refs_mapped &&
           !strcmp(failed, "the guest's ring has an order beyond 2 to 9"),
           "order %u is refused before anything is mapped", bad[i]);
    }
    for (i = P9_RING_MIN_ORDER; i <= P9_RING_MAX_ORDER; i++)
        ok(!connect_with(i, &failed) && refs_mapped == 1u << i &&
           last_ref == 1000 + i && transport.msize_max == 1024u << i,
           "order %u: its pages, and messages of half a ring", i);
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The one before is dead, but not yet gone. */
static void test_bind(void)
{
    const char *failed;
    int64_t start_ms;

    binds_to_fail = 3;
    is_int(connect_with(9, &failed), 0, "an event channel that is late");
    is_int(binds, 4, "is asked for again");
    binds_to_fail = ~0u;
    start_ms = now_ms();
    is_int(connect_with(9, &failed), -1, "one that is never free");
    is_str(failed, "the guest's event channel cannot be bound", "ends it");
    ok(now_ms() - start_ms >= 2000 && now_ms() - start_ms < 20000,
       "after some seconds");
    binds_to_fail = 0;
}

static uint32_t msize(void *context)
{
    (void)context;
    return 4096;
}

static unsigned char asked;

static size_t answer(void *context, const void *request, size_t size_bytes,
                     void *reply, size_t room)
{
    (void)context;
    (void)room;
    asked = ((const unsigned char *)request)[4];
    memcpy(reply, request, size_bytes);
    return size_bytes;
}

static void put_request(void)
{
    static const unsigned char message[] = { 7, 0, 0, 0, 108, 1, 0 };
    unsigned char *out = ring_pages + XEN_FLEX_RING_SIZE(9);

    memcpy(out + shared->out_prod, message, sizeof(message));
    shared->out_prod += sizeof(message);
}

/* The indices are read by whoever serves, not when the rings are mapped. */
static void test_serve(void)
{
    static const struct p9_service service = {
        .msize = msize, .handle = answer,
    };
    const char *failed;

    shared->out_cons = shared->out_prod = 0;
    is_int(connect_with(9, &failed), 0, "connected");
    shared->out_cons = shared->out_prod = 100;
    put_request();
    events_left = 1;
    is_str(p9_transport_serve(&transport, &service),
           "the event channels fail", "serves to the end");
    is_int(asked, 108, "from where the guest's indices stand then");
    is_int(shared->out_cons, 114, "both are taken off the ring");
    is_str(done, "npnup", "the guest is told, and its port masked until "
           "there is nothing to do");
}

int main(void)
{
    test_orders();
    test_bind();
    test_serve();
    return done_testing();
}
