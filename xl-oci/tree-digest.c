/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tree-digest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "erofs-writer.h"

#define BLOCK_BYTES 4096u
#define READ_BYTES (64u * BLOCK_BYTES)

/* a file with several names: its bytes are digested once */
struct linked {
    dev_t dev;
    ino_t ino;
    uint64_t ordinal;
    struct erofs_inode *inode;  /* in the image */
};

struct walk {
    struct sha256_ctx fingerprint, content;
    bool with_content;
    struct erofs_writer *image; /* or NULL */
    struct tree_digest *out;
    size_t path_length;
    void *linked;               /* tree of struct linked, for tsearch() */
    uint64_t n_linked;
    unsigned char *buffer;      /* READ_BYTES */
};

static int walk_directory(struct walk *w, int fd);

static void add(struct sha256_ctx *ctx, const void *p, size_t size_bytes)
{
    sha256_update(ctx, size_bytes, p);
}

static void add_u64(struct sha256_ctx *ctx, uint64_t v)
{
    unsigned char b[8];
    unsigned int i;

    for (i = 0; i < 8; i++)
        b[i] = (unsigned char)(v >> (8 * i));
    add(ctx, b, sizeof(b));
}

/* the length first, so that no two sequences of strings run together */
static void add_string(struct sha256_ctx *ctx, const void *p, size_t length)
{
    add_u64(ctx, length);
    add(ctx, p, length);
}

static int64_t in_ns(const struct timespec *t)
{
    return (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;
}

static void add_fingerprint(struct walk *w, const char *name,
                            const struct stat *st)
{
    const uint64_t values[] = {
        st->st_dev, st->st_ino, st->st_mode, st->st_nlink, st->st_uid,
        st->st_gid, st->st_rdev, (uint64_t)st->st_size,
        (uint64_t)in_ns(&st->st_mtim), (uint64_t)in_ns(&st->st_ctim),
    };
    size_t i;

    add_string(&w->fingerprint, name, strlen(name));
    for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        add_u64(&w->fingerprint, values[i]);
}

static void add_content_of_stat(struct walk *w, const char *name,
                                const struct stat *st)
{
    bool is_device = S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode);
    const uint64_t values[] = {
        st->st_mode, st->st_uid, st->st_gid, is_device ? st->st_rdev : 0,
        S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0,
        (uint64_t)in_ns(&st->st_mtim),
    };
    size_t i;

    add_string(&w->content, name, strlen(name));
    for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        add_u64(&w->content, values[i]);
}

/* A path for the calls that have no *at() form; nothing in it is a link
 * except the last component, which l*xattr() does not follow. */
static void path_at(char *out, size_t size_bytes, int dir_fd,
                    const char *name)
{
    snprintf(out, size_bytes, "/proc/self/fd/%d/%s", dir_fd, name);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_xattr(struct walk *w, const char *path, const char *name)
{
    char value[XATTR_SIZE_MAX];
    ssize_t n = lgetxattr(path, name, value, sizeof(value));

    if (n < 0)
        return errno;
    add_string(&w->content, name, strlen(name));
    add_string(&w->content, value, (size_t)n);
    return w->image ? erofs_add_xattr(w->image, name, value, (size_t)n) : 0;
}

static int add_xattrs(struct walk *w, int dir_fd, const char *name)
{
    char path[PATH_MAX + 64], list[XATTR_LIST_MAX];
    const char *names[XATTR_LIST_MAX / 4];
    size_t n = 0, i;
    ssize_t size_bytes;
    char *p;
    int error;

    path_at(path, sizeof(path), dir_fd, name);
    size_bytes = llistxattr(path, list, sizeof(list));
    if (size_bytes < 0 && errno == ENOTSUP)
        size_bytes = 0;
    if (size_bytes < 0)
        return errno;
    for (p = list; p < list + size_bytes && n < XATTR_LIST_MAX / 4;
         p += strlen(p) + 1)
        names[n++] = p;
    if (n)
        qsort(names, n, sizeof(names[0]), compare_names);
    add_u64(&w->content, n);
    for (i = 0; i < n; i++) {
        error = add_xattr(w, path, names[i]);
        if (error)
            return error;
    }
    return 0;
}

/* The bytes of the buffer from *start up to end, if any, to the image. */
static int copy_run(struct walk *w, uint64_t offset, size_t *start,
                    size_t end)
{
    size_t from = *start;

    *start = end;
    if (!w->image || from == end)
        return 0;
    return erofs_add_bytes(w->image, offset + from, w->buffer + from,
                           end - from);
}

/* Blocks of zeros and holes are the same content; only the others count. */
static int add_blocks(struct walk *w, uint64_t offset, size_t size_bytes)
{
    static const unsigned char zeros[BLOCK_BYTES];
    size_t done, start = 0;
    int error;

    for (done = 0; done < size_bytes; done += BLOCK_BYTES) {
        size_t n = size_bytes - done;

        if (n > BLOCK_BYTES)
            n = BLOCK_BYTES;
        if (!memcmp(w->buffer + done, zeros, n)) {
            error = copy_run(w, offset, &start, done);
            if (error)
                return error;
            start = done + n;
            continue;
        }
        add_u64(&w->content, offset + done);
        add(&w->content, w->buffer + done, n);
    }
    return copy_run(w, offset, &start, size_bytes);
}

static ssize_t read_full(int fd, unsigned char *buffer, size_t size_bytes)
{
    size_t got = 0;

    while (got < size_bytes) {
        ssize_t n = read(fd, buffer + got, size_bytes - got);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (!n)
            break;
        got += (size_t)n;
    }
    return (ssize_t)got;
}

static int add_file_bytes(struct walk *w, int fd, const struct stat *st)
{
    bool sparse = (uint64_t)st->st_blocks * 512 < (uint64_t)st->st_size;
    off_t at = 0;
    int error;

    for (;;) {
        ssize_t n;

        if (sparse) {
            off_t data = lseek(fd, at, SEEK_DATA);

            if (data < 0 && errno == ENXIO)
                break;
            /* blocks are aligned, however the file system reports holes */
            at = data < 0 ? at : data - data % BLOCK_BYTES;
            if (lseek(fd, at, SEEK_SET) < 0)
                return errno;
        }
        n = read_full(fd, w->buffer, READ_BYTES);
        if (n < 0)
            return errno;
        if (!n)
            break;
        error = add_blocks(w, (uint64_t)at, (size_t)n);
        if (error)
            return error;
        at += n;
    }
    add_u64(&w->content, UINT64_MAX);
    return 0;
}

static int add_regular(struct walk *w, int dir_fd, const char *name,
                       const struct stat *st)
{
    struct stat opened;
    int fd, error;

    if (!st->st_size)
        return 0;
    fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
                O_CLOEXEC);
    if (fd < 0)
        return errno;
    if (fstat(fd, &opened) < 0)
        error = errno;
    else if (opened.st_ino != st->st_ino || !S_ISREG(opened.st_mode))
        error = EAGAIN; /* somebody replaces files under our eyes */
    else
        error = add_file_bytes(w, fd, st);
    close(fd);
    return error;
}

static int add_symlink(struct walk *w, int dir_fd, const char *name)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(dir_fd, name, target, sizeof(target));

    if (n < 0)
        return errno;
    add_string(&w->content, target, (size_t)n);
    return w->image ? erofs_set_target(w->image, target, (size_t)n) : 0;
}

static int compare_linked(const void *a, const void *b)
{
    const struct linked *x = a, *y = b;

    if (x->dev != y->dev)
        return x->dev < y->dev ? -1 : 1;
    return x->ino < y->ino ? -1 : x->ino > y->ino;
}

/* *link: of w->linked; *is_first: not seen under another name. 0 or ENOMEM. */
static int look_up_linked(struct walk *w, const struct stat *st,
                          struct linked **link, bool *is_first)
{
    struct linked *item = calloc(1, sizeof(*item)), **found;

    if (!item)
        return ENOMEM;
    item->dev = st->st_dev;
    item->ino = st->st_ino;
    item->ordinal = w->n_linked;
    found = tsearch(item, &w->linked, compare_linked);
    if (!found) {
        free(item);
        return ENOMEM;
    }
    *link = *found;
    *is_first = *found == item;
    if (*is_first)
        w->n_linked++;
    else
        free(item);
    if (w->with_content)
        add_u64(&w->content, (*link)->ordinal);
    return 0;
}

/* link: NULL when it has but one name */
static int add_to_image(struct walk *w, const char *name,
                        const struct stat *st, struct linked *link)
{
    struct erofs_inode *inode;

    if (link && link->inode)
        return erofs_link(w->image, name, link->inode);
    inode = erofs_add(w->image, name, st);
    if (link)
        link->inode = inode;
    return inode ? 0 : ENOMEM;
}

static int add_content(struct walk *w, int dir_fd, const char *name,
                       const struct stat *st)
{
    int error = add_xattrs(w, dir_fd, name);

    if (error)
        return error;
    if (S_ISREG(st->st_mode))
        return add_regular(w, dir_fd, name, st);
    if (S_ISLNK(st->st_mode))
        return add_symlink(w, dir_fd, name);
    return 0;
}

static void add_to_summary(struct walk *w, const struct stat *st)
{
    int64_t ctime_ns = in_ns(&st->st_ctim);
    uint64_t blocks = S_ISDIR(st->st_mode) || S_ISLNK(st->st_mode) ? 1
                      : ((uint64_t)st->st_blocks * 512 + BLOCK_BYTES - 1) /
                        BLOCK_BYTES;

    w->out->entries++;
    if (S_ISDIR(st->st_mode))
        blocks += (uint64_t)st->st_size / BLOCK_BYTES;
    w->out->disk_bytes += blocks * BLOCK_BYTES;
    if (ctime_ns > w->out->newest_ctime_ns)
        w->out->newest_ctime_ns = ctime_ns;
}

static int walk_entry(struct walk *w, int dir_fd, const char *name)
{
    struct linked *link = NULL;
    bool is_first = true;
    struct stat st;
    int fd, error = 0;

    if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno;
    add_fingerprint(w, name, &st);
    if (w->with_content)
        add_content_of_stat(w, name, &st);
    if (st.st_nlink > 1 && !S_ISDIR(st.st_mode))
        error = look_up_linked(w, &st, &link, &is_first);
    if (is_first)
        add_to_summary(w, &st);
    if (!error && w->image)
        error = add_to_image(w, name, &st, link);
    if (!error && w->with_content && is_first)
        error = add_content(w, dir_fd, name, &st);
    if (error || !S_ISDIR(st.st_mode))
        return error;
    fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
                O_CLOEXEC);
    return fd < 0 ? errno : walk_directory(w, fd);
}

struct names { char **items; size_t count, capacity; };

static int names_add(struct names *names, const char *name)
{
    char *copy;

    if (names->count == names->capacity) {
        size_t capacity = names->capacity ? names->capacity * 2 : 32;
        char **items = reallocarray(names->items, capacity,
                                    sizeof(*items));

        if (!items)
            return ENOMEM;
        names->items = items;
        names->capacity = capacity;
    }
    copy = strdup(name);
    if (!copy)
        return ENOMEM;
    names->items[names->count++] = copy;
    return 0;
}

static void names_free(struct names *names)
{
    while (names->count)
        free(names->items[--names->count]);
    free(names->items);
}

static int names_read(struct names *names, DIR *dir)
{
    struct dirent *d;
    int error = 0;

    while (!error) {
        errno = 0;
        d = readdir(dir);
        if (!d) {
            error = errno;
            break;
        }
        if (strcmp(d->d_name, ".") && strcmp(d->d_name, ".."))
            error = names_add(names, d->d_name);
    }
    if (!error && names->count)
        qsort(names->items, names->count, sizeof(*names->items),
              compare_names);
    return error;
}

/* Appends to the path that an error names; 0 or ENAMETOOLONG. */
static int push(struct walk *w, const char *name)
{
    size_t room = sizeof(w->out->path) - w->path_length;
    int n = snprintf(w->out->path + w->path_length, room, "/%s", name);

    if (n < 0 || (size_t)n >= room)
        return ENAMETOOLONG;
    w->path_length += (size_t)n;
    return 0;
}

/* Takes fd over. */
static int walk_directory(struct walk *w, int fd)
{
    struct names names = { NULL, 0, 0 };
    DIR *dir = fdopendir(fd);
    size_t i, length = w->path_length;
    int error;

    if (!dir) {
        error = errno;
        close(fd);
        return error;
    }
    error = names_read(&names, dir);
    for (i = 0; !error && i < names.count; i++) {
        error = push(w, names.items[i]);
        if (!error)
            error = walk_entry(w, fd, names.items[i]);
        if (!error) {
            w->path_length = length;
            w->out->path[length] = '\0';
        }
    }
    if (w->with_content)
        add_u64(&w->content, UINT64_MAX - 1); /* end of the directory */
    add_u64(&w->fingerprint, UINT64_MAX - 1);
    if (w->image)
        erofs_leave(w->image);
    names_free(&names);
    closedir(dir);
    return error;
}

static int take(struct walk *w, int dir_fd)
{
    struct tree_digest *out = w->out;
    int error;

    memset(out, 0, sizeof(*out));
    sha256_init(&w->fingerprint);
    sha256_init(&w->content);
    w->buffer = malloc(READ_BYTES);
    error = w->buffer ? walk_entry(w, dir_fd, ".") : ENOMEM;
    sha256_digest(&w->fingerprint, TREE_DIGEST_BYTES, out->fingerprint);
    sha256_digest(&w->content, TREE_DIGEST_BYTES, out->content);
    tdestroy(w->linked, free);
    free(w->buffer);
    return error;
}

int tree_digest_take(int dir_fd, bool with_content, struct tree_digest *out)
{
    struct walk w = { .with_content = with_content, .out = out };

    return take(&w, dir_fd);
}

int tree_digest_copy(int dir_fd, struct erofs_writer *image,
                     struct tree_digest *out)
{
    struct walk w = { .with_content = true, .image = image, .out = out };

    return take(&w, dir_fd);
}
