/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/report.h"
#include "checks.h"
#include "image-cache.h"
#include "image-make.h"
#include "plan.h"
#include "tree-digest.h"

/*
 * File systems stamp ctime with the tick's clock, so a change right after the
 * look can leave it as it was. A tick is 10 ms at most (HZ=100).
 */
#define CTIME_MARGIN_NS 20000000

struct job {
    struct arena *arena;
    const char *cache_dir;
    const struct plan_image *image;
    int source_fd, cache_fd;
    struct report *report;
    struct report_where where;
    struct image_key key;
};

static const char *suffix_of(const struct plan_image *image)
{
    return image->format == IMAGE_EROFS ? "erofs" : "ext4";
}

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int look(struct job *job, bool with_content, struct tree_digest *tree)
{
    int fd, error;

    /* a descriptor of O_PATH cannot be listed */
    fd = openat(job->source_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    error = fd < 0 ? errno : tree_digest_take(fd, with_content, tree);
    if (fd < 0)
        tree->path[0] = '\0';
    else
        close(fd);
    if (!error)
        return 0;
    if (error == EAGAIN)
        report_check(job->report, IMAGE_SOURCE_CHANGED, &job->where,
                     "\"%s%s\" changes while it is read", job->image->source,
                     tree->path);
    else
        report_check(job->report, IMAGE_SOURCE_UNREADABLE, &job->where,
                     "\"%s%s\": %s", job->image->source, tree->path,
                     strerror(error));
    return -1;
}

/* Builds into fd; the tree must be the same afterwards. */
static int fill(struct job *job, const struct tree_digest *tree, int fd)
{
    struct tree_digest *after = ARENA_NEW(job->arena, struct tree_digest);

    if (!after) {
        report_check(job->report, OUT_OF_MEMORY, &job->where,
                     "memory is exhausted");
        return -1;
    }
    if (image_make(job->image->format, &job->key, tree, job->source_fd, fd,
                   job->cache_dir, &job->where, job->report) < 0 ||
        look(job, false, after) < 0)
        return -1;
    if (memcmp(tree->fingerprint, after->fingerprint, TREE_DIGEST_BYTES)) {
        report_check(job->report, IMAGE_SOURCE_CHANGED, &job->where,
                     "\"%s\" changed while its image was built",
                     job->image->source);
        return -1;
    }
    return 0;
}

/* Takes fd over; the published image's descriptor, or -1 with errors. */
static int fill_and_publish(struct job *job, const struct tree_digest *tree,
                            int fd)
{
    int found_fd = -1, error;

    if (!fill(job, tree, fd)) {
        error = image_cache_publish(job->cache_fd, fd, &job->key);
        /* fd's lock keeps the entry until the other descriptor, which
         * cannot write, has it too */
        if (!error) {
            found_fd = image_cache_find(job->cache_fd, &job->key);
            if (found_fd < 0)
                error = ESTALE;
        }
        if (error)
            image_report_write(job->cache_dir, error, &job->where,
                               job->report);
    }
    close(fd);
    return found_fd;
}

/* The image's descriptor, or -1 with errors. */
static int build(struct job *job, const struct tree_digest *tree)
{
    int lock_fd, fd;

    lock_fd = image_cache_lock(job->cache_fd, &job->key);
    if (lock_fd < 0) {
        image_report_write(job->cache_dir, errno, &job->where, job->report);
        return -1;
    }
    fd = image_cache_find(job->cache_fd, &job->key);
    if (fd < 0) {   /* nobody built it while we waited */
        fd = image_cache_new_file(job->cache_fd);
        if (fd < 0)
            image_report_write(job->cache_dir, errno, &job->where,
                               job->report);
        else
            fd = fill_and_publish(job, tree, fd);
    }
    close(lock_fd);
    return fd;
}

static int find_or_build(struct job *job, struct tree_digest *tree)
{
    unsigned char content[TREE_DIGEST_BYTES];
    int64_t start_ns;
    int fd;

    if (look(job, false, tree) < 0)
        return -1;
    if (!image_cache_recall(job->cache_fd, tree->fingerprint, content)) {
        image_key_make(&job->key, content, suffix_of(job->image));
        fd = image_cache_find(job->cache_fd, &job->key);
        if (fd >= 0)
            return fd;
    }
    start_ns = now_ns();
    if (look(job, true, tree) < 0)
        return -1;
    image_key_make(&job->key, tree->content, suffix_of(job->image));
    fd = image_cache_find(job->cache_fd, &job->key);
    if (fd < 0)
        fd = build(job, tree);
    if (fd >= 0 && tree->newest_ctime_ns + CTIME_MARGIN_NS < start_ns)
        image_cache_remember(job->cache_fd, tree->fingerprint,
                             tree->content);
    return fd;
}

int image_provide(struct arena *arena, const char *cache_dir,
                  const struct plan_image *image, int source_fd,
                  const char **path, int *held_fd, struct report *report)
{
    struct job job = {
        .arena = arena, .cache_dir = cache_dir, .image = image,
        .source_fd = source_fd, .report = report,
        .where = { .line = image->from.line, .column = image->from.column,
                   .path = image->from.field },
    };
    struct tree_digest *tree = ARENA_NEW(arena, struct tree_digest);
    int fd;

    if (!tree) {
        report_check(report, OUT_OF_MEMORY, NULL, "memory is exhausted");
        return -1;
    }
    job.cache_fd = image_cache_open(cache_dir);
    if (job.cache_fd < 0) {
        image_report_write(cache_dir, errno, &job.where, report);
        return -1;
    }
    fd = find_or_build(&job, tree);
    close(job.cache_fd);
    if (fd < 0)
        return -1;
    *path = arena_printf(arena, "%s/%s", cache_dir, job.key.name);
    if (!*path) {
        close(fd);
        report_check(report, OUT_OF_MEMORY, NULL, "memory is exhausted");
        return -1;
    }
    *held_fd = fd;
    return 0;
}
