/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the 9P server does to files, as the host sees it and as the client. */
#include "tap.h"

#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include "p9-client.h"
#include "p9-files.h"

#define O_EXCL_DOTL 0200u

/* Reads the fid from offset 0 and compares. */
static int reads(uint32_t fid, const char *want)
{
    uint32_t n;

    return !do_read(fid, 0, 4096, &n) && n == strlen(want) &&
        !memcmp(answer.at, want, n);
}

/* --- open files that lose their name ------------------------------------------------ */

static void test_unlinked(void)
{
    struct attributes a;
    struct stat st;
    uint32_t n;

    host_file("gone", "content");
    do_path(1, "gone");
    do_path(2, "gone");
    is_int(do_open(1, O_RDWR), 0, "open");
    is_int(call(P9_TUNLINKAT, "dsd", ROOT_FID, "gone", 0u), 0, "unlinkat");
    is_int(host_stat("gone").st_ino, 0, "gone on the host");
    ok(reads(1, "content"), "read after unlink");
    is_int(do_getattr(1, &a), 0, "getattr after unlink");
    ok(!a.nlink && a.size == 7, "no links, size as it was");
    is_int(do_setattr(1, (struct change){ .valid = SET_SIZE, .size = 3 }), 0,
           "truncate the open fid");
    is_int(do_setattr(2, (struct change){ .valid = SET_SIZE, .size = 2 }), 0,
           "truncate by a fid that is not open");
    is_int(do_setattr(2, (struct change){ .valid = SET_MODE, .mode = 0600 }),
           0, "chmod after unlink");
    is_int(do_open(2, O_RDONLY), 0, "open after unlink");
    ok(reads(2, "co"), "truncated");
    is_int(do_write(1, 2, "ffee", 4, &n), 0, "write after unlink");
    ok(reads(2, "coffee"), "seen by the other fid");
    do_getattr(2, &a);
    is_int(a.mode, S_IFREG | 0600, "mode changed");
    is_int(call(P9_TFSYNC, "dd", 1u, 0u), 0, "fsync after unlink");
    is_int(call(P9_TLINK, "dds", ROOT_FID, 1u, "back"), ENOENT,
           "no new link to what has none");
    st = host_stat("back");
    is_int(st.st_ino, 0, "and none was made");
    do_clunk(1);
    do_clunk(2);
}

static void test_renamed(void)
{
    struct attributes a;
    uint32_t n;

    mkdir(in_export("p"), 0755);
    mkdir(in_export("p/q"), 0755);
    host_file("p/q/f", "one");
    do_path(1, "p/q/f");
    do_path(2, "p/q/f");
    do_path(3, "p/q");
    do_open(1, O_RDWR);
    is_int(call(P9_TRENAMEAT, "dsds", ROOT_FID, "p", ROOT_FID, "r"), 0,
           "rename of the parent's parent");
    is_int(do_getattr(1, &a), 0, "getattr by the old fid");
    is_int(do_setattr(2, (struct change){ .valid = SET_SIZE, .size = 1 }), 0,
           "truncate");
    is_int(do_write(1, 1, "nly", 3, &n), 0, "write");
    is_int(host_stat("r/q/f").st_size, 4, "it is the renamed file");
    is_int(do_walk1(3, 4, "f"), 0, "walk from the directory's old fid");
    host_file("r/q/g", "other");
    is_int(call(P9_TRENAMEAT, "dsds", 3u, "g", 3u, "f"), 0, "rename over");
    ok(reads(1, "only"), "the open file is the one before");
    do_getattr(1, &a);
    is_int((long long)a.nlink, 0, "which has no name now");
    is_int(call(P9_TRENAMEAT, "dsds", ROOT_FID, "r", 3u, "loop"), EINVAL,
           "a directory into itself");
    is_int(call(P9_TRENAMEAT, "dsds", ROOT_FID, "none", 3u, "x"), ENOENT,
           "what is not there");
    while (do_clunk(1) + do_clunk(2) + do_clunk(3) + do_clunk(4) < EBADF)
        ;
}

/* --- links, special files ------------------------------------------------------------ */

static void test_links(void)
{
    char longest[4096], got[4096];
    struct p9_string s;
    struct attributes a;

    is_int(call(P9_TSYMLINK, "dssd", ROOT_FID, "abs", "/usr/bin/python3", 0u),
           0, "symlink with an absolute target");
    do_path(1, "abs");
    is_int(call(P9_TREADLINK, "d", 1u), 0, "readlink");
    s = p9_read_string(&answer);
    ok(s.length == 16 && !memcmp(s.text, "/usr/bin/python3", 16), "as it was");
    do_getattr(1, &a);
    ok(S_ISLNK(a.mode) && a.qid.type == P9_QTSYMLINK, "a symlink");
    is_int(do_setattr(1, (struct change){ .valid = SET_MODE, .mode = 0600 }),
           EOPNOTSUPP, "chmod of a symlink");
    is_int(do_setattr(1, (struct change){ .valid = SET_MTIME, .mtime = 5 }), 0,
           "its times");
    is_int(host_stat("abs").st_mtime, 5, "are its own");
    is_int(call(P9_TLINK, "dds", ROOT_FID, 1u, "abs2"), 0, "link to it");
    is_int(host_stat("abs2").st_ino, host_stat("abs").st_ino,
           "is one to the symlink");
    do_clunk(1);
    memset(longest, 'x', sizeof(longest));
    is_int(call(P9_TSYMLINK, "dsSd", ROOT_FID, "long", (size_t)4095, longest,
                0u), 0, "a target of 4095 bytes");
    is_int(readlink(in_export("long"), got, sizeof(got)), 4095, "is whole");
    is_int(call(P9_TSYMLINK, "dsSd", ROOT_FID, "long2", (size_t)4096, longest,
                0u), ENAMETOOLONG, "one of 4096");
    is_int(call(P9_TSYMLINK, "dsSd", ROOT_FID, "nul", (size_t)3, "a\0b", 0u),
           EINVAL, "one with a NUL");
    is_int(call(P9_TSYMLINK, "dssd", ROOT_FID, "empty", "", 0u), ENOENT,
           "an empty one");
    do_path(1, "abs2");
    is_int(do_open(1, O_RDONLY), ELOOP, "a symlink is not opened");
    do_clunk(1);
    host_file("hard", "x");
    do_path(1, "hard");
    is_int(call(P9_TLINK, "dds", ROOT_FID, 1u, "hard2"), 0, "hard link");
    is_int((long long)host_stat("hard").st_nlink, 2, "two links");
    is_int(call(P9_TLINK, "dds", ROOT_FID, 1u, "hard2"), EEXIST, "again");
    is_int(call(P9_TLINK, "dds", ROOT_FID, ROOT_FID, "d"), EPERM,
           "of a directory");
    do_clunk(1);
}

static void test_special(void)
{
    struct attributes a;

    is_int(make_node("plain", S_IFREG | 0640, 0, 0), 0, "mknod of a file");
    is_int(host_stat("plain").st_mode, S_IFREG | 0640, "mode");
    is_int(make_node("fifo", S_IFIFO | 0666, 0, 0), 0, "of a FIFO");
    is_int(make_node("socket", S_IFSOCK | 0600, 0, 0), 0, "of a socket");
    is_int(make_node("null", S_IFCHR | 0666, 1, 3), EPERM, "of a device");
    is_int(make_node("disk", S_IFBLK | 0666, 8, 0), EPERM, "of a disk");
    is_int(make_node("white", S_IFCHR, 0, 0), 0, "of a whiteout");
    ok(S_ISCHR(host_stat("white").st_mode) && !host_stat("white").st_rdev,
       "which is one");
    is_int(make_node("link", S_IFLNK | 0777, 0, 0), EINVAL, "of a symlink");
    do_path(1, "fifo");
    is_int(do_open(1, O_RDONLY), ENXIO, "a FIFO is not opened");
    is_int(do_setattr(1, (struct change){ .valid = SET_MODE, .mode = 0604 }),
           0, "chmod of it");
    is_int(host_stat("fifo").st_mode, S_IFIFO | 0604, "works");
    is_int(do_setattr(1, (struct change){ .valid = SET_SIZE }), EINVAL,
           "truncate of it");
    is_int(call(P9_TWALK, "ddw", ROOT_FID, 2u, 0), 0, "and by lcreate");
    is_int(do_create(2, "fifo", O_RDWR, 0600), ENXIO, "neither");
    do_clunk(1);
    do_clunk(2);
    if (geteuid() || mknod(in_export("dev"), S_IFCHR | 0600,
                          makedev(0x123, 0x45678)))
        return;
    do_path(1, "dev");
    do_getattr(1, &a);
    ok(a.rdev == (UINT64_C(0x45600) << 12 | 0x123 << 8 | 0x78),
       "number of a device that is there");
    is_int(do_open(1, O_RDONLY), ENXIO, "which is not opened");
    do_clunk(1);
}

/* --- attributes ------------------------------------------------------------------------ */

static void test_owners(void)
{
    struct attributes a;

    if (geteuid()) {
        ok(1, "owners # SKIP only root gives files away");
        return;
    }
    is_int(do_attach(10, 1000), 0, "attach as user 1000");
    is_int(call(P9_TMKDIR, "dsdd", 10u, "home", 0700u, 1001u), 0, "mkdir");
    ok(host_stat("home").st_uid == 1000 && host_stat("home").st_gid == 1001,
       "belongs to the user, and to the group of the request");
    is_int(do_walk1(10, 11, "home"), 0, "a fid of the user's");
    is_int(call(P9_TLCREATE, "dsddd", 11u, "f", (uint32_t)O_RDWR, 06755u,
                1002u), 0, "create");
    ok(host_stat("home/f").st_uid == 1000 &&
       host_stat("home/f").st_gid == 1002, "the same");
    is_int(host_stat("home/f").st_mode, S_IFREG | 06755, "setuid, setgid kept");
    do_path(1, "home/f");
    is_int(do_setattr(1, (struct change){ .valid = SET_OWNER, .uid = 70000,
                                          .gid = 4000000000u }), 0, "chown");
    do_getattr(1, &a);
    ok(a.uid == 70000 && a.gid == 4000000000u, "large numbers");
    is_int(a.mode, S_IFREG | 0755, "takes setuid and setgid away");
    is_int(do_setattr(1, (struct change){ .valid = SET_OWNER | SET_MODE,
                                          .uid = 1, .gid = 2, .mode = 04711 }),
           0, "chown and chmod in one");
    is_int(host_stat("home/f").st_mode, S_IFREG | 04711, "keeps what it sets");
    is_int(do_setattr(1, (struct change){ .valid = 0x2, .uid = 5 }), 0,
           "owner alone");
    ok(host_stat("home/f").st_uid == 5 && host_stat("home/f").st_gid == 2,
       "leaves the group");
    is_int(call(P9_TSYMLINK, "dssd", 10u, "mine", "x", 1003u), 0, "symlink");
    ok(host_stat("mine").st_uid == 1000 && host_stat("mine").st_gid == 1003,
       "owner of a symlink");
    is_int(call(P9_TMKNOD, "dsdddd", 10u, "pipe", (uint32_t)S_IFIFO | 0600, 0u,
                0u, 1004u), 0, "mknod");
    is_int(host_stat("pipe").st_gid, 1004, "owner of a FIFO");
    is_int(call(P9_TMKDIR, "dsdd", ROOT_FID, "roots", 0700u, 0u), 0, "as root");
    is_int(host_stat("roots").st_uid, 0, "root's");
    chmod(in_export("home"), 0);
    is_int(do_walk1(10, 12, "home"), 0, "what is closed to its owner");
    is_int(do_walk1(12, 13, "f"), 0,
           "is open to the server: the guest's kernel judges");
    do_clunk(1);
    do_clunk(10);
    do_clunk(11);
    do_clunk(12);
    do_clunk(13);
}

static void test_times(void)
{
    struct attributes a;
    struct stat st;

    host_file("times", "x");
    do_path(1, "times");
    is_int(do_setattr(1, (struct change){
               .valid = SET_ATIME | SET_MTIME, .atime = 1234567890,
               .atime_ns = 123456789, .mtime = UINT64_C(4294967297),
               .mtime_ns = 999999999 }), 0, "times");
    st = host_stat("times");
    ok(st.st_atime == 1234567890 && st.st_atim.tv_nsec == 123456789, "atime");
    ok(st.st_mtime == 4294967297 && st.st_mtim.tv_nsec == 999999999,
       "mtime beyond 2106");
    do_getattr(1, &a);
    ok(a.mtime == UINT64_C(4294967297) && a.mtime_ns == 999999999,
       "and by getattr");
    is_int(do_setattr(1, (struct change){ .valid = 0x20 }), 0, "mtime now");
    st = host_stat("times");
    ok(st.st_atime == 1234567890 && st.st_mtime < 4294967297, "only it");
    is_int(do_setattr(1, (struct change){ .valid = SET_MTIME,
                                          .mtime_ns = 0x3ffffffe }), EINVAL,
           "UTIME_OMIT as nanoseconds");
    is_int(do_setattr(1, (struct change){ .valid = SET_SIZE | SET_MTIME,
                                          .size = 0, .mtime = 77 }), 0,
           "size and mtime");
    is_int(host_stat("times").st_mtime, 77, "mtime wins");
    do_clunk(1);
}

static void test_statfs(void)
{
    struct statfs st;

    statfs(export_of, &st);
    is_int(call(P9_TSTATFS, "d", ROOT_FID), 0, "statfs");
    is_int(p9_read_u32(&answer), 0x01021997, "type");
    is_int(p9_read_u32(&answer), st.f_bsize, "block size");
    ok(p9_read_u64(&answer) == st.f_blocks, "blocks");
}

/* --- contents --------------------------------------------------------------------------- */

static void test_large(void)
{
    const uint64_t far = UINT64_C(5) << 30;
    struct attributes a;
    uint32_t n;

    call(P9_TWALK, "ddw", ROOT_FID, 1u, 0);
    is_int(do_create(1, "large", O_RDWR | O_EXCL_DOTL, 0600), 0, "create");
    is_int(do_write(1, far, "end", 3, &n), 0, "write beyond 4 GiB");
    do_getattr(1, &a);
    ok(a.size == far + 3, "size");
    ok(a.blocks < 1000, "sparse");
    is_int(do_read(1, far - 2, 10, &n), 0, "read across");
    ok(n == 5 && !memcmp(answer.at, "\0\0end", 5), "zeros, then data");
    is_int(do_read(1, far + 3, 10, &n), 0, "read at the end");
    is_int(n, 0, "is empty");
    is_int(do_read(1, 0, 0xffffffff, &n), 0, "read of 4 GiB");
    is_int(n, P9_MSIZE_MAX - 11, "is as much as a message holds");
    is_int(call(P9_TREAD, "dqd", 1u, UINT64_MAX, 1u), EINVAL,
           "read at a negative offset");
    is_int(do_write(1, UINT64_C(1) << 63, "x", 1, &n), EINVAL, "write at one");
    ok(do_write(1, INT64_MAX, "x", 1, &n), "write behind the last offset");
    is_int(do_setattr(1, (struct change){ .valid = SET_SIZE,
                                          .size = UINT64_MAX }), EFBIG,
           "truncate to 2^64-1");
    do_clunk(1);
    unlink(in_export("large"));
}

static void test_access(void)
{
    uint32_t n;

    host_file("acc", "data");
    do_path(1, "acc");
    is_int(do_read(1, 0, 10, &n), EBADF, "read of a fid that is not open");
    is_int(do_open(1, 3), EINVAL, "open mode 3");
    is_int(do_open(1, O_RDONLY), 0, "open for reading");
    is_int(do_write(1, 0, "x", 1, &n), EBADF, "write");
    is_int(call(P9_TREADDIR, "dqd", 1u, UINT64_C(0), 100u), ENOTDIR, "readdir");
    do_clunk(1);
    do_path(1, "acc");
    is_int(do_open(1, O_WRONLY | 02000 /* append */), 0, "open to append");
    is_int(do_write(1, 1, "A", 1, &n), 0, "write where the client says");
    is_int(do_read(1, 0, 10, &n), EBADF, "read");
    do_clunk(1);
    do_path(1, "acc");
    do_open(1, O_RDONLY);
    ok(reads(1, "dAta"), "not at the end");
    do_clunk(1);
    do_path(1, "acc");
    is_int(do_open(1, O_RDWR | 01000), 0, "open with truncation");
    is_int(host_stat("acc").st_size, 0, "empties it");
    do_clunk(1);
    do_path(1, "acc");
    is_int(do_open(1, O_RDONLY | 0200000 /* directory */), ENOTDIR,
           "O_DIRECTORY of a file");
    do_clunk(1);
}

int main(void)
{
    scratch_make();
    is_int(session_start(NULL), 0, "session");
    test_unlinked();
    test_renamed();
    test_links();
    test_special();
    test_owners();
    test_times();
    test_statfs();
    test_large();
    test_access();
    p9_server_free(server);
    return done_testing();
}
