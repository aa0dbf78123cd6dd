/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sources of bind mounts. The guest has another kernel, so a source is one of
 * these: something the guest has itself (/dev/null, /proc, /sys), a small
 * file (payload), a read-only directory (image), a writable one (9pfs), a
 * block device (PV disk).
 */
#include "plan-internal.h"

#include <string.h>
#include <sys/mount.h>

/* Engines give these directories from the host; a container's own serves. */
static const struct { const char *destination; enum guest_own own; }
own_by_destination[] = {
    { "/dev/shm", OWN_SHM },
    { "/dev/mqueue", OWN_MQUEUE },
    { "/dev/pts", OWN_DEVPTS },
    { "/sys/fs/cgroup", OWN_CGROUP },
};

static const struct { const char *source; enum guest_own own; }
own_by_source[] = {
    { "/dev", OWN_DEV },
    { "/dev/pts", OWN_DEVPTS },
    { "/dev/shm", OWN_SHM },
    { "/dev/mqueue", OWN_MQUEUE },
    { "/dev/null", OWN_NODE },
    { "/dev/zero", OWN_NODE },
    { "/dev/full", OWN_NODE },
    { "/dev/random", OWN_NODE },
    { "/dev/urandom", OWN_NODE },
    { "/dev/tty", OWN_NODE },
    { "/proc", OWN_PROC },
    { "/sys", OWN_SYSFS },
    { "/sys/fs/cgroup", OWN_CGROUP },
};

static bool is_below(const char *path, const char *directory)
{
    size_t n = strlen(directory);

    return !strncmp(path, directory, n) && path[n] == '/';
}

enum guest_own mount_guest_own(const struct planner *p, size_t index)
{
    const struct spec_mount *m = &p->spec->mounts[index];
    const struct source_fact *fact = &p->survey->mounts[index];
    const char *path = fact->path;
    size_t i;

    if (!(m->flags & MS_BIND || mount_lacks_bind(m)) || !path)
        return OWN_NOT;
    for (i = 0; i < sizeof(own_by_source) / sizeof(own_by_source[0]); i++)
        if (!strcmp(path, own_by_source[i].source))
            return own_by_source[i].own;
    if (fact->kind == SOURCE_DIRECTORY && !(m->flags & MS_RDONLY))
        for (i = 0; i < sizeof(own_by_destination) /
                        sizeof(own_by_destination[0]); i++)
            if (!strcmp(m->destination.value,
                        own_by_destination[i].destination))
                return own_by_destination[i].own;
    return is_below(path, "/proc") || is_below(path, "/sys") ? OWN_NONE
                                                             : OWN_NOT;
}

/* Mount point of the mount's own disk or file in the guest's tree. */
static void plan_file(struct planner *p, size_t index)
{
    const struct spec_mount *m = &p->spec->mounts[index];
    const struct source_fact *fact = &p->survey->mounts[index];

    if (!fact->content) {
        planner_refuse(p, MOUNT_FILE_TOO_LARGE, m->source.at,
                       "\"%s\" has %llu bytes, more than 1 MiB",
                       m->source.value,
                       (unsigned long long)fact->size_bytes);
        return;
    }
    p->mount_points[index] = planner_file(p, fact->content, fact->size_bytes,
                                          fact->mode & 07777, m->at);
    if (!(m->flags & MS_RDONLY))
        planner_refuse(p, MOUNT_COPIED, m->at,
                       "what is written to \"%s\" stays in the domain",
                       m->destination.value);
}

static void plan_shared_directory(struct planner *p, size_t index)
{
    const struct spec_mount *m = &p->spec->mounts[index];
    const struct source_fact *fact = &p->survey->mounts[index];
    const struct plan_share share = {
        .mount_index = (int)index, .path = fact->path,
        .writable = !(m->flags & MS_RDONLY), .from = origin_at(p, m->at),
    };

    p->mount_points[index] = planner_share(p, &share, fact, m->source.at);
}

/* Read-only, it becomes an image, which is faster, unless it shall be seen
 * live. */
static bool is_shared(const struct planner *p, const struct spec_mount *m)
{
    const struct spec_string *binds = &p->spec->extension.binds;

    return !(m->flags & MS_RDONLY) ||
           (binds->at && !strcmp(binds->value, "9pfs"));
}

static void plan_directory(struct planner *p, size_t index)
{
    const struct spec_mount *m = &p->spec->mounts[index];
    struct plan_image image = {
        .format = IMAGE_EROFS, .mount_index = (int)index,
        .source = p->survey->mounts[index].path,
        .from = origin_at(p, m->at),
    };
    struct plan_disk disk = { .from = image.from };
    const char *vdev;

    if (is_shared(p, m)) {
        plan_shared_directory(p, index);
        return;
    }
    disk.image = planner_image(p, &image);
    vdev = planner_disk(p, &disk, m->at);
    if (vdev)
        p->mount_points[index] = planner_printf(p, GUEST_MOUNTS "/%s", vdev);
}

static void plan_block(struct planner *p, size_t index)
{
    const struct spec_mount *m = &p->spec->mounts[index];
    struct plan_disk disk = {
        .writable = !(m->flags & MS_RDONLY), .image = -1,
        .path = p->survey->mounts[index].path,
        .number = p->survey->mounts[index].number,
        .from = origin_at(p, m->at),
    };
    const char *vdev = planner_disk(p, &disk, m->at);

    if (vdev)
        p->mount_points[index] = planner_printf(p, "/dev/%s", vdev);
}

bool mount_lacks_bind(const struct spec_mount *m)
{
    return !(m->flags & (MS_BIND | MS_REMOUNT)) && m->type.value &&
           !strcmp(m->type.value, "bind");
}

bool mount_is_unclear(const struct planner *p, const struct spec_mount *m)
{
    return is_faulty(p, &m->type) ||
           (is_faulty(p, &m->options) && !m->options.at);
}

static void plan_source(struct planner *p, size_t index)
{
    const struct spec_mount *m = &p->spec->mounts[index];
    const struct source_fact *fact = &p->survey->mounts[index];
    const struct json *at = m->source.at ? m->source.at : m->at;
    const char *source = m->source.value ? m->source.value : "";

    switch (fact->kind) {
    case SOURCE_MISSING:
        planner_refuse(p, MOUNT_SOURCE_MISSING, at, "\"%s\": %s", source,
                       fact->error ? strerror(fact->error) : "not there");
        return;
    case SOURCE_OUTSIDE:
        planner_refuse(p, MOUNT_SOURCE_OUTSIDE, at,
                       "\"%s\" leads out of the bundle", source);
        return;
    case SOURCE_FILE:
        plan_file(p, index);
        return;
    case SOURCE_DIRECTORY:
        /* where it goes may make it the guest's own; whether it is written to
         * makes it a share */
        if (!is_faulty(p, &m->destination) &&
            (m->options.at || !is_faulty(p, &m->options)))
            plan_directory(p, index);
        return;
    case SOURCE_BLOCK:
        plan_block(p, index);
        return;
    case SOURCE_OTHER:
        planner_refuse(p, MOUNT_SOURCE_KIND, at, "\"%s\" is a %s", source,
                       fact->kind_name ? fact->kind_name : "special file");
    }
}

/* e.g. {"type": "ext4", "source": "/dev/vg/data"} */
bool mount_is_on_disk(const struct planner *p, size_t index)
{
    static const char *const types[] = { "ext4", "ext3", "ext2", "erofs" };
    const struct spec_mount *m = &p->spec->mounts[index];
    size_t i;

    if (m->flags & MS_BIND || !m->type.value)
        return false;
    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (!strcmp(m->type.value, types[i]))
            return true;
    return false;
}

static void plan_disk_mount(struct planner *p, size_t index)
{
    const struct spec_mount *m = &p->spec->mounts[index];
    const struct source_fact *fact = &p->survey->mounts[index];

    if (fact->path && fact->kind == SOURCE_BLOCK)
        plan_block(p, index);
    else
        planner_refuse(p, MOUNT_SOURCE_MISSING,
                       m->source.at ? m->source.at : m->at,
                       "\"%s\" is not a block device on this host",
                       m->source.value ? m->source.value : "");
}

void plan_mount_disks(struct planner *p)
{
    const struct spec *s = p->spec;
    size_t i;

    for (i = 0; i < s->n_mounts; i++) {
        const struct spec_mount *m = &s->mounts[i];

        if (mount_lacks_bind(m) && !mount_is_unclear(p, m))
            planner_refuse(p, MOUNT_BIND_OPTION, m->type.at,
                           "\"bind\" is no file system, and neither \"bind\" "
                           "nor \"rbind\" is in the options");
        if (is_faulty(p, &m->source))
            continue;
        if (mount_is_on_disk(p, i) && !mount_is_unclear(p, m))
            plan_disk_mount(p, i);
        if (!(m->flags & MS_BIND || mount_lacks_bind(m)))
            continue;
        switch (mount_guest_own(p, i)) {
        case OWN_NOT:
            plan_source(p, i);
            break;
        case OWN_NONE:
            planner_refuse(p, MOUNT_SOURCE_KIND, m->source.at,
                           "\"%s\" is part of Dom0's kernel",
                           m->source.value);
            break;
        default:
            break;
        }
    }
}

void plan_source_ops(struct planner *p)
{
    const struct plan *plan = p->plan;
    size_t i;

    /* the first is the root's, unless that is shared */
    for (i = plan->rootfs != ROOTFS_9PFS; i < plan->n_disks; i++) {
        const struct plan_disk *d = &plan->disks[i];
        const char *device;

        if (d->create)
            continue;           /* --persist: mounted with the root */
        device = planner_printf(p, "/dev/%s", d->vdev);
        op(p, WAIT_DEVICE, d->from, ARG_S(device),
           ARG_U(GUEST_DEVICE_TIMEOUT_MS));
        if (d->image >= 0) {
            const char *target = planner_printf(p, GUEST_MOUNTS "/%s",
                                                d->vdev);

            op(p, MAKE_DIR, d->from, ARG_S(target), ARG_U(0755));
            op(p, MOUNT, d->from, ARG_S(device), ARG_S(target),
               ARG_S("erofs"), ARG_Q(MS_RDONLY), ARG_S(""));
        }
    }
}
