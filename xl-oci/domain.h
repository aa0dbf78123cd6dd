/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Domain: what Xen knows, by UUID. A domain is only ever acted upon after its
 * UUID was compared, as domain ids are used again.
 *
 * domain-find.c needs libxenctrl and libxenstore alone (the monitor links it);
 * domain.c and what starts domains need libxl.
 */
#ifndef XL_OCI_DOMAIN_H
#define XL_OCI_DOMAIN_H

#include <stdbool.h>
#include <stdint.h>

struct report;
struct xc_interface_core;

enum domain_life {
    DOMAIN_ABSENT,
    DOMAIN_ALIVE,           /* running, blocked or paused */
    DOMAIN_SHUTDOWN,        /* ended by itself; memory still held */
    DOMAIN_DYING,           /* being destroyed */
};

struct domain_state {
    enum domain_life life;
    int domid;              /* -1 when absent */
    bool paused;            /* by the toolstack */
    int shutdown_reason;    /* SHUTDOWN_* of xen/sched.h when SHUTDOWN */
    uint64_t memory_kib;
    uint64_t cpu_time_ns;
    unsigned int vcpus;
};

#define DOMAIN_UUID_TEXT_BYTES 37   /* "xxxxxxxx-xxxx-…" and a NUL */

/* A random UUID (RFC 4122 version 4) as text; -1 without randomness. */
int domain_uuid_make(char text[DOMAIN_UUID_TEXT_BYTES]);
/* 16 bytes of a UUID's text; -1 when it is not one. */
int domain_uuid_parse(const char *text, unsigned char bytes[16]);

/* By UUID. Returns 0 with *state filled (absent too); -1 with errors when
 * there is no Xen, or no right to ask it (xen-unavailable). */
int domain_find(const char *uuid, struct domain_state *state,
                struct report *report);

/* The same for who asks again and again; NULL, -1 with errors. */
struct xen_handle;
struct xen_handle *xen_open(struct report *report);
int xen_find(struct xen_handle *xen, const char *uuid,
             struct domain_state *state, struct report *report);
void xen_close(struct xen_handle *xen);

/* The same over libxc's handle, without report: -1 with errno. */
int domain_find_with(struct xc_interface_core *xc,
                     const unsigned char uuid[16], struct domain_state *state);

/*
 * Sends a signal to the container's process through xenstore
 * (guest/program.h "oci/signal"). 0, or -1 with errors.
 */
int domain_send_signal(int domid, int signal, struct report *report);

/* Waits until init has confirmed the last signal sent, the domain ended, or
 * time is up: boot_ms for the process to start, timeout_ms from then on. True
 * when it was confirmed or the domain ended. */
bool domain_wait_signal(const char *uuid, int boot_ms, int timeout_ms);

/* Is there a domain of that name, any toolstack's? 1, 0, or -1 with errors. */
int domain_name_is_used(const char *name, struct report *report);

/*
 * Destroys the domain of that UUID and waits until Xen and xenstore have
 * forgotten it. Absent is success. 0, or -1 with errors. Uses libxl.
 */
int domain_destroy(const char *uuid, struct report *report);

#endif
