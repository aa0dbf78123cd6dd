/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tlock and Tgetlock: byte ranges, of POSIX.
 *
 * An owner of locks is a process of the guest on one file, however many fids
 * it has of it. Each owner has an open file description of its own with the
 * locks of fcntl(2) F_OFD_SETLK, so that the kernel decides all conflicts:
 * among the processes of one guest, with other guests that have the directory
 * from other servers, and with what runs in Dom0.
 *
 * Nothing waits: Linux asks again (mount option locktimeout).
 */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { TYPE_READ, TYPE_WRITE, TYPE_NONE };                /* P9_LOCK_TYPE_* */
enum { STATUS_SUCCESS, STATUS_BLOCKED, STATUS_ERROR };    /* P9_LOCK_* */

struct lock_request {
    struct p9_fid *fid;
    struct p9_open *open;
    uint8_t type;
    uint64_t start, length;
    uint32_t process;
};

static struct p9_lock_owner *owner_find(struct p9_server *s, uint64_t path,
                                        uint32_t process)
{
    uint32_t i;

    for (i = 0; i < s->usage.locks; i++)
        if (s->owners[i].path == path && s->owners[i].process == process)
            return &s->owners[i];
    return NULL;
}

static void owner_remove(struct p9_server *s, struct p9_lock_owner *owner)
{
    close(owner->fd);
    s->usage.descriptors--;
    *owner = s->owners[--s->usage.locks];
}

/* Writable where possible: flock(2) on a file that is open for reading only
 * takes write locks too, and arrives as any other. */
static int open_for_locks(struct p9_server *s, const struct p9_fid *fid)
{
    int fd = s->settings.read_only ? -1 :
        reopen(s, fid_descriptor(s, fid), O_RDWR);

    return fd < 0 ? reopen(s, fid_descriptor(s, fid), O_RDONLY) : fd;
}

static struct p9_lock_owner *owner_add(struct p9_server *s,
                                       const struct lock_request *r)
{
    struct p9_lock_owner *owner = &s->owners[s->usage.locks];

    if (s->usage.locks == P9_LOCK_OWNERS_MAX)
        return NULL;
    owner->fd = open_for_locks(s, r->fid);
    if (owner->fd < 0)
        return NULL;
    owner->path = node_of(s, r->fid)->path;
    owner->process = r->process;
    s->usage.locks++;
    s->usage.descriptors++;
    return owner;
}

void locks_drop(struct p9_server *s, uint32_t fid)
{
    uint32_t i = s->usage.locks;

    while (i--)
        if (s->owners[i].fid == fid)
            owner_remove(s, &s->owners[i]);
}

static int check(struct p9_server *s, uint32_t number, struct lock_request *r)
{
    if (r->start > INT64_MAX || r->length > INT64_MAX ||
        r->start + r->length > (uint64_t)INT64_MAX + 1 ||
        r->type > TYPE_NONE)
        return EINVAL;
    r->open = fid_opened(s, number, &r->fid);
    if (!r->open || r->open->kind != OPEN_FILE)
        return EBADF;
    return node_of(s, r->fid)->kind == KIND_FILE ? 0 : EINVAL;
}

static struct flock to_flock(const struct lock_request *r)
{
    static const short types[] = { F_RDLCK, F_WRLCK, F_UNLCK };
    struct flock lock = {
        .l_type = types[r->type], .l_whence = SEEK_SET,
        .l_start = (off_t)r->start, .l_len = (off_t)r->length,
    };

    return lock;
}

static uint8_t set_lock(struct p9_server *s, const struct lock_request *r)
{
    struct p9_lock_owner *owner =
        owner_find(s, node_of(s, r->fid)->path, r->process);
    struct flock lock = to_flock(r);
    bool is_new = !owner;

    if (is_new && r->type == TYPE_NONE)
        return STATUS_SUCCESS;
    if (is_new)
        owner = owner_add(s, r);
    if (!owner)
        return STATUS_ERROR;
    if (fcntl(owner->fd, F_OFD_SETLK, &lock) < 0) {
        uint8_t status = errno == EAGAIN || errno == EACCES ?
            STATUS_BLOCKED : STATUS_ERROR;

        if (is_new)
            owner_remove(s, owner);
        return status;
    }
    if (r->type != TYPE_NONE) {
        owner->fid = r->fid->number;
        r->open->has_locks = true;
    } else if (!r->start && !r->length) {
        owner_remove(s, owner);
    }
    return STATUS_SUCCESS;
}

P9_HANDLER(p9_lock)
{
    uint32_t number = p9_read_u32(in);
    struct lock_request r = { .type = p9_read_u8(in) };
    int error;

    p9_read_u32(in); /* flags: whether the client will ask again */
    r.start = p9_read_u64(in);
    r.length = p9_read_u64(in);
    r.process = p9_read_u32(in);
    p9_read_string(in); /* of the client: there is one */
    if (!is_read(in))
        return EINVAL;
    error = check(s, number, &r);
    if (!error)
        p9_write_u8(out, set_lock(s, &r));
    return error;
}

/*
 * Linux 6.12 sends TYPE_NONE as type whatever was asked (v9fs_file_getlock()):
 * then any lock of another one is told. Locks within the guest it knows
 * itself and does not ask for; those of others have no process number there.
 */
static int get_lock(struct p9_server *s, struct lock_request *r)
{
    static const uint8_t types[] = {
        [F_RDLCK] = TYPE_READ, [F_WRLCK] = TYPE_WRITE, [F_UNLCK] = TYPE_NONE
    };
    struct p9_lock_owner *owner =
        owner_find(s, node_of(s, r->fid)->path, r->process);
    struct flock lock = to_flock(r);

    if (r->type == TYPE_NONE)
        lock.l_type = F_WRLCK;
    if (fcntl(owner ? owner->fd : r->open->fd, F_OFD_GETLK, &lock) < 0)
        return errno;
    r->type = types[lock.l_type];
    if (r->type == TYPE_NONE)
        return 0;
    r->start = (uint64_t)lock.l_start;
    r->length = (uint64_t)lock.l_len;
    r->process = 0;
    return 0;
}

P9_HANDLER(p9_getlock)
{
    uint32_t number = p9_read_u32(in);
    struct lock_request r = { .type = p9_read_u8(in) };
    struct p9_string client;
    int error;

    r.start = p9_read_u64(in);
    r.length = p9_read_u64(in);
    r.process = p9_read_u32(in);
    client = p9_read_string(in);
    if (!is_read(in))
        return EINVAL;
    error = check(s, number, &r);
    if (!error)
        error = get_lock(s, &r);
    if (error)
        return error;
    p9_write_u8(out, r.type);
    p9_write_u64(out, r.start);
    p9_write_u64(out, r.length);
    p9_write_u32(out, r.process);
    p9_write_string(out, client.text, client.length);
    return out->failed ? EMSGSIZE : 0;
}
