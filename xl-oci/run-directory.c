/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run-directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "checks.h"

#define NAME_MAX_BYTES 80
#define TREE_MAX_DEPTH 8
/* Directories under construction or removal: never a valid name. */
#define TEMPORARY_PREFIX ".tmp-"
#define TEMPORARY_MAX_AGE_S 60

const char *run_root(void)
{
    const char *root = secure_getenv("XL_OCI_RUN_ROOT");

    return root && *root ? root : XL_OCI_RUN_ROOT;
}

bool run_name_is_valid(const char *name)
{
    static const char alphanumeric[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    static const char all[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
    size_t length = strlen(name);

    return length && length <= NAME_MAX_BYTES &&
           strspn(name, alphanumeric) && strspn(name, all) == length;
}

static void report_failure(struct report *report, const char *name,
                           const char *what)
{
    int failure = errno;
    char path[512];
    struct report_where where = { .file = path };

    snprintf(path, sizeof(path), "%s%s%s", run_root(), name ? "/" : "",
             name ? name : "");
    report_check(report, RUN_DIRECTORY, &where, "%s: %s", what,
                 strerror(failure));
}

static int open_root(bool create)
{
    if (create && mkdir(run_root(), 0700) < 0 && errno != EEXIST)
        return -1;
    return open(run_root(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

/* --- the lock: an OFD lock, as one can be looked at without taking it ------ */

static int open_lock(int dir_fd, bool create)
{
    return openat(dir_fd, "lock", O_RDWR | O_CLOEXEC | O_NOFOLLOW |
                  (create ? O_CREAT | O_EXCL : 0), 0600);
}

static int take_lock(int lock_fd)
{
    struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

    return fcntl(lock_fd, F_OFD_SETLK, &range);
}

bool run_is_attended(int dir_fd)
{
    struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    int fd = open_lock(dir_fd, false);
    bool attended;

    if (fd < 0)
        return false;
    attended = fcntl(fd, F_OFD_GETLK, &range) == 0 &&
               range.l_type != F_UNLCK;
    close(fd);
    return attended;
}

bool run_is_removed(const char *name, int dir_fd)
{
    struct stat opened, named;
    char path[512];

    if (fstat(dir_fd, &opened))
        return false;           /* not known: who goes on is told */
    if (!opened.st_nlink)
        return true;
    snprintf(path, sizeof(path), "%s/%s", run_root(), name);
    if (lstat(path, &named))
        return errno == ENOENT;
    return named.st_ino != opened.st_ino || named.st_dev != opened.st_dev;
}

int run_lock(int dir_fd)
{
    int fd = open_lock(dir_fd, false);

    if (fd < 0)
        return -1;
    if (take_lock(fd) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* --- removal --------------------------------------------------------------- */

/* What another process removes at the same time is removed: a success. */
static int remove_tree_at(int parent_fd, const char *name, unsigned int depth)
{
    struct dirent *entry;
    int fd, rc = 0;
    DIR *dir;

    fd = openat(parent_fd, name,
                O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? 0 : -1;
    dir = fdopendir(fd);
    if (!dir) {
        close(fd);
        return -1;
    }
    while (!rc && (entry = readdir(dir))) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        if (!unlinkat(dirfd(dir), entry->d_name, 0))
            continue;
        if ((errno == EISDIR || errno == EPERM) && depth < TREE_MAX_DEPTH)
            rc = remove_tree_at(dirfd(dir), entry->d_name, depth + 1);
        else if (errno != ENOENT)
            rc = -1;
    }
    closedir(dir);
    if (!rc && unlinkat(parent_fd, name, AT_REMOVEDIR) && errno != ENOENT)
        rc = -1;
    return rc;
}

/* Left behind: by a process that is gone, or long ago, or by us, who are not
 * at it now. The name ends in the process ID. */
static bool is_stale(int root_fd, const char *name)
{
    struct stat status;
    pid_t pid;

    if (strncmp(name, TEMPORARY_PREFIX, strlen(TEMPORARY_PREFIX)) ||
        fstatat(root_fd, name, &status, AT_SYMLINK_NOFOLLOW))
        return false;
    pid = (pid_t)strtol(strrchr(name, '-') + 1, NULL, 10);
    return pid == getpid() || (kill(pid, 0) && errno == ESRCH) ||
           time(NULL) - status.st_mtime >= TEMPORARY_MAX_AGE_S;
}

/* What a killed creation or removal has left. */
static void sweep_temporaries(int root_fd)
{
    int fd = openat(root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct dirent *entry;
    DIR *dir;

    if (fd < 0)
        return;
    dir = fdopendir(fd);
    if (!dir) {
        close(fd);
        return;
    }
    while ((entry = readdir(dir)))
        if (is_stale(root_fd, entry->d_name))
            remove_tree_at(root_fd, entry->d_name, 0);
    closedir(dir);
}

void run_sweep(void)
{
    int root_fd = open_root(false);

    if (root_fd < 0)
        return;
    sweep_temporaries(root_fd);
    close(root_fd);
}

/* --- making and finding ---------------------------------------------------- */

/*
 * The directory is made, and locked, under another name: it appears with its
 * lock held, so nobody can take it for one whose creator has died.
 */
static int make_locked(int root_fd, const char *temporary, int *lock_fd)
{
    int dir_fd, failure;

    if (mkdirat(root_fd, temporary, 0700) < 0)
        return -1;
    dir_fd = openat(root_fd, temporary,
                    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    *lock_fd = dir_fd < 0 ? -1 : open_lock(dir_fd, true);
    if (*lock_fd >= 0 && !take_lock(*lock_fd))
        return dir_fd;
    failure = errno;
    if (*lock_fd >= 0)
        close(*lock_fd);
    if (dir_fd >= 0)
        close(dir_fd);
    remove_tree_at(root_fd, temporary, 0);
    errno = failure;
    return -1;
}

static int create_in(int root_fd, const char *name, int *lock_fd,
                     struct report *report)
{
    char temporary[NAME_MAX_BYTES + 32];
    int dir_fd;

    snprintf(temporary, sizeof(temporary), TEMPORARY_PREFIX "%s-%d", name,
             (int)getpid());
    dir_fd = make_locked(root_fd, temporary, lock_fd);
    if (dir_fd < 0) {
        report_failure(report, name, "cannot be made");
        return -1;
    }
    if (!renameat2(root_fd, temporary, root_fd, name, RENAME_NOREPLACE))
        return dir_fd;
    if (errno == EEXIST)
        report_check(report, CONTAINER_EXISTS, NULL,
                     "there is a container \"%s\" already", name);
    else
        report_failure(report, name, "cannot be made");
    close(*lock_fd);
    close(dir_fd);
    remove_tree_at(root_fd, temporary, 0);
    return -1;
}

int run_create(const char *name, int *lock_fd, struct report *report)
{
    int root_fd, dir_fd;

    if (!run_name_is_valid(name)) {
        report_check(report, CONTAINER_NAME, NULL, "\"%s\"", name);
        return -1;
    }
    root_fd = open_root(true);
    if (root_fd < 0) {
        report_failure(report, NULL, "cannot be used");
        return -1;
    }
    sweep_temporaries(root_fd);
    dir_fd = create_in(root_fd, name, lock_fd, report);
    close(root_fd);
    return dir_fd;
}

int run_find(const char *name)
{
    int root_fd, dir_fd, failure;

    if (!run_name_is_valid(name)) {
        errno = ENOENT;
        return -1;
    }
    root_fd = open_root(false);
    if (root_fd < 0)
        return -1;
    dir_fd = openat(root_fd, name,
                    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    failure = errno;
    close(root_fd);
    errno = failure;
    return dir_fd;
}

int run_open(const char *name, struct report *report)
{
    int dir_fd = run_find(name);

    if (dir_fd >= 0)
        return dir_fd;
    if (!run_name_is_valid(name))
        report_check(report, CONTAINER_UNKNOWN, NULL,
                     "\"%s\" cannot be a container's name", name);
    else if (errno == ENOENT)
        report_check(report, CONTAINER_UNKNOWN, NULL,
                     "there is no container \"%s\"", name);
    else
        report_failure(report, name, "cannot be opened");
    return -1;
}

int run_remove(const char *name, struct report *report)
{
    char temporary[NAME_MAX_BYTES + 32];
    int root_fd, rc;

    if (!run_name_is_valid(name)) {
        report_check(report, CONTAINER_UNKNOWN, NULL,
                     "there is no container \"%s\"", name);
        return -1;
    }
    root_fd = open_root(false);
    if (root_fd < 0) {
        report_failure(report, NULL, "cannot be opened");
        return -1;
    }
    /* Out of sight first: a directory half removed is never seen. Its age
     * there is that of the removal (is_stale()), not of the container. */
    snprintf(temporary, sizeof(temporary), TEMPORARY_PREFIX "%s-%d", name,
             (int)getpid());
    utimensat(root_fd, name, NULL, AT_SYMLINK_NOFOLLOW);
    rc = renameat(root_fd, name, root_fd, temporary);
    if (!rc)
        rc = remove_tree_at(root_fd, temporary, 0);
    if (rc)
        report_failure(report, name, "cannot be removed");
    close(root_fd);
    return rc;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* NULL with errno. */
static char **collect_names(struct arena *arena, DIR *dir)
{
    size_t count = 0, capacity = 16;
    char **names = ARENA_ARRAY(arena, char *, capacity + 1), **larger;
    struct dirent *entry;

    /* a list cut short would hide who holds a device */
    while (names && (errno = 0, entry = readdir(dir))) {
        if (!run_name_is_valid(entry->d_name))
            continue;
        if (count == capacity) {
            larger = ARENA_ARRAY(arena, char *, 2 * capacity + 1);
            if (!larger)
                return NULL;
            memcpy(larger, names, count * sizeof(*names));
            names = larger;
            capacity *= 2;
        }
        names[count] = arena_strdup(arena, entry->d_name);
        if (!names[count++])
            return NULL;
    }
    if (!names || errno)
        return NULL;
    qsort(names, count, sizeof(*names), compare_names);
    return names;
}

char **run_list(struct arena *arena, struct report *report)
{
    int root_fd = open_root(false);
    char **names = NULL;
    DIR *dir;

    if (root_fd < 0 && errno == ENOENT)
        names = ARENA_ARRAY(arena, char *, 1);
    dir = root_fd < 0 ? NULL : fdopendir(root_fd);
    if (dir)
        names = collect_names(arena, dir);
    if (!names)
        report_failure(report, NULL, "cannot be listed");
    if (dir)
        closedir(dir);
    else if (root_fd >= 0)
        close(root_fd);
    return names;
}
