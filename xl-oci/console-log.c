/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "console-log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "run-directory.h"

#define LOG "log"
#define OLD_LOG "log.1"
#define LOST "log.lost"

static int open_at(int dir_fd, const char *name, int flags)
{
    return openat(dir_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
}

int console_log_open(struct console_log *log, int dir_fd)
{
    struct stat status;

    memset(log, 0, sizeof(*log));
    log->dir_fd = dir_fd;
    log->old_fd = -1;
    log->fd = open_at(dir_fd, LOG, O_CREAT);
    if (log->fd < 0)
        return -1;
    if (fstat(log->fd, &status)) {
        console_log_close(log);
        return -1;
    }
    log->size = (uint64_t)status.st_size;
    return 0;
}

void console_log_close(struct console_log *log)
{
    if (log->fd >= 0)
        close(log->fd);
    if (log->old_fd >= 0)
        close(log->old_fd);
    log->fd = log->old_fd = -1;
}

uint64_t console_log_end(const struct console_log *log)
{
    return log->start + log->size;
}

uint64_t console_log_oldest(const struct console_log *log)
{
    return log->old_fd >= 0 ? log->old_start : log->start;
}

/* "log" becomes "log.1"; the one before goes. */
static int rotate(struct console_log *log)
{
    int fd;

    if (renameat(log->dir_fd, LOG, log->dir_fd, OLD_LOG))
        return -1;
    fd = open_at(log->dir_fd, LOG, O_CREAT | O_TRUNC);
    if (fd < 0) {
        int failure = errno;

        renameat(log->dir_fd, OLD_LOG, log->dir_fd, LOG);
        errno = failure;
        return -1;
    }
    if (log->old_fd >= 0)
        close(log->old_fd);
    log->old_fd = log->fd;
    log->old_start = log->start;
    log->fd = fd;
    log->start += log->size;
    log->size = 0;
    return 0;
}

size_t console_log_append(struct console_log *log, const char *data,
                          size_t size_bytes)
{
    size_t done = 0, part;
    ssize_t written;

    while (done < size_bytes) {
        if (log->size >= XL_OCI_LOG_BYTES && rotate(log))
            break;
        part = size_bytes - done;
        if (part > XL_OCI_LOG_BYTES - log->size)
            part = XL_OCI_LOG_BYTES - log->size;
        written = pwrite(log->fd, data + done, part, (off_t)log->size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            break;
        done += (size_t)written;
        log->size += (uint64_t)written;
    }
    return done;
}

ssize_t console_log_read(const struct console_log *log, uint64_t position,
                         char *buffer, size_t size_bytes)
{
    if (position >= log->start)
        return pread(log->fd, buffer, size_bytes,
                     (off_t)(position - log->start));
    /* a read must not run over the end of the old file into a gap */
    if (size_bytes > log->start - position)
        size_bytes = log->start - position;
    return pread(log->old_fd, buffer, size_bytes,
                 (off_t)(position - log->old_start));
}

void console_log_write_lost(int dir_fd, uint64_t lost_bytes)
{
    char text[32];
    int length = snprintf(text, sizeof(text), "%llu\n",
                          (unsigned long long)lost_bytes);

    (void)file_write_at(dir_fd, LOST, text, (size_t)length);
}

uint64_t console_log_read_lost(int dir_fd)
{
    char text[32];

    return file_read_at(dir_fd, LOST, text, sizeof(text)) < 0 ? 0 :
           strtoull(text, NULL, 10);
}
