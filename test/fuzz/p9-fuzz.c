/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libFuzzer target: a 9P server on a directory of its own, given sequences of
 * requests. An input byte chooses the request, the next ones its members: fids
 * from a few numbers, names from a few that exist and from the input; or the
 * request's bytes are the input's as they are, headers that lie included.
 *
 * What must hold: each answer is one to its request and within msize; nothing
 * beside the directory changes or is read; nothing is left after a reset.
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/securebits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test/unit/isolate.h"
#include "xl-oci/9p/message.h"
#include "xl-oci/9p/server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* f: fid, n: name, b w d q: numbers, D: data with their count, N: names with
 * their count, s: any string */
static const struct { uint8_t type; bool changes; const char *members; }
    shapes[] = {
    { P9_TWALK, false, "ffN" }, { P9_TWALK, false, "ffN" },
    { P9_TCLUNK, true, "f" }, { P9_TLOPEN, true, "fd" },
    { P9_TLCREATE, true, "fnddd" }, { P9_TSYMLINK, true, "fnnd" },
    { P9_TMKNOD, true, "fndddd" }, { P9_TREADLINK, false, "f" },
    { P9_TGETATTR, false, "fq" }, { P9_TSETATTR, true, "fddddqqqqq" },
    { P9_TXATTRWALK, false, "ffx" }, { P9_TXATTRCREATE, true, "fxqd" },
    { P9_TREADDIR, false, "fqd" }, { P9_TFSYNC, false, "fd" },
    { P9_TLOCK, false, "fbdqqds" }, { P9_TGETLOCK, false, "fbqqds" },
    { P9_TLINK, true, "ffn" }, { P9_TMKDIR, true, "fndd" },
    { P9_TRENAMEAT, true, "fnfn" }, { P9_TUNLINKAT, true, "fnd" },
    { P9_TVERSION, false, "dv" }, { P9_TATTACH, false, "fgssd" },
    { P9_TFLUSH, false, "w" }, { P9_TREAD, false, "fqd" },
    { P9_TWRITE, true, "fqD" }, { P9_TREMOVE, false, "f" },
    { P9_TSTATFS, false, "f" }, { P9_TRENAME, false, "ffn" },
    { P9_TAUTH, false, "fssd" },
};
enum { SHAPE_COUNT = sizeof(shapes) / sizeof(shapes[0]) };

static const char *const names[] = {
    "file", "dir", "link", "fifo", "up", "new", "other", "..", ".", "", "/",
    "dir/file", "../outside", "secret", "/etc/passwd", "device",
};
static const char *const xattr_names[] = {
    "", "user.a", "user.b", "security.capability", "system.posix_acl_access",
    "system.posix_acl_default", "trusted.x", "security.selinux",
};

static struct p9_server *server;
static char base[] = "/dev/shm/p9-fuzz-XXXXXX"; /* a tmpfs */
static char export_path[64], outside_path[64];
static struct stat outside_then, secret_then;
static uint8_t *reply; /* of msize bytes exactly, for ASan */

struct input { const uint8_t *at, *end; };

static uint64_t take(struct input *in, size_t size_bytes)
{
    uint64_t value = 0;

    while (size_bytes--)
        value = value << 8 | (in->at < in->end ? *in->at++ : 0);
    return value;
}

/* Mostly small numbers, sometimes any. */
static uint64_t take_number(struct input *in, size_t size_bytes)
{
    uint64_t first = take(in, 1);

    return first < 0xe0 ? first : take(in, size_bytes);
}

static void put_raw(struct p9_writer *w, struct input *in, size_t count)
{
    while (count--)
        p9_write_u8(w, (uint8_t)take(in, 1));
}

static void put_name(struct p9_writer *w, struct input *in,
                     const char *const *known, size_t known_count)
{
    size_t first = take(in, 1), length;

    if (first < 0xc0) {
        first %= known_count;
        p9_write_string(w, known[first], strlen(known[first]));
        return;
    }
    length = first & 7 ? first & 0x1f : (size_t)take(in, 1) * 2;
    p9_write_u16(w, (uint16_t)length);
    put_raw(w, in, length);
}

static void put_names(struct p9_writer *w, struct input *in)
{
    uint16_t count = (uint16_t)(take(in, 1) % 18);

    p9_write_u16(w, count);
    while (count--)
        put_name(w, in, names, 16);
}

static void put_member(struct p9_writer *w, struct input *in, char kind)
{
    uint32_t count;

    switch (kind) {
    case 'f': p9_write_u32(w, (uint32_t)take_number(in, 4) % 12); break;
    case 'g': p9_write_u32(w, take(in, 1) ? P9_NOFID : 1); break;
    case 'n': put_name(w, in, names, 16); break;
    case 'x': put_name(w, in, xattr_names, 8); break;
    case 's': put_name(w, in, names, 16); break;
    case 'v': p9_write_string(w, P9_VERSION, take(in, 1) ? 8 : 7); break;
    case 'N': put_names(w, in); break;
    case 'b': p9_write_u8(w, (uint8_t)take(in, 1)); break;
    case 'w': p9_write_u16(w, (uint16_t)take(in, 2)); break;
    case 'd': p9_write_u32(w, (uint32_t)take_number(in, 4)); break;
    case 'q': p9_write_u64(w, take_number(in, 8)); break;
    case 'D':
        count = (uint32_t)take(in, 1);
        p9_write_u32(w, count);
        put_raw(w, in, count);
        break;
    }
}

/* A request whose members are of the right kinds, or any bytes. */
static size_t make_request(struct input *in, uint8_t *bytes, size_t room,
                           bool *changes)
{
    struct p9_writer w = p9_writer_into(bytes, room);
    uint8_t choice = (uint8_t)take(in, 1);
    const char *member;
    size_t size;

    *changes = true;
    if (choice >= 0xe0) {
        put_raw(&w, in, (size_t)take(in, 1));
        size = p9_write_end(&w, (uint8_t)take(in, 1), (uint16_t)take(in, 2));
        if (choice >= 0xf8) /* the size lies, or the message is cut */
            bytes[take(in, 1) % 4] ^= (uint8_t)take(in, 1);
        return choice >= 0xfc ? size - take(in, 1) % (size + 1) : size;
    }
    *changes = shapes[choice % SHAPE_COUNT].changes;
    for (member = shapes[choice % SHAPE_COUNT].members; *member; member++)
        put_member(&w, in, *member);
    return p9_write_end(&w, shapes[choice % SHAPE_COUNT].type,
                        (uint16_t)take(in, 1));
}

static void die(const char *why)
{
    fprintf(stderr, "%s\n", why);
    abort();
}

static void check_reply(const uint8_t *request, size_t size, size_t got)
{
    struct p9_header q, a;

    if (!p9_read_header(request, size, &q)) {
        if (got)
            die("an answer to nothing");
        return;
    }
    if (!p9_read_header(reply, got, &a) || a.size_bytes != got ||
        got > p9_server_msize(server) || a.tag != q.tag ||
        (a.type != P9_RLERROR && a.type != q.type + 1))
        die("an answer that is none");
}

static void check_outside(void)
{
    struct stat now;
    char path[80];

    if (stat(outside_path, &now) ||
        memcmp(&now.st_mtim, &outside_then.st_mtim, sizeof(now.st_mtim)) ||
        memcmp(&now.st_ctim, &outside_then.st_ctim, sizeof(now.st_ctim)))
        die("the directory outside was changed");
    snprintf(path, sizeof(path), "%s/secret", outside_path);
    if (stat(path, &now) || now.st_nlink != 1 ||
        memcmp(&now.st_ctim, &secret_then.st_ctim, sizeof(now.st_ctim)) ||
        memcmp(&now.st_atim, &secret_then.st_atim, sizeof(now.st_atim)))
        die("the file outside was read or changed");
}

static void empty_directory(int fd)
{
    DIR *dir = fdopendir(fd);
    struct dirent *d;

    while (dir && (d = readdir(dir))) {
        int inner;

        if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
            continue;
        if (!unlinkat(dirfd(dir), d->d_name, 0))
            continue;
        inner = openat(dirfd(dir), d->d_name, O_RDONLY | O_DIRECTORY);
        if (inner >= 0)
            empty_directory(inner);
        unlinkat(dirfd(dir), d->d_name, AT_REMOVEDIR);
    }
    closedir(dir);
}

static void clean_up(void)
{
    empty_directory(open(base, O_RDONLY | O_DIRECTORY));
    rmdir(base);
}

static void populate(void)
{
    int dir = open(export_path, O_RDONLY | O_DIRECTORY);
    int fd;

    fchmod(dir, 0755);
    fd = openat(dir, "file", O_CREAT | O_WRONLY, 0644);
    if (fd < 0 || write(fd, "contents", 8) != 8)
        die("populate");
    close(fd);
    mkdirat(dir, "dir", 0755);
    symlinkat("../outside/secret", dir, "link");
    symlinkat("..", dir, "up");
    mkfifoat(dir, "fifo", 0666);
    mknodat(dir, "device", S_IFCHR | 0666, (dev_t)0x103);
    close(dir);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    char path[4096];
    struct p9_settings settings = { .fid_max = 64, .open_max = 16 };
    int fd;

    (void)argc;
    (void)argv;
    /* where libFuzzer keeps its corpus */
    isolate((const char *const []){ "/dev/shm", getcwd(path, sizeof(path)),
                                    NULL });
    if (!mkdtemp(base))
        die("mkdtemp");
    atexit(clean_up);
    umask(0);
    /* as in the jail: setfsuid() takes no capability away */
    prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP);
    snprintf(export_path, sizeof(export_path), "%s/export", base);
    snprintf(outside_path, sizeof(outside_path), "%s/outside", base);
    snprintf(path, sizeof(path), "%s/secret", outside_path);
    mkdir(export_path, 0755);
    mkdir(outside_path, 0755);
    fd = open(path, O_CREAT | O_WRONLY, 0644);
    if (fd < 0 || write(fd, "secret", 6) != 6)
        die("secret");
    close(fd);
    stat(outside_path, &outside_then);
    stat(path, &secret_then);
    populate();
    fd = open(export_path, O_PATH | O_DIRECTORY);
    server = p9_server_new(fd, &settings);
    reply = malloc(P9_MSIZE_MAX);
    return !server || !reply;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t attach[] = { /* fid 0 */
        23, 0, 0, 0, P9_TATTACH, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff,
        0, 0, 0, 0, 0, 0, 0, 0,
    };
    struct input in = { data, data + size };
    struct p9_usage usage;
    bool is_changed = false;
    int left = 200;

    if (!p9_server_handle(server, attach, sizeof(attach), reply, P9_MSIZE_MAX)
        || reply[4] == P9_RLERROR)
        die("attach");
    while (in.at < in.end && left--) {
        uint8_t bytes[8192];
        bool changes;
        size_t length = make_request(&in, bytes, sizeof(bytes), &changes);
        uint8_t *request = malloc(length ? length : 1);
        size_t got;

        memcpy(request, bytes, length);
        got = p9_server_handle(server, request, length, reply, P9_MSIZE_MAX);
        check_reply(request, length, got);
        is_changed |= changes && got && reply[4] != P9_RLERROR;
        free(request);
    }
    p9_server_reset(server);
    p9_server_usage(server, &usage);
    if (usage.fids || usage.descriptors || usage.open_files || usage.locks ||
        usage.xattr_bytes)
        die("something is left");
    check_outside();
    if (is_changed) {
        empty_directory(open(export_path, O_RDONLY | O_DIRECTORY));
        populate();
    }
    return 0;
}
