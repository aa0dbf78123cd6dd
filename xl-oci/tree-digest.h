/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two digests of a directory tree, taken through its descriptor without
 * following any symbolic link:
 * - the fingerprint: what stat() tells (device, inode, ctime, …). Equal
 *   fingerprints mean that nobody touched the tree; it costs no reading.
 * - the content: what an image of the tree would hold (names, modes, owners,
 *   mtimes, xattrs, links, devices, bytes). A copy by `cp -a` has the same.
 */
#ifndef XL_OCI_TREE_DIGEST_H
#define XL_OCI_TREE_DIGEST_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#define TREE_DIGEST_BYTES 32

struct erofs_writer;

struct tree_digest {
    unsigned char fingerprint[TREE_DIGEST_BYTES];
    unsigned char content[TREE_DIGEST_BYTES]; /* when asked for */
    uint64_t entries;
    uint64_t disk_bytes;        /* an upper bound of what a file system of
                                 * 4 KiB blocks needs for the data */
    int64_t newest_ctime_ns;
    char path[PATH_MAX];        /* where an error occurred, else "" */
};

/* 0, or an errno with out->path set. */
int tree_digest_take(int dir_fd, bool with_content, struct tree_digest *out);

/* With the content, which is read once and goes to the image as well. The
 * errno may be one of erofs_write_error(). */
int tree_digest_copy(int dir_fd, struct erofs_writer *image,
                     struct tree_digest *out);

#endif
