/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small files, written atomically and read with a bound. */
#ifndef XL_OCI_FILES_H
#define XL_OCI_FILES_H

#include <stddef.h>
#include <sys/types.h>

/* Writes name in dir_fd through a temporary file and a rename, mode 0600.
 * 0, or -1 with errno and nothing left. */
int file_write_at(int dir_fd, const char *name, const void *data,
                  size_t size_bytes);

/* The same with a mode, less the umask. */
int file_write_mode_at(int dir_fd, const char *name, const void *data,
                       size_t size_bytes, mode_t mode);

/* Reads at most capacity - 1 bytes and adds a NUL; a longer file is EFBIG.
 * The size, or -1 with errno. */
ssize_t file_read_at(int dir_fd, const char *name, char *buffer,
                     size_t capacity);

/* All of data, whatever signals come. 0 or -1 with errno. */
int write_all(int fd, const void *data, size_t size_bytes);

#endif
