/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bundle-file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/arena.h"

/* openat2(2): EAGAIN means that a rename raced with the look-up of ".." */
#define OPEN_ATTEMPTS 64

int bundle_openat(int dir_fd, const char *path, int flags)
{
    struct open_how how = {
        .flags = (unsigned int)flags | O_CLOEXEC,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    int attempt;
    long fd = -1;

    for (attempt = 0; attempt < OPEN_ATTEMPTS; attempt++) {
        fd = syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
            break;
    }
    return (int)fd;
}

void bundle_self_path(char *out, size_t size_bytes, int fd)
{
    snprintf(out, size_bytes, "/proc/self/fd/%d", fd);
}

const char *bundle_kind_name(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG: return "regular file";
    case S_IFDIR: return "directory";
    case S_IFLNK: return "symbolic link";
    case S_IFBLK: return "block device";
    case S_IFCHR: return "character device";
    case S_IFIFO: return "FIFO";
    case S_IFSOCK: return "socket";
    default: return "file of unknown kind";
    }
}

/* Up to max_bytes + 1 bytes, so that the caller sees an excess. */
static int read_up_to(int fd, char **data, size_t max_bytes, size_t *got)
{
    size_t capacity = 16384, used = 0;
    char *buffer = malloc(capacity);

    while (buffer) {
        ssize_t n = read(fd, buffer + used, capacity - used);
        char *bigger;

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            int error = errno;

            free(buffer);
            return error;
        }
        used += (size_t)n;
        if (!n || used > max_bytes) {
            *data = buffer;
            *got = used;
            return 0;
        }
        if (used < capacity)
            continue;
        bigger = realloc(buffer, capacity *= 2);
        if (!bigger)
            free(buffer);
        buffer = bigger;
    }
    return ENOMEM;
}

int bundle_read_file(struct arena *arena, int path_fd, size_t max_bytes,
                     const char **content, size_t *size_bytes)
{
    char self[64], *data = NULL;
    struct stat st;
    size_t got = 0;
    int fd, error;

    /* the very inode that was looked at: nobody can swap it in between */
    bundle_self_path(self, sizeof(self), path_fd);
    fd = open(self, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    if (fstat(fd, &st) < 0)
        error = errno;
    else if (!S_ISREG(st.st_mode))
        error = EINVAL;
    else if ((unsigned long long)st.st_size > max_bytes)
        error = EFBIG;
    else
        error = read_up_to(fd, &data, max_bytes, &got);
    close(fd);
    if (!error && got > max_bytes)
        error = EFBIG;
    if (!error) {
        *content = arena_memdup(arena, data, got);
        *size_bytes = got;
        if (!*content)
            error = ENOMEM;
    }
    free(data);
    errno = error;
    return error;
}
