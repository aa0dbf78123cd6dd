/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The nodes of a share in xenstore, kind "9pfs" (Xen docs/misc/9pfs.pandoc).
 * The backend's are Dom0's own, the frontend's are the guest's: hostile.
 */
#ifndef XL_OCI_9P_FRONTEND_H
#define XL_OCI_9P_FRONTEND_H

#include <stdbool.h>
#include <stdint.h>

struct xs_handle;

#define P9_RINGS_MAX 2u             /* Linux uses no other number */

enum xenbus_state {                 /* xen/io/xenbus.h */
    STATE_UNKNOWN, STATE_INITIALISING, STATE_INIT_WAIT, STATE_INITIALISED,
    STATE_CONNECTED, STATE_CLOSING, STATE_CLOSED,
};

struct p9_share {
    int domid;
    unsigned int index;
};

struct p9_frontend {
    int domid;
    unsigned int n_rings;
    uint32_t refs[P9_RINGS_MAX];    /* grants of the index pages */
    uint32_t ports[P9_RINGS_MAX];
};

#define P9_PATH_BYTES 96
void p9_frontend_path(const struct p9_share *share, const char *node,
                      char path[P9_PATH_BYTES]);
void p9_backend_path(const struct p9_share *share, const char *node,
                     char path[P9_PATH_BYTES]);

enum xenbus_state p9_frontend_state(struct xs_handle *xs,
                                    const struct p9_share *share);
/* 0, or -1 with errno. */
int p9_backend_set_state(struct xs_handle *xs, const struct p9_share *share,
                         enum xenbus_state state);
/* Does the backend's node "read-only" say so? A missing one does. */
bool p9_backend_is_read_only(struct xs_handle *xs,
                             const struct p9_share *share);

/* The domain's shares; 0: there is none, or xenstored does not say. */
unsigned int p9_backend_count(struct xs_handle *xs, int domid);

/* Reads what the guest has written. 0, or -1 with *failed. */
int p9_frontend_read(struct xs_handle *xs, const struct p9_share *share,
                     struct p9_frontend *frontend, const char **failed);

#endif
