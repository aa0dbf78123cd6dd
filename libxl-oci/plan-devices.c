/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Device nodes: the default ones and linux.devices (OCI config-linux.md
 * "Devices", "Default Devices"). */
#include "plan-internal.h"

#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

struct node { const char *path; uint32_t major, minor; };

static const struct node default_nodes[] = {
    { "/dev/null", 1, 3 },
    { "/dev/zero", 1, 5 },
    { "/dev/full", 1, 7 },
    { "/dev/random", 1, 8 },
    { "/dev/urandom", 1, 9 },
    { "/dev/tty", 5, 0 },
};

/* what else the guest's kernel has */
static const struct node other_nodes[] = {
    { "/dev/kmsg", 1, 11 },
    { "/dev/console", 5, 1 },
    { "/dev/ptmx", 5, 2 },
};

static const struct { const char *target, *path; } default_links[] = {
    { "/proc/self/fd", "/dev/fd" },
    { "/proc/self/fd/0", "/dev/stdin" },
    { "/proc/self/fd/1", "/dev/stdout" },
    { "/proc/self/fd/2", "/dev/stderr" },
    { "pts/ptmx", "/dev/ptmx" },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct node *find_node(int64_t major, int64_t minor)
{
    size_t i;

    for (i = 0; i < COUNT(default_nodes); i++)
        if (default_nodes[i].major == major &&
            default_nodes[i].minor == minor)
            return &default_nodes[i];
    for (i = 0; i < COUNT(other_nodes); i++)
        if (other_nodes[i].major == major && other_nodes[i].minor == minor)
            return &other_nodes[i];
    return NULL;
}

/* Nobody can make nodes in a user namespace: bind the guest's own. */
static bool has_user_namespace(const struct planner *p)
{
    return p->namespaces & CLONE_NEWUSER;
}

static const struct spec_device *named(const struct planner *p,
                                       const char *path)
{
    const struct spec_linux *l = &p->spec->linux_;
    size_t i;

    for (i = 0; i < l->n_devices; i++)
        if (!strcmp(l->devices[i].path.value, path))
            return &l->devices[i];
    return NULL;
}

static void plan_default(struct planner *p, const struct node *n)
{
    struct origin from = origin_default("default: every container has it");

    if (named(p, n->path))
        return;
    if (has_user_namespace(p))
        op(p, BIND_NODE, from, ARG_S(n->path), ARG_S(n->path));
    else
        op(p, MAKE_NODE, from, ARG_S(n->path), ARG_U(S_IFCHR | 0666),
           ARG_U(n->major), ARG_U(n->minor), ARG_U(0), ARG_U(0));
}

static void make_named(struct planner *p, const struct spec_device *d,
                       uint32_t type)
{
    uint32_t mode = d->file_mode.at ? (uint32_t)d->file_mode.value & 07777
                                    : 0666;

    op(p, MAKE_NODE, origin_at(p, d->at), ARG_S(d->path.value),
       ARG_U(type | mode), ARG_U(d->major.value), ARG_U(d->minor.value),
       ARG_U(d->uid.value), ARG_U(d->gid.value));
}

static void plan_named(struct planner *p, const struct spec_device *d)
{
    const struct node *n;

    if (is_faulty(p, &d->type) || is_faulty(p, &d->major) ||
        is_faulty(p, &d->minor))
        return;
    if (d->type.value[0] == 'b') {
        planner_refuse(p, DEVICE_BLOCK, d->at,
                       "\"%s\" is block device %lld:%lld of Dom0",
                       d->path.value, (long long)d->major.value,
                       (long long)d->minor.value);
        return;
    }
    if (d->type.value[0] == 'p') {
        make_named(p, d, S_IFIFO);
        return;
    }
    if (!d->major.at || !d->minor.at)
        return;                 /* an error was reported */
    n = find_node(d->major.value, d->minor.value);
    if (!n)
        planner_refuse(p, DEVICE_UNAVAILABLE, d->at,
                       "\"%s\": the guest has no character device %lld:%lld",
                       d->path.value, (long long)d->major.value,
                       (long long)d->minor.value);
    else if (has_user_namespace(p))
        op(p, BIND_NODE, origin_at(p, d->at), ARG_S(n->path),
           ARG_S(d->path.value));
    else
        make_named(p, d, S_IFCHR);
}

/* Is /dev the guest's own, with all its nodes, or the bundle's affair? */
static bool is_dev_given(const struct planner *p)
{
    size_t i;

    for (i = 0; i < p->spec->n_mounts; i++) {
        const struct spec_mount *m = &p->spec->mounts[i];

        if (!strcmp(m->destination.value, "/dev") &&
            ((m->flags & MS_BIND) ||
             (m->type.value && !strcmp(m->type.value, "devtmpfs"))))
            return true;
    }
    return false;
}

void plan_device_ops(struct planner *p)
{
    const struct spec_linux *l = &p->spec->linux_;
    bool given = is_dev_given(p);
    size_t i;

    for (i = 0; i < COUNT(default_nodes) && !given; i++)
        plan_default(p, &default_nodes[i]);
    for (i = 0; i < l->n_devices; i++)
        plan_named(p, &l->devices[i]);
    if (!given)
        plan_bind_node_ops(p);
    for (i = 0; i < COUNT(default_links) && !given; i++)
        if (!named(p, default_links[i].path))
            op(p, MAKE_LINK, origin_default("default: every container has "
                                            "it"),
               ARG_S(default_links[i].target), ARG_S(default_links[i].path));
}
