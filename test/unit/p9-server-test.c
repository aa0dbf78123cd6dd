/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The 9P server's sessions, fids and limits. */
#include "tap.h"

#include "p9-client.h"

static struct p9_usage usage(void)
{
    struct p9_usage u;

    p9_server_usage(server, &u);
    return u;
}

static int count_descriptors(void)
{
    int fd, count = 0;

    for (fd = 0; fd < 4096; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void test_settings(void)
{
    struct p9_settings s = { .msize_max = 1024 };
    int fd = open(export_of, O_RDONLY), file;

    ok(!p9_server_new(fd, &s) && errno == EINVAL, "msize too small");
    s.msize_max = P9_MSIZE_MAX + 1;
    ok(!p9_server_new(fd, &s) && errno == EINVAL, "msize too great");
    s = (struct p9_settings){ .fid_max = 1u << 30 };
    ok(!p9_server_new(fd, &s) && errno == EINVAL, "too many fids asked for");
    s.fid_max = 0;
    file = open("/dev/null", O_RDONLY);
    ok(!p9_server_new(file, &s) && errno == ENOTDIR, "export not a directory");
    close(file);
    close(fd);
}

static void test_version(void)
{
    struct p9_string name;

    is_int(session_start(NULL), 0, "version and attach");
    is_int(p9_server_msize(server), P9_MSIZE_MAX, "msize as asked for");
    is_int(call(P9_TVERSION, "ds", 8192u, "9P2000.L"), 0, "version again");
    is_int(p9_read_u32(&answer), 8192, "smaller msize");
    name = p9_read_string(&answer);
    ok(name.length == 8 && !memcmp(name.text, "9P2000.L", 8), "9P2000.L");
    is_int(usage().fids, 0, "no fid of the session before is left");
    is_int(do_clunk(ROOT_FID), EBADF, "the root's neither");
    is_int(call(P9_TVERSION, "ds", 1u << 30, "9P2000.L"), 0, "huge msize");
    is_int(p9_read_u32(&answer), P9_MSIZE_MAX, "msize that the server has");
    is_int(call(P9_TVERSION, "ds", 4095u, "9P2000.L"), EINVAL, "tiny msize");
    call(P9_TVERSION, "ds", 8192u, "9P2000.u");
    p9_read_u32(&answer);
    name = p9_read_string(&answer);
    ok(name.length == 7 && !memcmp(name.text, "unknown", 7),
       "another protocol is unknown");
    call(P9_TVERSION, "ds", P9_MSIZE_MAX, P9_VERSION);
}

static void test_attach(void)
{
    struct attributes a;

    is_int(call(P9_TATTACH, "ddssd", 1u, P9_NOFID, "", "../..", 0u), ENOENT,
           "attach to another tree");
    is_int(call(P9_TATTACH, "ddssd", 1u, 5u, "", "", 0u), EINVAL,
           "attach with authentication");
    is_int(call(P9_TAUTH, "dssd", 1u, "", "", 0u), EOPNOTSUPP, "auth");
    is_int(do_attach(P9_NOFID, 0), EINVAL, "attach NOFID");
    is_int(do_attach(ROOT_FID, 0), 0, "attach");
    is_int(do_attach(ROOT_FID, 0), EINVAL, "fid in use");
    is_int(do_getattr(ROOT_FID, &a), 0, "getattr of the root");
    ok(S_ISDIR(a.mode) && a.qid.type == P9_QTDIR, "a directory");
    is_int(call(P9_TFLUSH, "w", 5), 0, "flush");
}

static void test_walk(void)
{
    uint16_t count;

    mkdir(in_export("a"), 0755);
    mkdir(in_export("a/b"), 0755);
    close(open(in_export("a/b/file"), O_CREAT | O_WRONLY, 0644));
    is_int(call(P9_TWALK, "ddwsss", ROOT_FID, 1u, 3, "a", "b", "file"), 0,
           "three names");
    count = p9_read_u16(&answer);
    is_int(count, 3, "three qids");
    is_int(p9_read_qid(&answer).type, P9_QTDIR, "of a directory");
    is_int(do_walk1(1, 2, "x"), ENOTDIR, "walk from a file");
    is_int(do_clunk(1), 0, "clunk");
    is_int(do_clunk(1), EBADF, "clunk twice");
    is_int(call(P9_TWALK, "ddwsss", ROOT_FID, 1u, 3, "a", "none", "file"), 0,
           "second name missing");
    is_int(p9_read_u16(&answer), 1, "one qid");
    is_int((long long)(answer.end - answer.at), 13, "and only it");
    is_int(do_clunk(1), EBADF, "no fid then");
    is_int(do_walk1(ROOT_FID, 1, "none"), ENOENT, "first name missing");
    is_int(call(P9_TWALK, "ddw", ROOT_FID, 1u, 0), 0, "clone");
    is_int(do_walk1(1, 1, "a"), 0, "walk in place");
    is_int(do_walk1(1, ROOT_FID, "b"), EINVAL, "onto a fid in use");
    is_int(do_walk1(1, P9_NOFID, "b"), EINVAL, "onto NOFID");
    is_int(do_walk1(77, 78, "b"), EBADF, "from an unknown fid");
    is_int(do_walk1(1, 1, "none"), ENOENT, "in place, missing");
    is_int(do_walk1(1, 1, "b"), 0, "and the fid is where it was");
    is_int(call(P9_TREMOVE, "d", 1u), EOPNOTSUPP, "remove");
    is_int(do_clunk(1), EBADF, "takes the fid with it");
    is_int(call(P9_TRENAME, "dds", ROOT_FID, ROOT_FID, "x"), EOPNOTSUPP,
           "rename by fid");
}

/* A clone shares its inode's descriptor: most requests open nothing. */
static void test_sharing(void)
{
    uint32_t before = usage().descriptors;

    is_int(do_path(1, "a/b/file"), 0, "a fid");
    is_int(call(P9_TWALK, "ddw", 1u, 2u, 0), 0, "its clone");
    is_int(usage().descriptors, before + 1, "one descriptor for both");
    do_clunk(1);
    is_int(do_open(2, O_RDONLY), 0, "the clone outlives it");
    is_int(usage().descriptors, before + 2, "an open file has its own");
    is_int(do_open(2, O_RDONLY), EBADF, "open twice");
    is_int(do_walk1(2, 2, "x"), EINVAL, "walk an open fid in place");
    is_int(call(P9_TWALK, "ddw", 2u, 3u, 0), 0, "clone an open fid");
    is_int(do_open(3, O_WRONLY), 0, "which is not open itself");
    do_clunk(2);
    do_clunk(3);
    is_int(usage().descriptors, before, "all closed");
}

static void test_created_fid(void)
{
    struct attributes a;
    uint32_t n;

    call(P9_TWALK, "ddw", ROOT_FID, 1u, 0);
    is_int(do_create(1, "made", O_RDWR, 0640), 0, "lcreate");
    is_int(do_getattr(1, &a), 0, "getattr of its fid");
    ok(a.mode == (S_IFREG | 0640) && !a.size, "mode as asked for");
    is_int(do_write(1, 0, "abc", 3, &n), 0, "write");
    is_int(call(P9_TWALK, "ddw", 1u, 2u, 0), 0, "clone of it");
    do_clunk(1);
    is_int(do_open(2, O_RDONLY), 0, "open the clone");
    is_int(do_read(2, 0, 10, &n), 0, "read");
    ok(n == 3 && !memcmp(answer.at, "abc", 3), "what was written");
    do_clunk(2);
    call(P9_TWALK, "ddw", ROOT_FID, 1u, 0);
    is_int(do_create(1, "made", O_RDWR | 0200, 0640), EEXIST, "exclusively");
    is_int(do_create(1, "made", O_RDWR | 01000, 0600), 0, "with truncation");
    do_getattr(1, &a);
    ok(a.mode == (S_IFREG | 0640) && !a.size, "the same file, emptied");
    is_int(do_create(1, "x", O_RDWR, 0600), ENOTDIR, "create in a file");
    do_clunk(1);
}

static void test_limits(void)
{
    struct p9_settings s = { .fid_max = 100, .open_max = 10 };
    int before, i, error = 0;

    p9_server_free(server);
    before = count_descriptors();
    session_start(&s);
    for (i = 1; !error && i < 1000; i++)
        error = do_path((uint32_t)i, "a/b/file");
    is_int(error, ENFILE, "too many fids");
    is_int(usage().fids, 100, "as many as allowed");
    is_int(do_getattr(50, &(struct attributes){ .mode = 0 }), 0,
           "and those work on");
    error = 0;
    for (i = 1; !error && i < 100; i++)
        error = do_open((uint32_t)i, O_RDONLY);
    is_int(error, EMFILE, "too many open files");
    is_int(usage().open_files, 10, "as many as allowed");
    for (i = 1; i < 100; i++)
        do_clunk((uint32_t)i);
    is_int(usage().descriptors, 1, "only the root's is left");
    p9_server_reset(server);
    is_int(usage().descriptors, 0, "none after a reset");
    p9_server_free(server);
    is_int(count_descriptors(), before, "the process has none more");
}

/* Every number finds its own fid, whatever the order of making and
 * forgetting; sparse numbers and dense ones. */
static void test_fid_table(void)
{
    enum { COUNT = 3000 };
    static uint32_t numbers[COUNT];
    uint32_t state = 1, i;
    int wrong = 0;

    session_start(NULL);
    for (i = 0; i < COUNT; i++) {
        state = state * 1664525 + 1013904223;
        numbers[i] = i % 3 ? i + 10 : (state | 0x80000000u) & ~1u;
        wrong += call(P9_TWALK, "ddw", ROOT_FID, numbers[i], 0) != 0;
    }
    is_int(wrong, 0, "fids made");
    for (i = 0; i < COUNT; i += 2)
        wrong += do_clunk(numbers[i]) != 0;
    for (i = 0; i < COUNT; i++)
        wrong += call(P9_TGETATTR, "dq", numbers[i], UINT64_C(1)) !=
            (i % 2 ? 0 : EBADF);
    is_int(wrong, 0, "each other one forgotten, the rest found");
    is_int(usage().fids, COUNT / 2 + 1, "counted");
    is_int(usage().descriptors, 1, "on one descriptor");
    p9_server_free(server);
}

/* Tables cost memory as they fill, and a full one little. */
static void test_memory(void)
{
    long before, few, all;
    uint32_t i;

    before = resident_kib();
    session_start(NULL);
    for (i = 1; i < 200; i++)
        call(P9_TWALK, "ddw", ROOT_FID, i, 0);
    few = resident_kib() - before;
    for (; i < 65536; i++)
        call(P9_TWALK, "ddw", ROOT_FID, i, 0);
    all = resident_kib() - before;
    is_int(usage().fids, 65536, "as many fids as there may be");
#ifndef __SANITIZE_ADDRESS__
    ok(few < 300, "200 fids take little memory (%ld KiB)", few);
    ok(all < 2048, "65,536 take less than 2 MiB (%ld KiB)", all);
#else
    (void)few;
    (void)all;
#endif
    p9_server_free(server);
}

int main(void)
{
    scratch_make();
    test_settings();
    test_version();
    test_attach();
    test_walk();
    test_sharing();
    test_created_fid();
    test_limits();
    test_fid_table();
    test_memory();
    return done_testing();
}
