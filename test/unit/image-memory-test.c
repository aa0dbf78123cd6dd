/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each allocation fails once while a tree is looked at, and while its image
 * is made, found, copied and thrown away. */
#include "fail-each.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "checks.h"
#include "plan.h"
#include "shell.h"
#include "xl-oci/image.h"
#include "xl-oci/tree-digest.h"

static char top[] = "/tmp/image-memory-test-XXXXXX";

static struct tree_digest seen, seen_first;

static int act_digest(struct report *report)
{
    int fd = open("tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = tree_digest_take(fd, true, &seen);

    close(fd);
    if (!error)
        return 0;
    if (error == ENOMEM)        /* the only reason there may be */
        report_check(report, OUT_OF_MEMORY, NULL, "%s", seen.path);
    return -1;
}

static bool is_digested(void)
{
    return !memcmp(&seen, &seen_first, sizeof(seen));
}

static int provide(const char *tree, int format, struct report *report)
{
    struct plan_image image = { .format = format, .mount_index = -1,
                                .source = tree,
                                .from = { .field = "/root/path" } };
    int source_fd = open(tree, O_PATH | O_DIRECTORY | O_CLOEXEC), fd;
    struct arena *arena = arena_new();
    const char *path;
    int rc = -1;

    if (arena)
        rc = image_provide(arena, "cache", &image, source_fd, &path, &fd,
                           report);
    else
        report_check(report, OUT_OF_MEMORY, NULL, "the test's own");
    if (!rc)
        close(fd);
    arena_free(arena);
    close(source_fd);
    return rc;
}

static int act_erofs(struct report *report)
{
    return provide("tree", IMAGE_EROFS, report);
}

/* mke2fs takes its time: of few files. */
static int act_ext4(struct report *report)
{
    return provide("tree/a", IMAGE_EXT4, report);
}

/* As one finds it who has built before. */
static void make_cache(void)
{
    DIR *dir;
    struct dirent *d;

    mkdir("cache", 0700);
    dir = opendir("cache");
    while ((d = readdir(dir)))
        unlinkat(dirfd(dir), d->d_name, 0);
    close(openat(dirfd(dir), "lock", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    closedir(dir);
}

static bool is_provided(void)
{
    return !run("for i in erofs ext4; do [ ! -e cache/*.$i ] || "
                "cmp -s -n 4000000 first.$i cache/*.$i || exit 1; done && "
                "ls cache/*.e* >/dev/null && rm -f cache/*.e* cache/*.tree");
}

static bool is_found(void)
{
    return !run("cmp -s first.erofs cache/*.erofs");
}

/* Against what was made when nothing failed. */
static void test_images(void)
{
    static const struct work erofs = { "image_provide, erofs", make_cache,
                                       act_erofs, is_provided };
    static const struct work ext4 = { "image_provide, ext4", make_cache,
                                      act_ext4, is_provided };
    static const struct work found = { "image_provide, found again", NULL,
                                       act_erofs, is_found };
    struct report *report = report_new();

    make_cache();
    must(act_erofs(report) || act_ext4(report), "images");
    must(run("cp cache/*.erofs first.erofs && cp cache/*.ext4 first.ext4"),
         "keep them");
    fail_each(&erofs, top, 40);
    fail_each(&ext4, top, 20);
    make_cache();
    must(act_erofs(report), "an image");
    fail_each(&found, top, 10);
    report_free(report);
}

static bool copied_right;

static int act_copy(struct report *report)
{
    struct arena *arena = arena_new();
    const char *path;
    int fd, rc = -1;

    copied_right = false;
    if (arena)
        rc = image_copy(arena, "cache", "first.ext4", &path, &fd, report);
    else
        report_check(report, OUT_OF_MEMORY, NULL, "the test's own");
    if (!rc) {
        copied_right = !run("cmp -s -n 4000000 '%s' first.ext4", path);
        close(fd);
    }
    arena_free(arena);
    return rc;
}

static bool is_copied(void)
{
    return copied_right;
}

static int act_persist(struct report *report)
{
    const struct plan_disk disk = { .path = "./persist.img", .create = true,
                                    .writable = true, .image = -1,
                                    .from = { .field = "--persist" } };

    return image_persist(NULL, &disk, report);
}

static bool is_persistent(void)
{
    return !run("/sbin/e2fsck -fn persist.img >/dev/null 2>&1 && "
                "rm persist.img");
}

static int act_trim(struct report *report)
{
    return image_cache_trim("cache", 0, report) < 0 ? -1 : 0;
}

static bool is_trimmed(void)
{
    return !run("[ \"$(ls cache)\" = lock ]");
}

static void fill_cache(void)
{
    make_cache();
    must(run("for i in 1 2 3; do cp first.erofs cache/$i.erofs; done"),
         "fill the cache");
}

static void test_disks(void)
{
    static const struct work copy = { "image_copy", NULL, act_copy,
                                      is_copied };
    static const struct work persist = { "image_persist", NULL, act_persist,
                                         is_persistent };
    static const struct work trim = { "image_cache_trim", fill_cache, act_trim,
                                      is_trimmed };

    fail_each(&copy, top, 2);
    fail_each(&persist, top, 1);
    fail_each(&trim, top, 4);
}

static void test_digest(void)
{
    static const struct work work = { "tree_digest_take", NULL, act_digest,
                                      is_digested };
    struct report *report = report_new();

    must(act_digest(report), "a digest");
    seen_first = seen;
    fail_each(&work, top, 40);
    report_free(report);
}

int main(void)
{
    umask(022);
    if (!mkdtemp(top) || chdir(top))
        return 1;
    must(run("mkdir -p tree/a/b && echo x >tree/a/f && ln tree/a/f tree/g && "
             "ln -s a tree/l && touch tree/$(seq -s ' tree/' 40) && "
             "touch -d 2020-01-01 tree/* tree"), "a tree");
    test_digest();
    test_images();
    test_disks();
    ok(!chdir("/") && !run("rm -r '%s'", top), "cleaned up");
    return done_testing();
}
