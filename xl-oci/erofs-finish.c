/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What follows the files' bodies in an image of erofs: those of directories
 * too large to lie beside their inode, then the inodes, each with its xattrs
 * and, when small, its body. The superblock, which is first, comes last.
 */
#include "erofs-internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/bytes.h"

#define SUPERBLOCK_OFFSET 1024
#define MAGIC 0xe0f5e1e2u
#define COMPAT_MTIME 2u         /* inodes have the mtime, not the ctime */
#define BLOCK_BITS 12
#define SLOT_BYTES 32u          /* a nid counts them */
#define FORMAT_PLAIN (0 << 1 | 1)       /* | 1: extended */
#define FORMAT_INLINE (2 << 1 | 1)
#define CHUNK_BYTES (256u << 10)

/* Of every image, and of version 8 (RFC 9562: made by the application): the
 * bytes depend on the content alone. Nothing looks for a file system by it. */
static const unsigned char uuid[16] = {
    0x78, 0x6c, 0x2d, 0x6f, 0x63, 0x69, 0x80, 0x69,
    0x8d, 0x61, 0x67, 0x65, 0x20, 0x33, 0x20, 0x20,
};

static unsigned char file_type(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG: return 1;
    case S_IFDIR: return 2;
    case S_IFCHR: return 3;
    case S_IFBLK: return 4;
    case S_IFIFO: return 5;
    case S_IFSOCK: return 6;
    default: return 7; /* S_IFLNK */
    }
}

static int compare_entries(const void *a, const void *b)
{
    const struct erofs_entry *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

/* The entries that fit in a block from the i-th on: their count, and the
 * bytes that they need. */
static size_t fill_block(const struct erofs_inode *dir, size_t i,
                         size_t *used_bytes)
{
    size_t n = 0;

    *used_bytes = 0;
    for (; i + n < dir->n_entries; n++) {
        size_t need = EROFS_DIRENT_BYTES + strlen(dir->sorted[i + n]->name);

        if (*used_bytes + need > EROFS_BLOCK_BYTES)
            break;
        *used_bytes += need;
    }
    return n;
}

/* Its entries in order, and its size. 0 or an errno. */
static int settle_directory(struct erofs_writer *e, struct erofs_inode *dir)
{
    struct erofs_entry *entry;
    size_t i = 0, n, used_bytes;

    if (erofs_add_entry(e, dir, ".", dir) ||
        erofs_add_entry(e, dir, "..", dir->parent))
        return ENOMEM;
    dir->sorted = erofs_take(e, dir->n_entries, sizeof(*dir->sorted));
    if (!dir->sorted)
        return ENOMEM;
    for (entry = dir->first; entry; entry = entry->next)
        dir->sorted[i++] = entry;
    qsort(dir->sorted, i, sizeof(*dir->sorted), compare_entries);
    for (i = 0; i < dir->n_entries; i += n) {
        n = fill_block(dir, i, &used_bytes);
        dir->size_bytes = i + n < dir->n_entries
                          ? dir->size_bytes + EROFS_BLOCK_BYTES
                          : dir->size_bytes + used_bytes;
    }
    return 0;
}

/* Blocks for the bodies that have none yet: directories, and files that have
 * but zeros. */
static int place_bodies(struct erofs_writer *e)
{
    struct erofs_inode *inode;
    int error = 0;

    for (inode = e->root; inode && !error; inode = inode->next) {
        if (S_ISDIR(inode->mode))
            error = settle_directory(e, inode);
        if (!error && inode->size_bytes && !inode->has_blocks &&
            !inode->inline_body)
            error = erofs_place_body(e, inode);
    }
    return error;
}

/* What lies together: the inode, its xattrs and its body if that is small. */
static size_t place_bytes(const struct erofs_inode *inode)
{
    return EROFS_INODE_BYTES + inode->xattr_bytes +
           (inode->inline_body ? (size_t)inode->size_bytes : 0);
}

/* Nids, from the first block after the bodies on; *end: in bytes after it.
 * Nothing begins at 0, as that is no inode's number. */
static int place_inodes(struct erofs_writer *e, uint64_t *end)
{
    uint64_t at = EROFS_INODE_BYTES;
    struct erofs_inode *inode;

    for (inode = e->root; inode; inode = inode->next) {
        size_t need = place_bytes(inode);
        uint64_t used = at % EROFS_BLOCK_BYTES;

        if (used && need > EROFS_BLOCK_BYTES - used)
            at += EROFS_BLOCK_BYTES - used;
        inode->nid = at / SLOT_BYTES;
        at = (at + need + SLOT_BYTES - 1) / SLOT_BYTES * SLOT_BYTES;
    }
    *end = at;
    return at / EROFS_BLOCK_BYTES + 1 > UINT32_MAX - e->n_blocks ? EFBIG : 0;
}

static void add_directory_block(const struct erofs_inode *dir, size_t i,
                                size_t n, struct bytes *out)
{
    size_t name_offset = n * EROFS_DIRENT_BYTES, end = i + n, k;

    for (k = i; k < end; k++) {
        bytes_add_u64(out, dir->sorted[k]->inode->nid);
        bytes_add_u16(out, (uint16_t)name_offset);
        bytes_add_u16(out, file_type(dir->sorted[k]->inode->mode));
        name_offset += strlen(dir->sorted[k]->name);
    }
    for (k = i; k < end; k++)
        bytes_add_string(out, dir->sorted[k]->name);
}

static void add_directory(const struct erofs_inode *dir, struct bytes *out)
{
    size_t i, n, used_bytes;

    for (i = 0; i < dir->n_entries; i += n) {
        n = fill_block(dir, i, &used_bytes);
        add_directory_block(dir, i, n, out);
        if (i + n < dir->n_entries)
            bytes_add_zeros(out, EROFS_BLOCK_BYTES - used_bytes);
    }
}

static int write_directories(struct erofs_writer *e)
{
    struct bytes body = BYTES_INIT;
    struct erofs_inode *inode;
    int error = 0;

    for (inode = e->root; inode && !error; inode = inode->next) {
        if (!S_ISDIR(inode->mode) || !inode->has_blocks)
            continue;
        body.size = 0;
        add_directory(inode, &body);
        error = body.failed ? ENOMEM
                : erofs_write(e, body.data, body.size, EROFS_BLOCK_BYTES *
                              (uint64_t)inode->first_block);
    }
    bytes_free(&body);
    return error;
}

/* new_encode_dev() of Linux */
static uint32_t device_number(dev_t rdev)
{
    return (minor(rdev) & 0xff) | major(rdev) << 8 |
           (minor(rdev) & ~0xffu) << 12;
}

static void add_inode(const struct erofs_inode *inode, uint32_t ordinal,
                      struct bytes *out)
{
    bool is_device = S_ISCHR(inode->mode) || S_ISBLK(inode->mode);
    size_t xattr_units = inode->xattr_bytes
                         ? (inode->xattr_bytes - EROFS_XATTR_HEADER_BYTES) /
                           4 + 1 : 0;

    bytes_add_u16(out, inode->inline_body ? FORMAT_INLINE : FORMAT_PLAIN);
    bytes_add_u16(out, (uint16_t)xattr_units);
    bytes_add_u16(out, (uint16_t)inode->mode);
    bytes_add_u16(out, 0);
    bytes_add_u64(out, inode->size_bytes);
    bytes_add_u32(out, is_device ? device_number(inode->rdev)
                                 : inode->first_block);
    bytes_add_u32(out, ordinal);
    bytes_add_u32(out, inode->uid);
    bytes_add_u32(out, inode->gid);
    bytes_add_u64(out, (uint64_t)inode->mtime.tv_sec);
    bytes_add_u32(out, (uint32_t)inode->mtime.tv_nsec);
    bytes_add_u32(out, inode->n_links);
    bytes_add_zeros(out, 16);
    bytes_add(out, inode->xattrs, inode->xattr_bytes);
    if (inode->inline_body && S_ISDIR(inode->mode))
        add_directory(inode, out);
    else if (inode->inline_body)
        bytes_add(out, inode->inline_body, (size_t)inode->size_bytes);
}

static int write_inodes(struct erofs_writer *e)
{
    uint64_t at = EROFS_BLOCK_BYTES * (uint64_t)e->n_blocks, done = 0;
    struct bytes out = BYTES_INIT;
    struct erofs_inode *inode;
    uint32_t ordinal = 1;
    int error = 0;

    for (inode = e->root; inode && !error; inode = inode->next) {
        bytes_add_zeros(&out, (size_t)(inode->nid * SLOT_BYTES - done) -
                              out.size);
        add_inode(inode, ordinal++, &out);
        if (inode->next && out.size < CHUNK_BYTES)
            continue;
        error = out.failed ? ENOMEM
                : erofs_write(e, out.data, out.size, at + done);
        done += out.size;
        out.size = 0;
    }
    bytes_free(&out);
    return error;
}

/* struct erofs_super_block of Linux */
static int write_superblock(struct erofs_writer *e, uint32_t n_blocks)
{
    struct bytes out = BYTES_INIT;
    int error;

    bytes_add_u32(&out, MAGIC);
    bytes_add_u32(&out, 0);             /* no checksum: see the trailer */
    bytes_add_u32(&out, COMPAT_MTIME);
    bytes_add_u16(&out, BLOCK_BITS);    /* and no more slots */
    bytes_add_u16(&out, (uint16_t)e->root->nid);
    bytes_add_u64(&out, e->n_inodes);
    bytes_add_u64(&out, 0);             /* built at 1970, */
    bytes_add_u32(&out, 0);             /* and 0 ns */
    bytes_add_u32(&out, n_blocks);
    bytes_add_u32(&out, e->n_blocks);   /* where nids count from */
    bytes_add_u32(&out, 0);             /* no shared xattrs */
    bytes_add(&out, uuid, sizeof(uuid));
    bytes_add_zeros(&out, 128 - out.size);
    error = out.failed ? ENOMEM
            : erofs_write(e, out.data, out.size, SUPERBLOCK_OFFSET);
    bytes_free(&out);
    return error;
}

int erofs_finish(struct erofs_writer *e)
{
    uint64_t end, n_blocks;
    int error = place_bodies(e);

    if (!error)
        error = place_inodes(e, &end);
    if (!error)
        error = write_directories(e);
    if (!error)
        error = write_inodes(e);
    if (!error)
        error = erofs_flush(e);
    if (error)
        return error;
    n_blocks = e->n_blocks + (end + EROFS_BLOCK_BYTES - 1) /
                             EROFS_BLOCK_BYTES;
    if (ftruncate(e->fd, (off_t)(n_blocks * EROFS_BLOCK_BYTES)) < 0) {
        e->error = errno;
        return e->error;
    }
    error = write_superblock(e, (uint32_t)n_blocks);
    return error ? error : erofs_flush(e);
}
