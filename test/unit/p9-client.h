/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A raw client of the 9P server, for its tests: it sends what it is told, sane
 * or not. Include in one .c each.
 *
 * call(TYPE, FORMAT, ...) sends a request and keeps the answer; FORMAT has
 * b, w, d, q for numbers of 1, 2, 4, 8 bytes, s for a C string, S for a
 * length and text, D for data with its count before it. It returns 0 or the
 * error of Rlerror; `answer` then reads the answer.
 */
#ifndef TEST_P9_CLIENT_H
#define TEST_P9_CLIENT_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/securebits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "isolate.h"
#include "xl-oci/9p/message.h"
#include "xl-oci/9p/server.h"

#define MAY_BE_UNUSED __attribute__((unused))
#define ROOT_FID 0u

static struct p9_server *server;
static uint8_t request[P9_MSIZE_MAX + 64], reply[P9_MSIZE_MAX];
static struct p9_reader answer;
static char scratch[64]; /* a directory of the test's own */
static char outside_of[96], export_of[96];

static void put_format(struct p9_writer *w, const char *format, va_list ap)
{
    for (; *format; format++)
        switch (*format) {
        case 'b': p9_write_u8(w, (uint8_t)va_arg(ap, int)); break;
        case 'w': p9_write_u16(w, (uint16_t)va_arg(ap, int)); break;
        case 'd': p9_write_u32(w, va_arg(ap, uint32_t)); break;
        case 'q': p9_write_u64(w, va_arg(ap, uint64_t)); break;
        case 's': {
            const char *text = va_arg(ap, const char *);

            p9_write_string(w, text, strlen(text));
            break;
        }
        case 'S': {
            size_t length = va_arg(ap, size_t);

            p9_write_string(w, va_arg(ap, const char *), length);
            break;
        }
        case 'D': {
            uint32_t count = va_arg(ap, uint32_t);
            const void *data = va_arg(ap, const void *);

            p9_write_u32(w, count);
            if (count <= (size_t)(w->end - w->at)) {
                memcpy(w->at, data, count);
                w->at += count;
            }
            break;
        }
        }
}

/* 0, the error of Rlerror, or -1 for an answer that is none to the request. */
static int read_answer(uint8_t type, uint16_t tag, size_t size)
{
    struct p9_header header;

    if (!p9_read_header(reply, size, &header) || header.size_bytes != size ||
        size > p9_server_msize(server) || header.tag != tag)
        return -1;
    answer = p9_reader_of(reply, size);
    if (header.type == P9_RLERROR) {
        uint32_t error = p9_read_u32(&answer);

        return answer.failed || answer.at != answer.end || !error ? -1 :
            (int)error;
    }
    return header.type == type + 1 ? 0 : -1;
}

MAY_BE_UNUSED
static int call(uint8_t type, const char *format, ...)
{
    struct p9_writer w = p9_writer_into(request, sizeof(request));
    static uint16_t tag;
    size_t size;
    va_list ap;

    va_start(ap, format);
    put_format(&w, format, ap);
    va_end(ap);
    tag++;
    size = p9_write_end(&w, type, tag);
    return read_answer(type, tag, p9_server_handle(server, request, size, reply,
                                                   sizeof(reply)));
}

/* --- requests as Linux sends them; 0 or the error --------------------------------- */

MAY_BE_UNUSED
static int do_attach(uint32_t fid, uint32_t uid)
{
    return call(P9_TATTACH, "ddssd", fid, P9_NOFID, "", "", uid);
}

MAY_BE_UNUSED
static int do_walk1(uint32_t fid, uint32_t newfid, const char *name)
{
    return call(P9_TWALK, "ddws", fid, newfid, 1, name);
}

/* A path of several names, walked from the root one by one. */
MAY_BE_UNUSED
static int do_path(uint32_t newfid, const char *path)
{
    char copy[4096], *name, *state = NULL;
    int error = call(P9_TWALK, "ddw", ROOT_FID, newfid, 0);

    snprintf(copy, sizeof(copy), "%s", path);
    for (name = strtok_r(copy, "/", &state); name && !error;
         name = strtok_r(NULL, "/", &state)) {
        error = do_walk1(newfid, newfid, name);
        if (error)
            call(P9_TCLUNK, "d", newfid);
    }
    return error;
}

MAY_BE_UNUSED
static int do_clunk(uint32_t fid)
{
    return call(P9_TCLUNK, "d", fid);
}

MAY_BE_UNUSED
static int do_open(uint32_t fid, uint32_t flags)
{
    return call(P9_TLOPEN, "dd", fid, flags);
}

MAY_BE_UNUSED
static int do_create(uint32_t fid, const char *name, uint32_t flags,
                     uint32_t mode)
{
    return call(P9_TLCREATE, "dsddd", fid, name, flags, mode, 0u);
}

MAY_BE_UNUSED
static int do_write(uint32_t fid, uint64_t offset, const void *data,
                    uint32_t count, uint32_t *written)
{
    int error = call(P9_TWRITE, "dqD", fid, offset, count, data);

    *written = error ? 0 : p9_read_u32(&answer);
    return error;
}

/* The data are at answer.at then. */
MAY_BE_UNUSED
static int do_read(uint32_t fid, uint64_t offset, uint32_t count,
                   uint32_t *got)
{
    int error = call(P9_TREAD, "dqd", fid, offset, count);

    *got = error ? 0 : p9_read_u32(&answer);
    return error;
}

struct attributes {
    uint64_t valid, nlink, rdev, size, blksize, blocks, atime, atime_ns, mtime,
             mtime_ns, ctime;
    struct p9_qid qid;
    uint32_t mode, uid, gid;
};

MAY_BE_UNUSED
static int do_getattr(uint32_t fid, struct attributes *a)
{
    int error = call(P9_TGETATTR, "dq", fid, UINT64_C(0x3fff));

    memset(a, 0, sizeof(*a));
    if (error)
        return error;
    a->valid = p9_read_u64(&answer);
    a->qid = p9_read_qid(&answer);
    a->mode = p9_read_u32(&answer);
    a->uid = p9_read_u32(&answer);
    a->gid = p9_read_u32(&answer);
    a->nlink = p9_read_u64(&answer);
    a->rdev = p9_read_u64(&answer);
    a->size = p9_read_u64(&answer);
    a->blksize = p9_read_u64(&answer);
    a->blocks = p9_read_u64(&answer);
    a->atime = p9_read_u64(&answer);
    a->atime_ns = p9_read_u64(&answer);
    a->mtime = p9_read_u64(&answer);
    a->mtime_ns = p9_read_u64(&answer);
    a->ctime = p9_read_u64(&answer);
    return 0;
}

struct change { uint32_t valid, mode, uid, gid;
                uint64_t size, atime, atime_ns, mtime, mtime_ns; };

MAY_BE_UNUSED
static int do_setattr(uint32_t fid, struct change c)
{
    return call(P9_TSETATTR, "dddddqqqqq", fid, c.valid, c.mode, c.uid, c.gid,
                c.size, c.atime, c.atime_ns, c.mtime, c.mtime_ns);
}

/* --- life -------------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *ftw)
{
    (void)st; (void)type; (void)ftw;
    return remove(path);
}

MAY_BE_UNUSED
static void scratch_remove(void)
{
    if (scratch[0])
        nftw(scratch, remove_one, 64, FTW_DEPTH | FTW_PHYS);
}

/* A scratch directory with export/ and, beside it, outside/secret. */
MAY_BE_UNUSED
static void scratch_make(void)
{
    const char *base = getenv("TMPDIR");
    const char *const writable[] = { base ? base : "/tmp", NULL };
    char path[128];
    int fd;

    isolate(writable);
    snprintf(scratch, sizeof(scratch), "%.40s/p9-XXXXXX",
             base ? base : "/tmp");
    if (!mkdtemp(scratch)) {
        perror(scratch);
        exit(1);
    }
    atexit(scratch_remove);
    umask(0);
    /* as in the jail: setfsuid() takes no capability away */
    if (!geteuid())
        prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP);
    snprintf(export_of, sizeof(export_of), "%s/export", scratch);
    snprintf(outside_of, sizeof(outside_of), "%s/outside", scratch);
    mkdir(export_of, 0755);
    mkdir(outside_of, 0755);
    snprintf(path, sizeof(path), "%s/secret", outside_of);
    fd = open(path, O_CREAT | O_WRONLY, 0644);
    if (fd < 0 || write(fd, "secret", 6) != 6)
        exit(1);
    close(fd);
}

MAY_BE_UNUSED
static long resident_kib(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    long total, resident = 0;

    if (f && fscanf(f, "%ld %ld", &total, &resident) != 2)
        resident = 0;
    if (f)
        fclose(f);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

MAY_BE_UNUSED
static int session_start(const struct p9_settings *settings)
{
    struct p9_settings none = { .read_only = false };
    int fd = open(export_of, O_PATH | O_DIRECTORY);

    server = p9_server_new(fd, settings ? settings : &none);
    close(fd);
    if (!server)
        return errno;
    if (call(P9_TVERSION, "ds", P9_MSIZE_MAX, P9_VERSION))
        return EPROTO;
    return do_attach(ROOT_FID, 0);
}

/* A path in the export, as the host has it; valid until the eighth next. */
MAY_BE_UNUSED
static const char *in_export(const char *name)
{
    static char paths[8][512];
    static unsigned int next;
    char *path = paths[next++ % 8];

    snprintf(path, sizeof(paths[0]), "%s/%s", export_of, name);
    return path;
}

#endif
