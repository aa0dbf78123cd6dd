/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transport.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <xen/grant_table.h>
#include <xen/io/9pfs.h>
#include <xen/sys/evtchn.h>
#include <xenevtchn.h>
#include <xengnttab.h>

/* A server that was killed in the midst of a slow disk's write keeps its end of
 * the event channel until that is done. */
#define BIND_ATTEMPTS 30
#define BIND_INTERVAL_MS 100

/* The index page says how large the ring is and where its pages are: each
 * number is read once. */
static int map_ring(xengnttab_handle *grants, uint32_t domid, uint32_t ref,
                    struct p9_mapping *mapping, const char **failed)
{
    uint32_t refs[1u << P9_RING_MAX_ORDER], order, i;
    struct xen_9pfs_data_intf *shared;

    *failed = "the guest's index page cannot be mapped";
    shared = xengnttab_map_grant_ref(grants, domid, ref,
                                     PROT_READ | PROT_WRITE);
    if (!shared)
        return -1;
    order = __atomic_load_n(&shared->ring_order, __ATOMIC_RELAXED);
    *failed = "the guest's ring has an order beyond 2 to 9";
    if (order < P9_RING_MIN_ORDER || order > P9_RING_MAX_ORDER)
        return -1;
    for (i = 0; i < 1u << order; i++)
        refs[i] = __atomic_load_n(&shared->ref[i], __ATOMIC_RELAXED);
    *failed = "the guest's ring cannot be mapped";
    mapping->shared = shared;
    mapping->order = order;
    mapping->data = xengnttab_map_domain_grant_refs(grants, 1u << order,
                                                    domid, refs,
                                                    PROT_READ | PROT_WRITE);
    return mapping->data ? 0 : -1;
}

/* The mappings stay when the handle is closed. */
static int map_rings(struct p9_transport *t,
                     const struct p9_frontend *frontend, const char **failed)
{
    xengnttab_handle *grants = xengnttab_open(NULL, 0);
    unsigned int i;
    int rc = 0;

    if (!grants) {
        *failed = "/dev/xen/gntdev cannot be opened";
        return -1;
    }
    t->msize_max = (uint32_t)XEN_FLEX_RING_SIZE(P9_RING_MAX_ORDER) / 2;
    for (i = 0; i < frontend->n_rings && !rc; i++) {
        rc = map_ring(grants, (uint32_t)frontend->domid, frontend->refs[i],
                      &t->mappings[i], failed);
        if (!rc && XEN_FLEX_RING_SIZE(t->mappings[i].order) / 2 < t->msize_max)
            t->msize_max =
                (uint32_t)XEN_FLEX_RING_SIZE(t->mappings[i].order) / 2;
    }
    t->n_rings = frontend->n_rings;
    xengnttab_close(grants);
    return rc;
}

static int bind_event(struct xenevtchn_handle *events, uint32_t domid,
                      uint32_t remote_port)
{
    static const struct timespec interval = {
        .tv_nsec = BIND_INTERVAL_MS * 1000000L,
    };
    int port = -1, attempt;

    for (attempt = 0; port < 0 && attempt < BIND_ATTEMPTS; attempt++) {
        if (attempt)
            nanosleep(&interval, NULL);
        port = xenevtchn_bind_interdomain(events, domid, remote_port);
    }
    return port;
}

static int bind_events(struct p9_transport *t,
                       const struct p9_frontend *frontend,
                       const char **failed)
{
    unsigned int i;
    int port;

    *failed = "/dev/xen/evtchn cannot be opened";
    t->events = xenevtchn_open(NULL, 0);
    if (!t->events)
        return -1;
    *failed = "the guest's event channel cannot be bound";
    for (i = 0; i < frontend->n_rings; i++) {
        port = bind_event(t->events, (uint32_t)frontend->domid,
                          frontend->ports[i]);
        if (port < 0)
            return -1;
        t->ports[i] = (uint32_t)port;
    }
    *failed = "the event channels cannot be restricted to the domain";
    return xenevtchn_restrict(t->events, (domid_t)frontend->domid);
}

int p9_transport_connect(struct p9_transport *t,
                         const struct p9_frontend *frontend,
                         const char **failed)
{
    memset(t, 0, sizeof(*t));
    t->masked_port = -1;
    if (map_rings(t, frontend, failed) || bind_events(t, frontend, failed))
        return -1;
    *failed = "out of memory";
    t->request = malloc(t->msize_max);
    t->reply = malloc(t->msize_max);
    return t->request && t->reply ? 0 : -1;
}

int p9_transport_descriptor(const struct p9_transport *t)
{
    return xenevtchn_fd(t->events);
}

void p9_transport_calls(const struct p9_transport *t,
                        struct p9_jail_call calls[P9_TRANSPORT_CALLS])
{
    int fd = p9_transport_descriptor(t);

    calls[0] = (struct p9_jail_call){ .number = SYS_read, .first = fd };
    calls[1] = (struct p9_jail_call){ .number = SYS_write, .first = fd };
    calls[2] = (struct p9_jail_call){
        .number = SYS_ioctl, .first = fd,
        .has_second = true, .second = IOCTL_EVTCHN_NOTIFY,
    };
}

/* Whichever ring it is for, all are looked at. A port stays masked while we
 * are awake: what the guest sends meanwhile need not interrupt anybody. */
static int wait_for_event(struct p9_transport *t)
{
    if (t->masked_port >= 0 &&
        xenevtchn_unmask(t->events, (uint32_t)t->masked_port))
        return -1;
    t->masked_port = xenevtchn_pending(t->events);
    return t->masked_port < 0 ? -1 : 0;
}

static enum p9_ring_result answer(struct p9_transport *t,
                                  struct p9_ring *ring, size_t size_bytes,
                                  const char **reason)
{
    enum p9_ring_result result;

    for (;;) {
        result = p9_ring_answer(ring, t->reply, size_bytes, reason);
        if (result != P9_RING_WAIT)
            return result;
        if (wait_for_event(t)) {
            *reason = "the event channels fail";
            return P9_RING_BROKEN;
        }
    }
}

static enum p9_ring_result serve_one(struct p9_transport *t, unsigned int i,
                                     const struct p9_service *service,
                                     const char **reason)
{
    uint32_t msize = service->msize(service->context);
    enum p9_ring_result result;
    size_t size_bytes;

    result = p9_ring_take(&t->rings[i], t->request,
                          msize < t->msize_max ? msize : t->msize_max,
                          &size_bytes, reason);
    if (result != P9_RING_OK)
        return result;
    size_bytes = service->handle(service->context, t->request, size_bytes,
                                 t->reply, t->msize_max);
    if (!size_bytes) {
        *reason = "a request has no answer";
        return P9_RING_BROKEN;
    }
    result = answer(t, &t->rings[i], size_bytes, reason);
    /* one event says both: there is a reply, and there is room */
    if (result == P9_RING_OK)
        xenevtchn_notify(t->events, t->ports[i]);
    return result;
}

const char *p9_transport_serve(struct p9_transport *t,
                               const struct p9_service *service)
{
    const char *reason = NULL;
    unsigned int i;
    bool busy;

    for (i = 0; i < t->n_rings; i++)
        p9_ring_init(&t->rings[i], t->mappings[i].shared, t->mappings[i].data,
                     t->mappings[i].order);
    for (;;) {
        busy = false;
        for (i = 0; i < t->n_rings; i++)
            switch (serve_one(t, i, service, &reason)) {
            case P9_RING_OK:
                busy = true;
                break;
            case P9_RING_WAIT:
                break;
            case P9_RING_BROKEN:
                return reason;
            }
        if (!busy && !p9_poll(&t->poll, t->rings, t->n_rings) &&
            wait_for_event(t))
            return "the event channels fail";
    }
}
