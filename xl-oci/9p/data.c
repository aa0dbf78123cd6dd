/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tread, Twrite, Treaddir, Tfsync: what files and directories contain. */
#include "internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Room for data behind their count: as much as was asked for and fits. */
static uint8_t *data_room(struct p9_writer *out, uint32_t *count)
{
    uint8_t *at = out->at + 4;
    size_t room = (size_t)(out->end - at);

    if (*count > room)
        *count = (uint32_t)room;
    return at;
}

static void data_end(struct p9_writer *out, uint32_t count)
{
    p9_write_u32(out, count);
    out->at += count;
}

P9_HANDLER(p9_read)
{
    struct p9_fid *fid;
    struct p9_open *open = fid_opened(s, p9_read_u32(in), &fid);
    uint64_t offset = p9_read_u64(in);
    uint32_t count = p9_read_u32(in);
    uint8_t *at = data_room(out, &count);
    ssize_t n;

    if (!is_read(in) || offset > INT64_MAX)
        return EINVAL;
    if (!open || open->kind == OPEN_XATTR_WRITE)
        return EBADF;
    if (open->kind == OPEN_XATTR_READ)
        return xattr_read(open, offset, count, out);
    do
        n = pread(open->fd, at, count, (off_t)offset);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno;
    data_end(out, (uint32_t)n);
    return 0;
}

P9_HANDLER(p9_write)
{
    struct p9_fid *fid;
    struct p9_open *open = fid_opened(s, p9_read_u32(in), &fid);
    uint64_t offset = p9_read_u64(in);
    uint32_t count;
    const uint8_t *data = p9_read_data(in, &count);
    ssize_t n;
    int error;

    if (!is_read(in) || offset > INT64_MAX)
        return EINVAL;
    if (!open || open->kind == OPEN_XATTR_READ)
        return EBADF;
    if (open->kind == OPEN_XATTR_WRITE) {
        error = xattr_write(open, offset, data, count);
        n = count;
    } else {
        do
            n = pwrite(open->fd, data, count, (off_t)offset);
        while (n < 0 && errno == EINTR);
        error = n < 0 ? errno : 0;
    }
    p9_write_u32(out, (uint32_t)n);
    return error;
}

P9_HANDLER(p9_fsync)
{
    struct p9_fid *fid;
    struct p9_open *open = fid_opened(s, p9_read_u32(in), &fid);
    uint32_t data_only = p9_read_u32(in);

    (void)out;
    if (!is_read(in))
        return EINVAL;
    if (!open || open->kind != OPEN_FILE)
        return EBADF;
    return (data_only ? fdatasync : fsync)(open->fd) < 0 ? errno : 0;
}

/* --- directories -------------------------------------------------------------- */

/* struct linux_dirent64 of getdents64(2), whose records lie unaligned here:
 * d_ino[8] d_off[8] d_reclen[2] d_type[1] d_name, NUL */
enum { DIRENT_OFFSET = 8, DIRENT_LENGTH = 16, DIRENT_TYPE = 18,
       DIRENT_NAME = 19, DIRENT_MIN = 24 };
/* qid[13] offset[8] type[1] name[s] */
enum { ENTRY_FIXED = P9_QID_BYTES + 8 + 1 + 2 };

/*
 * An entry of Rreaddir takes 24 bytes and the name; one of getdents64() takes
 * 20 and the name, rounded up to 8, at least 24. So six sevenths of the room
 * are never too many, and no entry that was fetched is ever left over: a
 * directory is read on without a seek, which some file systems answer
 * inexactly while entries are being removed.
 *
 * The records are put at the end of the room and converted from there to its
 * start: what has been written ends at or before the next record.
 */
static uint32_t records_room(uint32_t count)
{
    return count / (ENTRY_FIXED + 4) * DIRENT_MIN;
}

struct entry {
    uint64_t inode, offset;
    uint16_t record_bytes;
    uint8_t type;
    const uint8_t *name;
};

static void read_record(const uint8_t *record, struct entry *e)
{
    memcpy(&e->inode, record, 8);
    memcpy(&e->offset, record + DIRENT_OFFSET, 8);
    memcpy(&e->record_bytes, record + DIRENT_LENGTH, 2);
    e->type = record[DIRENT_TYPE];
    e->name = record + DIRENT_NAME;
}

/* The parent of the export is none of the client's business. */
static uint64_t entry_path(const struct p9_node *dir, const struct entry *e)
{
    return dir->is_root && !strcmp((const char *)e->name, "..") ?
        dir->path : e->inode;
}

static void write_entry(struct p9_writer *out, const struct p9_node *dir,
                        const struct entry *e)
{
    size_t length = strlen((const char *)e->name);
    struct p9_qid qid = {
        e->type == DT_DIR ? P9_QTDIR :
        e->type == DT_LNK ? P9_QTSYMLINK : P9_QTFILE, 0, entry_path(dir, e)
    };

    /* the name first: the rest may overwrite where it was */
    memmove(out->at + ENTRY_FIXED, e->name, length);
    p9_write_qid(out, &qid);
    p9_write_u64(out, e->offset);
    p9_write_u8(out, e->type);
    p9_write_u16(out, (uint16_t)length);
    out->at += length;
}

static ssize_t fetch_records(struct p9_open *open, uint64_t offset,
                             uint8_t *at, uint32_t room)
{
    if (offset != open->offset &&
        lseek(open->fd, (off_t)offset, SEEK_SET) < 0)
        return -1;
    open->offset = offset;
    return syscall(SYS_getdents64, open->fd, at, room);
}

P9_HANDLER(p9_readdir)
{
    struct p9_fid *fid;
    struct p9_open *open = fid_opened(s, p9_read_u32(in), &fid);
    uint64_t offset = p9_read_u64(in);
    uint32_t count = p9_read_u32(in), room;
    uint8_t *at = data_room(out, &count);
    struct p9_writer entries = { at, at, at + count, false };
    const uint8_t *record, *end;
    struct entry e;
    ssize_t n;

    if (!is_read(in) || offset > INT64_MAX)
        return EINVAL;
    if (!open || open->kind != OPEN_FILE)
        return EBADF;
    if (node_of(s, fid)->kind != KIND_DIRECTORY)
        return ENOTDIR;
    room = records_room(count);
    n = fetch_records(open, offset, at + count - room, room);
    if (n < 0)
        return errno;
    record = at + count - room;
    for (end = record + n; record < end; record += e.record_bytes) {
        read_record(record, &e);
        write_entry(&entries, node_of(s, fid), &e);
        open->offset = e.offset;
    }
    data_end(out, (uint32_t)(entries.at - at));
    return 0;
}
