/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* File systems of ext4, made by the tools of e2fsprogs. */
#ifndef XL_OCI_IMAGE_MAKE_H
#define XL_OCI_IMAGE_MAKE_H

#include <stdint.h>

struct report;
struct report_where;
struct tool_process;
struct tree_digest;

/*
 * Begins to fill the empty file image_fd with an image of the directory. The
 * bytes depend on the content of the directory and on nothing else. Then
 * image_make_end(), or tool_cancel(). -1 with errors.
 */
int image_make_begin(const struct tree_digest *tree, int source_fd,
                     int image_fd, struct tool_process *process,
                     const struct report_where *where, struct report *report);

/* cache_dir: where image_fd lies. -1 with errors. */
int image_make_end(struct tool_process *process, const char *cache_dir,
                   const struct report_where *where, struct report *report);

/* An empty ext4 file system of size_bytes with a journal. -1 with errors. */
int image_make_empty(uint64_t size_bytes, int image_fd, const char *dir,
                     const struct report_where *where,
                     struct report *report);

/* Reports the errno of a write below dir: a full file system is named. */
void image_report_write(const char *dir, int error,
                        const struct report_where *where,
                        struct report *report);

#endif
