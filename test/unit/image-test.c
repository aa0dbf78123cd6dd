/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Images against real trees and the real tools. What an image holds is
 * compared by mounting it where that is allowed (root, a loop device); the
 * rest needs neither root nor Xen.
 */
#include "base/arena.h"
#include "base/report.h"
#include "plan.h"
#include "tap.h"
#include "shell.h"
#include "xl-oci/image.h"
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
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static char top[] = "/tmp/image-test-XXXXXX";

/* a provided image, as the caller of image_provide() sees it */
struct got {
    int rc, held_fd;
    char path[512], checks[256], message[1024];
    struct stat st;
};

static void provide(struct got *got, const char *cache, const char *tree,
                    int format)
{
    struct arena *arena = arena_new();
    struct report *report = report_new();
    struct plan_image image = { .format = format, .mount_index = -1,
                                .source = tree,
                                .from = { .field = "/root/path" } };
    int fd = open(tree, O_PATH | O_DIRECTORY | O_CLOEXEC);
    const struct diagnostic *d;
    const char *path;

    memset(got, 0, sizeof(*got));
    got->held_fd = -1;
    got->rc = image_provide(arena, cache, &image, fd, &path, &got->held_fd,
                            report);
    if (!got->rc) {
        snprintf(got->path, sizeof(got->path), "%s", path);
        must(stat(path, &got->st), "stat of the image");
    }
    for (d = report_first(report); d; d = d->next) {
        snprintf(got->checks, sizeof(got->checks), "%s", d->check->name);
        snprintf(got->message, sizeof(got->message), "%s", d->message);
    }
    close(fd);
    report_free(report);
    arena_free(arena);
}

static void release(struct got *got)
{
    if (got->held_fd >= 0)
        close(got->held_fd);
    got->held_fd = -1;
}

/* A tree with one of everything that this user may make. */
static void make_tree(void)
{
    const struct timespec old[] = { { 981173106, 0 },
                                    { 981173106, 789000000 } };
    const struct timespec to_come[] = { { 981173106, 0 },
                                        { 4000000000, 0 } };

    must(run("mkdir -p tree/dir/deep tree/empty && echo hello >tree/file && "
             "head -c 100000 /dev/urandom >tree/dir/data && "
             "ln tree/dir/data tree/dir/deep/link && ln -s ../file "
             "tree/dir/sym && ln -s /nowhere tree/dangling && "
             "mkfifo tree/fifo && chmod 4755 tree/file && "
             "chmod 1777 tree/empty && truncate -s 3M tree/sparse && "
             "printf x | dd of=tree/sparse bs=1 seek=1500000 conv=notrunc "
             "2>/dev/null && touch 'tree/a \"name\" \n' tree/nothing"),
         "make a tree");
    must(setxattr("tree/file", "user.colour", "blue", 4, 0), "setxattr");
    if (!geteuid()) {
        static const unsigned char cap[] = {  /* cap_net_raw=ep, version 2 */
            1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        };

        must(mknod("tree/null", S_IFCHR | 0666, 0x0103), "mknod");
        must(mknod("tree/disk", S_IFBLK | 0660, 0x0801), "mknod");
        must(chown("tree/dir/data", 1234, 70000), "chown");
        must(setxattr("tree/dir/data", "security.capability", cap,
                      sizeof(cap), 0), "setxattr");
        must(setxattr("tree/empty", "trusted.x", "", 0, 0), "setxattr");
    }
    must(utimensat(AT_FDCWD, "tree/dir/data", to_come, 0), "utimensat");
    must(utimensat(AT_FDCWD, "tree/file", old, 0), "utimensat");
    must(utimensat(AT_FDCWD, "tree/dangling", old, AT_SYMLINK_NOFOLLOW),
         "utimensat");
    usleep(50000); /* older than the clock's margin: it may be remembered */
}

static void digest(const char *path, struct tree_digest *out)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    is_int(tree_digest_take(fd, true, out), 0, "the tree can be read");
    close(fd);
}

static void test_content(const struct got *image)
{
    struct tree_digest want, have;
    int rc;

    is_int(run("fsck.erofs '%s' >/dev/null", image->path), 0,
           "fsck.erofs finds no fault");
    if (geteuid() || unshare(CLONE_NEWNS) ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL)) {
        ok(1, "the image holds the tree # SKIP needs root");
        return;
    }
    mkdir("mnt", 0700);
    rc = run("mount -t erofs -o loop,ro '%s' mnt 2>mount.err", image->path);
    if (rc) {
        ok(1, "the image holds the tree # SKIP no loop or no erofs here");
        return;
    }
    digest("tree", &want);
    digest("mnt", &have);
    ok(!memcmp(want.content, have.content, TREE_DIGEST_BYTES),
       "the image holds the tree: names, modes, owners, mtimes, xattrs, "
       "links, devices, bytes");
    is_int((long long)have.entries, (long long)want.entries, "its entries");
    must(umount("mnt"), "umount");
}

/* Two trees of one content in another directory order, at another time. */
static void test_reproducible(const struct got *image)
{
    struct got other;

    must(run("mkdir copy && (cd tree && find . -mindepth 1 -maxdepth 1 "
             "-print0 | sort -rz | xargs -0 cp -a -t ../copy) && "
             "chmod --reference=tree copy && touch -r tree copy"),
         "copy the tree");
    /* cp was called once, so hard links within dir stay links */
    provide(&other, "cache2", "copy", IMAGE_EROFS);
    is_int(other.rc, 0, "the copy's image is built in another cache");
    is_int(run("cmp '%s' '%s'", image->path, other.path), 0,
           "same content, same bytes");
    is_str(strrchr(other.path, '/'), strrchr(image->path, '/'),
           "and the same name");
    release(&other);
}

static struct timespec atime_of(const char *path)
{
    struct stat st;

    usleep(50000); /* the next access must show in the tick's clock */
    must(stat(path, &st), "stat");
    return st.st_atim;
}

static bool is_equal(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/*
 * tree/dir/data has an mtime to come, so that relatime notes every reading
 * of it; where the file system notes none, the control says so.
 */
static void test_found_again(const struct got *first)
{
    struct timespec before = atime_of("tree/dir/data");
    struct got again;

    provide(&again, "cache", "tree", IMAGE_EROFS);
    ok(!again.rc && again.st.st_ino == first->st.st_ino,
       "a second start builds nothing");
    ok(is_equal(before, atime_of("tree/dir/data")), "and reads no file");
    release(&again);
    must(run("rm cache/*.tree"), "forget the fingerprints");
    provide(&again, "cache", "tree", IMAGE_EROFS);
    ok(!again.rc && again.st.st_ino == first->st.st_ino,
       "without what is remembered, the content finds it");
    if (is_equal(before, atime_of("tree/dir/data")))
        ok(1, "that reads the files # SKIP no atime here");
    else
        ok(1, "that reads the files: the check above can fail");
    release(&again);
    provide(&again, "cache", "copy", IMAGE_EROFS);
    ok(!again.rc && again.st.st_ino == first->st.st_ino,
       "a copied bundle finds the image by content");
    release(&again);
}

static void test_ordinary_user(void)
{
    struct got first, second;
    int status = 1;
    pid_t pid;

    must(run("mkdir -m 777 plain plain/tree && echo a >plain/tree/f"),
         "a plain tree");
    if (!geteuid())
        must(run("chown -R 65534 plain"), "chown");
    pid = fork();
    if (!pid) {
        if ((!geteuid() && (setresgid(65534, 65534, 65534) ||
                            setresuid(65534, 65534, 65534))) ||
            chdir("plain"))
            _exit(2);
        provide(&first, "cache", "tree", IMAGE_EROFS);
        provide(&second, "cache", "tree", IMAGE_EROFS);
        _exit(first.rc || second.rc || first.st.st_ino != second.st.st_ino);
    }
    waitpid(pid, &status, 0);
    is_int(status, 0, "an ordinary user can build, too");
}

static void test_corruption(void)
{
    static const struct { const char *name, *how; } rows[] = {
        { "cut short", "truncate -s -4096 $f" },
        { "empty", "truncate -s 0 $f" },
        { "extended", "truncate -s +4096 $f" },
        { "a byte in its middle changed",
          "printf x | dd of=$f bs=1 seek=50000 conv=notrunc 2>/dev/null" },
        { "its superblock changed, with the old mtime",
          "touch -r $f ref && printf xx | dd of=$f bs=1 seek=1030 "
          "conv=notrunc 2>/dev/null && touch -r ref $f" },
    };
    struct got image;
    ino_t ino;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        provide(&image, "cache", "tree", IMAGE_EROFS);
        ino = image.st.st_ino;
        release(&image);
        must(run("f='%s'; cp -f $f good.erofs && chmod u+w $f && %s",
                 image.path, rows[i].how), rows[i].name);
        provide(&image, "cache", "tree", IMAGE_EROFS);
        ok(!image.rc && image.st.st_ino != ino &&
           !run("cmp -s good.erofs '%s'", image.path),
           "an entry is rebuilt: %s", rows[i].name);
        release(&image);
    }
}

static void test_concurrent(void)
{
    pid_t pids[4];
    struct got image;
    int i, status, bad = 0;

    for (i = 0; i < 4; i++) {
        pids[i] = fork();
        if (!pids[i]) {
            provide(&image, "cache3", "tree", IMAGE_EROFS);
            _exit(image.rc ? 1 : 0);
        }
    }
    for (i = 0; i < 4; i++) {
        waitpid(pids[i], &status, 0);
        bad += status != 0;
    }
    is_int(bad, 0, "four builders at once all succeed");
    is_int(run("test $(ls cache3/*.erofs | wc -l) = 1"), 0, "one image");
}

static void test_killed(void)
{
    struct got image;
    int i, status;

    must(run("mkdir -p big && for i in $(seq 300); do head -c 50000 "
             "/dev/urandom >big/$i; done"), "a larger tree");
    for (i = 0; i < 25; i++) {
        pid_t pid = fork();

        if (!pid) {
            provide(&image, "cache4", "big", IMAGE_EROFS);
            _exit(0);
        }
        usleep(4000u * (unsigned int)i);
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
    }
    usleep(300000); /* tools of the killed builders end */
    provide(&image, "cache4", "big", IMAGE_EROFS);
    ok(!image.rc && !run("fsck.erofs '%s' >/dev/null", image.path),
       "after 25 killed builders the image is whole");
    is_int(run("test $(ls -A cache4 | grep -cv -e tree$ -e ^lock$ "
               "-e erofs$) = 0"), 0, "and nothing of theirs is left");
    release(&image);
}

static void test_full_disk(void)
{
    struct got image;

    mkdir("small", 0700);
    if (geteuid() || mount("tmpfs", "small", "tmpfs", 0,
                           "size=1m,mode=700")) {
        ok(1, "a full disk # SKIP needs root to mount a tmpfs");
        return;
    }
    provide(&image, "small/cache", "big", IMAGE_EROFS);
    is_int(image.rc, -1, "a full disk is an error");
    is_str(image.checks, "image-no-space", "named so");
    ok(strstr(image.message, "small\" has no room") != NULL,
       "with the file system: %s", image.message);
    is_int(run("test $(find small/cache -type f ! -name lock | wc -l) = 0"),
           0, "nothing left behind");
    is_int(run("test $(df --output=used -B1 small | tail -n 1) -lt 65536"),
           0, "no invisible file either");
    must(umount("small"), "umount");
}

static void test_ext4(void)
{
    struct arena *arena = arena_new();
    struct report *report = report_new();
    struct got image;
    const char *copy;
    struct stat st;
    int fd;

    provide(&image, "cache", "tree", IMAGE_EXT4);
    is_int(image.rc, 0, "an ext4 image");
    if (image.rc) {
        printf("# %s\n", image.message);
        return;
    }
    is_int(run("find cache | sort >before"), 0, "the cache");
    is_int(image_copy(arena, "cache", image.path, &copy, &fd, report), 0,
           "a private copy");
    is_int(run("find cache | sort | cmp - before"), 0, "it has no name");
    must(fstat(fd, &st), "fstat");
    is_int(st.st_nlink, 0, "so that it goes with its last user");
    is_int(run("cmp '%s' '%s'", copy, image.path), 0, "it is the same");
    must(stat(copy, &st), "stat");
    ok(st.st_blocks * 512 < st.st_size / 4, "and as sparse");
    is_int(run("/sbin/e2fsck -fn '%s' >e2fsck.log 2>&1", copy), 0,
           "e2fsck finds no fault");
    is_int(run("/sbin/debugfs -R 'dump /dir/data out' '%s' 2>/dev/null && "
               "cmp out tree/dir/data", copy), 0, "a file's bytes");
    is_int(run("/sbin/debugfs -R 'stat /dir/deep/link' '%s' 2>/dev/null | "
               "grep -q 'Links: 2'", copy), 0, "a hard link");
    is_int(run("/sbin/debugfs -R 'ea_get /file user.colour' '%s' "
               "2>/dev/null | grep -q blue", copy), 0, "an xattr");
    is_int(run("/sbin/debugfs -R 'stat /file' '%s' 2>/dev/null | grep -q "
               "'mtime: 0x3a7b7e72\\|mtime:.*Feb  3'", copy), 0, "an mtime");
    is_int(run("/sbin/debugfs -R 'stat /sparse' '%s' 2>/dev/null | grep -q "
               "'Blockcount: [0-9]\\{1,3\\}$'", copy), 0, "a sparse file");
    close(fd);
    is_int(image_copy(arena, "absent", image.path, &copy, &fd, report), -1,
           "no copy where there is no directory");
    release(&image);
    report_free(report);
    arena_free(arena);
}

static void test_persist(void)
{
    struct arena *arena = arena_new();
    struct report *report = report_new();
    struct plan_disk disk = { .path = "persist.img", .create = true,
                              .writable = true, .image = -1,
                              .from = { .field = "--persist" } };
    const struct diagnostic *d;
    struct stat a, b;

    is_int(image_persist(arena, &disk, report), 0, "a persistent disk");
    must(stat(disk.path, &a), "stat");
    is_int(a.st_size, (long long)IMAGE_PERSIST_BYTES, "its size");
    ok(a.st_blocks * 512 < 64 << 20, "sparse (%lld bytes)",
       (long long)a.st_blocks * 512);
    is_int(run("/sbin/e2fsck -fn persist.img >e2fsck.log 2>&1"), 0,
           "e2fsck finds no fault");
    is_int(image_persist(arena, &disk, report), 0, "it is used again");
    must(stat(disk.path, &b), "stat");
    ok(a.st_ino == b.st_ino && a.st_mtime == b.st_mtime, "as it was");
    is_int((long long)report_errors(report), 0, "no errors so far");
    disk.path = "tree/file";
    is_int(image_persist(arena, &disk, report), -1, "no file of others");
    disk.path = "tree";
    is_int(image_persist(arena, &disk, report), -1, "nor a directory");
    disk.path = "absent/x.img";
    is_int(image_persist(arena, &disk, report), -1, "nor a missing one");
    disk.path = "/proc/x.img";
    is_int(image_persist(arena, &disk, report), -1,
           "nor one where none can be made");
    is_int((long long)report_errors(report), 4, "each with its error");
    for (d = report_first(report); d; d = d->next)
        is_str(d->check->name, "persist-unusable", d->message);
    report_free(report);
    arena_free(arena);
}

static void test_trim(void)
{
    struct report *report = report_new();
    struct got held;

    provide(&held, "cache", "tree", IMAGE_EROFS);
    ok(image_cache_trim("cache", 0, report) > 0, "trimming frees bytes");
    ok(!access(held.path, F_OK), "an image in use stays");
    is_int(run("test $(ls cache/*.ext4 2>/dev/null | wc -l) = 0"), 0,
           "others go");
    release(&held);
    image_cache_trim("cache", UINT64_MAX, report);
    ok(!access(held.path, F_OK), "what fits stays");
    image_cache_trim("cache", 0, report);
    ok(access(held.path, F_OK), "what nobody holds goes");
    is_int((long long)report_errors(report), 0, "no errors");
    report_free(report);
}

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

/* The inode that the tree's image has in the next boot of the machine. */
static ino_t inode_after_boot(void)
{
    struct got image;

    must(run("cp boot-id next-id && sed -i 'y/0123456789/1234567890/' "
             "next-id && mv next-id boot-id"), "another boot");
    must(mount("boot-id", BOOT_ID, NULL, MS_BIND, NULL), "bind");
    provide(&image, "cache", "tree", IMAGE_EROFS);
    release(&image);
    must(umount2(BOOT_ID, MNT_DETACH), "unmount");
    return image.rc ? 0 : image.st.st_ino;
}

/* What has not reached the disk is not used once the power was gone. */
static void test_settled(void)
{
    struct report *report = report_new();
    bool can_boot = !geteuid() && !unshare(CLONE_NEWNS) &&
                    !mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
    struct got image;

    must(run("rm -rf cache; cat " BOOT_ID " >boot-id"), "the boot's ID");
    provide(&image, "cache", "tree", IMAGE_EROFS);
    if (!can_boot)
        ok(1, "another boot # SKIP needs root");
    else
        ok(inode_after_boot() != image.st.st_ino,
           "an image that was not on the disk is built anew after a boot");
    release(&image);
    must(run("rm -rf cache"), "rm");
    provide(&image, "cache", "tree", IMAGE_EROFS);
    is_int(image_settle(image.path, image.held_fd, report), 0, "settled");
    is_int(image_settle(image.path, image.held_fd, report), 0, "again");
    if (can_boot)
        is_int((long long)inode_after_boot(), (long long)image.st.st_ino,
               "one that was is found");
    release(&image);
    is_int((long long)report_errors(report), 0, "no errors");
    is_int(image_settle(image.path, -1, report), -1, "a disk that fails");
    ok(access(image.path, F_OK), "keeps no image");
    is_str(report_first(report)->check->name, "image-cache", "is told");
    is_int(image_settle("/nowhere/cat.erofs", -1, report), -1,
           "none of the cache's");
    report_free(report);
}

static void test_refusals(void)
{
    struct got image;

    mkdir("open", 0700);
    must(chmod("open", 0777), "chmod");
    provide(&image, "open", "tree", IMAGE_EROFS);
    is_str(image.checks, "image-cache", "a cache that others may write");
    provide(&image, "tree/file", "tree", IMAGE_EROFS);
    is_str(image.checks, "image-cache", "a cache that is a file");
}

/* Builds in a child that is an ordinary user in "plain"; prints its check. */
static void child_provide(const char *tree, int format, const char *check,
                          void (*prepare)(void))
{
    struct got image;
    int status = 1;
    pid_t pid = fork();

    if (!pid) {
        if ((!geteuid() && (setresgid(65534, 65534, 65534) ||
                            setresuid(65534, 65534, 65534))) ||
            chdir("plain"))
            _exit(2);
        if (prepare)
            prepare();
        provide(&image, "cache", tree, format);
        if (strcmp(image.checks, check))
            printf("# \"%s\": %s\n", image.checks, image.message);
        fflush(stdout);
        _exit(!image.rc || strcmp(image.checks, check));
    }
    waitpid(pid, &status, 0);
    ok(!status, "%s: %s", tree, check);
}

static void limit_file_size(void)
{
    const struct rlimit limit = { 65536, 65536 };

    signal(SIGXFSZ, SIG_IGN); /* as the commands do */
    setrlimit(RLIMIT_FSIZE, &limit);
}

/* Builds until a change of the tree is seen: its check, or that of anything
 * else that went wrong. */
static void provide_moving(struct got *image)
{
    int i;

    for (i = 0; i < 1000; i++) {
        provide(image, "cache", "plain/moving", IMAGE_EROFS);
        release(image);
        if (image->rc)
            break;
    }
}

/* What cannot be read or written, and what happens to the tree meanwhile. */
static void test_sources(void)
{
    struct got image;
    pid_t pid;

    must(run("cd plain && mkdir -m 777 large closed moving && "
             "head -c 1000000 /dev/urandom >large/f && echo a >closed/f && "
             "chmod 0 closed/f && cp ../big/1* moving && echo a >moving/f"),
         "trees");
    if (!geteuid())
        must(run("chown -R 65534 plain"), "chown");
    child_provide("large", IMAGE_EROFS, "image-cache", limit_file_size);
    child_provide("large", IMAGE_EXT4, "image-tool", limit_file_size);
    child_provide("closed", IMAGE_EROFS, "image-source-unreadable", NULL);
    pid = fork();
    if (!pid)
        for (;;) {
            int fd = open("plain/moving/f", O_WRONLY | O_APPEND);

            if (fd < 0 || write(fd, "x", 1) != 1 || close(fd))
                _exit(1);
        }
    provide_moving(&image);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    is_str(image.checks, "image-source-changed", "a tree that changes");
}

int main(void)
{
    struct got image;
    int rc;

    umask(022);
    if (!mkdtemp(top) || chdir(top) || chmod(top, 0755))
        return 1;
    make_tree();
    provide(&image, "cache", "tree", IMAGE_EROFS);
    if (!is_int(image.rc, 0, "an image is built"))
        printf("# %s\n", image.message);
    test_content(&image);
    test_reproducible(&image);
    test_found_again(&image);
    test_ordinary_user();
    release(&image);
    test_corruption();
    test_concurrent();
    test_killed();
    test_full_disk();
    test_ext4();
    test_persist();
    test_trim();
    test_settled();
    test_refusals();
    test_sources();
    rc = done_testing();
    return chdir("/") || run("rm -rf '%s'", top) ? 1 : rc;
}
