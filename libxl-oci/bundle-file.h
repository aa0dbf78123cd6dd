/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of a bundle, opened and read without trusting what they are. */
#ifndef XLOCI_BUNDLE_FILE_H
#define XLOCI_BUNDLE_FILE_H

#include <stddef.h>
#include <sys/types.h>

struct arena;

/*
 * openat2() that never leaves dir_fd's tree (errno EXDEV) nor passes through
 * a magic link; O_CLOEXEC is added. -1 with errno.
 */
int bundle_openat(int dir_fd, const char *path, int flags);

/* "/proc/self/fd/N": the way from an O_PATH descriptor to its file. */
void bundle_self_path(char *out, size_t size_bytes, int fd);

/* "regular file", "directory", "FIFO", … */
const char *bundle_kind_name(mode_t mode);

/*
 * The content of the regular file that path_fd (O_PATH) stands for, with a
 * NUL byte after it. 0, EFBIG when it is larger than max_bytes, ENOMEM, or
 * another errno (also left in errno).
 */
int bundle_read_file(struct arena *arena, int path_fd, size_t max_bytes,
                     const char **content, size_t *size_bytes);

#endif
