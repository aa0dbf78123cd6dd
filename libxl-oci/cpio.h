/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writer of the "newc" cpio format, as Linux unpacks it into its initramfs
 * (linux: Documentation/driver-api/early-userspace/buffer-format.rst).
 * Deterministic: owner 0, time 0, inode numbers in order.
 */
#ifndef XLOCI_CPIO_H
#define XLOCI_CPIO_H

#include <stddef.h>
#include <stdint.h>

struct bytes;

struct cpio {
    struct bytes *out;          /* sticky errors: look at out->failed */
    uint32_t last_ino;
};

void cpio_begin(struct cpio *c, struct bytes *out);

/* path: without a leading slash; mode: permission bits. */
void cpio_add_directory(struct cpio *c, const char *path, uint32_t mode);
void cpio_add_file(struct cpio *c, const char *path, uint32_t mode,
                   const void *content, size_t size_bytes);

/* mode: with S_IFCHR or S_IFBLK */
void cpio_add_node(struct cpio *c, const char *path, uint32_t mode,
                   uint32_t major, uint32_t minor);

/* The trailer; the archive ends on a multiple of 4 bytes. */
void cpio_end(struct cpio *c);

#endif
