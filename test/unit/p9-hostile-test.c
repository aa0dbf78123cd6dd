/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hostile client of the 9P server, in three ways: what it asks for, what
 * the directory holds or becomes meanwhile, and messages that are none. Beside
 * the export lies outside/secret; at the end it must not even have been read.
 */
#include "tap.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "p9-client.h"

#define SECONDS_OF_RACE 2

static struct stat secret_then, outside_then;
static char secret_of[128];
static int descriptors_then;
static long resident_then;

static int count_descriptors(void)
{
    int fd, count = 0;

    for (fd = 0; fd < 2048; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void remember(void)
{
    struct timespec times[2] = { { .tv_sec = 1000 }, { .tv_sec = 2000 } };

    snprintf(secret_of, sizeof(secret_of), "%s/secret", outside_of);
    /* a file that was not read since it was written: reading it shows, with
     * relatime too */
    utimensat(AT_FDCWD, secret_of, times, 0);
    stat(secret_of, &secret_then);
    stat(outside_of, &outside_then);
}

static bool same_times(const struct stat *a, const struct stat *b)
{
    return !memcmp(&a->st_mtim, &b->st_mtim, sizeof(a->st_mtim)) &&
        !memcmp(&a->st_ctim, &b->st_ctim, sizeof(a->st_ctim)) &&
        !memcmp(&a->st_atim, &b->st_atim, sizeof(a->st_atim));
}

static void is_untouched(const char *when)
{
    struct stat st;

    ok(!stat(secret_of, &st) && same_times(&st, &secret_then) &&
       st.st_nlink == 1 && st.st_size == 6 && st.st_mode == secret_then.st_mode
       && !stat(outside_of, &st) && same_times(&st, &outside_then),
       "nothing outside was read or changed: %s", when);
}

static void host_link(const char *target, const char *name)
{
    if (symlink(target, in_export(name)))
        exit(1);
}

static void populate(void)
{
    char root[512];

    mkdir(in_export("dir"), 0755);
    close(open(in_export("dir/inner"), O_CREAT | O_WRONLY, 0644));
    host_link(outside_of, "abs-dir");
    host_link("../outside", "rel-dir");
    host_link(secret_of, "abs-file");
    host_link("../outside/secret", "rel-file");
    host_link("../outside/new", "dangling");
    host_link("/proc/self/root", "magic-root");
    host_link("/proc/self/cwd", "magic-cwd");
    snprintf(root, sizeof(root), "/proc/%d/fd/0", (int)getpid());
    host_link(root, "magic-fd");
    host_link("loop", "loop");
    mkfifo(in_export("fifo"), 0666);
    mknod(in_export("device"), S_IFCHR | 0666, (dev_t)0x105);
}

/* --- names and links ---------------------------------------------------------------- */

static void test_names(void)
{
    static const char *const bad[] = {
        ".", "", "/", "a/b", "../outside", "/etc/passwd", "dir/inner", "dir/",
        "./dir", "dir/../..",
    };
    char long_name[256];
    struct attributes root, up;
    size_t i;
    int wrong = 0;

    memset(long_name, 'x', sizeof(long_name));
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        wrong += do_walk1(ROOT_FID, 1, bad[i]) != EINVAL;
        wrong += call(P9_TMKDIR, "dsdd", ROOT_FID, bad[i], 0755u, 0u) != EINVAL;
        wrong += call(P9_TUNLINKAT, "dsd", ROOT_FID, bad[i], 0u) != EINVAL;
        wrong += call(P9_TSYMLINK, "dssd", ROOT_FID, bad[i], "x", 0u) != EINVAL;
        wrong += call(P9_TRENAMEAT, "dsds", ROOT_FID, "dir", ROOT_FID, bad[i])
            != EINVAL;
        wrong += call(P9_TRENAMEAT, "dsds", ROOT_FID, bad[i], ROOT_FID, "x") !=
            EINVAL;
    }
    is_int(wrong, 0, "names that are paths are refused everywhere");
    is_int(call(P9_TWALK, "ddwS", ROOT_FID, 1u, 1, (size_t)5, "dir\0x"),
           EINVAL, "a NUL in a name");
    is_int(call(P9_TWALK, "ddwS", ROOT_FID, 1u, 1, (size_t)256, long_name),
           ENAMETOOLONG, "a name of 256 bytes");
    is_int(do_walk1(ROOT_FID, 1, ".."), 0, "the root's parent");
    do_getattr(ROOT_FID, &root);
    do_getattr(1, &up);
    ok(root.qid.path == up.qid.path, "is the root");
    is_int(do_walk1(1, 2, ".."), 0, "the parent of that");
    do_getattr(2, &up);
    ok(root.qid.path == up.qid.path, "too");
    do_clunk(1);
    do_clunk(2);
    do_path(1, "dir");
    is_int(do_walk1(1, 2, ".."), EINVAL, "another's parent");
    is_int(call(P9_TUNLINKAT, "dsd", 1u, "..", 0x200u), EINVAL, "removed");
    is_int(call(P9_TRENAMEAT, "dsds", 1u, "..", ROOT_FID, "x"), EINVAL,
           "renamed");
    is_int(call(P9_TWALK, "ddwsss", ROOT_FID, 2u, 3, "dir", "..", ".."), 0,
           "on a longer way");
    is_int(p9_read_u16(&answer), 1, "it ends before");
    do_clunk(1);
}

static void try_link(const char *name)
{
    struct attributes a;
    struct stat own;
    uint32_t n;
    int wrong = 0;

    lstat(in_export(name), &own);
    wrong += do_path(1, name) != 0;
    wrong += do_getattr(1, &a) != 0 || !S_ISLNK(a.mode) ||
        a.size != (uint64_t)own.st_size;
    wrong += do_walk1(1, 2, "secret") != ENOTDIR;
    wrong += do_walk1(1, 2, "..") != EINVAL;
    wrong += do_open(1, O_RDONLY) != ELOOP;
    wrong += do_open(1, O_RDWR | 01000) != ELOOP;
    wrong += do_read(1, 0, 10, &n) != EBADF;
    wrong += do_create(1, "x", O_RDWR, 0600) != ENOTDIR;
    wrong += call(P9_TMKDIR, "dsdd", 1u, "x", 0755u, 0u) != ENOTDIR;
    wrong += call(P9_TUNLINKAT, "dsd", 1u, "secret", 0u) != ENOTDIR;
    wrong += call(P9_TRENAMEAT, "dsds", ROOT_FID, "dir", 1u, "x") != ENOTDIR;
    wrong += do_setattr(1, (struct change){ .valid = 8, .size = 0 }) != EINVAL;
    wrong += do_setattr(1, (struct change){ .valid = 1 }) != EOPNOTSUPP;
    wrong += do_setattr(1, (struct change){ .valid = 0x1b0 }) != 0;
    if (!geteuid())
        wrong += do_setattr(1, (struct change){ .valid = 6, .uid = 3 }) != 0;
    call(P9_TXATTRWALK, "dds", 1u, 2u, "");
    do_clunk(2);
    wrong += !call(P9_TXATTRWALK, "dds", 1u, 2u, "user.x");
    do_clunk(1);
    call(P9_TWALK, "ddw", ROOT_FID, 1u, 0);
    wrong += do_create(1, name, O_RDWR | 01000, 0600) != ELOOP;
    do_clunk(1);
    wrong += call(P9_TMKDIR, "dsdd", ROOT_FID, name, 0755u, 0u) != EEXIST;
    wrong += call(P9_TMKNOD, "dsdddd", ROOT_FID, name, 0100600u, 0u, 0u, 0u) !=
        EEXIST;
    is_int(wrong, 0, name);
}

static void test_links(void)
{
    static const char *const links[] = {
        "abs-dir", "rel-dir", "abs-file", "rel-file", "dangling", "magic-root",
        "magic-cwd", "magic-fd", "loop",
    };
    size_t i;

    for (i = 0; i < sizeof(links) / sizeof(links[0]); i++)
        try_link(links[i]);
    do_path(1, "rel-file");
    is_int(call(P9_TLINK, "dds", ROOT_FID, 1u, "hard"), 0, "link to a link");
    is_int(call(P9_TRENAMEAT, "dsds", ROOT_FID, "hard", ROOT_FID, "abs-dir"),
           0, "rename over a link");
    is_int(call(P9_TUNLINKAT, "dsd", ROOT_FID, "abs-dir", 0u), 0, "unlink it");
    do_clunk(1);
    is_untouched("links");
}

/* One that Dom0 has in the export is the file itself, by any of its names
 * (docs/threat-model.md, "What remains"). */
static void test_hard_link(void)
{
    char path[128], text[16] = "";
    uint32_t n;
    int fd;

    snprintf(path, sizeof(path), "%s/elsewhere", scratch);
    fd = open(path, O_CREAT | O_RDWR, 0644);
    if (fd < 0 || write(fd, "Dom0's", 6) != 6 ||
        link(path, in_export("of-dom0")))
        exit(1);
    do_path(1, "of-dom0");
    ok(!do_open(1, O_RDWR) && !do_read(1, 0, 16, &n) && n == 6 &&
       !memcmp(answer.at, "Dom0's", 6), "a hard link of Dom0's can be read");
    ok(!do_write(1, 0, "guest!", 6, &n) && pread(fd, text, 15, 0) == 6 &&
       !strcmp(text, "guest!"), "and written, by all its names");
    do_clunk(1);
    is_int(do_walk1(ROOT_FID, 1, "elsewhere"), ENOENT,
           "its other name stays outside");
    is_int(call(P9_TUNLINKAT, "dsd", ROOT_FID, "of-dom0", 0u), 0, "removed");
    ok(!access(path, F_OK), "by the name inside alone");
    close(fd);
    unlink(path);
    is_untouched("a hard link");
}

static void test_special(void)
{
    alarm(20); /* opening a FIFO would wait for ever */
    do_path(1, "fifo");
    is_int(do_open(1, O_RDONLY), ENXIO, "a FIFO for reading");
    is_int(do_open(1, O_WRONLY), ENXIO, "for writing");
    do_clunk(1);
    call(P9_TWALK, "ddw", ROOT_FID, 1u, 0);
    is_int(do_create(1, "fifo", O_WRONLY | 01000, 0600), ENXIO, "created");
    do_clunk(1);
    if (!do_path(1, "device")) {
        is_int(do_open(1, O_RDWR), ENXIO, "a device");
        do_clunk(1);
    }
    alarm(0);
}

/* A file system mounted below the export is another's. */
static void test_mounts(void)
{
    struct attributes a;

    mkdir(in_export("mnt"), 0755);
    if (geteuid() || unshare(CLONE_NEWNS) ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
        mount("none", in_export("mnt"), "proc", 0, NULL)) {
        ok(1, "mounts below # SKIP only root mounts");
        return;
    }
    p9_server_free(server);
    session_start(NULL);
    is_int(do_walk1(ROOT_FID, 1, "mnt"), EXDEV, "procfs below the export");
    is_int(call(P9_TWALK, "ddwsss", ROOT_FID, 1u, 3, "mnt", "self", "root"),
           EXDEV, "and further in");
    is_int(call(P9_TUNLINKAT, "dsd", ROOT_FID, "mnt", 0x200u), EBUSY, "rmdir");
    is_int(do_getattr(ROOT_FID, &a), 0, "the rest goes on");
    umount2(in_export("mnt"), MNT_DETACH);
}

/* The host's administrator moves a directory out: no way leads further. */
static void test_moved_out(void)
{
    char moved[160];

    mkdir(in_export("moving"), 0755);
    do_path(1, "moving");
    snprintf(moved, sizeof(moved), "%s/moved", scratch);
    rename(in_export("moving"), moved);
    is_int(do_walk1(1, 2, ".."), EINVAL, "no parent of what was moved out");
    is_int(do_walk1(1, 2, "outside"), ENOENT, "nor what is beside it");
    do_clunk(1);
    rmdir(moved);
}

/* --- races -------------------------------------------------------------------------- */

static int exchange(const char *a, const char *b)
{
    return (int)syscall(SYS_renameat2, AT_FDCWD, in_export(a), AT_FDCWD,
                        in_export(b), 2 /* RENAME_EXCHANGE */);
}

/* Swaps the two names over and over. */
static pid_t start_swapping(const char *a, const char *b)
{
    pid_t pid = fork();

    while (!pid)
        exchange(a, b);
    return pid;
}

static void stop(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static bool before(time_t end)
{
    return time(NULL) < end;
}

/* A directory that is a link to outside every other moment. */
static void test_swapped_directory(void)
{
    int inside = 0, refused = 0, wrong = 0;
    time_t end = time(NULL) + SECONDS_OF_RACE;
    uint32_t n;
    pid_t pid;

    mkdir(in_export("swap"), 0755);
    close(open(in_export("swap/secret"), O_CREAT | O_WRONLY, 0644));
    host_link("../outside", "swap-link");
    pid = start_swapping("swap", "swap-link");
    while (before(end)) {
        int error = call(P9_TWALK, "ddwss", ROOT_FID, 1u, 2, "swap", "secret");

        if (!error && p9_read_u16(&answer) == 2) {
            do_open(1, O_RDONLY);
            wrong += do_read(1, 0, 10, &n) || n;
            do_clunk(1);
            inside++;
        } else {
            refused++;
        }
        if (!do_walk1(ROOT_FID, 1, "swap")) {
            call(P9_TMKDIR, "dsdd", 1u, "made", 0755u, 0u);
            call(P9_TUNLINKAT, "dsd", 1u, "made", 0x200u);
            do_clunk(1);
        }
    }
    stop(pid);
    ok(inside && refused && !wrong,
       "a directory swapped with a link (%d times inside, %d refused)", inside,
       refused);
    is_untouched("swapped directory");
}

/* A file that is a link to outside, opened, truncated and changed by name. */
static void test_swapped_file(void)
{
    int opened = 0, refused = 0;
    time_t end = time(NULL) + SECONDS_OF_RACE;
    uint32_t n;
    pid_t pid;

    close(open(in_export("file"), O_CREAT | O_WRONLY, 0644));
    host_link("../outside/secret", "file-link");
    pid = start_swapping("file", "file-link");
    while (before(end)) {
        call(P9_TWALK, "ddw", ROOT_FID, 1u, 0);
        if (do_create(1, "file", O_RDWR | 01000, 0666)) {
            refused++;
        } else {
            do_write(1, 0, "overwritten", 11, &n);
            opened++;
        }
        do_clunk(1);
        if (!do_path(1, "file")) {
            do_setattr(1, (struct change){ .valid = 0x1b1, .mode = 0600 });
            do_setattr(1, (struct change){ .valid = 8, .size = 1 });
            call(P9_TLINK, "dds", ROOT_FID, 1u, "linked");
            call(P9_TUNLINKAT, "dsd", ROOT_FID, "linked", 0u);
            do_clunk(1);
        }
    }
    stop(pid);
    ok(opened && refused, "a file swapped with a link (%d opened, %d refused)",
       opened, refused);
    is_untouched("swapped file");
}

/* A file that is a FIFO every other moment: never waited for. */
static void test_swapped_fifo(void)
{
    time_t end = time(NULL) + 1;
    pid_t pid;

    close(open(in_export("plain"), O_CREAT | O_WRONLY, 0644));
    mkfifo(in_export("pipe"), 0600);
    pid = start_swapping("plain", "pipe");
    alarm(20);
    while (before(end)) {
        if (!do_path(1, "plain")) {
            do_open(1, O_WRONLY);
            do_clunk(1);
        }
        call(P9_TWALK, "ddw", ROOT_FID, 1u, 0);
        do_create(1, "plain", O_WRONLY, 0600);
        do_clunk(1);
    }
    alarm(0);
    stop(pid);
    ok(1, "a file swapped with a FIFO");
}

/* --- messages ------------------------------------------------------------------------- */

static size_t handle(const void *message, size_t size_bytes)
{
    uint8_t *copy = malloc(size_bytes ? size_bytes : 1); /* for ASan */
    size_t n;

    memcpy(copy, message, size_bytes);
    n = p9_server_handle(server, copy, size_bytes, reply, sizeof(reply));
    free(copy);
    return n;
}

static const struct { uint8_t type; uint8_t members; } whole[] = {
    /* bytes of members with empty strings */
    { P9_TSTATFS, 4 }, { P9_TLOPEN, 8 }, { P9_TLCREATE, 18 },
    { P9_TSYMLINK, 12 }, { P9_TMKNOD, 22 }, { P9_TREADLINK, 4 },
    { P9_TGETATTR, 12 }, { P9_TSETATTR, 60 }, { P9_TXATTRWALK, 10 },
    { P9_TXATTRCREATE, 18 }, { P9_TREADDIR, 16 }, { P9_TFSYNC, 8 },
    { P9_TLOCK, 31 }, { P9_TGETLOCK, 27 }, { P9_TLINK, 10 },
    { P9_TMKDIR, 14 }, { P9_TRENAMEAT, 12 }, { P9_TUNLINKAT, 10 },
    { P9_TVERSION, 6 }, { P9_TATTACH, 16 }, { P9_TFLUSH, 2 },
    { P9_TWALK, 10 }, { P9_TREAD, 16 }, { P9_TWRITE, 16 }, { P9_TCLUNK, 4 },
    { P9_TREMOVE, 4 },
};

static int error_of(size_t n)
{
    if (n != 11 || reply[4] != P9_RLERROR)
        return -1;
    return reply[7] | reply[8] << 8;
}

/* Each request cut at each place, and with a byte too many. */
static void test_lengths(void)
{
    int wrong = 0;
    size_t i, length;

    for (i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
        for (length = 0; length <= whole[i].members + 1u; length++) {
            uint8_t message[128] = { (uint8_t)(7 + length), 0, 0, 0,
                                     whole[i].type, 9, 9 };

            memset(message + 7, 0, sizeof(message) - 7);
            if (length == whole[i].members)
                continue;
            if (error_of(handle(message, 7 + length)) != EINVAL &&
                wrong++ < 5)
                printf("# type %u with %zu bytes\n", whole[i].type, length);
        }
    is_int(wrong, 0, "requests cut at every place");
    do_attach(ROOT_FID, 0);
}

static void test_headers(void)
{
    uint8_t message[16] = { 11, 0, 0, 0, P9_TGETATTR, 1, 0 };
    int type, wrong = 0;
    size_t n;

    for (n = 0; n < 7; n++)
        wrong += handle(message, n) != 0;
    is_int(wrong, 0, "less than a header has no answer");
    is_int(error_of(handle(message, 12)), EINVAL, "a size that is too small");
    is_int(error_of(handle(message, 10)), EINVAL, "one that is too great");
    memset(message, 0xff, 4);
    is_int(error_of(handle(message, 11)), EINVAL, "one of 4 GiB");
    memcpy(message, "\7\0\0\0", 4);
    for (type = 0; type < 256; type++) {
        message[4] = (uint8_t)type;
        wrong += error_of(handle(message, 7)) <= 0;
    }
    is_int(wrong, 0, "every type of no members is an error");
    memset(request, 0, sizeof(request));
    memcpy(request, "\x3f\x00\x08\x00\x76", 5); /* Twrite of msize + 63 */
    is_int(error_of(p9_server_handle(server, request, P9_MSIZE_MAX + 63, reply,
                                     sizeof(reply))), EINVAL,
           "more than msize");
    message[4] = P9_TCLUNK;
    is_int((long long)p9_server_handle(server, message, 7, reply, 100), 0,
           "no room for an answer");
}

static void test_counts(void)
{
    uint32_t n;

    is_int(call(P9_TWALK, "ddw", ROOT_FID, 1u, 17), EINVAL, "17 names");
    is_int(call(P9_TWALK, "ddw", ROOT_FID, 1u, 0xffff), EINVAL, "65535 names");
    is_int(call(P9_TWALK, "ddws", ROOT_FID, 1u, 2, "dir"), EINVAL,
           "fewer names than it says");
    is_int(call(P9_TWRITE, "dqd", ROOT_FID, UINT64_C(0), 0xffffffffu), EINVAL,
           "more data than it has");
    call(P9_TWALK, "ddw", ROOT_FID, 1u, 0);
    do_open(1, O_RDONLY);
    is_int(call(P9_TREADDIR, "dqd", 1u, UINT64_C(0), 0u), EINVAL, "readdir 0");
    is_int(call(P9_TREADDIR, "dqd", 1u, UINT64_C(0), 24u), EINVAL,
           "readdir of less than an entry");
    is_int(call(P9_TREADDIR, "dqd", 1u, UINT64_C(0), 0xffffffffu), 0,
           "readdir of 4 GiB");
    is_int(call(P9_TREADDIR, "dqd", 1u, UINT64_MAX, 1000u), EINVAL,
           "at a negative offset");
    call(P9_TREADDIR, "dqd", 1u, UINT64_C(0x123456789abcdef), 1000u);
    do_clunk(1);
    do_path(1, "dir");
    do_clunk(1);
    call(P9_TWALK, "ddw", ROOT_FID, 1u, 0);
    do_create(1, "big", O_RDWR, 0600);
    is_int(do_write(1, 0, "", 0, &n), 0, "write of nothing");
    is_int(do_read(1, 0, 0, &n), 0, "read of nothing");
    do_clunk(1);
}

/* Random bytes, with every type; whatever is answered has sane form. */
static void test_noise(void)
{
    uint32_t state = 12345, i, j;
    int wrong = 0;

    for (i = 0; i < 200000; i++) {
        uint8_t message[64];
        struct p9_header h;
        size_t length, n;

        for (j = 0; j < sizeof(message); j++) {
            state = state * 1664525 + 1013904223;
            message[j] = state >> 30 ? 0 : (uint8_t)(state >> 20);
        }
        length = 7 + state % (sizeof(message) - 7);
        message[0] = (uint8_t)length;
        message[1] = message[2] = message[3] = 0;
        message[4] = whole[state / 64 % (sizeof(whole) / sizeof(whole[0]))]
            .type;
        n = handle(message, length);
        wrong += !p9_read_header(reply, n, &h) || h.size_bytes != n ||
            h.tag != (message[5] | message[6] << 8);
    }
    is_int(wrong, 0, "200,000 messages of noise are answered");
    call(P9_TVERSION, "ds", P9_MSIZE_MAX, P9_VERSION);
    do_attach(ROOT_FID, 0);
}

/* Sessions with everything in them, over and over. */
static void test_growth(void)
{
    uint32_t n;
    int round;
    uint32_t i;

    for (round = 0; round < 200; round++) {
        for (i = 1; i < 100; i++) {
            call(P9_TWALK, "ddws", ROOT_FID, i, 1, i % 2 ? "dir" : "file");
            if (i % 3 == 0)
                do_open(i, O_RDONLY);
            if (i % 5 == 0)
                call(P9_TXATTRCREATE, "dsqd", i, "user.x", UINT64_C(1000), 0u);
            if (i % 6 == 0)
                call(P9_TLOCK, "dbdqqds", i, 0, 0u, UINT64_C(0), UINT64_C(1),
                     i, "g");
            do_write(i, 0, "12345", 5, &n);
        }
        call(P9_TVERSION, "ds", P9_MSIZE_MAX, P9_VERSION);
        do_attach(ROOT_FID, 0);
        if (round == 20)
            resident_then = resident_kib();
    }
    is_int(count_descriptors(), descriptors_then, "descriptors do not grow");
#ifndef __SANITIZE_ADDRESS__
    ok(resident_kib() - resident_then < 256, "nor does memory (%ld KiB)",
       resident_kib() - resident_then);
#endif
}

int main(void)
{
    scratch_make();
    remember();
    populate();
    session_start(NULL);
    descriptors_then = count_descriptors();
    test_names();
    test_links();
    test_hard_link();
    test_special();
    test_moved_out();
    test_swapped_directory();
    test_swapped_file();
    test_swapped_fifo();
    test_mounts();
    test_lengths();
    test_headers();
    test_counts();
    test_noise();
    test_growth();
    is_untouched("in the end");
    p9_server_free(server);
    return done_testing();
}
