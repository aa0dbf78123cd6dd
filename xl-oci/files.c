/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int write_all(int fd, const void *data, size_t size_bytes)
{
    const char *p = data;
    ssize_t done;

    while (size_bytes) {
        done = write(fd, p, size_bytes);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return -1;
        p += done;
        size_bytes -= (size_t)done;
    }
    return 0;
}

int file_write_at(int dir_fd, const char *name, const void *data,
                  size_t size_bytes)
{
    return file_write_mode_at(dir_fd, name, data, size_bytes, 0600);
}

int file_write_mode_at(int dir_fd, const char *name, const void *data,
                       size_t size_bytes, mode_t mode)
{
    char temporary[256];
    int fd, failure = 0;

    snprintf(temporary, sizeof(temporary), ".%s.%d", name, (int)getpid());
    fd = openat(dir_fd, temporary,
                O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return -1;
    if (write_all(fd, data, size_bytes) < 0)
        failure = errno;
    if (close(fd) < 0 && !failure)
        failure = errno;
    if (!failure && renameat(dir_fd, temporary, dir_fd, name) < 0)
        failure = errno;
    if (!failure)
        return 0;
    unlinkat(dir_fd, temporary, 0);
    errno = failure;
    return -1;
}

ssize_t file_read_at(int dir_fd, const char *name, char *buffer,
                     size_t capacity)
{
    int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    size_t used = 0;
    ssize_t got;

    if (fd < 0)
        return -1;
    while ((got = read(fd, buffer + used, capacity - used)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            break;
        used += (size_t)got;
        if (used == capacity) {
            errno = EFBIG;
            got = -1;
            break;
        }
    }
    close(fd);
    if (got < 0)
        return -1;
    buffer[used] = '\0';
    return (ssize_t)used;
}
