/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image-make.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/report.h"
#include "checks.h"
#include "image-cache.h"
#include "image-tool.h"
#include "plan.h"

/* Room for what the container writes to its one writable disk. The image is
 * sparse: what is not written takes no space. */
#define EXT4_ROOM_BYTES (1ull << 30)
#define EXT4_BYTES_PER_INODE 16384
#define EXT4_INODE_BYTES 256

/* The mount point of the file system that dir lies on. */
static void mount_point(const char *dir, char *out)
{
    struct stat st, above;
    char *slash;

    if (!realpath(dir, out) || stat(out, &st) < 0) {
        snprintf(out, PATH_MAX, "%s", dir);
        return;
    }
    while ((slash = strrchr(out, '/')) && out[1]) {
        char kept = slash == out ? slash[1] : *slash;

        slash[slash == out] = '\0';
        if (stat(out, &above) < 0 || above.st_dev != st.st_dev) {
            slash[slash == out] = kept;
            return;
        }
    }
}

void image_report_write(const char *dir, int error,
                        const struct report_where *where,
                        struct report *report)
{
    char point[PATH_MAX];

    if (error == ENOSPC || error == EDQUOT) {
        mount_point(dir, point);
        report_check(report, IMAGE_NO_SPACE, where,
                     "the file system \"%s\" has no room for an image in "
                     "\"%s\": %s", point, dir, strerror(error));
    } else if (error == EOPNOTSUPP || error == EISDIR) {
        report_check(report, IMAGE_CACHE, where,
                     "\"%s\": its file system cannot make files without a "
                     "name (O_TMPFILE)", dir);
    } else if (error == EPERM) {
        report_check(report, IMAGE_CACHE, where,
                     "\"%s\" is not ours alone: another user owns it or may "
                     "write there", dir);
    } else {
        report_check(report, IMAGE_CACHE, where, "\"%s\": %s", dir,
                     strerror(error));
    }
}

static int run(const char *const argv[], int source_fd, int image_fd,
               const char *dir, const struct report_where *where,
               struct report *report)
{
    struct tool_result result;
    char line[1400];

    if (!tool_run(argv, source_fd, image_fd, &result))
        return 0;
    if (!result.error && strstr(result.text, strerror(ENOSPC)))
        image_report_write(dir, ENOSPC, where, report);
    else if (!result.error && strstr(result.text, strerror(EDQUOT)))
        image_report_write(dir, EDQUOT, where, report);
    else {
        tool_describe(&result, argv[0], line, sizeof(line));
        report_check(report, IMAGE_TOOL, where, "%s", line);
    }
    return -1;
}

/* A UUID of version 8 (RFC 9562: made by the application) out of the key. */
static void make_uuid(char out[37], const struct image_key *key)
{
    const char *h = key->hex;

    snprintf(out, 37, "%.8s-%.4s-8%.3s-8%.3s-%.12s", h, h + 8, h + 13, h + 17,
             h + 20);
}

/*
 * Uncompressed: a container's start is bound by the processor, and reading
 * the pages of an image that lies in Dom0's page cache costs no disk.
 * Extended inodes carry each file's own mtime, which Python compares with
 * the one noted in its .pyc files.
 */
static int make_erofs(const char *uuid, int source_fd, int image_fd,
                      const char *dir, const struct report_where *where,
                      struct report *report)
{
    const char *const argv[] = {
        "mkfs.erofs", "--quiet", "-Eforce-inode-extended", "-U", uuid,
        TOOL_IMAGE, TOOL_SOURCE, NULL,
    };

    return run(argv, source_fd, image_fd, dir, where, report);
}

/*
 * The disk is one container's and dies with it, so a journal would only cost
 * time; the tables are zeroed by the kernel when it uses them.
 */
static int make_ext4(const char *uuid, const struct tree_digest *tree,
                     int source_fd, int image_fd, const char *dir,
                     const struct report_where *where, struct report *report)
{
    uint64_t size_bytes = tree->disk_bytes + EXT4_ROOM_BYTES +
                          tree->disk_bytes / 64; /* bitmaps, indirection */
    uint64_t inodes = size_bytes / EXT4_BYTES_PER_INODE + tree->entries;
    char extended[128], count[32], size[32];
    const char *const argv[] = {
        "mke2fs", "-q", "-F", "-t", "ext4", "-O", "^has_journal", "-b",
        "4096", "-I", "256", "-m", "0", "-N", count, "-U", uuid, "-E",
        extended, "-d", TOOL_SOURCE, TOOL_IMAGE, size, NULL,
    };

    size_bytes += inodes * EXT4_INODE_BYTES;
    snprintf(extended, sizeof(extended),
             "hash_seed=%s,lazy_itable_init=1,nodiscard,root_owner=0:0",
             uuid);
    snprintf(count, sizeof(count), "%llu", (unsigned long long)inodes);
    snprintf(size, sizeof(size), "%lluk",
             (unsigned long long)(size_bytes / 4096 + 1) * 4);
    return run(argv, source_fd, image_fd, dir, where, report);
}

int image_make(int format, const struct image_key *key,
               const struct tree_digest *tree, int source_fd, int image_fd,
               const char *cache_dir, const struct report_where *where,
               struct report *report)
{
    char uuid[37];

    make_uuid(uuid, key);
    if (format == IMAGE_EROFS)
        return make_erofs(uuid, source_fd, image_fd, cache_dir, where,
                          report);
    return make_ext4(uuid, tree, source_fd, image_fd, cache_dir, where,
                     report);
}

int image_make_empty(uint64_t size_bytes, int image_fd, const char *dir,
                     const struct report_where *where, struct report *report)
{
    char size[32];
    const char *const argv[] = {
        "mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-I", "256", "-m",
        "0", "-E", "lazy_itable_init=1,lazy_journal_init=1,nodiscard",
        TOOL_IMAGE, size, NULL,
    };

    snprintf(size, sizeof(size), "%lluk",
             (unsigned long long)(size_bytes / 1024));
    return run(argv, -1, image_fd, dir, where, report);
}
