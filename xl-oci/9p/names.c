/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What changes directories: Tsymlink, Tmknod, Tmkdir, Tlink, Trenameat,
 * Tunlinkat; and Treadlink.
 *
 * Each works on one name in a directory that a fid holds, and none of these
 * system calls follows a link in the last component.
 */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define AT_REMOVE_DIRECTORY 0x200u /* P9_DOTL_AT_REMOVEDIR */

/* A directory by its fid, and a name in it. */
struct place {
    struct p9_fid *fid;
    int dir;
    char name[P9_NAME_MAX + 1];
};

static int place_find(struct p9_server *s, uint32_t number,
                      struct p9_string name, struct place *place)
{
    int error;

    place->fid = fid_of_directory(s, number, &error);
    if (error)
        return error;
    place->dir = fid_descriptor(s, place->fid);
    return name_copy(name, place->name);
}

/* The qid of what was just made under the name. */
static int write_made(struct p9_server *s, const struct place *place,
                      struct p9_writer *out)
{
    struct p9_qid qid;
    int error = inode_qid(s, place->dir, place->name, &qid, NULL);

    p9_write_qid(out, &qid);
    return error;
}

P9_HANDLER(p9_symlink)
{
    uint32_t number = p9_read_u32(in);
    struct p9_string name = p9_read_string(in), target = p9_read_string(in);
    uint32_t gid = p9_read_u32(in);
    struct place place;
    char text[PATH_MAX];
    int error;

    if (!is_read(in) || memchr(target.text, '\0', target.length))
        return EINVAL;
    if (target.length >= sizeof(text))
        return ENAMETOOLONG;
    error = place_find(s, number, name, &place);
    if (error)
        return error;
    memcpy(text, target.text, target.length);
    text[target.length] = '\0';
    owner_set(s, place.fid->uid, gid);
    if (symlinkat(text, place.dir, place.name) < 0)
        return errno;
    return write_made(s, &place, out);
}

P9_HANDLER(p9_readlink)
{
    struct p9_fid *fid = fid_of_file(s, p9_read_u32(in));
    char text[PATH_MAX];
    ssize_t n;

    if (!is_read(in))
        return EINVAL;
    if (!fid)
        return EBADF;
    if (node_of(s, fid)->kind != KIND_SYMLINK)
        return EINVAL;
    n = readlinkat(node_of(s, fid)->fd, "", text, sizeof(text));
    if (n < 0)
        return errno;
    p9_write_string(out, text, (size_t)n);
    return out->failed ? ENAMETOOLONG : 0;
}

/*
 * Device nodes are refused, as a container without privileges has it: on the
 * host they would be the host's devices. The guest's own are in its devtmpfs
 * or tmpfs. A whiteout of overlayfs is the device that does not exist.
 */
static int may_make(uint32_t mode, uint32_t major, uint32_t minor)
{
    switch (mode & S_IFMT) {
    case 0:
    case S_IFREG:
    case S_IFIFO:
    case S_IFSOCK:
        return 0;
    case S_IFCHR:
        return major || minor ? EPERM : 0;
    case S_IFBLK:
        return EPERM;
    default:
        return EINVAL;
    }
}

P9_HANDLER(p9_mknod)
{
    uint32_t number = p9_read_u32(in);
    struct p9_string name = p9_read_string(in);
    uint32_t mode = p9_read_u32(in), major = p9_read_u32(in);
    uint32_t minor = p9_read_u32(in), gid = p9_read_u32(in);
    struct place place;
    int error;

    if (!is_read(in))
        return EINVAL;
    error = may_make(mode, major, minor);
    if (!error)
        error = place_find(s, number, name, &place);
    if (error)
        return error;
    owner_set(s, place.fid->uid, gid);
    if (mknodat(place.dir, place.name, mode & (S_IFMT | 07777), 0) < 0)
        return errno;
    return write_made(s, &place, out);
}

P9_HANDLER(p9_mkdir)
{
    uint32_t number = p9_read_u32(in);
    struct p9_string name = p9_read_string(in);
    uint32_t mode = p9_read_u32(in), gid = p9_read_u32(in);
    struct place place;
    int error;

    if (!is_read(in))
        return EINVAL;
    error = place_find(s, number, name, &place);
    if (error)
        return error;
    owner_set(s, place.fid->uid, gid);
    if (mkdirat(place.dir, place.name, mode & 07777) < 0)
        return errno;
    return write_made(s, &place, out);
}

/* By the link of procfs, which leads to just this inode: AT_EMPTY_PATH would
 * need a capability that opens every file by its handle. */
P9_HANDLER(p9_link)
{
    uint32_t number = p9_read_u32(in);
    struct p9_fid *fid = fid_of_file(s, p9_read_u32(in));
    struct p9_string name = p9_read_string(in);
    struct place place;
    int error;

    (void)out;
    if (!is_read(in))
        return EINVAL;
    if (!fid)
        return EBADF;
    error = place_find(s, number, name, &place);
    if (error)
        return error;
    return linkat(AT_FDCWD, descriptor_link(s, fid_descriptor(s, fid)),
                  place.dir, place.name, AT_SYMLINK_FOLLOW) < 0 ? errno : 0;
}

P9_HANDLER(p9_renameat)
{
    uint32_t old_number = p9_read_u32(in);
    struct p9_string old_name = p9_read_string(in);
    uint32_t new_number = p9_read_u32(in);
    struct p9_string new_name = p9_read_string(in);
    struct place from, to;
    int error;

    (void)out;
    if (!is_read(in))
        return EINVAL;
    error = place_find(s, old_number, old_name, &from);
    if (!error)
        error = place_find(s, new_number, new_name, &to);
    if (error)
        return error;
    return renameat(from.dir, from.name, to.dir, to.name) < 0 ? errno : 0;
}

P9_HANDLER(p9_unlinkat)
{
    uint32_t number = p9_read_u32(in);
    struct p9_string name = p9_read_string(in);
    uint32_t flags = p9_read_u32(in);
    struct place place;
    int error;

    (void)out;
    if (!is_read(in) || flags & ~AT_REMOVE_DIRECTORY)
        return EINVAL;
    error = place_find(s, number, name, &place);
    if (error)
        return error;
    return unlinkat(place.dir, place.name,
                    flags ? AT_REMOVEDIR : 0) < 0 ? errno : 0;
}
