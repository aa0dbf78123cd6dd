/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpio.h"

#include <string.h>
#include <sys/stat.h>

#include "base/bytes.h"

struct entry {
    const char *path;
    const void *content;
    uint32_t mode, links, major, minor;
    size_t size_bytes;
    uint32_t ino;
};

void cpio_begin(struct cpio *c, struct bytes *out)
{
    c->out = out;
    c->last_ino = 0;
}

static void add_entry(struct cpio *c, const struct entry *e)
{
    /* sizes are eight hexadecimal digits in the header */
    if (e->size_bytes > UINT32_MAX) {
        c->out->failed = true;
        return;
    }
    bytes_printf(c->out, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x"
                 "%08x%08x", e->ino, e->mode, 0, 0, e->links, 0,
                 (uint32_t)e->size_bytes, 0, 0, e->major, e->minor,
                 (uint32_t)strlen(e->path) + 1, 0);
    bytes_add(c->out, e->path, strlen(e->path) + 1);
    bytes_align(c->out, 4);
    bytes_add(c->out, e->content, e->size_bytes);
    bytes_align(c->out, 4);
}

void cpio_add_directory(struct cpio *c, const char *path, uint32_t mode)
{
    struct entry e = { .path = path, .mode = S_IFDIR | mode, .links = 2,
                       .ino = ++c->last_ino };

    add_entry(c, &e);
}

void cpio_add_file(struct cpio *c, const char *path, uint32_t mode,
                   const void *content, size_t size_bytes)
{
    struct entry e = { .path = path, .mode = S_IFREG | mode, .links = 1,
                       .content = content, .size_bytes = size_bytes,
                       .ino = ++c->last_ino };

    add_entry(c, &e);
}

void cpio_add_node(struct cpio *c, const char *path, uint32_t mode,
                   uint32_t major, uint32_t minor)
{
    struct entry e = { .path = path, .mode = mode, .links = 1,
                       .major = major, .minor = minor,
                       .ino = ++c->last_ino };

    add_entry(c, &e);
}

void cpio_end(struct cpio *c)
{
    struct entry e = { .path = "TRAILER!!!", .links = 1 };

    add_entry(c, &e);
}
