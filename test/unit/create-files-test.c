/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between the look at a bundle and the creation, somebody exchanges what its
 * mounts name: the container gets what was looked at, or there is none. */
#include "tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/report.h"
#include "xl-oci/create.h"

#define CONFIG(source, options) "{\n\"ociVersion\":\"1.2.0\"," \
    "\"root\":{\"path\":\"rootfs\"}," \
    "\"process\":{\"cwd\":\"/\",\"args\":[\"/a\"]},\n" \
    "\"mounts\":[{\"destination\":\"/x\",\"type\":\"bind\"," \
    "\"source\":\"" source "\",\"options\":[\"rbind\"" options "]}]}"

static char top[] = "/tmp/create-files-XXXXXX";

static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    if (!f || fputs(text, f) < 0 || fclose(f))
        exit(1);
}

static void make_bundle(const char *config)
{
    if (system("rm -rf b secret && "
               "mkdir -p b/rootfs b/way/data b/other/data secret/data"))
        exit(1);
    put("b/config.json", config);
    put("b/way/data/content", "what was looked at");
}

static const struct diagnostic *error_of(const struct report *report)
{
    const struct diagnostic *d = report_first(report);

    while (d && d->check->severity != REPORT_ERROR)
        d = d->next;
    return d;
}

/* Loads the bundle, runs the command, and makes the files. */
static void changed(const char *config, const char *command, const char *want,
                    const char *name)
{
    static const struct plan_options options = { .rootfs = "9pfs" };
    struct loaded loaded;
    struct creation c = { .loaded = &loaded, .dir_fd = -1, .run_path = top };
    const struct diagnostic *d;

    make_bundle(config);
    if (load_bundle(&loaded, "b", &options) || system(command))
        ok(0, "%s: no plan", name);
    is_int(creation_make_files(&c), -1, name);
    d = error_of(loaded.report);
    is_str(d ? d->check->name : NULL, "mount-source-changed", "its check");
    is_str(d ? d->message : NULL, want, "its text");
    ok(d && d->where.line == 3 && d->where.path &&
       !strncmp(d->where.path, "/mounts/0", 9), "and where");
    while (c.n_held_fds)
        close(c.held_fds[--c.n_held_fds]);
    loaded_close(&loaded);
}

/* What creation_make_files() holds for the share of the mount. */
static void stays(const char *config, const char *name)
{
    static const struct plan_options options = { .rootfs = "9pfs" };
    struct loaded loaded;
    struct creation c = { .loaded = &loaded, .dir_fd = -1, .run_path = top };
    struct stat want, got;

    make_bundle(config);
    is_int(load_bundle(&loaded, "b", &options), 0, name);
    creation_make_files(&c);        /* there is no run directory */
    ok(c.n_held_fds == 2 && !stat("b/way/data", &want) &&
       !fstat(c.held_fds[1], &got) && want.st_ino == got.st_ino &&
       want.st_dev == got.st_dev, "is what is shared");
    while (c.n_held_fds)
        close(c.held_fds[--c.n_held_fds]);
    loaded_close(&loaded);
}

/* The plan knows which block device was looked at; what the domain gets in the
 * end is compared with that (disk-nodes-test.c). */
static void device(void)
{
    static const struct plan_options options = { .rootfs = "9pfs" };
    struct loaded loaded;
    dev_t number = makedev(7, 250);

    make_bundle(CONFIG("way/device", ""));
    if (mknod("b/way/device", S_IFBLK | 0600, number)) {
        ok(1, "a block device # SKIP only root can make one");
        return;
    }
    is_int(load_bundle(&loaded, "b", &options), 0, "a block device");
    ok(loaded.plan && loaded.plan->n_disks == 1 &&
       loaded.plan->disks[0].number == number, "which one it is");
    loaded_close(&loaded);
}

#define SWAP_LINK(to) "mv b/way b/was && ln -s " to " b/way"

int main(void)
{
    char absolute[512], want[128];

    if (!mkdtemp(top) || chdir(top))
        return 1;
    put("conf", "cache_dir = \"/tmp\"\n");
    setenv("XL_OCI_CONF", "conf", 1);
    stays(CONFIG("way/data", ""), "a directory");
    device();
    changed(CONFIG("way/data", ""), SWAP_LINK("other"),
            "\"way/data\" is another file now", "a link to another");
    changed(CONFIG("way/data", ""), SWAP_LINK("../secret"),
            "\"way/data\": Invalid cross-device link", "a link out of it");
    changed(CONFIG("way/data", ""), "mv b/way b/was",
            "\"way/data\": No such file or directory", "gone");
    changed(CONFIG("way/data", ""),
            "mv b/way/data b/was && cp b/config.json b/way/data",
            "\"way/data\" is another file now", "a file in its place");
    changed(CONFIG("way/data", ",\"ro\""), SWAP_LINK("other"),
            "\"way/data\" is another file now", "read-only, an image");
    snprintf(absolute, sizeof(absolute), CONFIG("%s/b/way/data", ""), top);
    stays(absolute, "an absolute one");
    snprintf(want, sizeof(want), "\"%s/b/way/data\" is another file now", top);
    changed(absolute, SWAP_LINK("../secret"), want,
            "an absolute one, a link");
    snprintf(absolute, sizeof(absolute), "rm -rf '%s'", top);
    if (system(absolute))
        return 1;
    return done_testing();
}
