/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tables of fids, inodes and open files. Their memory is reserved once
 * and touched as it is used; no request allocates.
 */
#include "internal.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

static void *reserve(size_t count, size_t size_bytes)
{
    void *p = mmap(NULL, count * size_bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return p == MAP_FAILED ? NULL : p;
}

static void release(void *p, size_t count, size_t size_bytes)
{
    if (p)
        munmap(p, count * size_bytes);
}

/* Files that are open, and as many fids of attributes again. */
static uint32_t open_capacity(const struct p9_server *s)
{
    return s->settings.open_max * 2 + 1;
}

int fids_init(struct p9_server *s)
{
    uint32_t slots = 64;

    while (slots < s->settings.fid_max + s->settings.fid_max / 2)
        slots *= 2;
    s->slot_mask = slots - 1;
    if (getrandom(&s->seed, sizeof(s->seed), 0) < 0)
        return errno;
    s->fids = reserve(slots, sizeof(*s->fids));
    s->nodes = reserve(s->settings.fid_max + 2, sizeof(*s->nodes));
    s->opens = reserve(open_capacity(s), sizeof(*s->opens));
    s->owners = reserve(P9_LOCK_OWNERS_MAX, sizeof(*s->owners));
    s->scratch = reserve(P9_XATTR_MAX, 1);
    return s->fids && s->nodes && s->opens && s->owners && s->scratch ?
        0 : ENOMEM;
}

void fids_free(struct p9_server *s)
{
    release(s->fids, (size_t)s->slot_mask + 1, sizeof(*s->fids));
    release(s->nodes, s->settings.fid_max + 2, sizeof(*s->nodes));
    release(s->opens, open_capacity(s), sizeof(*s->opens));
    release(s->owners, P9_LOCK_OWNERS_MAX, sizeof(*s->owners));
    release(s->scratch, P9_XATTR_MAX, 1);
}

void fids_clear(struct p9_server *s)
{
    uint32_t i;

    /* removing one moves others into its slot */
    for (i = 0; s->usage.fids && i <= s->slot_mask; i++)
        while (s->fids[i].node)
            fid_remove(s, &s->fids[i]);
}

/*
 * Linux numbers its fids densely from 0: 64 neighbours lie side by side, which
 * touches few pages. Where a group of 64 lies depends on the seed, so that a
 * client cannot choose numbers that collide.
 */
static uint32_t home(const struct p9_server *s, uint32_t number)
{
    uint32_t group = (number >> 6) ^ s->seed;

    group = (group ^ group >> 16) * 0x7feb352du;
    group = (group ^ group >> 15) * 0x846ca68bu;
    group ^= group >> 16;
    return (group << 6 | (number & 63)) & s->slot_mask;
}

struct p9_fid *fid_find(struct p9_server *s, uint32_t number)
{
    uint32_t i;

    for (i = home(s, number); s->fids[i].node; i = (i + 1) & s->slot_mask)
        if (s->fids[i].number == number)
            return &s->fids[i];
    return NULL;
}

struct p9_node *node_of(const struct p9_server *s, const struct p9_fid *fid)
{
    return &s->nodes[fid->node];
}

struct p9_open *open_of(const struct p9_server *s, const struct p9_fid *fid)
{
    return fid->open ? &s->opens[fid->open] : NULL;
}

struct p9_fid *fid_of_file(struct p9_server *s, uint32_t number)
{
    struct p9_fid *fid = fid_find(s, number);

    return fid && (!fid->open || open_of(s, fid)->kind == OPEN_FILE) ?
        fid : NULL;
}

struct p9_fid *fid_of_directory(struct p9_server *s, uint32_t number,
                                int *error)
{
    struct p9_fid *fid = fid_of_file(s, number);

    *error = !fid ? EBADF :
        node_of(s, fid)->kind != KIND_DIRECTORY ? ENOTDIR : 0;
    return *error ? NULL : fid;
}

struct p9_open *fid_opened(struct p9_server *s, uint32_t number,
                           struct p9_fid **fid)
{
    *fid = fid_find(s, number);
    return *fid ? open_of(s, *fid) : NULL;
}

int fid_add(struct p9_server *s, uint32_t number, uint32_t node, uint32_t uid)
{
    uint32_t i;

    if (number == P9_NOFID || fid_find(s, number))
        return EINVAL;
    if (s->usage.fids >= s->settings.fid_max)
        return ENFILE;
    for (i = home(s, number); s->fids[i].node; i = (i + 1) & s->slot_mask)
        ;
    s->fids[i] = (struct p9_fid){ number, node, 0, uid };
    s->usage.fids++;
    return 0;
}

/* Fills the gap, so that every fid is found from its home on. */
static void close_gap(struct p9_server *s, uint32_t gap)
{
    uint32_t i = gap;

    for (;;) {
        i = (i + 1) & s->slot_mask;
        if (!s->fids[i].node)
            break;
        if (((i - home(s, s->fids[i].number)) & s->slot_mask) <
            ((i - gap) & s->slot_mask))
            continue;
        s->fids[gap] = s->fids[i];
        gap = i;
    }
    s->fids[gap].node = 0;
}

void fid_remove(struct p9_server *s, struct p9_fid *fid)
{
    if (fid->open)
        open_remove(s, fid);
    node_unref(s, fid->node);
    close_gap(s, (uint32_t)(fid - s->fids));
    s->usage.fids--;
}

uint32_t node_new(struct p9_server *s, int fd, const struct p9_qid *qid,
                  enum p9_kind kind)
{
    uint32_t i = s->node_free;

    if (i) {
        s->node_free = (uint32_t)s->nodes[i].fd;
    } else if (s->node_used <= s->settings.fid_max) {
        i = ++s->node_used;
    } else {
        if (fd >= 0)
            close(fd);
        return 0;
    }
    s->nodes[i] = (struct p9_node){
        .path = qid->path, .version = qid->version, .refs = 1, .fd = fd,
        .kind = (uint8_t)kind,
    };
    s->usage.descriptors += fd >= 0;
    return i;
}

void node_unref(struct p9_server *s, uint32_t node)
{
    struct p9_node *n = &s->nodes[node];

    if (--n->refs)
        return;
    if (n->fd >= 0) {
        close(n->fd);
        s->usage.descriptors--;
    }
    n->fd = (int)s->node_free;
    s->node_free = node;
}

struct p9_open *open_new(struct p9_server *s, struct p9_fid *fid,
                         enum p9_open_kind kind)
{
    uint32_t i = s->open_free;

    if (kind == OPEN_FILE && s->usage.open_files >= s->settings.open_max)
        return NULL;
    if (i)
        s->open_free = (uint32_t)s->opens[i].fd;
    else if (s->open_used + 1 < open_capacity(s))
        i = ++s->open_used;
    else
        return NULL;
    s->opens[i] = (struct p9_open){ .fd = -1, .kind = (uint8_t)kind };
    s->usage.open_files += kind == OPEN_FILE;
    fid->open = i;
    return &s->opens[i];
}

void open_remove(struct p9_server *s, struct p9_fid *fid)
{
    struct p9_open *open = open_of(s, fid);

    if (open->has_locks)
        locks_drop(s, fid->number);
    if (open->kind == OPEN_FILE)
        s->usage.open_files--;
    else
        xattr_free(s, open);
    if (open->fd >= 0) {
        close(open->fd);
        s->usage.descriptors--;
    }
    open->kind = OPEN_FREE;
    open->fd = (int)s->open_free;
    s->open_free = fid->open;
    fid->open = 0;
}

int fid_descriptor(const struct p9_server *s, const struct p9_fid *fid)
{
    int fd = node_of(s, fid)->fd;

    return fd >= 0 ? fd : open_of(s, fid)->fd;
}
