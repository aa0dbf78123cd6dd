/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "share-nodes.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xenstore.h>

#include "9p/frontend.h"
#include "checks.h"
#include "plan.h"
#include "xenstore-probe.h"

#define BACKENDS "/local/domain/0/backend/9pfs"

struct writer {
    struct xs_handle *xs;
    xs_transaction_t transaction;
    const char *base;
    bool failed;
};

static void write_text(struct writer *w, const char *node, const char *text)
{
    char path[P9_PATH_BYTES + 64];

    snprintf(path, sizeof(path), "%s/%s", w->base, node);
    w->failed |= !xs_write(w->xs, w->transaction, path, text,
                           (unsigned int)strlen(text));
}

static void write_number(struct writer *w, const char *node,
                         unsigned int number)
{
    char text[16];

    snprintf(text, sizeof(text), "%u", number);
    write_text(w, node, text);
}

/* What is made below has the same owner and readers. */
static void make_directory(struct writer *w, int owner, int reader)
{
    struct xs_permissions permissions[] = {
        { .id = (unsigned int)owner, .perms = XS_PERM_NONE },
        { .id = (unsigned int)reader, .perms = XS_PERM_READ },
    };

    w->failed |= !xs_mkdir(w->xs, w->transaction, w->base) ||
                 !xs_set_permissions(w->xs, w->transaction, w->base,
                                     permissions, 2);
}

/* Dom0's own: where the directory is does not concern the guest. */
static void hide(struct writer *w, const char *node)
{
    struct xs_permissions permissions = { .id = 0, .perms = XS_PERM_NONE };
    char path[P9_PATH_BYTES + 64];

    snprintf(path, sizeof(path), "%s/%s", w->base, node);
    w->failed |= !xs_set_permissions(w->xs, w->transaction, path,
                                     &permissions, 1);
}

static void write_share(struct writer *w, const struct plan *plan, int domid,
                        unsigned int index, const char *uuid)
{
    const struct p9_share share = { .domid = domid, .index = index };
    const struct plan_share *from = &plan->shares[index];
    char frontend[P9_PATH_BYTES], backend[P9_PATH_BYTES];

    p9_frontend_path(&share, "", frontend);
    p9_backend_path(&share, "", backend);
    w->base = backend;
    make_directory(w, 0, domid);
    write_text(w, "frontend", frontend);
    write_number(w, "frontend-id", (unsigned int)domid);
    write_number(w, "online", 1);
    write_text(w, "versions", "1");
    write_number(w, "max-rings", P9_RINGS_MAX);
    write_number(w, "max-ring-page-order", plan->share_ring_order);
    write_number(w, "read-only", !from->writable);
    write_text(w, "uuid", uuid);
    write_text(w, "path", from->path);
    hide(w, "path");
    write_number(w, "state", STATE_INITIALISING);
    w->base = frontend;
    make_directory(w, domid, 0);
    write_text(w, "backend", backend);
    write_number(w, "backend-id", 0);
    write_text(w, "tag", from->tag);
    write_number(w, "state", STATE_INITIALISING);
}

/* In the transaction: what were written for one that somebody has destroyed
 * meanwhile would remain. */
static bool domain_is_there(const struct writer *w, int domid)
{
    char path[P9_PATH_BYTES];
    unsigned int size;
    char *text;

    snprintf(path, sizeof(path), "/local/domain/%d/domid", domid);
    text = xs_read(w->xs, w->transaction, path, &size);
    free(text);
    return text != NULL;
}

static bool write_all_shares(struct xs_handle *xs, const struct plan *plan,
                             int domid, const char *uuid)
{
    struct writer w = { .xs = xs };
    unsigned int i;

    do {
        w.transaction = xs_transaction_start(xs);
        if (w.transaction == XBT_NULL)
            return false;
        w.failed = !domain_is_there(&w, domid);
        for (i = 0; i < plan->n_shares && !w.failed; i++)
            write_share(&w, plan, domid, i, uuid);
        if (w.failed) {
            int failure = errno;

            xs_transaction_end(xs, w.transaction, true);
            errno = failure;
            return false;
        }
        if (xs_transaction_end(xs, w.transaction, false))
            return true;
    } while (errno == EAGAIN);
    return false;
}

int share_nodes_write(const struct plan *plan, int domid, const char *uuid,
                      struct report *report)
{
    struct xs_handle *xs;
    bool done;

    if (!plan->n_shares)
        return 0;
    xs = xenstore_is_alive() ? xs_open(0) : NULL;
    done = xs && write_all_shares(xs, plan, domid, uuid);
    if (!xs)
        report_check(report, XENSTORE_UNAVAILABLE, NULL,
                     "no xenstored answers");
    else if (!done)
        report_check(report, SHARE_BACKEND, NULL,
                     "the nodes of domain %d's shares cannot be written: %s",
                     domid, strerror(errno));
    if (xs)
        xs_close(xs);
    return done ? 0 : -1;
}

static bool is_of(struct xs_handle *xs, const char *domain, const char *uuid)
{
    char path[P9_PATH_BYTES], *text;
    unsigned int size;
    bool same;

    snprintf(path, sizeof(path), BACKENDS "/%.16s/0/uuid", domain);
    text = xs_read(xs, XBT_NULL, path, &size);
    same = text && !strcmp(text, uuid);
    free(text);
    return same;
}

void share_nodes_remove(const char *uuid)
{
    struct xs_handle *xs = xenstore_is_alive() ? xs_open(0) : NULL;
    unsigned int count = 0, i;
    char path[P9_PATH_BYTES], **domains;

    if (!xs)
        return;
    domains = xs_directory(xs, XBT_NULL, BACKENDS, &count);
    for (i = 0; domains && i < count; i++)
        if (is_of(xs, domains[i], uuid)) {
            snprintf(path, sizeof(path), BACKENDS "/%.16s", domains[i]);
            xs_rm(xs, XBT_NULL, path);
        }
    free(domains);
    xs_close(xs);
}
