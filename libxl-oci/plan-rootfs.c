/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The container's root: its disks, and how the guest mounts them. */
#include "plan-internal.h"

#include <string.h>
#include <sys/mount.h>

static const char *wanted_mode(struct planner *p, struct origin *from,
                               const struct json **at)
{
    const struct spec_string *annotated = &p->spec->extension.rootfs;

    *at = NULL;
    if (p->options->rootfs) {
        *from = origin_option("--rootfs");
        return p->options->rootfs;
    }
    if (annotated->at) {
        *at = annotated->at;
        *from = origin_at(p, *at);
        return annotated->value;
    }
    *from = origin_default("default: read-only image with an overlay");
    return NULL;
}

static struct origin root_origin(struct planner *p)
{
    const struct json *at = p->spec->root_path.at;

    return at ? origin_at(p, at) : origin_default("default: \"rootfs\"");
}

static void plan_image_disk(struct planner *p)
{
    const struct spec_vm *vm = &p->spec->vm;
    const struct source_fact *fact = &p->survey->image;
    struct plan_disk disk = { .image = -1, .path = fact->path,
                              .number = fact->number };

    disk.from = origin_at(p, vm->image_path.at);
    if (fact->kind != SOURCE_FILE && fact->kind != SOURCE_BLOCK &&
        !is_faulty(p, &vm->image_path))
        planner_refuse(p, IMAGE_MISSING, vm->image_path.at,
                       "\"%s\" is not a file or block device of this host",
                       vm->image_path.value);
    if (vm->image_format.at && strcmp(vm->image_format.value, "raw"))
        planner_refuse(p, IMAGE_FORMAT, vm->image_format.at,
                       "\"%s\" is not \"raw\"", vm->image_format.value);
    planner_disk(p, &disk, vm->image_path.at);
}

static void plan_built_disk(struct planner *p, struct origin from)
{
    bool ext4 = p->plan->rootfs == ROOTFS_EXT4;
    const char *path = p->spec->root_path.value;
    struct plan_image image = {
        .format = ext4 ? IMAGE_EXT4 : IMAGE_EROFS,
        .mount_index = -1, .source = path ? path : "rootfs",
        .from = root_origin(p),
    };
    struct plan_disk disk = { .writable = ext4, .private_copy = ext4,
                              .from = ext4 ? from : image.from };

    disk.image = planner_image(p, &image);
    planner_disk(p, &disk, p->spec->root_path.at);
}

static bool root_is_read_only(const struct planner *p)
{
    return p->spec->root_readonly.at && p->spec->root_readonly.value;
}

static void plan_shared_root(struct planner *p)
{
    const struct json *at = p->spec->root_path.at;
    const char *path = p->spec->root_path.value;
    const struct plan_share share = {
        .mount_index = -1, .path = path ? path : "rootfs",
        .writable = !root_is_read_only(p), .from = root_origin(p),
    };

    if (!p->survey->has_errors && !is_faulty(p, &p->spec->root_path) &&
        !is_faulty(p, &p->spec->root_readonly))
        planner_share(p, &share, &p->survey->rootfs, at);
}

static void plan_persist_disk(struct planner *p)
{
    struct plan_disk disk = {
        .writable = true, .image = -1, .path = p->options->persist_path,
        .create = true, .from = origin_option("--persist"),
    };

    if (!disk.path)
        return;
    if (p->plan->rootfs == ROOTFS_EXT4 || p->plan->rootfs == ROOTFS_9PFS)
        planner_refuse(p, OPTION_CONFLICT, NULL,
                       "--persist needs an image with an overlay, which a "
                       "root file system on %s does not have",
                       p->plan->rootfs == ROOTFS_EXT4 ? "ext4" : "9pfs");
    planner_disk(p, &disk, NULL);
}

void plan_rootfs_disks(struct planner *p)
{
    const struct spec_string *image = &p->spec->vm.image_path;
    bool has_image = image->at && image->value[0];
    const struct json *at;
    struct origin from;
    const char *mode = wanted_mode(p, &from, &at);
    bool ext4 = mode && !strcmp(mode, "ext4");
    bool shared = mode && !strcmp(mode, "9pfs");

    if (mode && !ext4 && !shared && strcmp(mode, "erofs"))
        planner_refuse(p, ROOTFS_MODE, at, "\"%s\" is not known", mode);
    if (has_image && (ext4 || shared))
        planner_refuse(p, OPTION_CONFLICT, at,
                       "the root file system is the bundle's own image");
    p->plan->rootfs = has_image ? ROOTFS_IMAGE :
                      ext4 ? ROOTFS_EXT4 :
                      shared ? ROOTFS_9PFS : ROOTFS_EROFS;
    if (has_image)
        plan_image_disk(p);
    else if (shared)
        plan_shared_root(p);
    else
        plan_built_disk(p, from);
    plan_persist_disk(p);
}

struct origin planner_root_origin(const struct planner *p)
{
    const struct plan *plan = p->plan;

    return plan->rootfs == ROOTFS_9PFS ? plan->shares[0].from :
           plan->disks[0].from;
}

static const char *wait_for(struct planner *p, size_t disk)
{
    const struct plan_disk *d = &p->plan->disks[disk];
    const char *device = planner_printf(p, "/dev/%s", d->vdev);

    op(p, WAIT_DEVICE, d->from, ARG_S(device),
       ARG_U(GUEST_DEVICE_TIMEOUT_MS));
    return device;
}

/* The overlay's top directory is the container's "/": it shows the mode, owner
 * and attributes that "upper/data" has. */
static void plan_upper(struct planner *p)
{
    struct origin from = origin_default("default: writable overlay in memory");

    op(p, MAKE_DIR, from, ARG_S(GUEST_UPPER), ARG_U(0755));
    if (p->options->persist_path) {
        const char *device = wait_for(p, 1);

        from = p->plan->disks[1].from;
        op(p, MOUNT, from, ARG_S(device), ARG_S(GUEST_UPPER), ARG_S("ext4"),
           ARG_Q(0), ARG_S(""));
    } else {
        op(p, MOUNT, from, ARG_S("upper"), ARG_S(GUEST_UPPER),
           ARG_S("tmpfs"), ARG_Q(0), ARG_S("mode=0755"));
    }
    op(p, MAKE_LIKE, from, ARG_S(GUEST_UPPER "/data"), ARG_S(GUEST_BASE));
    op(p, MAKE_DIR, from, ARG_S(GUEST_UPPER "/work"), ARG_U(0700));
    op(p, MOUNT, from, ARG_S("overlay"), ARG_S(GUEST_ROOT), ARG_S("overlay"),
       ARG_Q(0), ARG_S("lowerdir=" GUEST_BASE ",upperdir=" GUEST_UPPER
                       "/data,workdir=" GUEST_UPPER "/work"));
}

/* A read-only one gets an overlay for the mount points that it lacks. */
static void plan_shared_root_ops(struct planner *p)
{
    const struct plan_share *root = p->plan->shares;

    if (!p->plan->n_shares)
        return;                 /* an error was reported */
    if (!root_is_read_only(p)) {
        plan_share_mount(p, 0, GUEST_ROOT);
        return;
    }
    op(p, MAKE_DIR, root->from, ARG_S(GUEST_ROOT), ARG_U(0755));
    plan_share_mount(p, 0, GUEST_BASE);
    plan_upper(p);
}

static void plan_disk_root_ops(struct planner *p)
{
    const struct plan_disk *root = &p->plan->disks[0];
    const char *device = wait_for(p, 0);

    op(p, MAKE_DIR, root->from, ARG_S(GUEST_ROOT), ARG_U(0755));
    if (p->plan->rootfs == ROOTFS_EXT4) {
        op(p, MOUNT, root->from, ARG_S(device), ARG_S(GUEST_ROOT),
           ARG_S("ext4"), ARG_Q(0), ARG_S(""));
        return;
    }
    op(p, MAKE_DIR, root->from, ARG_S(GUEST_BASE), ARG_U(0755));
    op(p, MOUNT, root->from, ARG_S(device), ARG_S(GUEST_BASE),
       ARG_S(p->plan->rootfs == ROOTFS_IMAGE ? "erofs,ext4" : "erofs"),
       ARG_Q(MS_RDONLY), ARG_S(""));
    plan_upper(p);
}

void plan_rootfs_ops(struct planner *p)
{
    if (p->plan->rootfs == ROOTFS_9PFS)
        plan_shared_root_ops(p);
    else
        plan_disk_root_ops(p);
}
