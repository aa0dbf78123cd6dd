/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The writer of erofs against trees at its borders. What an image holds is
 * read by the kernel where it may be mounted (root, a loop device), and by
 * fsck.erofs always.
 */
#include "fail-alloc.h"
#include "tap.h"
#include "shell.h"
#include "xl-oci/erofs-writer.h"
#include "xl-oci/tree-digest.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

static char top[] = "/tmp/erofs-test-XXXXXX";
static bool can_mount;

static uint64_t max_memory_bytes = UINT64_MAX;

/* 0 or an errno; *is_write: the image could not be written */
static int make_image(const char *tree, const char *image,
                      struct tree_digest *digest, bool *is_write)
{
    int dir_fd = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int fd = open(image, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    struct erofs_writer *e = erofs_new(fd, max_memory_bytes);
    int error = ENOMEM;

    *is_write = false;
    if (e) {
        error = tree_digest_copy(dir_fd, e, digest);
        if (!error)
            error = erofs_finish(e);
        *is_write = erofs_write_error(e) != 0;
        erofs_free(e);
    }
    close(fd);
    close(dir_fd);
    return error;
}

static int take_digest(const char *path, struct tree_digest *out)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = fd < 0 ? errno : tree_digest_take(fd, true, out);

    if (fd >= 0)
        close(fd);
    return error;
}

static bool has_content(const struct tree_digest *a,
                        const struct tree_digest *b)
{
    return !memcmp(a->content, b->content, TREE_DIGEST_BYTES);
}

static void test_mounted(const char *tree, const struct tree_digest *want)
{
    struct tree_digest have;

    if (!can_mount || run("mount -t erofs -o loop,ro image mnt")) {
        ok(1, "%s: the kernel reads it # SKIP no root, loop or erofs", tree);
        return;
    }
    ok(!take_digest("mnt", &have), "%s: the kernel reads it", tree);
    ok(has_content(&have, want), "%s: and sees what is in the tree", tree);
    ok(have.entries == want->entries, "%s: as many entries", tree);
    ok(!run("cd %s && find . -mindepth 1 -print0 | (cd ../mnt && "
            "xargs -0r stat) >../found.log 2>&1", tree),
       "%s: and finds them by name", tree);
    must(umount("mnt"), "umount");
}

static void test_tree(const char *tree)
{
    struct tree_digest of_copy, of_tree;
    bool is_write;

    ok(!make_image(tree, "image", &of_copy, &is_write), "%s: an image", tree);
    ok(!take_digest(tree, &of_tree), "%s: can be read", tree);
    ok(has_content(&of_copy, &of_tree), "%s: its content is the tree's",
       tree);
    ok(!run("fsck.erofs image >fsck.log 2>&1"),
       "%s: fsck.erofs finds no fault", tree);
    test_mounted(tree, &of_tree);
}

/* About the limits of what lies beside an inode, of blocks and of buffers. */
static void make_sizes(void)
{
    static const unsigned int sizes[] = {
        0, 1, 1023, 1024, 1025, 4031, 4032, 4033, 4095, 4096, 4097, 8192,
        262143, 262144, 262145, 1000000,
    };
    char target[4096];
    unsigned int i;

    mkdir("sizes", 0755);
    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        must(run("head -c %u /dev/urandom >sizes/f%u", sizes[i], sizes[i]),
             "a file");
    for (i = 1; i < sizeof(target); i = i * 2 + 1) {
        char name[64];

        memset(target, 'a', i);
        target[i] = '\0';
        snprintf(name, sizeof(name), "sizes/link%u", i);
        must(symlink(target, name), "symlink");
    }
}

static void make_holes(void)
{
    must(run("mkdir holes && cd holes && truncate -s 5000000 all && "
             "head -c 5000000 /dev/zero >zeros && truncate -s 900 small && "
             "for at in 0 1 4095 4096 300000 4999999; do "
             "truncate -s 5000000 at$at && printf x | dd of=at$at bs=1 "
             "seek=$at conv=notrunc 2>/dev/null; done && "
             "truncate -s 3T huge"), "files with holes");
}

/* Blocks of entries, and names before "." and between it and "..". */
static void make_directories(void)
{
    must(run("mkdir dirs && cd dirs && mkdir many long few empty && "
             "(cd many && for i in $(seq 1500); do echo >n$i; done) && "
             "(cd long && n=$(head -c 250 /dev/zero | tr '\\0' l) && "
             "for i in $(seq 100); do echo >$n$i; done) && "
             "(cd few && touch -- '!' - -- .- .. ... ..- .a ' ' '\xff' "
             "a ab abc b && mkdir ,d '.d') && "
             "d=deep; for i in $(seq 40); do d=$d/d$i; done; mkdir -p $d && "
             "echo x >$d/f && touch -d @-1000000000.5 few && "
             "touch -d @5000000000 many"), "directories");
}

static void make_others(void)
{
    static const char value[60000] = "v";
    char name[64];
    int i;

    must(run("mkdir others && cd others && mkfifo fifo && echo a >one && "
             "mkdir dir && ln one two && ln one dir/three && echo b >four && "
             "ln fifo dir/fifo && echo >large && echo >several && "
             "chmod 07777 one && chmod 0 large"), "other inodes");
    for (i = 0; i < 60; i++) {
        snprintf(name, sizeof(name), "user.name%d", i);
        must(setxattr("others/several", name, value, (size_t)i, 0),
             "setxattr");
    }
    if (geteuid())
        return;
    must(mknod("others/char", S_IFCHR | 0600, makedev(259, 70000)), "mknod");
    must(mknod("others/socket", S_IFSOCK | 0600, 0), "mknod");
    must(chown("others/dir", 70000, 4000000000u), "chown");
    must(setxattr("others/dir", "trusted.t", "t", 1, 0), "setxattr");
    must(setxattr("others", "security.s", "", 0, 0), "setxattr");
    /* several blocks of them, where the file system takes that */
    if (setxattr("others/large", "user.v", value, sizeof(value), 0))
        must(setxattr("others/large", "user.v", value, 3800, 0), "setxattr");
    (void)run("setfacl -m u:1234:rwx -d -m g:5678:r others/dir 2>/dev/null");
}

/* The same content written out and with holes, the same bytes. */
static void test_same_bytes(void)
{
    struct tree_digest digest;
    bool is_write;

    must(run("cp -a --sparse=never sizes dense && truncate -s 5000 "
             "sizes/hole && head -c 5000 /dev/zero >dense/hole && "
             "touch -r sizes/hole dense/hole && touch -r sizes dense"),
         "a dense copy");
    is_int(make_image("sizes", "a", &digest, &is_write), 0, "an image");
    is_int(make_image("dense", "b", &digest, &is_write), 0, "and another");
    is_int(run("cmp a b"), 0, "the same bytes, with holes and without");
    is_int(make_image("holes", "a", &digest, &is_write), 0,
           "an image of 3 TB of zeros");
    is_int(run("test $(du -k a | cut -f 1) -lt 10000"), 0, "is small");
}

static void test_no_space(void)
{
    const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
    struct rlimit limit = { 0, RLIM_INFINITY };
    struct tree_digest digest;
    bool is_write, bad = false;
    struct stat st;

    must(run("cp -a dirs/few small && cp -a sizes/f4* dirs/long small"),
         "a small tree");
    signal(SIGXFSZ, SIG_IGN);
    must(make_image("small", "a", &digest, &is_write), "an image");
    must(stat("a", &st), "stat");
    for (; limit.rlim_cur < (rlim_t)st.st_size; limit.rlim_cur += 999) {
        must(setrlimit(RLIMIT_FSIZE, &limit), "setrlimit");
        if (make_image("small", "b", &digest, &is_write) != EFBIG ||
            !is_write)
            bad = true;
    }
    must(setrlimit(RLIMIT_FSIZE, &none), "setrlimit");
    ok(!bad, "whatever does not fit is an error of writing");
}

static void test_no_memory(void)
{
    unsigned long n, failures = 0;
    struct tree_digest digest;
    bool is_write, bad = false;

    for (n = 1; ; n++) {
        int error, failed;

        fail_alloc_at(n);
        error = make_image("small", "b", &digest, &is_write);
        failed = fail_alloc_stop();
        if (failed ? error != ENOMEM || is_write : error != 0)
            bad = true;
        if (!failed || bad)
            break;
        failures++;
    }
    ok(!bad && failures > 100, "each of %lu allocations may fail", failures);
    is_int(run("cmp a b"), 0, "and then the image is whole");
}

/* So that a tree of very many files does not take all of a small Dom0's. */
static void test_bounded_memory(void)
{
    struct tree_digest digest;
    bool is_write;

    max_memory_bytes = 1500 * 300;
    is_int(make_image("dirs/many", "b", &digest, &is_write), 0,
           "300 bytes of memory for each of 1500 files are enough");
    max_memory_bytes = 1500 * 100;
    is_int(make_image("dirs/many", "b", &digest, &is_write), ENOMEM,
           "more than it may use is none");
    ok(!is_write, "and no error of writing");
    max_memory_bytes = UINT64_MAX;
}

int main(void)
{
    int rc;

    umask(022);
    if (!mkdtemp(top) || chdir(top) || mkdir("mnt", 0700) ||
        mkdir("nothing", 0700))
        return 1;
    can_mount = !geteuid() && !unshare(CLONE_NEWNS) &&
                !mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
    make_sizes();
    make_holes();
    make_directories();
    make_others();
    test_tree("sizes");
    must(run("mv holes/huge ."), "keep the time that reading it takes");
    test_tree("holes");
    must(run("mv huge holes"), "put it back");
    test_tree("dirs");
    test_tree("others");
    test_tree("nothing");
    test_same_bytes();
    test_no_space();
    test_no_memory();
    test_bounded_memory();
    rc = done_testing();
    return chdir("/") || run("rm -rf '%s'", top) ? 1 : rc;
}
