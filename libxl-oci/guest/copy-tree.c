/* SPDX-License-Identifier: MIT */
#include "copy-tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

/* Each level holds two descriptors, of the 1,024 that init may have. */
#define MAX_DEPTH 250

static int copy_directory(int from, int to, int depth);

static void close_keeping_errno(int fd)
{
    int saved_errno = errno;

    if (fd >= 0)
        close(fd);
    errno = saved_errno;
}

int copy_file(int from, int to, const struct stat *stat_buffer)
{
    ssize_t copied;

    do {
        copied = sendfile(to, from, NULL, 1 << 20);
    } while (copied > 0);
    if (copied < 0 || fchown(to, stat_buffer->st_uid, stat_buffer->st_gid))
        return -1;
    /* Behind the owner: a change of owner clears the set-user-id bit. */
    return fchmod(to, stat_buffer->st_mode & 07777);
}

static int copy_regular(int from, int to, const char *name,
                        const struct stat *stat_buffer)
{
    int source = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    int copy = -1, r = -1;

    if (source >= 0)
        copy = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (copy >= 0)
        r = copy_file(source, copy, stat_buffer);
    close_keeping_errno(source);
    close_keeping_errno(copy);
    return r;
}

static int copy_subdirectory(int from, int to, const char *name,
                             const struct stat *stat_buffer, int depth)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int source = openat(from, name, flags), copy = -1, r = -1;

    if (source >= 0 && !mkdirat(to, name, 0700))
        copy = openat(to, name, flags);
    if (copy >= 0)
        r = copy_directory(source, copy, depth + 1);
    if (!r)
        r = fchown(copy, stat_buffer->st_uid, stat_buffer->st_gid);
    if (!r)
        r = fchmod(copy, stat_buffer->st_mode & 07777);
    close_keeping_errno(source);
    close_keeping_errno(copy);
    return r;
}

static int copy_link(int from, int to, const char *name,
                     const struct stat *stat_buffer)
{
    char target[PATH_MAX];
    ssize_t length = readlinkat(from, name, target, sizeof(target) - 1);

    if (length < 0)
        return -1;
    target[length] = '\0';
    return symlinkat(target, to, name) ||
           fchownat(to, name, stat_buffer->st_uid, stat_buffer->st_gid,
                    AT_SYMLINK_NOFOLLOW) ? -1 : 0;
}

static int copy_node(int to, const char *name, const struct stat *stat_buffer)
{
    return mknodat(to, name, stat_buffer->st_mode, stat_buffer->st_rdev) ||
           fchownat(to, name, stat_buffer->st_uid, stat_buffer->st_gid,
                    AT_SYMLINK_NOFOLLOW) ? -1 : 0;
}

static int copy_entry(int from, int to, const char *name, int depth)
{
    struct stat stat_buffer;

    if (fstatat(from, name, &stat_buffer, AT_SYMLINK_NOFOLLOW))
        return -1;
    if (S_ISDIR(stat_buffer.st_mode))
        return copy_subdirectory(from, to, name, &stat_buffer, depth);
    if (S_ISREG(stat_buffer.st_mode))
        return copy_regular(from, to, name, &stat_buffer);
    if (S_ISLNK(stat_buffer.st_mode))
        return copy_link(from, to, name, &stat_buffer);
    return copy_node(to, name, &stat_buffer);
}

static int copy_directory(int from, int to, int depth)
{
    struct dirent *entry;
    int r = 0, fd, saved_errno;
    DIR *dir;

    if (depth > MAX_DEPTH) {
        errno = ELOOP;
        return -1;
    }
    /* Its own descriptor: closedir() takes it along. */
    fd = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        close_keeping_errno(fd);
        return -1;
    }
    while (!r && (errno = 0, entry = readdir(dir)))
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
            r = copy_entry(from, to, entry->d_name, depth);
    if (errno)
        r = -1;
    saved_errno = errno;
    closedir(dir);
    errno = saved_errno;
    return r;
}

int copy_tree(int from, int to)
{
    return copy_directory(from, to, 0);
}
