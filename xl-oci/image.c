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
#include "erofs-writer.h"
#include "image-cache.h"
#include "image-make.h"
#include "image-tool.h"
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

/* What a tree of very many files may take of the memory that is left here. */
#define MEMORY_SHARE 2

/* at a tree: before its image is built, then, and after that */
struct looks {
    const struct tree_digest *before;
    struct tree_digest build, after;
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

static int report_cache(struct job *job, int error)
{
    image_report_write(job->cache_dir, error, &job->where, job->report);
    return -1;
}

/* What ended the writing of an image: its own trouble, not the tree's. */
static int report_image(struct job *job, int error)
{
    if (error != ENOMEM)
        return report_cache(job, error);
    report_check(job->report, OUT_OF_MEMORY, &job->where,
                 "the many files of \"%s\" need more memory than can be "
                 "spared here to make an image of erofs; one of ext4 needs "
                 "less (--rootfs=ext4)", job->image->source);
    return -1;
}

/* How much of a tree is looked at. */
struct depth {
    bool with_content;
    struct erofs_writer *image;         /* takes the content, or NULL */
};

static int take(struct job *job, struct depth depth, struct tree_digest *tree)
{
    /* a descriptor of O_PATH cannot be listed */
    int fd = openat(job->source_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error;

    if (fd < 0) {
        error = errno;
        tree->path[0] = '\0';
        return error;
    }
    error = depth.image ? tree_digest_copy(fd, depth.image, tree)
                        : tree_digest_take(fd, depth.with_content, tree);
    close(fd);
    return error;
}

static int look(struct job *job, struct depth depth, struct tree_digest *tree)
{
    int error = take(job, depth, tree);

    if (!error)
        return 0;
    if (depth.image && (error == ENOMEM || erofs_write_error(depth.image)))
        return report_image(job, error);
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

/* The descriptor of the image that the tree had when it was last seen. */
static int find_known(struct job *job, const struct tree_digest *tree)
{
    unsigned char content[TREE_DIGEST_BYTES];

    if (image_cache_recall(job->cache_fd, tree->fingerprint, content))
        return -1;
    image_key_make(&job->key, content, suffix_of(job->image));
    return image_cache_find(job->cache_fd, &job->key);
}

static int compare(struct job *job, const struct tree_digest *before,
                   const struct tree_digest *after)
{
    if (!memcmp(before->fingerprint, after->fingerprint, TREE_DIGEST_BYTES))
        return 0;
    report_check(job->report, IMAGE_SOURCE_CHANGED, &job->where,
                 "\"%s\" changed while its image was built",
                 job->image->source);
    return -1;
}

/*
 * The published image's descriptor, or -1 with errors: of fd's, unless another
 * tree with that content has got one meanwhile.
 */
static int publish(struct job *job, int fd)
{
    bool waited;
    int lock_fd = image_cache_lock(job->cache_fd, job->key.bytes, &waited);
    int found_fd = -1, error = lock_fd < 0 ? errno : 0;

    if (!error)
        found_fd = image_cache_find(job->cache_fd, &job->key);
    if (!error && found_fd < 0) {
        error = image_cache_publish(job->cache_fd, fd, &job->key);
        /* fd's lock keeps the entry until the other descriptor, which
         * cannot write, has it too */
        if (!error) {
            found_fd = image_cache_find(job->cache_fd, &job->key);
            if (found_fd < 0)
                error = ESTALE;
        }
    }
    if (lock_fd >= 0)
        close(lock_fd);
    if (error)
        report_cache(job, error);
    return found_fd;
}

/* The entry that a tree of this content has already, or -1. */
static int find_content(struct job *job, const struct tree_digest *tree)
{
    image_key_make(&job->key, tree->content, suffix_of(job->image));
    return image_cache_find(job->cache_fd, &job->key);
}

/* The content is read once: what names the image is what it holds. */
static int write_erofs(struct job *job, struct erofs_writer *image,
                       struct looks *looks, int fd)
{
    int found_fd, error;

    if (look(job, (struct depth){ true, image }, &looks->build) ||
        compare(job, looks->before, &looks->build))
        return -1;
    found_fd = find_content(job, &looks->build);
    if (found_fd >= 0)
        return found_fd;
    error = erofs_finish(image);
    if (error)
        return report_image(job, error);
    if (look(job, (struct depth){ false, NULL }, &looks->after) ||
        compare(job, &looks->build, &looks->after))
        return -1;
    return publish(job, fd);
}

/* Of memory, in bytes; no limit where the kernel does not tell. */
static uint64_t memory_available(void)
{
    FILE *f = fopen("/proc/meminfo", "re");
    unsigned long long kib;
    uint64_t found = UINT64_MAX;
    char line[128];

    while (f && fgets(line, sizeof(line), f))
        if (sscanf(line, "MemAvailable: %llu kB", &kib) == 1)
            found = kib << 10;
    if (f)
        fclose(f);
    return found;
}

static int build_erofs(struct job *job, struct looks *looks, int fd)
{
    struct erofs_writer *image = erofs_new(fd, memory_available() /
                                               MEMORY_SHARE);
    int found_fd = -1;

    if (image)
        found_fd = write_erofs(job, image, looks, fd);
    else
        report_check(job->report, OUT_OF_MEMORY, &job->where,
                     "memory is exhausted");
    erofs_free(image);
    return found_fd;
}

/*
 * The tool reads the tree between two looks that see the same, and meanwhile
 * the first of them digests the content, which names the image: one processor
 * each.
 */
static int build_ext4(struct job *job, struct looks *looks, int fd)
{
    struct tool_process process;
    int found_fd = -1, rc;

    if (image_make_begin(looks->before, job->source_fd, fd, &process,
                         &job->where, job->report))
        return -1;
    rc = look(job, (struct depth){ true, NULL }, &looks->build) ||
         compare(job, looks->before, &looks->build);
    if (!rc)
        found_fd = find_content(job, &looks->build);
    if (rc || found_fd >= 0)
        tool_cancel(&process);
    else if (!image_make_end(&process, job->cache_dir, &job->where,
                             job->report) &&
             !look(job, (struct depth){ false, NULL }, &looks->after) &&
             !compare(job, &looks->build, &looks->after))
        found_fd = publish(job, fd);
    return found_fd;
}

/* The image's descriptor, or -1 with errors. */
static int build(struct job *job, const struct tree_digest *before)
{
    struct looks *looks = ARENA_NEW(job->arena, struct looks);
    int64_t start_ns = now_ns();
    int fd, found_fd;

    if (!looks) {
        report_check(job->report, OUT_OF_MEMORY, &job->where,
                     "memory is exhausted");
        return -1;
    }
    looks->before = before;
    fd = image_cache_new_file(job->cache_fd);
    if (fd < 0)
        return report_cache(job, errno);
    found_fd = job->image->format == IMAGE_EROFS ? build_erofs(job, looks, fd)
                                                 : build_ext4(job, looks, fd);
    close(fd);
    if (found_fd >= 0 &&
        before->newest_ctime_ns + CTIME_MARGIN_NS < start_ns)
        image_cache_remember(job->cache_fd, looks->build.fingerprint,
                             looks->build.content);
    return found_fd;
}

static int find_or_build(struct job *job, struct tree_digest *tree)
{
    int lock_fd, fd;
    bool waited;

    if (look(job, (struct depth){ false, NULL }, tree) < 0)
        return -1;
    fd = find_known(job, tree);
    if (fd >= 0)
        return fd;
    lock_fd = image_cache_lock(job->cache_fd, tree->fingerprint, &waited);
    if (lock_fd < 0)
        return report_cache(job, errno);
    if (!waited || !look(job, (struct depth){ false, NULL }, tree)) {
        fd = waited ? find_known(job, tree) : -1;
        if (fd < 0)
            fd = build(job, tree);
    }
    close(lock_fd);
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
    size_t room = strlen(cache_dir) + 1 + sizeof(job.key.name);
    char *named = arena_alloc(arena, room);     /* before there is an image */
    int fd;

    if (!tree || !named) {
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
    snprintf(named, room, "%s/%s", cache_dir, job.key.name);
    *path = named;
    *held_fd = fd;
    return 0;
}

int image_settle(const char *path, int held_fd, struct report *report)
{
    const struct report_where where = { .file = path };
    struct image_key key;
    int error = image_key_of(&key, path) ? EINVAL :
                image_cache_settle(held_fd, &key);

    if (!error)
        return 0;
    unlink(path);
    report_check(report, IMAGE_CACHE, &where,
                 "the image cannot be written to the disk: %s",
                 strerror(error));
    return -1;
}
