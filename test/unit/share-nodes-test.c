/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The nodes of 9pfs devices, in the xenstored that XENSTORED_PATH names. */
#include "tap.h"

#include <stdbool.h>
#include <stdlib.h>

#include <xenstore.h>

#include "base/report.h"
#include "plan.h"
#include "xl-oci/9p/frontend.h"
#include "xl-oci/share-nodes.h"

#define DOMID 7
#define UUID "00000000-0000-0000-0000-000000000001"
#define OTHER_UUID "00000000-0000-0000-0000-000000000002"

static struct xs_handle *xs;
static struct plan_share shares[] = {
    { .tag = "share0", .path = "/srv/a", .writable = true },
    { .tag = "share1", .path = "/srv/b" },
};

static struct plan plan_of(size_t n_shares)
{
    struct plan plan = { .shares = shares, .n_shares = n_shares,
                         .share_ring_order = 9 };

    return plan;
}

static int write_nodes(size_t n_shares, int domid, const char *uuid,
                       const char **check)
{
    struct plan plan = plan_of(n_shares);
    struct report *report = report_new();
    int rc = share_nodes_write(&plan, domid, uuid, report);

    if (rc && !check)
        printf("#   %s\n", report_first(report)->message);
    if (check)
        *check = report_first(report) ? report_first(report)->check->name :
                                        NULL;
    report_free(report);
    return rc;
}

static void holds(const char *path, const char *want)
{
    unsigned int size;
    char *got = xs_read(xs, XBT_NULL, path, &size);

    is_str(got, want, path);
    free(got);
}

static void holds_of(unsigned int index, bool frontend, const char *node,
                     const char *want)
{
    const struct p9_share share = { .domid = DOMID, .index = index };
    char path[P9_PATH_BYTES];

    if (frontend)
        p9_frontend_path(&share, node, path);
    else
        p9_backend_path(&share, node, path);
    holds(path, want);
}

/* perms: as xenstore-ls -p shows them, "n0,r7" */
static void has_permissions(const char *path, const char *want)
{
    unsigned int count = 0, i;
    struct xs_permissions *p = xs_get_permissions(xs, XBT_NULL, path, &count);
    char got[64] = "", name[P9_PATH_BYTES + 32];
    size_t used = 0;

    for (i = 0; p && i < count && used < sizeof(got); i++)
        used += (size_t)snprintf(got + used, sizeof(got) - used, "%s%c%u",
                                 i ? "," : "",
                                 p[i].perms == XS_PERM_NONE ? 'n' :
                                 p[i].perms == XS_PERM_READ ? 'r' : 'w',
                                 p[i].id);
    free(p);
    snprintf(name, sizeof(name), "who may read %s", path);
    is_str(got, want, name);
}

/* As libxl makes them. */
static void make_domain(int domid)
{
    char path[P9_PATH_BYTES], text[16];
    int size = snprintf(text, sizeof(text), "%d", domid);

    snprintf(path, sizeof(path), "/local/domain/%d/domid", domid);
    xs_write(xs, XBT_NULL, path, text, (unsigned int)size);
}

static void test_written(void)
{
    make_domain(DOMID);
    is_int(write_nodes(2, DOMID, UUID, NULL), 0, "two shares are written");
    holds_of(0, false, "frontend", "/local/domain/7/device/9pfs/0");
    holds_of(0, false, "frontend-id", "7");
    holds_of(0, false, "versions", "1");
    holds_of(0, false, "max-rings", "2");
    holds_of(0, false, "max-ring-page-order", "9");
    holds_of(0, false, "read-only", "0");
    holds_of(1, false, "read-only", "1");
    holds_of(0, false, "path", "/srv/a");
    holds_of(0, false, "uuid", UUID);
    holds_of(0, false, "state", "1");
    holds_of(0, true, "backend", "/local/domain/0/backend/9pfs/7/0");
    holds_of(0, true, "backend-id", "0");
    holds_of(1, true, "tag", "share1");
    holds_of(1, true, "state", "1");
}

/* The guest reads the backend's nodes, all but where the directory is, and
 * writes its own. */
static void test_permissions(void)
{
    has_permissions("/local/domain/0/backend/9pfs/7/0", "n0,r7");
    has_permissions("/local/domain/0/backend/9pfs/7/0/state", "n0,r7");
    has_permissions("/local/domain/0/backend/9pfs/7/0/path", "n0");
    has_permissions("/local/domain/0/backend/9pfs/7/1/path", "n0");
    has_permissions("/local/domain/7/device/9pfs/0", "n7,r0");
    has_permissions("/local/domain/7/device/9pfs/0/state", "n7,r0");
}

/* What the backend reads there. */
static void test_read_by_backend(void)
{
    const struct p9_share first = { DOMID, 0 }, second = { DOMID, 1 },
                          none = { DOMID, 2 };
    struct p9_frontend frontend;
    const char *failed;

    ok(!p9_backend_is_read_only(xs, &first), "the first is writable");
    ok(p9_backend_is_read_only(xs, &second), "the second is not");
    ok(p9_backend_is_read_only(xs, &none), "nor is one that is not there");
    is_int(p9_frontend_state(xs, &first), STATE_INITIALISING, "its state");
    is_int(p9_frontend_state(xs, &none), STATE_UNKNOWN, "that of none");
    is_int(p9_frontend_read(xs, &first, &frontend, &failed), -1,
           "a guest that has written nothing has not connected");
    p9_backend_set_state(xs, &first, STATE_CONNECTED);
    holds_of(0, false, "state", "4");
}

static void guest_writes(const char *node, const char *value)
{
    const struct p9_share share = { DOMID, 0 };
    char path[P9_PATH_BYTES];

    p9_frontend_path(&share, node, path);
    xs_write(xs, XBT_NULL, path, value, (unsigned int)strlen(value));
}

static void test_guest(void)
{
    static const struct { const char *node, *bad, *good; } nodes[] = {
        { "version", "2", "1" }, { "num-rings", "3", "2" },
        { "ring-ref0", "-1", "8" }, { "event-channel-0", "0x5", "5" },
        { "ring-ref1", "99999999999", "9" }, { "event-channel-1", "", "6" },
    };
    const struct p9_share share = { DOMID, 0 };
    struct p9_frontend f;
    const char *failed;
    size_t i;

    for (i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
        guest_writes(nodes[i].node, nodes[i].good);
    ok(!p9_frontend_read(xs, &share, &f, &failed) && f.n_rings == 2 &&
       f.refs[0] == 8 && f.refs[1] == 9 && f.ports[0] == 5 && f.ports[1] == 6,
       "what the guest has written");
    for (i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
        guest_writes(nodes[i].node, nodes[i].bad);
        is_int(p9_frontend_read(xs, &share, &f, &failed), -1, nodes[i].node);
        guest_writes(nodes[i].node, nodes[i].good);
    }
    guest_writes("state", "77");
    is_int(p9_frontend_state(xs, &share), STATE_UNKNOWN, "a state of no use");
}

static void test_removed(void)
{
    make_domain(DOMID + 1);
    is_int(write_nodes(1, DOMID + 1, OTHER_UUID, NULL), 0, "another domain's");
    share_nodes_remove(UUID);
    holds_of(0, false, "state", NULL);
    holds_of(1, false, "state", NULL);
    holds("/local/domain/0/backend/9pfs/8/0/uuid", OTHER_UUID);
    share_nodes_remove(OTHER_UUID);
    holds("/local/domain/0/backend/9pfs/8/0/uuid", NULL);
}

/* Destroyed behind our back: what were written would stay. */
static void test_no_domain(void)
{
    const char *check;

    is_int(write_nodes(1, DOMID + 2, UUID, &check), -1, "no such domain");
    is_str(check, "share-backend-failed", "is told");
    holds("/local/domain/0/backend/9pfs/9/0/state", NULL);
    holds("/local/domain/9/device/9pfs/0/state", NULL);
}

static void test_no_xenstore(void)
{
    const char *check;

    setenv("XENSTORED_PATH", "/nonexistent", 1);
    is_int(write_nodes(0, DOMID, UUID, &check), 0, "no share, no xenstore");
    is_int(write_nodes(1, DOMID, UUID, &check), -1, "a share, no xenstore");
    is_str(check, "xenstore-unavailable", "is told");
    share_nodes_remove(UUID);
}

int main(void)
{
    xs = xs_open(0);
    if (!xs) {
        puts("Bail out! no xenstored at XENSTORED_PATH");
        return 1;
    }
    test_written();
    test_permissions();
    test_read_by_backend();
    test_guest();
    test_removed();
    test_no_domain();
    xs_close(xs);
    test_no_xenstore();
    return done_testing();
}
