/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks that a container writes: private copies and persistent files. */
#include "image.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/report.h"
#include "checks.h"
#include "image-make.h"
#include "plan.h"

#define CHUNK_BYTES (1u << 20)

/* ext4(5): the superblock lies at 1024, its magic 56 bytes into it */
#define EXT4_MAGIC_OFFSET 1080
#define EXT4_MAGIC 0xef53

static int copy_by_hand(int from, int to, off_t at, size_t size_bytes)
{
    char buffer[65536];

    while (size_bytes) {
        size_t want = size_bytes < sizeof(buffer) ? size_bytes
                                                  : sizeof(buffer);
        ssize_t got = pread(from, buffer, want, at), put;

        if (got <= 0)
            return got ? errno : EIO; /* shrank under our eyes */
        put = pwrite(to, buffer, (size_t)got, at);
        if (put <= 0)
            return put ? errno : ENOSPC;
        at += put;
        size_bytes -= (size_t)put;
    }
    return 0;
}

static int copy_range(int from, int to, off_t at, off_t end)
{
    while (at < end) {
        size_t want = end - at > CHUNK_BYTES ? CHUNK_BYTES
                                             : (size_t)(end - at);
        loff_t in = at, out = at;
        ssize_t n = copy_file_range(from, &in, to, &out, want, 0);

        if (n <= 0) {
            /* another file system, or one that cannot: any reason but a
             * full disk shows again, and is reported, below */
            int error = n < 0 && (errno == ENOSPC || errno == EDQUOT)
                        ? errno : copy_by_hand(from, to, at, want);

            if (error)
                return error;
            n = (ssize_t)want;
        }
        at += n;
    }
    return 0;
}

static int copy_sparse(int from, int to, off_t size_bytes)
{
    off_t data = 0, hole;
    int error;

    if (ftruncate(to, size_bytes) < 0)
        return errno;
    for (;;) {
        data = lseek(from, data, SEEK_DATA);
        if (data < 0)
            return errno == ENXIO ? 0 : errno;
        hole = lseek(from, data, SEEK_HOLE);
        if (hole < 0)
            return errno;
        error = copy_range(from, to, data, hole);
        if (error)
            return error;
        data = hole;
    }
}

static int copy_file(int from, int to)
{
    struct stat st;

    if (!ioctl(to, FICLONE, from))
        return 0;
    return fstat(from, &st) < 0 ? errno : copy_sparse(from, to, st.st_size);
}

int image_copy(struct arena *arena, const char *cache_dir,
               const char *image_path, const char **path, int *fd,
               struct report *report)
{
    struct report_where where = { .file = image_path };
    int from, to, error;

    from = open(image_path, O_RDONLY | O_CLOEXEC);
    if (from < 0) {
        report_check(report, IMAGE_CACHE, &where, "%s", strerror(errno));
        return -1;
    }
    to = open(cache_dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    error = to < 0 ? errno : copy_file(from, to);
    close(from);
    if (error) {
        image_report_write(cache_dir, error, &where, report);
    } else {
        /* of this process: xl-oci-block opens it as well */
        *path = arena_printf(arena, "/proc/%d/fd/%d", (int)getpid(), to);
        *fd = to;
        if (*path)
            return 0;
        report_check(report, OUT_OF_MEMORY, &where, "memory is exhausted");
    }
    if (to >= 0)
        close(to);
    return -1;
}

static bool holds_ext4(int fd)
{
    unsigned char magic[2];

    return pread(fd, magic, sizeof(magic), EXT4_MAGIC_OFFSET) == 2 &&
           (magic[0] | magic[1] << 8) == EXT4_MAGIC;
}

static int check_existing(const char *path, const struct report_where *where,
                          struct report *report)
{
    struct stat st;
    int fd = -1, rc = -1;

    if (stat(path, &st) < 0)
        report_check(report, PERSIST_UNUSABLE, where, "\"%s\": %s", path,
                     strerror(errno));
    else if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
        report_check(report, PERSIST_UNUSABLE, where,
                     "\"%s\" is neither a file nor a block device", path);
    else if ((fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)) < 0)
        report_check(report, PERSIST_UNUSABLE, where, "\"%s\": %s", path,
                     strerror(errno));
    else if (!holds_ext4(fd))
        report_check(report, PERSIST_UNUSABLE, where,
                     "\"%s\" does not hold an ext4 file system", path);
    else
        rc = 0;
    if (fd >= 0)
        close(fd);
    return rc;
}

/* The directory part of path, malloc'ed. */
static char *parent_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return strdup(".");
    return slash == path ? strdup("/")
                         : strndup(path, (size_t)(slash - path));
}

/* Its directory is the user's choice, not the cache. */
static void report_create(const char *dir, const char *path, int error,
                          const struct report_where *where,
                          struct report *report)
{
    if (error == ENOSPC || error == EDQUOT)
        image_report_write(dir, error, where, report);
    else
        report_check_remedy(report, PERSIST_UNUSABLE, where,
                            "name a file in a directory that exists and can "
                            "be written, on a local file system",
                            "\"%s\" cannot be made: %s", path,
                            error == EOPNOTSUPP || error == EISDIR ?
                            "its file system has no files without a name "
                            "(O_TMPFILE)" : strerror(error));
}

/* Made without a name and linked in when complete, as in the cache. */
static int create_file(const char *dir, const char *path,
                       const struct report_where *where,
                       struct report *report)
{
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600), rc = -1;
    char self[64];

    if (fd < 0) {
        report_create(dir, path, errno, where, report);
        return -1;
    }
    snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
    if (ftruncate(fd, (off_t)IMAGE_PERSIST_BYTES) < 0)
        report_create(dir, path, errno, where, report);
    else if (image_make_empty(IMAGE_PERSIST_BYTES, fd, dir, where,
                              report) < 0)
        ; /* reported */
    else if (fdatasync(fd) < 0 ||
             (linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW) < 0 &&
              errno != EEXIST)) /* another start made it meanwhile */
        report_create(dir, path, errno, where, report);
    else
        rc = 0;
    close(fd);
    return rc;
}

int image_persist(struct arena *arena, const struct plan_disk *disk,
                  struct report *report)
{
    struct report_where where = { .line = disk->from.line,
                                  .column = disk->from.column,
                                  .path = disk->from.field };
    char *dir;
    int rc;

    (void)arena;
    if (!disk->create || !access(disk->path, F_OK))
        return check_existing(disk->path, &where, report);
    dir = parent_of(disk->path);
    if (!dir) {
        report_check(report, OUT_OF_MEMORY, &where, "memory is exhausted");
        return -1;
    }
    rc = create_file(dir, disk->path, &where, report);
    free(dir);
    return rc < 0 ? -1 : check_existing(disk->path, &where, report);
}
