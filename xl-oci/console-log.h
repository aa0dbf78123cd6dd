/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Console log: the last one to two XL_OCI_LOG_BYTES of a stream, in the files
 * "log" and "log.1", addressed by position in the stream. An attached client
 * is fed from it, so that a slow one costs no memory and stops nobody.
 */
#ifndef XL_OCI_CONSOLE_LOG_H
#define XL_OCI_CONSOLE_LOG_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct console_log {
    int dir_fd;                 /* borrowed */
    int fd, old_fd;             /* "log", "log.1"; old_fd -1: none yet */
    uint64_t start, old_start;  /* position of their first bytes */
    uint64_t size;              /* of "log" */
};

/* Opens or continues the log. 0, or -1 with errno. */
int console_log_open(struct console_log *log, int dir_fd);
void console_log_close(struct console_log *log);

/* Position after the last byte, and of the oldest one still held. */
uint64_t console_log_end(const struct console_log *log);
uint64_t console_log_oldest(const struct console_log *log);

/* Bytes taken; fewer than size_bytes when the file system is full. */
size_t console_log_append(struct console_log *log, const char *data,
                          size_t size_bytes);

/* For who reads the log later, "log.lost": bytes that it never held. Read: 0
 * when there is none. */
void console_log_write_lost(int dir_fd, uint64_t lost_bytes);
uint64_t console_log_read_lost(int dir_fd);

/* Bytes at position (at least the oldest); 0 at the end, -1 with errno. */
ssize_t console_log_read(const struct console_log *log, uint64_t position,
                         char *buffer, size_t size_bytes);

#endif
