/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is added to an image of erofs; what becomes of it: erofs-finish.c */
#include "erofs-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"

/* The disk begins to write while we do. */
#define BEHIND_BYTES (8ull << 20)

/* Bodies of files are many and small; file systems like few, large writes. */
#define PENDING_BYTES (1u << 20)

struct erofs_writer *erofs_new(int fd, uint64_t max_memory_bytes)
{
    struct erofs_writer *e = calloc(1, sizeof(*e));

    if (!e)
        return NULL;
    e->fd = fd;
    e->n_blocks = 1; /* the superblock's */
    e->spare_bytes = max_memory_bytes;
    e->arena = arena_new();
    e->pending = malloc(PENDING_BYTES);
    if (e->arena && e->pending)
        return e;
    erofs_free(e);
    return NULL;
}

void erofs_free(struct erofs_writer *e)
{
    if (!e)
        return;
    arena_free(e->arena);
    free(e->pending);
    free(e);
}

void *erofs_take(struct erofs_writer *e, size_t count, size_t size_bytes)
{
    if (size_bytes && count > e->spare_bytes / size_bytes)
        return NULL;
    e->spare_bytes -= count * size_bytes;
    return arena_alloc(e->arena, count * size_bytes);
}

int erofs_write_error(const struct erofs_writer *e)
{
    return e->error;
}

/* Bodies come in the order of their blocks, so all before offset is there. */
static void write_behind(struct erofs_writer *e, uint64_t offset)
{
    uint64_t done = offset - offset % BEHIND_BYTES;

    if (done <= e->behind_bytes)
        return;
    /* to save time: whoever needs the bytes on the disk syncs the file */
    (void)sync_file_range(e->fd, (off_t)e->behind_bytes,
                          (off_t)(done - e->behind_bytes),
                          SYNC_FILE_RANGE_WRITE);
    e->behind_bytes = done;
}

static int write_through(struct erofs_writer *e, const void *p,
                         size_t size_bytes, uint64_t offset)
{
    const char *at = p;

    while (size_bytes && !e->error) {
        ssize_t n = pwrite(e->fd, at, size_bytes, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            e->error = n ? errno : ENOSPC;
            break;
        }
        at += n;
        offset += (uint64_t)n;
        size_bytes -= (size_t)n;
    }
    write_behind(e, offset);
    return e->error;
}

int erofs_flush(struct erofs_writer *e)
{
    size_t size_bytes = e->n_pending;

    e->n_pending = 0;
    return write_through(e, e->pending, size_bytes, e->pending_at);
}

int erofs_write(struct erofs_writer *e, const void *p, size_t size_bytes,
                uint64_t offset)
{
    uint64_t end = e->pending_at + e->n_pending;
    size_t gap = (size_t)(offset - end);

    /* a gap is what the last block of a body lacks */
    if (offset < end || offset - end >= EROFS_BLOCK_BYTES ||
        e->n_pending + gap + size_bytes > PENDING_BYTES) {
        if (erofs_flush(e))
            return e->error;
        if (size_bytes > PENDING_BYTES)
            return write_through(e, p, size_bytes, offset);
        e->pending_at = offset;
        gap = 0;
    }
    memset(e->pending + e->n_pending, 0, gap);
    memcpy(e->pending + e->n_pending + gap, p, size_bytes);
    e->n_pending += gap + size_bytes;
    return e->error;
}

int erofs_add_entry(struct erofs_writer *e, struct erofs_inode *directory,
                    const char *name, struct erofs_inode *inode)
{
    struct erofs_entry *entry = erofs_take(e, 1, sizeof(*entry) +
                                           strlen(name) + 1);

    if (!entry)
        return ENOMEM;
    strcpy(entry->name, name);
    entry->inode = inode;
    if (directory->last)
        directory->last->next = entry;
    else
        directory->first = entry;
    directory->last = entry;
    directory->n_entries++;
    if (S_ISDIR(inode->mode))
        directory->n_links++;
    else
        inode->n_links++;
    return 0;
}

int erofs_link(struct erofs_writer *e, const char *name,
               struct erofs_inode *inode)
{
    return erofs_add_entry(e, e->directory, name, inode);
}

struct erofs_inode *erofs_add(struct erofs_writer *e, const char *name,
                              const struct stat *st)
{
    struct erofs_inode *inode = erofs_take(e, 1, sizeof(*inode));

    if (!inode)
        return NULL;
    inode->mode = st->st_mode;
    inode->uid = st->st_uid;
    inode->gid = st->st_gid;
    inode->rdev = st->st_rdev;
    inode->mtime = st->st_mtim;
    if (S_ISREG(st->st_mode))
        inode->size_bytes = (uint64_t)st->st_size;
    if (e->directory && erofs_link(e, name, inode))
        return NULL;
    if (e->last)
        e->last->next = inode;
    else
        e->root = inode;
    e->last = inode;
    e->n_inodes++;
    if (S_ISDIR(st->st_mode)) {
        inode->parent = e->directory ? e->directory : inode;
        e->directory = inode;
    }
    return inode;
}

void erofs_leave(struct erofs_writer *e)
{
    e->directory = e->directory->parent;
}

struct namespace { const char *prefix; unsigned char index; };

/* NULL: one that erofs does not have */
static const struct namespace *find_namespace(const char *name)
{
    static const struct namespace all[] = {
        { "user.", 1 }, { "system.posix_acl_access", 2 },
        { "system.posix_acl_default", 3 }, { "trusted.", 4 },
        { "security.", 6 },
    };
    size_t i;

    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (!strncmp(name, all[i].prefix, strlen(all[i].prefix)))
            return &all[i];
    return NULL;
}

int erofs_add_xattr(struct erofs_writer *e, const char *name,
                    const void *value, size_t size_bytes)
{
    const struct namespace *space = find_namespace(name);
    struct erofs_inode *inode = e->last;
    size_t old_bytes, name_bytes, new_bytes;
    unsigned char *p;

    if (!space)
        return 0;
    name += strlen(space->prefix);
    name_bytes = strlen(name);
    old_bytes = inode->xattr_bytes ? inode->xattr_bytes
                                   : EROFS_XATTR_HEADER_BYTES;
    new_bytes = (old_bytes + 4 + name_bytes + size_bytes + 3) / 4 * 4;
    /* the counts on the disk have 16 bits */
    if (size_bytes > UINT16_MAX || name_bytes > UINT8_MAX ||
        (new_bytes - EROFS_XATTR_HEADER_BYTES) / 4 + 1 > UINT16_MAX)
        return E2BIG;
    p = erofs_take(e, 1, new_bytes);
    if (!p)
        return ENOMEM;
    if (inode->xattr_bytes)
        memcpy(p, inode->xattrs, old_bytes);
    inode->xattrs = p;
    inode->xattr_bytes = new_bytes;
    p += old_bytes;
    *p++ = (unsigned char)name_bytes;
    *p++ = space->index;
    *p++ = (unsigned char)size_bytes;
    *p++ = (unsigned char)(size_bytes >> 8);
    memcpy(p, name, name_bytes);
    memcpy(p + name_bytes, value, size_bytes);
    return 0;
}

int erofs_place_body(struct erofs_writer *e, struct erofs_inode *inode)
{
    uint64_t n_blocks = (inode->size_bytes + EROFS_BLOCK_BYTES - 1) /
                        EROFS_BLOCK_BYTES;

    if (inode->size_bytes <= EROFS_INLINE_BYTES &&
        EROFS_INODE_BYTES + inode->xattr_bytes + inode->size_bytes <=
        EROFS_BLOCK_BYTES) {
        inode->inline_body = erofs_take(e, 1, (size_t)inode->size_bytes);
        return inode->inline_body ? 0 : ENOMEM;
    }
    if (n_blocks > UINT32_MAX - e->n_blocks)
        return EFBIG;
    inode->has_blocks = true;
    inode->first_block = e->n_blocks;
    e->n_blocks += (uint32_t)n_blocks;
    return 0;
}

int erofs_add_bytes(struct erofs_writer *e, uint64_t offset, const void *p,
                    size_t size_bytes)
{
    struct erofs_inode *inode = e->last;
    int error = 0;

    if (offset > inode->size_bytes || size_bytes > inode->size_bytes - offset)
        return EAGAIN;
    if (!inode->has_blocks && !inode->inline_body)
        error = erofs_place_body(e, inode);
    if (error)
        return error;
    if (!inode->inline_body)
        return erofs_write(e, p, size_bytes, offset + EROFS_BLOCK_BYTES *
                           (uint64_t)inode->first_block);
    memcpy(inode->inline_body + offset, p, size_bytes);
    return 0;
}

int erofs_set_target(struct erofs_writer *e, const char *target,
                     size_t length)
{
    e->last->size_bytes = length;
    return erofs_add_bytes(e, 0, target, length);
}
