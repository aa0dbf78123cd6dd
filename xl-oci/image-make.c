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
#include "image-tool.h"
#include "plan.h"
#include "tree-digest.h"

/* Room for what the container writes to its one writable disk. The image is
 * sparse: what is not written takes no space. */
#define EXT4_ROOM_BYTES (1ull << 30)
#define EXT4_BYTES_PER_INODE 16384
#define EXT4_INODE_BYTES 256

/*
 * Of every image, and of version 8 (RFC 9562: made by the application): the
 * bytes are to depend on the content alone, whose digest is not known yet
 * when the tool starts. Nothing in a guest looks for a file system by it.
 */
#define UUID "786c2d6f-6369-8069-8d61-676520322020"

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

static int report_tool(const struct tool_result *result, const char *name,
                       const struct report_where *where,
                       struct report *report)
{
    char line[1400];

    tool_describe(result, name, line, sizeof(line));
    report_check(report, IMAGE_TOOL, where, "%s", line);
    return -1;
}

/* A tool that has written into dir tells of a full file system by text. */
static int report_end(const struct tool_result *result, const char *name,
                      const char *dir, const struct report_where *where,
                      struct report *report)
{
    int error = result->error ? 0
                : strstr(result->text, strerror(ENOSPC)) ? ENOSPC
                : strstr(result->text, strerror(EDQUOT)) ? EDQUOT : 0;

    if (!error)
        return report_tool(result, name, where, report);
    image_report_write(dir, error, where, report);
    return -1;
}

/*
 * The disk is one container's and dies with it, so a journal would only cost
 * time; the tables are zeroed by the kernel when it uses them.
 */
int image_make_begin(const struct tree_digest *tree, int source_fd,
                     int image_fd, struct tool_process *process,
                     const struct report_where *where, struct report *report)
{
    uint64_t size_bytes = tree->disk_bytes + EXT4_ROOM_BYTES +
                          tree->disk_bytes / 64; /* bitmaps, indirection */
    uint64_t inodes = size_bytes / EXT4_BYTES_PER_INODE + tree->entries;
    char count[32], size[32];
    const char *const argv[] = {
        "mke2fs", "-q", "-F", "-t", "ext4", "-O", "^has_journal", "-b",
        "4096", "-I", "256", "-m", "0", "-N", count, "-U", UUID, "-E",
        "hash_seed=" UUID ",lazy_itable_init=1,nodiscard,root_owner=0:0",
        "-d", TOOL_SOURCE, TOOL_IMAGE, size, NULL,
    };
    struct tool_result result;

    size_bytes += inodes * EXT4_INODE_BYTES;
    snprintf(count, sizeof(count), "%llu", (unsigned long long)inodes);
    snprintf(size, sizeof(size), "%lluk",
             (unsigned long long)(size_bytes / 4096 + 1) * 4);
    if (!tool_start(argv, source_fd, image_fd, process, &result))
        return 0;
    return report_tool(&result, argv[0], where, report);
}

int image_make_end(struct tool_process *process, const char *cache_dir,
                   const struct report_where *where, struct report *report)
{
    struct tool_result result;

    if (!tool_finish(process, &result))
        return 0;
    return report_end(&result, process->name, cache_dir, where, report);
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
    struct tool_result result;

    snprintf(size, sizeof(size), "%lluk",
             (unsigned long long)(size_bytes / 1024));
    if (!tool_run(argv, -1, image_fd, &result))
        return 0;
    return report_end(&result, argv[0], dir, where, report);
}
