/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* config.json's mounts, in its order (OCI config.md "Mounts"). */
#include "plan-internal.h"

#include <sched.h>
#include <string.h>
#include <sys/mount.h>

static const char *const types[] = {
    "proc", "sysfs", "tmpfs", "devpts", "mqueue", "cgroup", "cgroup2",
    "devtmpfs", "ramfs",
};

static bool is_type_known(const char *type)
{
    size_t i;

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (!strcmp(type, types[i]))
            return true;
    return false;
}

/*
 * Read-only file systems that are filled after they were mounted (a tmpfs by
 * mount points in it, /dev by nodes) are made read-only at the end.
 */
static bool is_sealed_later(const struct spec_mount *m)
{
    return (m->flags & MS_RDONLY) && m->type.value &&
           !strcmp(m->type.value, "tmpfs");
}

struct fresh {
    const char *source, *type, *data;
};

static void mount_fresh(struct planner *p, const struct spec_mount *m,
                        const struct fresh *fresh)
{
    uint64_t flags = m->flags & ~(uint64_t)(MS_BIND | MS_REC);

    if (is_sealed_later(m))
        flags &= ~(uint64_t)MS_RDONLY;
    if (m->copy_up)
        flags |= PROGRAM_MOUNT_COPY_UP;
    op(p, MOUNT_IN, origin_at(p, m->at), ARG_S(fresh->source),
       ARG_S(m->destination.value), ARG_S(fresh->type), ARG_Q(flags),
       ARG_S(fresh->data), ARG_Q(m->propagation));
}

static void bind(struct planner *p, const struct spec_mount *m,
                 const char *source, uint64_t extra, uint32_t mode)
{
    op(p, BIND, origin_at(p, m->at), ARG_S(source),
       ARG_S(m->destination.value),
       ARG_Q(m->flags | m->propagation | MS_BIND | extra), ARG_U(mode));
}

/*
 * A user namespace may mount sysfs only when it owns the network namespace
 * (linux: fs/sysfs/mount.c), which is the domain's: bind the guest's own.
 */
static void mount_sysfs(struct planner *p, const struct spec_mount *m)
{
    static const struct fresh fresh = { "sysfs", "sysfs", "" };

    if (p->namespaces & CLONE_NEWUSER)
        bind(p, m, "/sys", MS_REC, 0755);
    else
        mount_fresh(p, m, &fresh);
}

/*
 * The guest's own cgroup2 is bound together with its /sys, and mount(2) refuses
 * a file system over itself (linux: fs/namespace.c do_add_mount(), EBUSY); in
 * a user namespace of the host's cgroup namespace it refuses it altogether.
 * What a cgroup namespace would show is the container's own group.
 */
static void mount_cgroup(struct planner *p, const struct spec_mount *m,
                         const char *source)
{
    const struct fresh fresh = { source, "cgroup2", "" };

    if (!(p->namespaces & CLONE_NEWUSER))
        mount_fresh(p, m, &fresh);
    else if (p->namespaces & CLONE_NEWCGROUP)
        bind(p, m, GUEST_CGROUP "/" GUEST_CGROUP_NAME, 0, 0755);
    else
        bind(p, m, GUEST_CGROUP, 0, 0755);
}

static void mount_own(struct planner *p, size_t index, enum guest_own own)
{
    static const struct fresh proc = { "proc", "proc", "" };
    static const struct fresh pts = {
        "devpts", "devpts", "newinstance,ptmxmode=0666,mode=0620,gid=5",
    };
    static const struct fresh shm = { "shm", "tmpfs", "mode=1777" };
    static const struct fresh mqueue = { "mqueue", "mqueue", "" };
    const struct spec_mount *m = &p->spec->mounts[index];
    const char *path = p->survey->mounts[index].path;

    switch (own) {
    case OWN_NODE:
        op(p, BIND_NODE, origin_at(p, m->at), ARG_S(path),
           ARG_S(m->destination.value));
        return;
    case OWN_DEV:
        bind(p, m, "/dev", 0, 0755);
        return;
    case OWN_SYSFS:
        mount_sysfs(p, m);
        return;
    case OWN_PROC:
        mount_fresh(p, m, &proc);
        return;
    case OWN_CGROUP:
        mount_cgroup(p, m, "cgroup");
        return;
    case OWN_DEVPTS:
        mount_fresh(p, m, &pts);
        return;
    case OWN_SHM:
        mount_fresh(p, m, &shm);
        return;
    case OWN_MQUEUE:
        mount_fresh(p, m, &mqueue);
        return;
    case OWN_NOT:
    case OWN_NONE:
        return;
    }
}

static void mount_source(struct planner *p, size_t index)
{
    const struct spec_mount *m = &p->spec->mounts[index];
    const struct source_fact *fact = &p->survey->mounts[index];
    const char *at = p->mount_points[index];

    if (!at)
        return;                 /* an error was reported */
    if (fact->kind == SOURCE_BLOCK)
        op(p, BIND_NODE, origin_at(p, m->at), ARG_S(at),
           ARG_S(m->destination.value));
    else if (fact->kind == SOURCE_FILE)
        bind(p, m, at, PROGRAM_BIND_FILE | PROGRAM_BIND_COPY, 0644);
    else
        bind(p, m, at, 0, 0755);
}

static void mount_type(struct planner *p, const struct spec_mount *m)
{
    const char *type = m->type.value ? m->type.value : "";
    const char *source = m->source.value && m->source.value[0] ?
                         m->source.value : type;
    struct fresh fresh = { source, type, m->data ? m->data : "" };

    if (m->flags & MS_REMOUNT) {
        op(p, REMOUNT_IN, origin_at(p, m->at), ARG_S(m->destination.value),
           ARG_Q(m->flags & ~(uint64_t)(MS_REMOUNT | MS_BIND)));
        return;
    }
    if (mount_is_unclear(p, m) || mount_lacks_bind(m))
        return;                 /* an error was reported */
    if (!is_type_known(type)) {
        planner_refuse(p, MOUNT_TYPE_UNAVAILABLE,
                       m->type.at ? m->type.at : m->at,
                       "\"%s\" is not a type that the guest has", type);
        return;
    }
    /* control groups of version 1 do not exist in the guest; their options
     * (controllers) mean nothing to version 2 */
    if (!strcmp(type, "cgroup") ||
        (!strcmp(type, "cgroup2") && p->namespaces & CLONE_NEWUSER))
        mount_cgroup(p, m, source);
    else if (!strcmp(type, "sysfs"))
        mount_sysfs(p, m);
    else if (!strcmp(type, "devtmpfs") && p->namespaces & CLONE_NEWUSER)
        bind(p, m, "/dev", 0, 0755); /* which no user namespace may mount */
    else
        mount_fresh(p, m, &fresh);
}

static void mount_disk(struct planner *p, size_t index)
{
    const struct spec_mount *m = &p->spec->mounts[index];
    struct fresh fresh = { p->mount_points[index], m->type.value,
                           m->data ? m->data : "" };

    if (fresh.source)           /* else an error was reported */
        mount_fresh(p, m, &fresh);
}

/* Are they the same but for the number of slashes? */
static bool is_path(const char *a, const char *b)
{
    for (;;) {
        size_t n = strcspn(a += strspn(a, "/"), "/");

        b += strspn(b, "/");
        if (n != strcspn(b, "/") || memcmp(a, b, n))
            return false;
        if (!n)
            return true;
        a += n;
        b += n;
    }
}

/* A directory of Dom0 gets no device nodes: where the bundle has no /dev of its
 * own, the domain has one. */
static void mount_dev(struct planner *p)
{
    size_t i;

    if (p->plan->rootfs != ROOTFS_9PFS || !p->plan->shares[0].writable)
        return;
    for (i = 0; i < p->spec->n_mounts; i++)
        if (is_path(p->spec->mounts[i].destination.value, "/dev"))
            return;
    op(p, MOUNT_IN, origin_default("default: nodes stay in the domain"),
       ARG_S("tmpfs"), ARG_S("/dev"), ARG_S("tmpfs"), ARG_Q(MS_NOSUID),
       ARG_S("mode=755"), ARG_Q(0));
}

void plan_mount_ops(struct planner *p)
{
    size_t i;

    mount_dev(p);
    for (i = 0; i < p->spec->n_mounts; i++) {
        const struct spec_mount *m = &p->spec->mounts[i];
        enum guest_own own = mount_guest_own(p, i);

        if (own != OWN_NOT)
            mount_own(p, i, own);
        else if (m->flags & MS_BIND)
            mount_source(p, i);
        else if (mount_is_on_disk(p, i))
            mount_disk(p, i);
        else
            mount_type(p, m);
    }
}

/* Mounts are in order: a later one on /dev hides an earlier one below it. */
bool mounts_have_devpts(const struct planner *p)
{
    bool found = false;
    size_t i;

    for (i = 0; i < p->spec->n_mounts; i++) {
        const struct spec_mount *m = &p->spec->mounts[i];
        const char *destination = m->destination.value;

        if (!destination || m->flags & MS_REMOUNT)
            continue;
        if (is_path(destination, "/dev/pts"))
            found = mount_guest_own(p, i) == OWN_DEVPTS ||
                    (!(m->flags & MS_BIND) && m->type.value &&
                     !strcmp(m->type.value, "devpts"));
        else if (is_path(destination, "/dev") || is_path(destination, "/"))
            found = false;
    }
    return found;
}

void plan_mount_seal_ops(struct planner *p)
{
    size_t i;

    for (i = 0; i < p->spec->n_mounts; i++) {
        const struct spec_mount *m = &p->spec->mounts[i];

        if (!(m->flags & MS_BIND) && is_sealed_later(m))
            op(p, REMOUNT_IN, origin_at(p, m->at),
               ARG_S(m->destination.value), ARG_Q(m->flags));
    }
}
