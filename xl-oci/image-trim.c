/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/report.h"
#include "checks.h"
#include "image-cache.h"
#include "image-make.h"

/* What is remembered of a tree is worth little and small: a month. */
#define TREE_LIFE_S (30 * 24 * 3600)

struct entry {
    char name[NAME_MAX + 1];
    uint64_t used_bytes;        /* on the disk */
    struct timespec last_use;
};

struct entries { struct entry *items; size_t count; uint64_t used_bytes; };

static int has_suffix(const char *name, const char *suffix)
{
    const char *dot = strrchr(name, '.');

    return dot && !strcmp(dot + 1, suffix);
}

static int add_entry(struct entries *entries, const char *name,
                     const struct stat *st)
{
    struct entry *items = reallocarray(entries->items, entries->count + 1,
                                       sizeof(*items)), *e;

    if (!items)
        return ENOMEM;
    entries->items = items;
    e = &items[entries->count++];
    snprintf(e->name, sizeof(e->name), "%s", name);
    e->used_bytes = (uint64_t)st->st_blocks * 512;
    e->last_use = st->st_atim;
    entries->used_bytes += e->used_bytes;
    return 0;
}

static int read_entries(int cache_fd, DIR *dir, struct entries *entries)
{
    time_t now = time(NULL);
    struct dirent *d;
    struct stat st;
    int error = 0;

    for (;;) {
        errno = 0;
        d = readdir(dir);
        if (!d || error)
            return error ? error : errno;
        if (fstatat(cache_fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            continue; /* somebody else removed it */
        if (has_suffix(d->d_name, "tree") &&
            st.st_mtim.tv_sec + TREE_LIFE_S < now)
            unlinkat(cache_fd, d->d_name, 0);
        else if (has_suffix(d->d_name, "erofs") ||
                 has_suffix(d->d_name, "ext4"))
            error = add_entry(entries, d->d_name, &st);
    }
}

static int compare_use(const void *a, const void *b)
{
    const struct timespec *x = &((const struct entry *)a)->last_use;
    const struct timespec *y = &((const struct entry *)b)->last_use;

    if (x->tv_sec != y->tv_sec)
        return x->tv_sec < y->tv_sec ? -1 : 1;
    return x->tv_nsec < y->tv_nsec ? -1 : x->tv_nsec > y->tv_nsec;
}

/* Bytes freed; 0 when somebody holds the entry. */
static uint64_t remove_entry(int cache_fd, const struct entry *e)
{
    int fd = openat(cache_fd, e->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
                    O_CLOEXEC);
    struct stat opened, named;
    uint64_t freed = 0;

    if (fd < 0)
        return 0;
    /* publishing gives names under this lock: the name stays this file's */
    if (!flock(cache_fd, LOCK_EX) && !flock(fd, LOCK_EX | LOCK_NB) &&
        !fstat(fd, &opened) &&
        !fstatat(cache_fd, e->name, &named, AT_SYMLINK_NOFOLLOW) &&
        opened.st_ino == named.st_ino && !unlinkat(cache_fd, e->name, 0))
        freed = e->used_bytes;
    flock(cache_fd, LOCK_UN);
    close(fd);
    return freed;
}

int64_t image_cache_trim(const char *cache_dir, uint64_t max_bytes,
                         struct report *report)
{
    struct report_where where = { .file = cache_dir };
    struct entries entries = { NULL, 0, 0 };
    int fd = image_cache_open(cache_dir), list_fd;
    DIR *dir = NULL;
    uint64_t freed = 0;
    size_t i;
    int error;

    list_fd = fd < 0 ? -1 : dup(fd);
    dir = list_fd < 0 ? NULL : fdopendir(list_fd);
    error = dir ? read_entries(fd, dir, &entries) : errno;
    if (!error && entries.count)
        qsort(entries.items, entries.count, sizeof(*entries.items),
              compare_use);
    for (i = 0; !error && i < entries.count; i++)
        if (entries.used_bytes - freed > max_bytes)
            freed += remove_entry(fd, &entries.items[i]);
    if (dir)
        closedir(dir);
    else if (list_fd >= 0)
        close(list_fd);
    if (fd >= 0)
        close(fd);
    free(entries.items);
    if (error)
        image_report_write(cache_dir, error, &where, report);
    return error ? -1 : (int64_t)freed;
}
