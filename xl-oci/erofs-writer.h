/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes an image of erofs, in one pass over a tree: bodies of files go to the
 * image as they come, what is known of the inodes waits in memory (about 300
 * bytes each, and small bodies) until erofs_finish() writes it after them.
 * The bytes depend on what is added, in its order, and on nothing else.
 *
 * On the disk: Documentation/filesystems/erofs.rst and fs/erofs/erofs_fs.h of
 * Linux. Blocks of 4 KiB, nothing compressed, extended inodes (which have an
 * mtime of their own), xattrs beside their inode.
 */
#ifndef XL_OCI_EROFS_WRITER_H
#define XL_OCI_EROFS_WRITER_H

#include <stddef.h>
#include <stdint.h>

struct erofs_inode;
struct erofs_writer;
struct stat;

/* fd: an empty file, open for writing, which outlives the writer. ENOMEM is
 * what becomes of a tree that needs more than max_memory_bytes. NULL when
 * memory is exhausted. */
struct erofs_writer *erofs_new(int fd, uint64_t max_memory_bytes);
void erofs_free(struct erofs_writer *e);

/*
 * A new inode, named in the directory that was entered last and not left; the
 * first one is the root, whose name is not used. A directory is entered by it.
 * NULL when memory is exhausted.
 */
struct erofs_inode *erofs_add(struct erofs_writer *e, const char *name,
                              const struct stat *st);
void erofs_leave(struct erofs_writer *e);

/* Another name of an inode that is no directory. 0 or ENOMEM. */
int erofs_link(struct erofs_writer *e, const char *name,
               struct erofs_inode *inode);

/*
 * Of the inode added last, and in this order. Each returns 0 or an errno.
 *
 * Xattrs that erofs has no place for (namespaces other than user, trusted,
 * security and POSIX ACLs: they tell how a file is stored) are left out.
 */
int erofs_add_xattr(struct erofs_writer *e, const char *name,
                    const void *value, size_t size_bytes);
int erofs_set_target(struct erofs_writer *e, const char *target,
                     size_t length);
/* Part of a regular file; offset: a multiple of 4096. What is never given is
 * zeros. EAGAIN: it lies beyond the size that the file was added with. */
int erofs_add_bytes(struct erofs_writer *e, uint64_t offset, const void *p,
                    size_t size_bytes);

/* All but the file's bytes: 0 or an errno. */
int erofs_finish(struct erofs_writer *e);

/* 0, or the errno with which the image could not be written: any other error
 * of the functions above is one of what was added. */
int erofs_write_error(const struct erofs_writer *e);

#endif
