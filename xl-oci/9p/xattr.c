/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Extended attributes: Txattrwalk makes a fid of a value or of the list of
 * names, Txattrcreate makes of a fid one that takes a value, which is set when
 * the fid is clunked.
 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

struct p9_xattr {
    uint32_t size_bytes, written;
    int flags;
    char name[P9_NAME_MAX + 1];
    uint8_t value[];
};

#define ACL_PREFIX "system.posix_acl_"

/*
 * Those that mean the same on both sides. trusted.* needs a capability that
 * the server must not have; the rest of security.* is for Dom0's own security
 * modules: labels that the guest neither sees nor sets.
 */
static bool is_shared(const char *name)
{
    return (!strncmp(name, "user.", 5) && name[5]) ||
        !strcmp(name, "security.capability") ||
        !strcmp(name, ACL_PREFIX "access") ||
        !strcmp(name, ACL_PREFIX "default");
}

/* 0, and text is the name or, where it may be empty, empty. */
static int name_read(struct p9_string name, bool may_be_empty,
                     char text[P9_NAME_MAX + 1])
{
    if (name.length > P9_NAME_MAX)
        return ERANGE;
    memcpy(text, name.text, name.length);
    text[name.length] = '\0';
    if (!name.length)
        return may_be_empty ? 0 : EINVAL;
    if (memchr(name.text, '\0', name.length))
        return EINVAL;
    return is_shared(text) ? 0 : EOPNOTSUPP;
}

/* A value's room, in the account of all of them. */
static struct p9_xattr *allocate(struct p9_server *s, const char *name,
                                 uint32_t size_bytes)
{
    uint32_t total = (uint32_t)sizeof(struct p9_xattr) + size_bytes;
    struct p9_xattr *x;

    if (s->usage.xattr_bytes + total > P9_XATTR_TOTAL_MAX)
        return NULL;
    x = calloc(1, total);
    if (!x)
        return NULL;
    s->usage.xattr_bytes += total;
    x->size_bytes = size_bytes;
    strcpy(x->name, name);
    return x;
}

void xattr_free(struct p9_server *s, struct p9_open *open)
{
    if (!open->xattr)
        return;
    s->usage.xattr_bytes -= (uint32_t)sizeof(struct p9_xattr) +
        open->xattr->size_bytes;
    free(open->xattr);
}

/* Leaves the shared names in the list of all of them; its new size. */
static size_t filter_names(char *list, size_t size_bytes)
{
    size_t at = 0, kept = 0;

    while (at < size_bytes) {
        size_t length = strlen(list + at) + 1;

        if (is_shared(list + at)) {
            memmove(list + kept, list + at, length);
            kept += length;
        }
        at += length;
    }
    return kept;
}

/* The value or the list, in scratch; its size or -1 with errno. A file system
 * without attributes has an empty list. */
static ssize_t fetch(struct p9_server *s, const struct p9_fid *fid,
                     const char *name)
{
    const char *link = descriptor_link(s, fid_descriptor(s, fid));
    ssize_t n;

    if (name[0])
        return getxattr(link, name, s->scratch, P9_XATTR_MAX);
    n = listxattr(link, s->scratch, P9_XATTR_MAX);
    if (n < 0)
        return errno == EOPNOTSUPP ? 0 : -1;
    return (ssize_t)filter_names(s->scratch, (size_t)n);
}

/* A fid of its own for what is in scratch. */
static int add_value_fid(struct p9_server *s, const struct p9_fid *file,
                         uint32_t number, const char *name, size_t size_bytes)
{
    struct p9_xattr *x;
    struct p9_open *open;
    uint32_t node = file->node;
    int error = fid_add(s, number, node, file->uid);

    if (error)
        return error;
    s->nodes[node].refs++;
    x = allocate(s, name, (uint32_t)size_bytes);
    open = x ? open_new(s, fid_find(s, number), OPEN_XATTR_READ) : NULL;
    if (!open) {
        struct p9_open none = { .xattr = x };

        xattr_free(s, &none);
        fid_remove(s, fid_find(s, number));
        return ENOMEM;
    }
    memcpy(x->value, s->scratch, size_bytes);
    open->xattr = x;
    return 0;
}

P9_HANDLER(p9_xattrwalk)
{
    struct p9_fid *fid = fid_of_file(s, p9_read_u32(in));
    uint32_t number = p9_read_u32(in);
    struct p9_string name = p9_read_string(in);
    char text[P9_NAME_MAX + 1];
    ssize_t size;
    int error;

    if (!is_read(in))
        return EINVAL;
    if (!fid)
        return EBADF;
    error = name_read(name, true, text);
    if (error)
        return error;
    error = fid_need_descriptor(s, fid);
    if (error)
        return error;
    size = fetch(s, fid, text);
    if (size < 0)
        return errno;
    p9_write_u64(out, (uint64_t)size);
    return add_value_fid(s, fid, number, text, (size_t)size);
}

P9_HANDLER(p9_xattrcreate)
{
    struct p9_fid *fid = fid_of_file(s, p9_read_u32(in));
    struct p9_string name = p9_read_string(in);
    uint64_t size = p9_read_u64(in);
    uint32_t flags = p9_read_u32(in);
    char text[P9_NAME_MAX + 1];
    struct p9_open *open;
    struct p9_xattr *x;
    int error;

    (void)out;
    if (!is_read(in) || flags & ~(uint32_t)(XATTR_CREATE | XATTR_REPLACE))
        return EINVAL;
    if (!fid || fid->open)
        return EBADF;
    error = name_read(name, false, text);
    if (error)
        return error;
    if (size > P9_XATTR_MAX)
        return E2BIG;
    x = allocate(s, text, (uint32_t)size);
    open = x ? open_new(s, fid, OPEN_XATTR_WRITE) : NULL;
    if (!open) {
        struct p9_open none = { .xattr = x };

        xattr_free(s, &none);
        return ENOMEM;
    }
    x->flags = (int)flags;
    open->xattr = x;
    return 0;
}

int xattr_read(const struct p9_open *open, uint64_t offset, uint32_t count,
               struct p9_writer *out)
{
    const struct p9_xattr *x = open->xattr;
    uint32_t at = offset < x->size_bytes ? (uint32_t)offset : x->size_bytes;

    if (count > x->size_bytes - at)
        count = x->size_bytes - at;
    p9_write_u32(out, count);
    memcpy(out->at, x->value + at, count);
    out->at += count;
    return 0;
}

int xattr_write(struct p9_open *open, uint64_t offset, const uint8_t *data,
                uint32_t count)
{
    struct p9_xattr *x = open->xattr;

    if (offset != x->written || count > x->size_bytes - x->written)
        return ENOSPC;
    memcpy(x->value + x->written, data, count);
    x->written += count;
    return 0;
}

/*
 * Linux removes an attribute by setting one of no bytes: with XATTR_REPLACE
 * (removexattr(2)), or for an ACL without (v9fs_iop_set_acl()). No bytes
 * without XATTR_REPLACE are an empty value otherwise.
 */
static bool is_removal(const struct p9_xattr *x)
{
    return !x->size_bytes && (x->flags == XATTR_REPLACE ||
                              !strncmp(x->name, ACL_PREFIX,
                                       sizeof(ACL_PREFIX) - 1));
}

int xattr_commit(struct p9_server *s, const struct p9_fid *fid)
{
    const struct p9_open *open = open_of(s, fid);
    const char *link;
    struct p9_xattr *x;

    if (!open || open->kind != OPEN_XATTR_WRITE)
        return 0;
    x = open->xattr;
    if (x->written != x->size_bytes)
        return EINVAL;
    link = descriptor_link(s, node_of(s, fid)->fd);
    if (!is_removal(x))
        return setxattr(link, x->name, x->value, x->size_bytes,
                        x->flags) < 0 ? errno : 0;
    if (!removexattr(link, x->name))
        return 0;
    return errno == ENODATA && x->flags != XATTR_REPLACE ? 0 : errno;
}
