/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/arena.h"
#include "base/bytes.h"
#include "base/report.h"
#include "bundle.h"
#include "json.h"
#include "spec.h"
#include "survey-share.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char top[] = "/tmp/bundle-test-XXXXXX";

static void put(const char *path, const char *text)
{
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644);

    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        ok(0, "cannot write %s: %s", path, strerror(errno));
    close(fd);
}

static void must(int rc, const char *what)
{
    if (rc < 0)
        ok(0, "%s: %s", what, strerror(errno));
}

/* the names of the checks that complained, separated by blanks */
static void is_reported(const struct report *report, const char *want,
                        const char *name)
{
    const struct diagnostic *d;
    char got[512] = "";

    for (d = report_first(report); d; d = d->next) {
        strncat(got, got[0] ? " " : "", sizeof(got) - strlen(got) - 1);
        strncat(got, d->check->name, sizeof(got) - strlen(got) - 1);
    }
    is_str(got, want, name);
}

static void refuses(const char *path, const char *check, const char *name)
{
    struct arena *arena = arena_new();
    struct report *report = report_new();
    struct bundle *bundle;

    alarm(20); /* a FIFO that blocks must not hang the test */
    bundle = bundle_open(arena, path, report);
    alarm(0);
    ok(!bundle, "%s: no bundle", name);
    is_reported(report, check, name);
    bundle_close(bundle);
    report_free(report);
    arena_free(arena);
}

static void test_config_file(void)
{
    struct sockaddr_un address = { AF_UNIX, "sock/config.json" };
    int fd;

    refuses("absent", "bundle-open", "no such directory");
    put("file", "x");
    refuses("file", "bundle-open", "a file as bundle");
    mkdir("not \xff UTF-8", 0755);
    must(symlink("not \xff UTF-8", "link"), "symlink");
    refuses("not \xff UTF-8", "bundle-path", "a path that no JSON can hold");
    refuses("link", "bundle-path", "and one that leads there");
    mkdir("empty", 0755);
    refuses("empty", "config-missing", "no config.json");
    mkdir("fifo", 0755);
    must(mkfifo("fifo/config.json", 0644), "mkfifo");
    refuses("fifo", "config-not-regular", "a FIFO as config.json");
    mkdir("dir", 0755);
    mkdir("dir/config.json", 0755);
    refuses("dir", "config-not-regular", "a directory as config.json");
    mkdir("sock", 0755);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    must(bind(fd, (struct sockaddr *)&address, sizeof(address)), "bind");
    close(fd);
    refuses("sock", "config-not-regular", "a socket as config.json");
    mkdir("away", 0755);
    must(symlink("../file", "away/config.json"), "symlink");
    refuses("away", "config-outside", "a link that leads outside");
    mkdir("abs", 0755);
    must(symlink("/etc/passwd", "abs/config.json"), "symlink");
    refuses("abs", "config-outside", "an absolute link");
    mkdir("magic", 0755);
    must(symlink("/proc/self/fd/0", "magic/config.json"), "symlink");
    refuses("magic", "config-outside", "a magic link");
    mkdir("loop", 0755);
    must(symlink("config.json", "loop/config.json"), "symlink");
    refuses("loop", "config-unreadable", "a link to itself");
    mkdir("large", 0755);
    put("large/config.json", "");
    must(truncate("large/config.json",
                  (off_t)json_default_limits.max_bytes + 1), "truncate");
    refuses("large", "config-too-large", "one byte too many");
}

static void test_device_and_permission(void)
{
    mkdir("dev", 0755);
    if (mknod("dev/config.json", S_IFCHR | 0644, 0x0107)) /* /dev/full */
        ok(1, "a device as config.json # SKIP mknod: %s", strerror(errno));
    else
        refuses("dev", "config-not-regular", "a device as config.json");
    mkdir("locked", 0755);
    put("locked/config.json", "{}");
    chmod("locked/config.json", 0);
    if (!access("locked/config.json", R_OK)) {
        if (seteuid(65534)) {
            ok(1, "unreadable config.json # SKIP seteuid");
            return;
        }
        refuses("locked", "config-unreadable", "unreadable config.json");
        must(seteuid(0), "seteuid");
    } else {
        refuses("locked", "config-unreadable", "unreadable config.json");
    }
}

static struct bundle *open_good(struct arena *arena, struct report *report)
{
    mkdir("good", 0755);
    mkdir("good/rootfs", 0755);
    put("good/config.json", "{\"x\":1}\n");
    return bundle_open(arena, "good/", report);
}

static int open_rootfs(struct arena *arena, const char *path,
                       const char *check, const char *name)
{
    struct report *report = report_new();
    struct bundle *bundle = open_good(arena, report);
    struct json at = { .line = 7, .column = 3 };
    struct spec spec = { .root_path = { &at, path } };
    int fd = bundle_open_rootfs(bundle, &spec, report);
    const struct diagnostic *d = report_first(report);

    is_reported(report, check, name);
    if (d) {
        ok(d->where.line == 7 && d->where.column == 3, "%s: located", name);
        is_str(d->where.path, "/root/path", "its pointer");
        is_str(d->where.file, "good/config.json", "its file");
        ok(fd == -1, "no descriptor");
    }
    bundle_close(bundle);
    report_free(report);
    return fd;
}

static bool is_same_directory(int fd, const char *path)
{
    struct stat a, b;

    return fd >= 0 && !fstat(fd, &a) && !stat(path, &b) &&
           a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

static void test_rootfs(void)
{
    struct arena *arena = arena_new();
    char absolute[256], link[256];
    int fd = open_rootfs(arena, "rootfs", "", "a plain rootfs");

    ok(is_same_directory(fd, "good/rootfs"), "it is that directory");
    close(fd);
    must(symlink("rootfs", "good/inside"), "symlink");
    fd = open_rootfs(arena, "inside", "", "a link that stays inside");
    ok(is_same_directory(fd, "good/rootfs"), "it leads there");
    close(fd);
    must(symlink("../dir", "good/outside"), "symlink");
    open_rootfs(arena, "outside", "rootfs-outside", "a link to elsewhere");
    must(symlink("/", "good/slash"), "symlink");
    open_rootfs(arena, "slash", "rootfs-outside", "a link to /");
    open_rootfs(arena, "..", "rootfs-outside", "dots that leave");
    open_rootfs(arena, "rootfs/../../good/rootfs", "rootfs-outside",
                "out and in again");
    open_rootfs(arena, "none", "rootfs-missing", "no such directory");
    open_rootfs(arena, "config.json", "rootfs-not-directory", "a file");
    snprintf(absolute, sizeof(absolute), "%s/good/rootfs", top);
    fd = open_rootfs(arena, absolute, "", "an absolute path");
    ok(is_same_directory(fd, "good/rootfs"), "it leads there");
    close(fd);
    snprintf(link, sizeof(link), "%s/good/inside", top);
    open_rootfs(arena, link, "rootfs-outside", "an absolute link");
    arena_free(arena);
}

static void test_good(void)
{
    struct arena *arena = arena_new();
    struct report *report = report_new();
    struct bundle *bundle = open_good(arena, report);
    char want[256];

    is_reported(report, "", "a good bundle");
    snprintf(want, sizeof(want), "%s/good", top);
    is_str(bundle->path, want, "its path is absolute");
    is_str(bundle->config_file, "good/config.json", "no double slash");
    is_str(bundle->config, "{\"x\":1}\n", "its text");
    is_int((long long)bundle->config_bytes, 8, "its size");
    bundle_close(bundle);
    bundle_close(NULL);
    report_free(report);
    arena_free(arena);
}

#define BIND(path) { .type = { NULL, "bind" }, .source = { NULL, path } }

/* What a test without root can know of the directories of any machine. */
static void test_shares(void)
{
    struct arena *arena = arena_new();
    struct source_fact f = { 0 };
    int fd = open("/", O_PATH | O_DIRECTORY);

    survey_share(arena, fd, &f);
    is_str(f.real_path, "/", "the directory without links");
    ok(f.mount_below && f.mount_below[0] == '/' && f.mount_below[1],
       "something is mounted below /");
    close(fd);
    must(mkdir("shared", 0755), "mkdir");
    must(mkdir("shared/inner", 0755), "mkdir");
    fd = open("shared/inner", O_PATH | O_DIRECTORY);
    f = (struct source_fact){ 0 };
    survey_share(arena, fd, &f);
    ok(!f.mount_below, "nothing is mounted below a new directory");
    must(chmod("shared", 0700), "chmod");
    survey_share(arena, fd, &f);
    ok(!f.is_exposed, "others do not reach it");
    close(fd);
    arena_free(arena);
}

static void put_sources(void)
{
    put("good/resolv.conf", "nameserver 192.0.2.1\n");
    put("good/big", "");
    must(truncate("good/big", SOURCE_CONTENT_MAX + 1), "truncate");
    must(mkfifo("good/fifo", 0600), "mkfifo");
    must(symlink("../file", "good/link"), "symlink");
    chmod("good/resolv.conf", 0604);
}

/* Of test_survey()'s mounts, in their order. */
static void check_facts(const struct source_fact *f)
{
    ok(f[0].kind == SOURCE_FILE && f[0].mode == 0604 && !f[0].error,
       "a file");
    is_str(f[0].content, "nameserver 192.0.2.1\n", "its content");
    is_int((long long)f[0].size_bytes, 21, "its size");
    ok(f[0].path[0] == '/' && !access(f[0].path, R_OK), "its path");
    ok(f[1].kind == SOURCE_DIRECTORY && !f[1].content, "a directory");
    ok(f[2].kind == SOURCE_OTHER, "a FIFO");
    is_str(f[2].kind_name, "FIFO", "named so");
    ok(f[3].kind == SOURCE_OUTSIDE && !f[3].content, "dots lead outside");
    ok(f[4].kind == SOURCE_MISSING && f[4].error == ENOENT, "missing");
    is_str(f[5].kind_name, "character device", "an absolute device");
    ok(f[6].kind == SOURCE_OUTSIDE && !f[6].content, "a link outside");
    ok(f[7].kind == SOURCE_FILE && !f[7].content &&
       f[7].size_bytes == SOURCE_CONTENT_MAX + 1, "a large file");
    ok(f[8].content && f[8].size_bytes == strlen(f[8].content) &&
       f[8].size_bytes, "a file whose size is not told");
    ok(!f[9].path, "a tmpfs has no source");
    ok(f[10].content != NULL, "the option bind makes a bind mount");
}

static void test_survey(void)
{
    struct arena *arena = arena_new();
    struct report *report = report_new();
    struct bundle *bundle = open_good(arena, report);
    struct spec_mount mounts[] = {
        BIND("resolv.conf"), BIND("rootfs"), BIND("fifo"), BIND("../file"),
        BIND("absent"), BIND("/dev/null"), BIND("link"), BIND("big"),
        BIND("/proc/self/comm"),
        { .type = { NULL, "tmpfs" }, .source = { NULL, "tmpfs" } },
        { .type = { NULL, "none" }, .source = { NULL, "resolv.conf" },
          .flags = MS_BIND },
    };
    struct spec spec = {
        .root_path = { NULL, "rootfs" }, .mounts = mounts,
        .n_mounts = sizeof(mounts) / sizeof(mounts[0]),
        .vm = { .kernel_path = { NULL, "resolv.conf" } },
    };
    struct survey *survey;

    put_sources();
    alarm(20);
    survey = survey_take(arena, bundle, &spec, report);
    alarm(0);
    is_reported(report, "", "facts are not errors");
    check_facts(survey->mounts);
    ok(survey->kernel.kind == SOURCE_FILE && !survey->kernel.content,
       "vm.kernel is looked up, not read");
    ok(!survey->image.path && survey->rootfs_fd >= 0, "the rootfs is open");
    survey_close(survey);
    is_int(survey->rootfs_fd, -1, "and closed");
    spec.vm.image_path.value = "resolv.conf";
    spec.root_path.value = NULL;
    survey = survey_take(arena, bundle, &spec, report);
    ok(survey && survey->rootfs_fd == -1, "vm.image needs no rootfs");
    survey_close(survey);
    bundle_close(bundle);
    report_free(report);
    arena_free(arena);
}

int main(void)
{
    char command[128];
    int rc;

    if (!mkdtemp(top) || chdir(top) || chmod(top, 0755))
        return 1;
    test_config_file();
    test_device_and_permission();
    test_good();
    test_rootfs();
    test_survey();
    test_shares();
    rc = done_testing();
    snprintf(command, sizeof(command), "rm -rf '%s'", top);
    return chdir("/") || system(command) ? 1 : rc;
}
