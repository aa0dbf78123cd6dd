/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "frontend.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xenstore.h>

void p9_frontend_path(const struct p9_share *share, const char *node,
                      char path[P9_PATH_BYTES])
{
    snprintf(path, P9_PATH_BYTES, "/local/domain/%d/device/9pfs/%u%s%s",
             share->domid, share->index, *node ? "/" : "", node);
}

void p9_backend_path(const struct p9_share *share, const char *node,
                     char path[P9_PATH_BYTES])
{
    snprintf(path, P9_PATH_BYTES, "/local/domain/0/backend/9pfs/%d/%u%s%s",
             share->domid, share->index, *node ? "/" : "", node);
}

/* Decimal digits and nothing else, as the guest's kernel writes them. */
static int parse_u32(const char *text, unsigned int size, uint32_t *value)
{
    uint64_t v = 0;
    unsigned int i;

    if (!size || size > 10)
        return -1;
    for (i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        v = v * 10 + (uint64_t)(text[i] - '0');
    }
    *value = (uint32_t)v;
    return v > UINT32_MAX ? -1 : 0;
}

static int read_u32(struct xs_handle *xs, const char *path, uint32_t *value)
{
    unsigned int size = 0;
    char *text = xs_read(xs, XBT_NULL, path, &size);
    int rc = text ? parse_u32(text, size, value) : -1;

    free(text);
    return rc;
}

enum xenbus_state p9_frontend_state(struct xs_handle *xs,
                                    const struct p9_share *share)
{
    char path[P9_PATH_BYTES];
    uint32_t state;

    p9_frontend_path(share, "state", path);
    if (read_u32(xs, path, &state) || state > STATE_CLOSED)
        return STATE_UNKNOWN;
    return (enum xenbus_state)state;
}

int p9_backend_set_state(struct xs_handle *xs, const struct p9_share *share,
                         enum xenbus_state state)
{
    char path[P9_PATH_BYTES], text[2] = { (char)('0' + state), '\0' };

    p9_backend_path(share, "state", path);
    return xs_write(xs, XBT_NULL, path, text, 1) ? 0 : -1;
}

bool p9_backend_is_read_only(struct xs_handle *xs,
                             const struct p9_share *share)
{
    char path[P9_PATH_BYTES];
    uint32_t value;

    p9_backend_path(share, "read-only", path);
    return read_u32(xs, path, &value) || value;
}

unsigned int p9_backend_count(struct xs_handle *xs, int domid)
{
    unsigned int count = 0;
    char path[P9_PATH_BYTES];

    snprintf(path, sizeof(path), "/local/domain/0/backend/9pfs/%d", domid);
    free(xs_directory(xs, XBT_NULL, path, &count));
    return count;
}

static int read_member(struct xs_handle *xs, const struct p9_share *share,
                       const char *node, uint32_t *value)
{
    char path[P9_PATH_BYTES];

    p9_frontend_path(share, node, path);
    return read_u32(xs, path, value);
}

static int read_ring(struct xs_handle *xs, const struct p9_share *share,
                     unsigned int number, uint32_t *ref, uint32_t *port)
{
    char node[32];

    snprintf(node, sizeof(node), "ring-ref%u", number);
    if (read_member(xs, share, node, ref))
        return -1;
    snprintf(node, sizeof(node), "event-channel-%u", number);
    return read_member(xs, share, node, port);
}

int p9_frontend_read(struct xs_handle *xs, const struct p9_share *share,
                     struct p9_frontend *frontend, const char **failed)
{
    uint32_t version, n_rings, i;

    *failed = "the guest's version of the protocol is not 1";
    if (read_member(xs, share, "version", &version) || version != 1)
        return -1;
    *failed = "the guest's number of rings is not 1 or 2";
    if (read_member(xs, share, "num-rings", &n_rings) || !n_rings ||
        n_rings > P9_RINGS_MAX)
        return -1;
    *failed = "the guest's grant or event channel is not a number";
    for (i = 0; i < n_rings; i++)
        if (read_ring(xs, share, i, &frontend->refs[i], &frontend->ports[i]))
            return -1;
    frontend->domid = share->domid;
    frontend->n_rings = n_rings;
    return 0;
}
