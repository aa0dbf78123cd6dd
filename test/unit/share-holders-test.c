/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Directories that two containers share: who is warned, and of what. */
#include "shell.h"

#include <stdbool.h>
#include <unistd.h>

#include "base/report.h"
#include "xl-oci/load.h"
#include "xl-oci/run-directory.h"
#include "xl-oci/share-holders.h"

static char top[] = "/tmp/share-holders-XXXXXX";

/* A container that is about to be: its run directory is made. */
struct container {
    const char *name;
    struct loaded loaded;
    int dir_fd, lock_fd;
};

static void put_config(const char *name, const char *cache,
                       const char *directory, const char *options)
{
    char path[64];
    FILE *f;

    must(run("mkdir -p %s/rootfs", name), "a bundle");
    snprintf(path, sizeof(path), "%s/config.json", name);
    f = fopen(path, "w");
    if (!f || fprintf(f, "{\n\"ociVersion\":\"1.2.0\","
                      "\"root\":{\"path\":\"rootfs\"},"
                      "\"process\":{\"cwd\":\"/\",\"args\":[\"/a\"]},\n"
                      "\"mounts\":[{\"destination\":\"/x\","
                      "\"type\":\"bind\",\"source\":\"%s/%s\","
                      "\"options\":[\"rbind\"%s]}],\n"
                      "\"annotations\":{\"org.xenproject.oci.binds\":\"9pfs\","
                      "\"org.xenproject.oci.9pfs-cache\":\"%s\"}}", top,
                      directory, options, cache) < 0 || fclose(f))
        ok(0, "%s", path);
}

static int add(struct container *c, const char *cache, const char *directory,
               const char *options)
{
    static const struct plan_options none = { .uuid = NULL };

    put_config(c->name, cache, directory, options);
    must(load_bundle(&c->loaded, c->name, &none), "a plan");
    c->dir_fd = run_create(c->name, &c->lock_fd, c->loaded.report);
    return share_holders_add(&c->loaded, c->dir_fd);
}

static void end(struct container *c)
{
    close(c->dir_fd);
    close(c->lock_fd);
    loaded_close(&c->loaded);
    must(run("rm -r run/%s %s", c->name, c->name), "removing it");
}

static const struct diagnostic *warning_of(const struct container *c)
{
    const struct diagnostic *d = report_first(c->loaded.report);

    while (d && strcmp(d->check->name, "share-not-alone"))
        d = d->next;
    return d;
}

/* One container has directory, then another comes. want: "TO; WHO", what the
 * first does there and who caches; NULL: nothing is to be said. */
static void second(const char *cache, const char *directory,
                   const char *options, const char *cache_2,
                   const char *directory_2, const char *options_2,
                   const char *want)
{
    struct container one = { .name = "one" }, two = { .name = "two" };
    const struct diagnostic *d;
    char text[512];

    must(add(&one, cache, directory, options), "the first");
    ok(!warning_of(&one), "alone, %s", directory);
    is_int(add(&two, cache_2, directory_2, options_2), 0, "the second");
    d = warning_of(&two);
    if (want)
        snprintf(text, sizeof(text), "\"%s/%s\": the container \"one\" "
                 "shares \"%s/%s\", too, to %s caches it", top, directory_2,
                 top, directory, want);
    is_str(d ? d->message : NULL, want ? text : NULL,
           want ? want : "no warning");
    ok(!d || (d->where.line == 3 && !strcmp(d->where.path, "/mounts/0")),
       "%s%s with %s%s", directory_2, options_2, directory, options);
    end(&two);
    end(&one);
}

#define RW ""
#define RO ",\"ro\""

static void test_cached(void)
{
    second("private", "v", RW, "private", "v", RW, "write; each");
    second("private", "v", RW, "shared", "v", RW, "write; that one");
    second("shared", "v", RW, "private", "v", RW, "write; this one");
    second("private", "v", RO, "shared", "v", RW, "read; that one");
    second("shared", "v", RW, "private", "v", RO, "write; this one");
    second("private", "v", RW, "shared", "v/in", RO, "write; that one");
    second("shared", "v/in", RO, "private", "v", RW, "read; this one");
}

static void test_fine(void)
{
    second("shared", "v", RW, "shared", "v", RW, NULL);
    second("shared", "v", RW, "shared", "v/in", RW, NULL);
    second("private", "v", RO, "private", "v", RO, NULL);
    second("private", "v", RW, "private", "v-other", RW, NULL);
    second("private", "v/in", RW, "private", "v/other", RW, NULL);
}

/* What has ended has none; neither has what is damaged. */
static void test_ended(void)
{
    struct container one = { .name = "one" }, two = { .name = "two" };

    must(add(&one, "private", "v", RW), "the first");
    share_holders_remove(one.dir_fd);
    ok(!add(&two, "private", "v", RW) && !warning_of(&two),
       "the first has ended");
    end(&two);
    must(run("printf p >run/one/shares"), "a damaged file");
    ok(!add(&two, "private", "v", RW) && !warning_of(&two),
       "what the first shares is damaged");
    end(&two);
    end(&one);
}

/* A directory that cannot be noted is not shared. */
static void test_not_noted(void)
{
    struct container one = { .name = "one" };
    const struct diagnostic *d;

    put_config("one", "private", "v", RW);
    must(load_bundle(&one.loaded, "one", &(struct plan_options){ NULL }),
         "a plan");
    is_int(share_holders_add(&one.loaded, -1), -1, "without a directory");
    d = report_first(one.loaded.report);
    while (d && strcmp(d->check->name, "run-directory-failed"))
        d = d->next;
    is_str(d ? d->message : NULL, "what the container shares cannot be noted: "
           "Bad file descriptor", "is told");
    loaded_close(&one.loaded);
}

int main(void)
{
    FILE *f;

    if (!mkdtemp(top) || chdir(top) || setenv("XL_OCI_CONF", "conf", 1) ||
        setenv("XL_OCI_RUN_ROOT", "run", 1))
        return 1;
    must(run("mkdir -p run v/in v/other v-other"), "directories");
    f = fopen("conf", "w");
    if (!f || fprintf(f, "cache_dir = \"%s\"\n", top) < 0 || fclose(f))
        return 1;
    test_cached();
    test_fine();
    test_ended();
    test_not_noted();
    must(run("rm -rf %s", top), "removing all");
    return done_testing();
}
