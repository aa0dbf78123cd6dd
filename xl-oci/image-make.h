/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* File systems made by the tools of Debian's erofs-utils and e2fsprogs. */
#ifndef XL_OCI_IMAGE_MAKE_H
#define XL_OCI_IMAGE_MAKE_H

#include <stdint.h>

struct image_key;
struct report;
struct report_where;
struct tree_digest;

/*
 * Fills the empty file image_fd, which lies in cache_dir, with an image of
 * the directory (format: enum of struct plan_image). -1 with errors.
 */
int image_make(int format, const struct image_key *key,
               const struct tree_digest *tree, int source_fd, int image_fd,
               const char *cache_dir, const struct report_where *where,
               struct report *report);

/* An empty ext4 file system of size_bytes with a journal. -1 with errors. */
int image_make_empty(uint64_t size_bytes, int image_fd, const char *dir,
                     const struct report_where *where,
                     struct report *report);

/* Reports the errno of a write below dir: a full file system is named. */
void image_report_write(const char *dir, int error,
                        const struct report_where *where,
                        struct report *report);

#endif
