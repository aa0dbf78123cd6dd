/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Transport: the guest's rings and event channels of one share, in the process
 * that serves it (Xen docs/misc/9pfs.pandoc). The frontend's numbers come from
 * frontend.h.
 */
#ifndef XL_OCI_9P_TRANSPORT_H
#define XL_OCI_9P_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>

#include "frontend.h"
#include "jail.h"
#include "poll.h"
#include "ring.h"

struct xenevtchn_handle;

struct p9_transport {
    struct xenevtchn_handle *events;
    struct p9_mapping {
        struct xen_9pfs_data_intf *shared;
        void *data;
        uint32_t order;
    } mappings[P9_RINGS_MAX];
    struct p9_ring rings[P9_RINGS_MAX];
    uint32_t ports[P9_RINGS_MAX];
    unsigned int n_rings;
    int masked_port;            /* whose event was the last, or -1 */
    struct p9_poll poll;
    uint32_t msize_max;         /* half of the smallest ring */
    void *request, *reply;      /* msize_max bytes each */
};

/* What answers the requests. */
struct p9_service {
    void *context;
    /* the longest message that may come at the moment */
    uint32_t (*msize)(void *context);
    /* As p9_server_handle(): the size of the reply, 0 to give up. */
    size_t (*handle)(void *context, const void *request, size_t size_bytes,
                     void *reply, size_t room);
};

/*
 * Maps the rings and binds the event channels. The right to map anything else
 * is given up, the handle for events restricted to the domain. 0, or -1 with
 * *failed naming what failed.
 *
 * Of the guest's memory it reads only what mapping needs, outside the jail: of
 * each ring its order, judged, and at most 512 grant references, copied once
 * and judged by Xen.
 */
int p9_transport_connect(struct p9_transport *t,
                         const struct p9_frontend *frontend,
                         const char **failed);

/* What it waits for events by. */
int p9_transport_descriptor(const struct p9_transport *t);

/* The system calls that serving needs, for p9_jail_enter(); calls has room for
 * P9_TRANSPORT_CALLS. */
#define P9_TRANSPORT_CALLS 3
void p9_transport_calls(const struct p9_transport *t,
                        struct p9_jail_call calls[P9_TRANSPORT_CALLS]);

/* Serves until the guest breaks the rules; the reason why. Needs no right to
 * open anything. */
const char *p9_transport_serve(struct p9_transport *t,
                               const struct p9_service *service);

#endif
