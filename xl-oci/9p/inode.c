/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names, inodes and their owners. */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/sysmacros.h>

#define NOBODY 65534u

int name_copy(struct p9_string name, char out[P9_NAME_MAX + 1])
{
    if (name.length > P9_NAME_MAX)
        return ENAMETOOLONG;
    if (!name.length || memchr(name.text, '/', name.length) ||
        memchr(name.text, '\0', name.length))
        return EINVAL;
    memcpy(out, name.text, name.length);
    out[name.length] = '\0';
    return !strcmp(out, ".") || !strcmp(out, "..") ? EINVAL : 0;
}

const char *descriptor_link(struct p9_server *s, int fd)
{
    char digits[12];
    size_t n = 0;
    char *to = s->link + s->link_prefix;

    do
        digits[n++] = (char)('0' + fd % 10);
    while (fd /= 10);
    while (n)
        *to++ = digits[--n];
    *to = '\0';
    return s->link;
}

/*
 * By the link of procfs, since that is the only way to open an inode that has
 * been renamed or unlinked. It leads to just this inode: the caller knows that
 * it is a directory or a regular file, which an inode remains all its life.
 */
int reopen(struct p9_server *s, int fd, int flags)
{
    return open(descriptor_link(s, fd),
                flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

/* A file that was created by its fid gets its O_PATH descriptor only when
 * another fid needs it, which is seldom with Linux. */
int fid_need_descriptor(struct p9_server *s, const struct p9_fid *fid)
{
    struct p9_node *node = node_of(s, fid);

    if (node->fd >= 0)
        return 0;
    node->fd = reopen(s, open_of(s, fid)->fd, O_PATH);
    if (node->fd < 0)
        return errno;
    s->usage.descriptors++;
    return 0;
}

static uint32_t fold(uint64_t value)
{
    value *= 0x9e3779b97f4a7c15u;
    return (uint32_t)(value >> 32);
}

/*
 * path is the inode number; one that is of another device (a subvolume of
 * btrfs within the same mount) is moved out of the way of the others.
 *
 * version tells two inodes apart that had the same number one after the
 * other, by the time of birth. It does not change with the content: Linux
 * would take the file for another one each time it changed
 * (v9fs_test_inode_dotl()), and have two page caches of one file.
 */
void statx_qid(const struct p9_server *s, const struct statx *st,
               struct p9_qid *qid)
{
    qid->type = S_ISDIR(st->stx_mode) ? P9_QTDIR :
        S_ISLNK(st->stx_mode) ? P9_QTSYMLINK : P9_QTFILE;
    qid->version = st->stx_mask & STATX_BTIME ?
        fold((uint64_t)st->stx_btime.tv_sec << 30 ^ st->stx_btime.tv_nsec) : 0;
    qid->path = st->stx_ino;
    if (st->stx_dev_major != s->export_major ||
        st->stx_dev_minor != s->export_minor)
        qid->path ^= (uint64_t)fold((uint64_t)st->stx_dev_major << 32 |
                                    st->stx_dev_minor) << 32;
}

int inode_qid(const struct p9_server *s, int fd, const char *name,
              struct p9_qid *qid, enum p9_kind *kind)
{
    struct statx st;

    if (statx(fd, name,
              AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
              STATX_TYPE | STATX_INO | STATX_BTIME, &st) < 0)
        return errno;
    statx_qid(s, &st, qid);
    if (kind)
        *kind = S_ISDIR(st.stx_mode) ? KIND_DIRECTORY :
            S_ISREG(st.stx_mode) ? KIND_FILE :
            S_ISLNK(st.stx_mode) ? KIND_SYMLINK : KIND_SPECIAL;
    return 0;
}

struct p9_qid node_qid(const struct p9_node *node)
{
    struct p9_qid qid = {
        node->kind == KIND_DIRECTORY ? P9_QTDIR :
        node->kind == KIND_SYMLINK ? P9_QTSYMLINK : P9_QTFILE,
        node->version, node->path
    };

    return qid;
}

/*
 * User 0 may take the blocks that a file system keeps for root (mke2fs -m),
 * which are there so that Dom0 goes on when the rest is full: only what is
 * created for the guest's root is, never what is written.
 */
void owner_forget(struct p9_server *s)
{
    if (s->fs_uid)
        return;
    setfsuid(NOBODY);
    s->fs_uid = NOBODY;
}

/* A client that names nobody (access=any) is the one who mounted: root. */
void owner_set(struct p9_server *s, uint32_t uid, uint32_t gid)
{
    uid = uid == P9_NOUID ? 0 : uid;
    gid = gid == P9_NOUID ? 0 : gid;
    if (uid != s->fs_uid)
        setfsuid(uid);
    if (gid != s->fs_gid)
        setfsgid(gid);
    s->fs_uid = uid;
    s->fs_gid = gid;
}
