/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tlopen and Tlcreate. */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

/* P9_DOTL_* of Linux include/net/9p/9p.h */
#define DOTL_ACCESS 03u
#define DOTL_EXCL 0200u
#define DOTL_TRUNC 01000u
#define DOTL_DIRECTORY 0200000u

/*
 * What of the flags means something on this side. Not O_APPEND: every Twrite
 * has its offset, and one that brings back a page of the guest's cache must
 * not land at the end. Not O_DIRECT: the buffers are ours.
 */
static const struct { uint32_t dotl; int host; } open_flags[] = {
    { DOTL_TRUNC, O_TRUNC },
    { 010000u, O_DSYNC },
    { 01000000u, O_NOATIME },
    { 04000000u, O_SYNC },
};

static int host_flags(uint32_t dotl, int *flags)
{
    static const int access[] = { O_RDONLY, O_WRONLY, O_RDWR };
    size_t i;

    if ((dotl & DOTL_ACCESS) > 2)
        return EINVAL;
    *flags = access[dotl & DOTL_ACCESS];
    for (i = 0; i < sizeof(open_flags) / sizeof(open_flags[0]); i++)
        if (dotl & open_flags[i].dotl)
            *flags |= open_flags[i].host;
    return 0;
}

/* May an inode of this kind be opened so? Devices, FIFOs and sockets are
 * opened in the guest, by the guest's kernel, and never here. */
static int may_open(const struct p9_server *s, enum p9_kind kind,
                    uint32_t dotl, int flags)
{
    bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC);

    if (kind == KIND_SYMLINK)
        return ELOOP;
    if (kind == KIND_SPECIAL)
        return ENXIO;
    if (kind == KIND_DIRECTORY && writes)
        return EISDIR;
    if (kind == KIND_FILE && (dotl & DOTL_DIRECTORY))
        return ENOTDIR;
    return writes && s->settings.read_only ? EROFS : 0;
}

static int keep_open(struct p9_server *s, struct p9_fid *fid, int fd,
                     int flags)
{
    struct p9_open *open = open_new(s, fid, OPEN_FILE);

    if (!open) {
        close(fd);
        return EMFILE;
    }
    open->fd = fd;
    open->access = (uint8_t)(flags & O_ACCMODE);
    s->usage.descriptors++;
    return 0;
}

/* qid[13] iounit[4]; 0: as much as a message holds */
static void write_opened(struct p9_writer *out, const struct p9_node *node)
{
    struct p9_qid qid = node_qid(node);

    p9_write_qid(out, &qid);
    p9_write_u32(out, 0);
}

P9_HANDLER(p9_lopen)
{
    struct p9_fid *fid = fid_of_file(s, p9_read_u32(in));
    uint32_t dotl = p9_read_u32(in);
    int fd, flags, error;

    if (!is_read(in))
        return EINVAL;
    if (!fid || fid->open)
        return EBADF;
    error = host_flags(dotl, &flags);
    if (!error)
        error = may_open(s, node_of(s, fid)->kind, dotl, flags);
    if (error)
        return error;
    fd = reopen(s, node_of(s, fid)->fd, flags);
    if (fd < 0)
        return errno;
    write_opened(out, node_of(s, fid));
    return keep_open(s, fid, fd, flags);
}

static int open_named(int dir, const char *name, uint64_t flags, uint64_t mode)
{
    struct open_how how = {
        .flags = flags | O_CLOEXEC | O_NOFOLLOW, .mode = mode,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
                   RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
    };

    return (int)syscall(SYS_openat2, dir, name, &how, sizeof(how));
}

/* The name is there already and the client does not mind: the same rules as
 * for Tlopen hold for what it names. */
static int open_existing(struct p9_server *s, int dir, const char *name,
                         uint32_t dotl, int flags, int *fd)
{
    int path_fd = open_named(dir, name, O_PATH, 0);
    enum p9_kind kind;
    struct p9_qid qid;
    int error;

    if (path_fd < 0)
        return errno;
    error = inode_qid(s, path_fd, "", &qid, &kind);
    if (!error)
        error = kind == KIND_DIRECTORY ? EISDIR :
            may_open(s, kind, dotl, flags);
    if (!error) {
        *fd = reopen(s, path_fd, flags);
        error = *fd < 0 ? errno : 0;
    }
    close(path_fd);
    return error;
}

/* The directory's fid becomes that of the new file. */
static int become_file(struct p9_server *s, struct p9_fid *fid, int fd,
                       int flags)
{
    struct p9_qid qid;
    uint32_t node;
    int error = inode_qid(s, fd, "", &qid, NULL);

    if (error) {
        close(fd);
        return error;
    }
    node = node_new(s, -1, &qid, KIND_FILE);
    if (!node) {
        close(fd);
        return ENFILE;
    }
    error = keep_open(s, fid, fd, flags);
    if (error) {
        node_unref(s, node);
        return error;
    }
    node_unref(s, fid->node);
    fid->node = node;
    return 0;
}

P9_HANDLER(p9_lcreate)
{
    int error, flags, fd;
    struct p9_fid *fid = fid_of_directory(s, p9_read_u32(in), &error);
    struct p9_string name = p9_read_string(in);
    uint32_t dotl = p9_read_u32(in), mode = p9_read_u32(in);
    uint32_t gid = p9_read_u32(in);
    char text[P9_NAME_MAX + 1];

    if (!is_read(in))
        return EINVAL;
    if (!fid || fid->open)
        return fid ? EBADF : error;
    error = name_copy(name, text);
    if (!error)
        error = host_flags(dotl, &flags);
    if (error)
        return error;
    if (s->usage.open_files >= s->settings.open_max)
        return EMFILE; /* before there is a file */
    owner_set(s, fid->uid, gid);
    fd = open_named(node_of(s, fid)->fd, text,
                    (uint64_t)(flags & ~O_TRUNC) | O_CREAT | O_EXCL,
                    mode & 07777);
    if (fd < 0 && errno == EEXIST && !(dotl & DOTL_EXCL))
        error = open_existing(s, node_of(s, fid)->fd, text, dotl, flags, &fd);
    else if (fd < 0)
        error = errno;
    if (!error)
        error = become_file(s, fid, fd, flags);
    if (!error)
        write_opened(out, node_of(s, fid));
    return error;
}
