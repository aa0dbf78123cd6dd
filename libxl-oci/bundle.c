/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A bundle is written by others: nothing in it is followed outside it, and
 * nothing but a regular file is ever opened for reading (opening a FIFO would
 * block, opening a device may act on it).
 */
#include "bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/report.h"
#include "bundle-file.h"
#include "checks.h"
#include "json.h"
#include "json-text.h"
#include "spec.h"

static void report_memory(struct report *report, const char *file)
{
    struct report_where where = { .file = file };

    report_check(report, OUT_OF_MEMORY, &where, "memory is exhausted");
}

static struct bundle *bundle_free_on_error(struct bundle *bundle)
{
    bundle_close(bundle);
    return NULL;
}

/* The state of a container, which its hooks read, has the path as JSON. */
static int check_path(const char *path, const struct report_where *where,
                      struct report *report)
{
    size_t length = strlen(path);
    size_t at = text_find_invalid_utf8(path, length);

    if (at == length)
        return 0;
    report_check(report, BUNDLE_PATH, where,
                 "byte %zu of the path (0x%02x) is not part of UTF-8", at + 1,
                 (unsigned char)path[at]);
    return -1;
}

static int open_directory(struct bundle *bundle, struct arena *arena,
                          const char *path, struct report *report)
{
    struct report_where where = { .file = path };
    char *resolved;
    int rc;

    bundle->dir_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (bundle->dir_fd < 0) {
        int error = errno;

        report_check(report, BUNDLE_OPEN, &where, "%s",
                     error == ENOTDIR ? "the bundle is not a directory"
                     : error == ENOENT ? "there is no such directory"
                     : strerror(error));
        return -1;
    }
    resolved = realpath(path, NULL);
    if (!resolved) {
        report_check(report, BUNDLE_OPEN, &where, "%s", strerror(errno));
        return -1;
    }
    rc = check_path(resolved, &where, report);
    bundle->path = arena_strdup(arena, resolved);
    free(resolved);
    if (!bundle->path)
        report_memory(report, path);
    return bundle->path ? rc : -1;
}

/* A file at the top of the bundle, which may be absent if optional. */
struct document {
    const char *name;           /* "config.json" */
    const char *file;           /* as reports name it */
    bool optional;
    const char **bytes;
    size_t *size_bytes;
};

static void report_open(const struct document *d, int error,
                        struct report *report)
{
    struct report_where where = { .file = d->file };

    if (error == ENOENT)
        report_check(report, CONFIG_MISSING, &where, "the bundle has no %s",
                     d->name);
    else if (error == EXDEV)
        report_check(report, CONFIG_OUTSIDE, &where,
                     "a symbolic link leads outside the bundle");
    else
        report_check(report, CONFIG_UNREADABLE, &where, "%s",
                     strerror(error));
}

static int read_open(const struct document *d, struct arena *arena, int fd,
                     struct report *report)
{
    struct report_where where = { .file = d->file };
    const size_t max = json_default_limits.max_bytes;
    struct stat st;

    if (fstat(fd, &st) < 0) {
        report_open(d, errno, report);
        return -1;
    }
    if (!S_ISREG(st.st_mode)) {
        report_check(report, CONFIG_NOT_REGULAR, &where,
                     "%s is a %s, not a regular file", d->name,
                     bundle_kind_name(st.st_mode));
        return -1;
    }
    switch (bundle_read_file(arena, fd, max, d->bytes, d->size_bytes)) {
    case 0:
        return 0;
    case EFBIG:
        report_check(report, CONFIG_TOO_LARGE, &where,
                     "%s is larger than %zu bytes", d->name, max);
        return -1;
    case ENOMEM:
        report_memory(report, d->file);
        return -1;
    default:
        report_open(d, errno, report);
        return -1;
    }
}

static int read_document(const struct bundle *bundle,
                         const struct document *d, struct arena *arena,
                         struct report *report)
{
    int fd, rc;

    if (!d->file) {
        report_memory(report, d->name);
        return -1;
    }
    fd = bundle_openat(bundle->dir_fd, d->name, O_PATH);
    if (fd < 0 && errno == ENOENT && d->optional)
        return 0;
    if (fd < 0) {
        report_open(d, errno, report);
        return -1;
    }
    rc = read_open(d, arena, fd, report);
    close(fd);
    return rc;
}

static const char *name_in(struct arena *arena, const char *path,
                           const char *name)
{
    size_t length = strlen(path);

    return arena_printf(arena, "%s%s%s", path,
                        length && path[length - 1] == '/' ? "" : "/", name);
}

struct bundle *bundle_open(struct arena *arena, const char *path,
                           struct report *report)
{
    struct bundle *bundle = ARENA_NEW(arena, struct bundle);
    struct document config = { .name = "config.json" };
    struct document side = { .name = "accelerators.json", .optional = true };
    int rc;

    if (!bundle) {
        report_memory(report, path);
        return NULL;
    }
    bundle->dir_fd = -1;
    if (open_directory(bundle, arena, path, report) < 0)
        return bundle_free_on_error(bundle);
    config.file = bundle->config_file = name_in(arena, path, config.name);
    config.bytes = &bundle->config;
    config.size_bytes = &bundle->config_bytes;
    side.file = bundle->side_file = name_in(arena, path, side.name);
    side.bytes = &bundle->side;
    side.size_bytes = &bundle->side_bytes;
    rc = read_document(bundle, &config, arena, report);
    rc |= read_document(bundle, &side, arena, report);
    return rc < 0 ? bundle_free_on_error(bundle) : bundle;
}

void bundle_close(struct bundle *bundle)
{
    if (bundle && bundle->dir_fd >= 0) {
        close(bundle->dir_fd);
        bundle->dir_fd = -1;
    }
}

static int open_absolute(const char *path)
{
    struct stat st;
    int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return -1;
    if (!fstat(fd, &st) && S_ISDIR(st.st_mode))
        return fd;
    errno = S_ISLNK(st.st_mode) ? ELOOP : ENOTDIR;
    close(fd);
    return -1;
}

/*
 * Searching a directory needs its x permission: an image of a root that
 * cannot be listed would silently be empty.
 */
static int check_listable(int fd)
{
    char self[64];
    int list_fd;

    bundle_self_path(self, sizeof(self), fd);
    list_fd = open(self, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
    if (list_fd < 0)
        return -1;
    close(list_fd);
    return 0;
}

static void report_rootfs(const struct report_where *where, const char *path,
                          int error, struct report *report)
{
    switch (error) {
    case ENOENT:
        report_check(report, ROOTFS_MISSING, where,
                     "there is no directory \"%s\"", path);
        break;
    case EXDEV:
        report_check(report, ROOTFS_OUTSIDE, where,
                     "\"%s\" leads outside the bundle", path);
        break;
    case ELOOP:
        report_check(report, ROOTFS_OUTSIDE, where,
                     path[0] == '/' ? "\"%s\" is a symbolic link"
                     : "too many symbolic links in \"%s\"", path);
        break;
    case ENOTDIR:
        report_check(report, ROOTFS_NOT_DIRECTORY, where,
                     "\"%s\" is not a directory", path);
        break;
    default:
        report_check(report, ROOTFS_UNREADABLE, where, "\"%s\": %s", path,
                     strerror(error));
    }
}

int bundle_open_rootfs(const struct bundle *bundle, const struct spec *spec,
                       struct report *report)
{
    const struct spec_string *root = &spec->root_path;
    struct report_where where = { .file = bundle->config_file,
                                  .path = "/root/path" };
    int fd, error;

    if (root->at) {
        where.line = root->at->line;
        where.column = root->at->column;
    }
    if (!root->value) {
        where.path = "/root";
        report_check(report, ROOTFS_MISSING, &where,
                     "the bundle names no root file system");
        return -1;
    }
    fd = root->value[0] == '/' ? open_absolute(root->value)
         : bundle_openat(bundle->dir_fd, root->value, O_PATH | O_DIRECTORY);
    if (fd >= 0 && check_listable(fd) < 0) {
        error = errno;
        close(fd);
        fd = -1;
        errno = error;
    }
    if (fd < 0)
        report_rootfs(&where, root->value, errno, report);
    return fd;
}
