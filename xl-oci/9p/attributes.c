/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tgetattr, Tsetattr, Tstatfs. */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/statfs.h>
#include <unistd.h>

/* P9_STATS_* and P9_ATTR_* of Linux include/net/9p/9p.h, fs/9p */
#define STATS_BASIC 0x7ffu
#define STATS_BIRTH 0x800u

#define ATTR_MODE 0x001u
#define ATTR_UID 0x002u
#define ATTR_GID 0x004u
#define ATTR_SIZE 0x008u
#define ATTR_ATIME 0x010u
#define ATTR_MTIME 0x020u
#define ATTR_CTIME 0x040u
#define ATTR_ATIME_SET 0x080u
#define ATTR_MTIME_SET 0x100u

/* statfs(2) in the guest tells what it is: changes may come from elsewhere */
#define V9FS_MAGIC 0x01021997u
/* the largest st_blksize: programs make buffers of this size, and fill each
 * with one request */
#define BLOCK_SIZE_MAX 65536u

/* new_encode_dev() of Linux include/linux/kdev_t.h */
static uint64_t encode_device(uint32_t major, uint32_t minor)
{
    return (minor & 0xff) | (uint64_t)major << 8 |
        (uint64_t)(minor & ~0xffu) << 12;
}

static uint32_t block_size(const struct p9_server *s)
{
    uint32_t size = P9_MSIZE_MIN;

    while (size < BLOCK_SIZE_MAX && size * 2 + 24 <= s->msize)
        size *= 2;
    return size;
}

static void write_time(struct p9_writer *out,
                       const struct statx_timestamp *time)
{
    p9_write_u64(out, (uint64_t)time->tv_sec);
    p9_write_u64(out, time->tv_nsec);
}

P9_HANDLER(p9_getattr)
{
    struct p9_fid *fid = fid_of_file(s, p9_read_u32(in));
    struct statx st;
    struct p9_qid qid;

    p9_read_u64(in); /* all come in one call: what is asked for is no matter */
    if (!is_read(in))
        return EINVAL;
    if (!fid)
        return EBADF;
    if (statx(fid_descriptor(s, fid), "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT,
              STATX_BASIC_STATS | STATX_BTIME, &st) < 0)
        return errno;
    statx_qid(s, &st, &qid);
    p9_write_u64(out, STATS_BASIC |
                 (st.stx_mask & STATX_BTIME ? STATS_BIRTH : 0));
    p9_write_qid(out, &qid);
    p9_write_u32(out, st.stx_mode);
    p9_write_u32(out, st.stx_uid);
    p9_write_u32(out, st.stx_gid);
    p9_write_u64(out, st.stx_nlink);
    p9_write_u64(out, encode_device(st.stx_rdev_major, st.stx_rdev_minor));
    p9_write_u64(out, st.stx_size);
    p9_write_u64(out, block_size(s));
    p9_write_u64(out, st.stx_blocks);
    write_time(out, &st.stx_atime);
    write_time(out, &st.stx_mtime);
    write_time(out, &st.stx_ctime);
    write_time(out, &st.stx_btime);
    p9_write_u64(out, 0); /* generation, not valid */
    p9_write_u64(out, 0); /* data version, not valid */
    return 0;
}

/* --- Tsetattr ------------------------------------------------------------------ */

struct change {
    uint32_t valid, mode, uid, gid;
    uint64_t size;
    struct timespec atime, mtime;
};

static int truncate_fid(struct p9_server *s, const struct p9_fid *fid,
                        uint64_t size)
{
    const struct p9_open *open = open_of(s, fid);
    enum p9_kind kind = node_of(s, fid)->kind;
    int fd, error;

    if (kind != KIND_FILE)
        return kind == KIND_DIRECTORY ? EISDIR : EINVAL;
    if (size > INT64_MAX)
        return EFBIG;
    if (open && open->access != O_RDONLY)
        return ftruncate(open->fd, (off_t)size) < 0 ? errno : 0;
    fd = reopen(s, fid_descriptor(s, fid), O_WRONLY);
    if (fd < 0)
        return errno;
    error = ftruncate(fd, (off_t)size) < 0 ? errno : 0;
    close(fd);
    return error;
}

/* By the link of procfs: fchmodat2() with AT_EMPTY_PATH came with Linux 6.6. */
static int change_mode(struct p9_server *s, const struct p9_fid *fid,
                       uint32_t mode)
{
    if (node_of(s, fid)->kind == KIND_SYMLINK)
        return EOPNOTSUPP;
    return chmod(descriptor_link(s, fid_descriptor(s, fid)),
                 mode & 07777) < 0 ? errno : 0;
}

static int change_owner(int fd, const struct change *c)
{
    uid_t uid = c->valid & ATTR_UID ? c->uid : P9_NOUID;
    gid_t gid = c->valid & ATTR_GID ? c->gid : P9_NOUID;

    return fchownat(fd, "", uid, gid, AT_EMPTY_PATH) < 0 ? errno : 0;
}

static int change_times(int fd, const struct change *c)
{
    struct timespec times[2] = { { 0, UTIME_OMIT }, { 0, UTIME_OMIT } };

    if (c->valid & ATTR_ATIME_SET)
        times[0] = c->atime;
    else if (c->valid & ATTR_ATIME)
        times[0].tv_nsec = UTIME_NOW;
    if (c->valid & ATTR_MTIME_SET)
        times[1] = c->mtime;
    else if (c->valid & ATTR_MTIME)
        times[1].tv_nsec = UTIME_NOW;
    return utimensat(fd, "", times, AT_EMPTY_PATH) < 0 ? errno : 0;
}

/* Times last, since the others change them; the mode after the owner, since
 * that takes the setuid bit away. */
static int apply(struct p9_server *s, const struct p9_fid *fid,
                 const struct change *c)
{
    int fd = fid_descriptor(s, fid), error = 0;
    uint32_t times = c->valid & (ATTR_ATIME | ATTR_MTIME | ATTR_ATIME_SET |
                                 ATTR_MTIME_SET);

    if (c->valid & ATTR_SIZE) {
        error = truncate_fid(s, fid, c->size);
        if (times == ATTR_MTIME) /* truncation has done that */
            times = 0;
    }
    if (!error && c->valid & (ATTR_UID | ATTR_GID))
        error = change_owner(fd, c);
    if (!error && c->valid & ATTR_MODE)
        error = change_mode(s, fid, c->mode);
    if (!error && times)
        error = change_times(fd, c);
    if (!error && c->valid == ATTR_CTIME) /* chown to nobody else sets it */
        error = change_owner(fd, c);
    return error;
}

static bool read_time(struct p9_reader *in, struct timespec *time)
{
    uint64_t nanoseconds;

    time->tv_sec = (time_t)p9_read_u64(in);
    nanoseconds = p9_read_u64(in);
    time->tv_nsec = (long)nanoseconds;
    return nanoseconds < 1000000000; /* UTIME_OMIT and the like are above */
}

P9_HANDLER(p9_setattr)
{
    struct p9_fid *fid = fid_of_file(s, p9_read_u32(in));
    struct change c;
    bool has_atime, has_mtime;

    (void)out;
    c.valid = p9_read_u32(in);
    c.mode = p9_read_u32(in);
    c.uid = p9_read_u32(in);
    c.gid = p9_read_u32(in);
    c.size = p9_read_u64(in);
    has_atime = read_time(in, &c.atime);
    has_mtime = read_time(in, &c.mtime);
    if (!is_read(in) || (c.valid & ATTR_ATIME_SET && !has_atime) ||
        (c.valid & ATTR_MTIME_SET && !has_mtime))
        return EINVAL;
    return fid ? apply(s, fid, &c) : EBADF;
}

P9_HANDLER(p9_statfs)
{
    struct p9_fid *fid = fid_of_file(s, p9_read_u32(in));
    struct statfs st;
    uint64_t id;

    if (!is_read(in))
        return EINVAL;
    if (!fid)
        return EBADF;
    if (fstatfs(fid_descriptor(s, fid), &st) < 0)
        return errno;
    id = (uint32_t)st.f_fsid.__val[0] |
        (uint64_t)(uint32_t)st.f_fsid.__val[1] << 32;
    p9_write_u32(out, V9FS_MAGIC);
    p9_write_u32(out, (uint32_t)st.f_bsize);
    p9_write_u64(out, st.f_blocks);
    p9_write_u64(out, st.f_bfree);
    p9_write_u64(out, st.f_bavail);
    p9_write_u64(out, st.f_files);
    p9_write_u64(out, st.f_ffree);
    p9_write_u64(out, id);
    p9_write_u32(out, (uint32_t)st.f_namelen);
    return 0;
}
