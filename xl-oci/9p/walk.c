/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tattach, Twalk, Tclunk, Tremove: where fids come from and go to. */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

P9_HANDLER(p9_attach)
{
    uint32_t number = p9_read_u32(in), auth = p9_read_u32(in);
    uint32_t uid, node;
    struct p9_string name;
    struct p9_qid qid;
    int fd, error;

    p9_read_string(in);
    name = p9_read_string(in);
    uid = p9_read_u32(in);
    if (!is_read(in) || auth != P9_NOFID)
        return EINVAL;
    /* there is one tree */
    if (name.length > 1 || (name.length == 1 && name.text[0] != '/'))
        return ENOENT;
    error = inode_qid(s, s->export_fd, "", &qid, NULL);
    if (error)
        return error;
    fd = fcntl(s->export_fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    node = node_new(s, fd, &qid, KIND_DIRECTORY);
    if (!node)
        return ENFILE;
    s->nodes[node].is_root = true;
    error = fid_add(s, number, node, uid);
    if (error)
        node_unref(s, node);
    p9_write_qid(out, &qid);
    return error;
}

/*
 * One name is one step, so that no path is ever followed: a link is found as a
 * link. What is mounted below the export is another device's: EXDEV.
 */
static int open_step(int dir, const char *name)
{
    struct open_how how = {
        .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
                   RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
    };

    return (int)syscall(SYS_openat2, dir, name, &how, sizeof(how));
}

/*
 * The node that is called name in the directory dir; 0 or the error.
 *
 * The export's parent is the export (walk(5)). Elsewhere Linux goes up in its
 * own tree and never sends "..", and a directory that Dom0 has moved away
 * would have a parent outside: refused, with EINVAL.
 */
static int step(struct p9_server *s, const struct p9_node *dir,
                struct p9_string name, uint32_t *node, struct p9_qid *qid)
{
    char text[P9_NAME_MAX + 1];
    bool stays = dir->is_root && name.length == 2 &&
        !memcmp(name.text, "..", 2);
    enum p9_kind kind;
    int fd, error = stays ? 0 : name_copy(name, text);

    if (error)
        return error;
    if (dir->kind != KIND_DIRECTORY)
        return ENOTDIR;
    fd = stays ? fcntl(s->export_fd, F_DUPFD_CLOEXEC, 0) :
        open_step(dir->fd, text);
    if (fd < 0)
        return errno;
    error = inode_qid(s, fd, "", qid, &kind);
    if (error) {
        close(fd);
        return error;
    }
    *node = node_new(s, fd, qid, kind);
    if (!*node)
        return ENFILE;
    s->nodes[*node].is_root = stays;
    return 0;
}

/* Puts node in the place of the fid's, or makes a new fid of it. */
static int settle(struct p9_server *s, struct p9_fid *fid, uint32_t number,
                  uint32_t node)
{
    int error;

    if (number != fid->number) {
        error = fid_add(s, number, node, fid->uid);
        if (error)
            node_unref(s, node);
        return error;
    }
    node_unref(s, fid->node);
    fid->node = node;
    return 0;
}

P9_HANDLER(p9_walk)
{
    struct p9_fid *fid = fid_of_file(s, p9_read_u32(in));
    uint32_t number = p9_read_u32(in), node, next = 0;
    uint16_t count = p9_read_u16(in), i;
    uint8_t *count_at = out->at;
    struct p9_string names[P9_WALK_NAMES_MAX];
    struct p9_qid qid;
    int error = 0;

    if (in->failed || count > P9_WALK_NAMES_MAX)
        return EINVAL;
    for (i = 0; i < count; i++)
        names[i] = p9_read_string(in);
    if (!is_read(in))
        return EINVAL;
    if (!fid)
        return EBADF;
    if (number == fid->number ? fid->open && count :
        number == P9_NOFID || fid_find(s, number) != NULL)
        return EINVAL;
    error = fid_need_descriptor(s, fid);
    if (error)
        return error;
    p9_write_u16(out, count);
    node = fid->node;
    s->nodes[node].refs++;
    for (i = 0; i < count; i++) {
        error = step(s, &s->nodes[node], names[i], &next, &qid);
        if (error)
            break;
        node_unref(s, node);
        node = next;
        p9_write_qid(out, &qid);
    }
    if (i == count)
        return settle(s, fid, number, node);
    node_unref(s, node);
    count_at[0] = (uint8_t)i; /* a part of the way: no fid, no error */
    return i ? 0 : error;
}

P9_HANDLER(p9_clunk)
{
    struct p9_fid *fid = fid_find(s, p9_read_u32(in));
    int error;

    (void)out;
    if (!is_read(in))
        return EINVAL;
    if (!fid)
        return EBADF;
    error = xattr_commit(s, fid);
    fid_remove(s, fid);
    return error;
}

/* Linux tries it where Tunlinkat is not known. The fid is gone all the same
 * (remove(5)); the name of its file is not kept. */
P9_HANDLER(p9_remove)
{
    struct p9_fid *fid = fid_find(s, p9_read_u32(in));

    (void)out;
    if (!is_read(in))
        return EINVAL;
    if (!fid)
        return EBADF;
    fid_remove(s, fid);
    return EOPNOTSUPP;
}
