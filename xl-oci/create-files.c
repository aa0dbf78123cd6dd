/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "create.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "checks.h"
#include "files.h"
#include "image.h"

/* The directory that was surveyed: of a mount, or the rootfs (-1). The caller
 * closes it. -1 with an error. */
static int open_source(const struct creation *c, int mount_index,
                       const struct origin *from)
{
    const struct loaded *l = c->loaded;
    struct report_where where = loaded_where(l, from);
    const char *source;
    int fd;

    if (mount_index < 0) {
        fd = fcntl(l->survey->rootfs_fd, F_DUPFD_CLOEXEC, 0);
        if (fd < 0)
            report_check(l->report, HOST_RESOURCES, NULL, "%s",
                         strerror(errno));
        return fd;
    }
    source = l->spec->mounts[mount_index].source.value;
    fd = survey_reopen(l->bundle, source, &l->survey->mounts[mount_index]);
    if (fd < 0 && errno == ESTALE)
        report_check(l->report, MOUNT_SOURCE_CHANGED, &where,
                     "\"%s\" is another file now", source);
    else if (fd < 0)
        report_check(l->report, MOUNT_SOURCE_CHANGED, &where, "\"%s\": %s",
                     source, strerror(errno));
    return fd;
}

static int check_room(const struct creation *c)
{
    if (c->n_held_fds < MESSAGE_MAX_FDS)
        return 0;
    report_check(c->loaded->report, HOST_RESOURCES, NULL,
                 "more than %d images and shares in one container",
                 MESSAGE_MAX_FDS);
    return -1;
}

static int provide_image(struct creation *c, size_t index)
{
    const struct plan_image *image = &c->loaded->plan->images[index];
    struct report *report = c->loaded->report;
    int source_fd, held_fd = -1, rc;

    if (check_room(c))
        return -1;
    source_fd = open_source(c, image->mount_index, &image->from);
    if (source_fd < 0)
        return -1;
    rc = image_provide(c->loaded->arena, c->loaded->settings.cache_dir, image,
                       source_fd, &c->image_paths[index], &held_fd, report);
    close(source_fd);
    if (!rc)
        c->held_fds[c->n_held_fds++] = c->image_fds[index] = held_fd;
    return rc;
}

static int copy_image(struct creation *c, const char *image,
                      const char **path)
{
    int fd;

    if (check_room(c) ||
        image_copy(c->loaded->arena, c->loaded->settings.cache_dir, image,
                   path, &fd, c->loaded->report))
        return -1;
    c->held_fds[c->n_held_fds++] = fd;
    return 0;
}

static int make_disk(struct creation *c, const struct plan_disk *disk,
                     const char **path)
{
    struct report *report = c->loaded->report;

    if (disk->image < 0) {
        *path = disk->path;
        return disk->create ? image_persist(c->loaded->arena, disk, report) :
               0;
    }
    *path = c->image_paths[disk->image];
    return disk->private_copy ? copy_image(c, *path, path) : 0;
}

static int make_disks(struct creation *c)
{
    const struct plan *plan = c->loaded->plan;
    struct arena *arena = c->loaded->arena;
    size_t i;

    c->image_paths = ARENA_ARRAY(arena, const char *, plan->n_images + 1);
    c->image_fds = ARENA_ARRAY(arena, int, plan->n_images + 1);
    c->disk_paths = ARENA_ARRAY(arena, const char *, plan->n_disks + 1);
    if (!c->image_paths || !c->image_fds || !c->disk_paths) {
        report_check(c->loaded->report, HOST_RESOURCES, NULL,
                     "out of memory");
        return -1;
    }
    for (i = 0; i < plan->n_images; i++)
        if (provide_image(c, i))
            return -1;
    for (i = 0; i < plan->n_disks; i++)
        if (make_disk(c, &plan->disks[i], &c->disk_paths[i]))
            return -1;
    return 0;
}

/* Linux initramfs/buffer-format: archives follow one another at multiples of
 * four bytes. */
static int pad(int to_fd, off_t *at)
{
    static const char zeros[4];
    size_t size = (size_t)(-*at & 3);

    *at += (off_t)size;
    return write_all(to_fd, zeros, size);
}

static int append_payload(const struct plan *plan, int to_fd, off_t at)
{
    struct bytes payload = BYTES_INIT;
    int rc = -1;

    if (!plan_write_payload(plan, &payload) && !pad(to_fd, &at))
        rc = write_all(to_fd, payload.data, payload.size);
    bytes_free(&payload);
    return rc;
}

static int copy_whole(int from_fd, int to_fd, off_t *size)
{
    struct stat status;
    ssize_t sent;

    if (fstat(from_fd, &status))
        return -1;
    if (!S_ISREG(status.st_mode)) {
        errno = EINVAL;
        return -1;
    }
    *size = 0;
    while (*size < status.st_size) {
        sent = sendfile(to_fd, from_fd, NULL,
                        (size_t)(status.st_size - *size));
        if (sent <= 0)
            return -1;
        *size += sent;
    }
    return 0;
}

/* An archive of the host, when there is one; *at is where the next begins. */
static int append_archive(const char *path, int to_fd, off_t *at)
{
    off_t size = 0;
    int from_fd, rc;

    if (!path)
        return 0;
    /* a file that was replaced by a FIFO since the plan must not block */
    from_fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (from_fd < 0)
        return -1;
    rc = pad(to_fd, at) || copy_whole(from_fd, to_fd, &size) ? -1 : 0;
    *at += size;
    close(from_fd);
    return rc;
}

static int make_ramdisk(struct creation *c)
{
    const struct plan *plan = c->loaded->plan;
    struct report_where where = { .file = plan->initrd.value };
    int to_fd, rc = -1;
    off_t size = 0;

    to_fd = openat(c->dir_fd, "ramdisk",
                   O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (to_fd >= 0 && !append_archive(plan->initrd.value, to_fd, &size)) {
        where.file = plan->initramfs.value;
        if (!append_archive(plan->initramfs.value, to_fd, &size))
            rc = append_payload(plan, to_fd, size);
    }
    if (rc)
        report_check(c->loaded->report, RUN_DIRECTORY, &where,
                     "the guest's ramdisk cannot be made: %s",
                     strerror(errno));
    if (to_fd >= 0)
        close(to_fd);
    c->ramdisk_path = arena_printf(c->loaded->arena, "%s/ramdisk",
                                   c->run_path);
    return rc || !c->ramdisk_path ? -1 : 0;
}

/* libxl takes it by its path only (libxl_arm.c libxl__prepare_dtb()). */
static int make_device_tree(struct creation *c)
{
    const struct plan_devices *d = &c->loaded->plan->devices;

    if (!d->dtb)
        return 0;
    c->device_tree_path = arena_printf(c->loaded->arena, "%s/device-tree",
                                       c->run_path);
    if (c->device_tree_path &&
        !file_write_at(c->dir_fd, "device-tree", d->dtb, d->dtb_bytes))
        return 0;
    report_check(c->loaded->report, RUN_DIRECTORY, NULL,
                 "the partial device tree cannot be written: %s",
                 strerror(errno));
    return -1;
}

/* The descriptor decides what is shared, not the path. */
static int open_share(struct creation *c, const struct plan_share *share)
{
    int fd;

    if (check_room(c))
        return -1;
    fd = open_source(c, share->mount_index, &share->from);
    if (fd < 0)
        return -1;
    c->held_fds[c->n_held_fds++] = fd;
    return 0;
}

static int open_shares(struct creation *c)
{
    const struct plan *plan = c->loaded->plan;
    size_t i;

    for (i = 0; i < plan->n_shares; i++)
        if (open_share(c, &plan->shares[i]))
            return -1;
    return 0;
}

int creation_make_files(struct creation *creation)
{
    return open_shares(creation) || make_disks(creation) ||
           make_ramdisk(creation) || make_device_tree(creation) ? -1 : 0;
}

int creation_settle_images(const struct creation *c)
{
    size_t i;

    for (i = 0; i < c->loaded->plan->n_images; i++)
        if (image_settle(c->image_paths[i], c->image_fds[i],
                         c->loaded->report))
            return -1;
    return 0;
}
