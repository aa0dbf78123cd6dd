/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Directories of the host as 9pfs devices. */
#include "plan-internal.h"

#include <string.h>
#include <sys/mount.h>

/* Rings of order n take 2 << n pages of the guest, and a message may be as long
 * as a quarter of one: 512 KiB with order 9. No more than a sixteenth of the
 * guest's memory goes there. */
#define MAX_RING_ORDER 9u
#define MIN_RING_ORDER 6u
#define RING_KIB(order) (8u << (order))

bool plan_path_is_within(const char *path, const char *directory)
{
    size_t n = strlen(directory);

    return !strncmp(path, directory, n) && (path[n] == '/' || !path[n]);
}

static const char *mount_point(struct planner *p, size_t index)
{
    if (p->plan->shares[index].mount_index < 0)
        return GUEST_ROOT;
    return planner_printf(p, GUEST_MOUNTS "/%s", p->plan->shares[index].tag);
}

/* As the bundle spells it. */
static const char *name_of(const struct planner *p,
                           const struct plan_share *share)
{
    return share->mount_index < 0 ? share->path :
           p->spec->mounts[share->mount_index].source.value;
}

/* The index of the share of that directory, n_shares when there is none, or -1
 * with an error. */
static int find_share(struct planner *p, const struct plan_share *share,
                      const char *path, const struct json *at)
{
    const struct plan *plan = p->plan;
    size_t i;

    for (i = 0; i < plan->n_shares; i++) {
        const char *other = plan->shares[i].path;

        if (!strcmp(path, other))
            return (int)i;
        if (plan_path_is_within(path, other) ||
            plan_path_is_within(other, path)) {
            planner_refuse(p, SHARE_NESTED, at,
                           "\"%s\" and \"%s\" would both be shared",
                           name_of(p, &plan->shares[i]), name_of(p, share));
            return -1;
        }
    }
    return (int)plan->n_shares;
}

/* A mount of "bind" alone asks for no more than one file system. */
static bool wants_mounts_below(const struct planner *p,
                               const struct plan_share *share)
{
    return share->mount_index < 0 ||
           p->spec->mounts[share->mount_index].recursive_bind;
}

static bool is_shareable(struct planner *p, const struct plan_share *share,
                         const struct source_fact *fact, const char *path,
                         const struct json *at)
{
    if (!strcmp(path, "/")) {
        planner_refuse(p, SHARE_ROOT, at,
                       "the whole of Dom0's \"/\" would be shared");
        return false;
    }
    if (fact->no_xattrs)
        planner_refuse(p, SHARE_WITHOUT_XATTRS, at,
                       "\"%s\" is on a file system without them", path);
    if (fact->is_exposed && share->writable)
        planner_refuse(p, SHARE_EXPOSED, at,
                       "all directories down to \"%s\" are open to others",
                       path);
    if (fact->mount_below && wants_mounts_below(p, share))
        planner_refuse(p, SHARE_MOUNT_BELOW, at,
                       "what is mounted at \"%s\" is not shared",
                       fact->mount_below);
    return true;
}

const char *planner_share(struct planner *p, const struct plan_share *share,
                          const struct source_fact *fact,
                          const struct json *at)
{
    const char *path = fact->real_path ? fact->real_path : share->path;
    struct plan *plan = p->plan;
    int index;

    if (!is_shareable(p, share, fact, path, at))
        return NULL;
    index = find_share(p, share, path, at);
    if (index < 0)
        return NULL;
    if (index == PLANNER_MAX_SHARES) {
        planner_refuse(p, TOO_MANY_SHARES, at,
                       "more than %d directories are shared",
                       PLANNER_MAX_SHARES);
        return NULL;
    }
    if ((size_t)index == plan->n_shares) {
        plan->shares[index] = *share;
        plan->shares[index].path = path;
        plan->shares[index].tag = planner_printf(p, "share%d", index);
        plan->n_shares++;
    }
    plan->shares[index].writable |= share->writable;
    return mount_point(p, (size_t)index);
}

void plan_share_rings(struct planner *p)
{
    const struct spec_string *cache = &p->spec->extension.share_cache;
    struct plan *plan = p->plan;
    uint64_t budget_kib = plan->memory_kib.value / 16;
    unsigned int order = MAX_RING_ORDER;

    if (!plan->n_shares)
        return;
    plan->shares_are_private = cache->at && !strcmp(cache->value, "private");
    while (order > MIN_RING_ORDER &&
           RING_KIB(order) * plan->n_shares > budget_kib)
        order--;
    plan->share_ring_order = order;
}

/*
 * "shared": what is read and written goes to Dom0 at once ("directio"), and
 * names are looked up anew each time; pages are kept for mmap(2) alone, while
 * a file is mapped ("cache=mmap"). "private": as a local file system, which is
 * right only where nobody but the guest changes anything.
 */
static const char *cache_options(const struct planner *p)
{
    return p->plan->shares_are_private ? "cache=loose" : "cache=mmap,directio";
}

/* Two requests for every inode that the guest's kernel looks up: on demand. */
static const char *acl_options(const struct planner *p)
{
    const struct spec_string *acl = &p->spec->extension.share_acl;

    return acl->at && !strcmp(acl->value, "on") ? ",posixacl" : "";
}

void plan_share_mount(struct planner *p, size_t index, const char *target)
{
    const struct plan_share *share = &p->plan->shares[index];

    /* locktimeout: of how many seconds Linux asks again for a lock that is
     * taken; its 30 would be how long one stays unnoticed when it is free */
    op(p, WAIT_SHARE, share->from, ARG_U(index),
       ARG_U(GUEST_DEVICE_TIMEOUT_MS));
    op(p, MAKE_DIR, share->from, ARG_S(target), ARG_U(0755));
    op(p, MOUNT, share->from, ARG_S(share->tag), ARG_S(target), ARG_S("9p"),
       ARG_Q(share->writable ? 0 : MS_RDONLY),
       ARG_S(planner_printf(p, "trans=xen,version=9p2000.L,msize=%u,"
                            "locktimeout=1,%s%s",
                            1024u << p->plan->share_ring_order,
                            cache_options(p), acl_options(p))));
}

void plan_share_ops(struct planner *p)
{
    size_t i;

    for (i = 0; i < p->plan->n_shares; i++)
        if (p->plan->shares[i].mount_index >= 0)
            plan_share_mount(p, i, mount_point(p, i));
}
