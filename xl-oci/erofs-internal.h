/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between the parts of the writer of erofs, see erofs-writer.h. */
#ifndef XL_OCI_EROFS_INTERNAL_H
#define XL_OCI_EROFS_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "erofs-writer.h"

#define EROFS_BLOCK_BYTES 4096u
#define EROFS_INODE_BYTES 64u           /* an extended one */
#define EROFS_DIRENT_BYTES 12u
#define EROFS_XATTR_HEADER_BYTES 12u

/* A body of at most so many bytes lies beside its inode. Larger ones would
 * leave larger gaps, as neither may cross a block's end. */
#define EROFS_INLINE_BYTES 1024u

/* A name in a directory. */
struct erofs_entry {
    struct erofs_entry *next;
    struct erofs_inode *inode;
    char name[];
};

struct erofs_inode {
    struct erofs_inode *next;           /* in the order of erofs_add() */
    mode_t mode;
    uid_t uid;
    gid_t gid;
    dev_t rdev;
    uint32_t n_links;
    uint64_t size_bytes;
    struct timespec mtime;
    unsigned char *xattrs;              /* as on the disk */
    size_t xattr_bytes;
    unsigned char *inline_body;
    bool has_blocks;
    uint32_t first_block;               /* of its body */
    uint64_t nid;                       /* its place, see erofs_finish() */
    /* of directories */
    struct erofs_inode *parent;
    struct erofs_entry *first, *last, **sorted;
    size_t n_entries;
};

struct erofs_writer {
    int fd, error;
    struct arena *arena;
    uint64_t spare_bytes;               /* of memory: that may yet be used */
    struct erofs_inode *root, *last, *directory;
    uint32_t n_inodes;
    uint32_t n_blocks;                  /* that have their use */
    unsigned char *pending;             /* bytes that are not written yet */
    size_t n_pending;
    uint64_t pending_at;
    uint64_t behind_bytes;              /* below: on its way to the disk */
};

/* Zeroed memory; NULL when it is exhausted, or what may be used of it. */
void *erofs_take(struct erofs_writer *e, size_t count, size_t size_bytes);

/* 0 or ENOMEM. */
int erofs_add_entry(struct erofs_writer *e, struct erofs_inode *directory,
                    const char *name, struct erofs_inode *inode);

/* Beside the inode, or in blocks of its own: 0, EFBIG or
 * ENOMEM. */
int erofs_place_body(struct erofs_writer *e, struct erofs_inode *inode);

/* 0 or an errno, which stays; erofs_flush() does what it has left to do. */
int erofs_flush(struct erofs_writer *e);
int erofs_write(struct erofs_writer *e, const void *p, size_t size_bytes,
                uint64_t offset);

#endif
