/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image-cache.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* part of every key: images of another layout are other images */
#define LAYOUT "xl-oci image 3"
#define HEAD_BYTES 8192

static void to_hex(char *out, const unsigned char *bytes)
{
    size_t i;

    for (i = 0; i < TREE_DIGEST_BYTES; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static int make_directories(const char *path)
{
    char part[4096];
    size_t i, length = strlen(path);

    if (length >= sizeof(part))
        return ENAMETOOLONG;
    memcpy(part, path, length + 1);
    for (i = 1; i < length; i++) {
        if (part[i] != '/')
            continue;
        part[i] = '\0';
        if (mkdir(part, 0755) < 0 && errno != EEXIST)
            return errno;
        part[i] = '/';
    }
    return mkdir(part, 0700) < 0 && errno != EEXIST ? errno : 0;
}

int image_cache_open(const char *cache_dir)
{
    int fd = open(cache_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat st;

    if (fd < 0 && errno == ENOENT) {
        errno = make_directories(cache_dir);
        if (errno)
            return -1;
        fd = open(cache_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    if (fd < 0)
        return -1;
    /* whoever can write here decides what guests run */
    if (fstat(fd, &st) < 0 || st.st_uid != geteuid() ||
        (st.st_mode & (S_IWGRP | S_IWOTH))) {
        close(fd);
        errno = EPERM;
        return -1;
    }
    return fd;
}

static int digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *found = c ? strchr(digits, c) : NULL;

    return found ? (int)(found - digits) : -1;
}

int image_key_of(struct image_key *key, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t i;

    if (strlen(name) >= sizeof(key->name) ||
        strlen(name) < IMAGE_HEX_BYTES || name[IMAGE_HEX_BYTES - 1] != '.')
        return -1;
    snprintf(key->name, sizeof(key->name), "%s", name);
    snprintf(key->hex, sizeof(key->hex), "%s", name);
    for (i = 0; i < TREE_DIGEST_BYTES; i++) {
        int high = digit(name[2 * i]), low = digit(name[2 * i + 1]);

        if (high < 0 || low < 0)
            return -1;
        key->bytes[i] = (unsigned char)(high << 4 | low);
    }
    return 0;
}

void image_key_make(struct image_key *key, const unsigned char *content,
                    const char *suffix)
{
    struct sha256_ctx ctx;

    sha256_init(&ctx);
    sha256_update(&ctx, sizeof(LAYOUT), (const uint8_t *)LAYOUT);
    sha256_update(&ctx, strlen(suffix) + 1, (const uint8_t *)suffix);
    sha256_update(&ctx, TREE_DIGEST_BYTES, content);
    sha256_digest(&ctx, TREE_DIGEST_BYTES, key->bytes);
    to_hex(key->hex, key->bytes);
    snprintf(key->name, sizeof(key->name), "%s.%s", key->hex, suffix);
}

/*
 * The mtime of a published image says how far it can be trusted, and no later
 * write leaves it as it is. Seconds only: not every file system keeps more.
 * One that is durable has a time of the first range, one that may be lost
 * with the machine's power a time of the second that no other boot has.
 */
#define DURABLE_FROM_S 946684800
#define SPAN_S (1 << 29)
#define VOLATILE_FROM_S (DURABLE_FROM_S + SPAN_S)
#define BOOT_ID_PATH "/proc/sys/kernel/random/boot_id"
#define BOOT_ID_BYTES 36

static time_t time_in(time_t from, const unsigned char *b)
{
    return from + (time_t)((b[0] & 0x1fu) << 24 | b[1] << 16 | b[2] << 8 |
                           b[3]);
}

static time_t durable_mtime(const struct image_key *key)
{
    return time_in(DURABLE_FROM_S, key->bytes);
}

/* -1: which boot this is, is not told. */
static time_t volatile_mtime(const struct image_key *key)
{
    int fd = open(BOOT_ID_PATH, O_RDONLY | O_CLOEXEC);
    uint8_t boot[BOOT_ID_BYTES], digest[TREE_DIGEST_BYTES];
    struct sha256_ctx ctx;
    ssize_t n = fd < 0 ? -1 : read(fd, boot, sizeof(boot));

    if (fd >= 0)
        close(fd);
    if (n != sizeof(boot))
        return -1;
    sha256_init(&ctx);
    sha256_update(&ctx, sizeof(key->bytes), key->bytes);
    sha256_update(&ctx, sizeof(boot), boot);
    sha256_digest(&ctx, sizeof(digest), digest);
    return time_in(VOLATILE_FROM_S, digest);
}

static bool is_trusted(const struct image_key *key, time_t mtime_s)
{
    return mtime_s == durable_mtime(key) ||
           (mtime_s >= VOLATILE_FROM_S && mtime_s == volatile_mtime(key));
}

static int set_mtime(int fd, time_t mtime_s)
{
    const struct timespec times[] = { { 0, UTIME_NOW }, { mtime_s, 0 } };

    return futimens(fd, times);
}

/* The trailer of an image of size_bytes; 0 or an errno. */
static int make_trailer(int fd, const struct image_key *key,
                        uint64_t size_bytes, char *trailer)
{
    uint8_t head[HEAD_BYTES], digest[TREE_DIGEST_BYTES];
    char hex[IMAGE_HEX_BYTES];
    struct sha256_ctx ctx;
    ssize_t n = pread(fd, head, size_bytes < sizeof(head)
                      ? (size_t)size_bytes : sizeof(head), 0);

    if (n < 0)
        return errno;
    sha256_init(&ctx);
    sha256_update(&ctx, (size_t)n, head);
    sha256_digest(&ctx, sizeof(digest), digest);
    to_hex(hex, digest);
    memset(trailer, 0, IMAGE_TRAILER_BYTES);
    snprintf(trailer, IMAGE_TRAILER_BYTES,
             LAYOUT "\nkey %s\nsize %llu\nhead %s\n", key->hex,
             (unsigned long long)size_bytes, hex);
    return 0;
}

static int check_entry(int fd, const struct image_key *key,
                       const struct stat *st)
{
    char want[IMAGE_TRAILER_BYTES], got[IMAGE_TRAILER_BYTES];
    uint64_t size_bytes = (uint64_t)st->st_size;

    if (!S_ISREG(st->st_mode) || size_bytes < 2 * IMAGE_TRAILER_BYTES ||
        !is_trusted(key, st->st_mtim.tv_sec))
        return -1;
    size_bytes -= IMAGE_TRAILER_BYTES;
    if (make_trailer(fd, key, size_bytes, want))
        return -1;
    if (pread(fd, got, sizeof(got), (off_t)size_bytes) != sizeof(got))
        return -1;
    return memcmp(want, got, sizeof(got)) ? -1 : 0;
}

int image_cache_find(int cache_fd, const struct image_key *key)
{
    struct stat st;
    int fd;

    for (;;) {
        fd = openat(cache_fd, key->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
                    O_CLOEXEC);
        if (fd < 0)
            return -1;
        if (flock(fd, LOCK_SH | LOCK_NB) < 0 || fstat(fd, &st) < 0 ||
            check_entry(fd, key, &st) < 0) {
            close(fd);
            return -1;
        }
        if (st.st_nlink)
            break;
        close(fd); /* removed or replaced before we had the lock */
    }
    /* the time of use, by which the cache is trimmed; mtime stays */
    (void)futimens(fd, (const struct timespec[]){ { 0, UTIME_NOW },
                                                  { 0, UTIME_OMIT } });
    return fd;
}

int image_cache_lock(int cache_fd, const unsigned char *digest, bool *waited)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET,
                          .l_len = 1 };
    int fd = openat(cache_fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW |
                    O_CLOEXEC, 0600);
    unsigned int i;

    if (fd < 0)
        return -1;
    for (i = 0; i < 7; i++)
        lock.l_start = lock.l_start << 8 | digest[i];
    *waited = fcntl(fd, F_OFD_SETLK, &lock) < 0;
    while (*waited && fcntl(fd, F_OFD_SETLKW, &lock) < 0)
        if (errno != EINTR) {
            int error = errno;

            close(fd);
            errno = error;
            return -1;
        }
    return fd;
}

int image_cache_new_file(int cache_fd)
{
    return openat(cache_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

/*
 * Replaces whatever has the name. The lock makes ".new" ours; one that was
 * left by a process killed right here is overwritten.
 */
static int give_name(int cache_fd, int fd, const char *name)
{
    char self[64];
    int error = 0;

    snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
    if (flock(cache_fd, LOCK_EX) < 0)
        return errno;
    if (unlinkat(cache_fd, ".new", 0) < 0 && errno != ENOENT)
        error = errno;
    else if (linkat(AT_FDCWD, self, cache_fd, ".new", AT_SYMLINK_FOLLOW) < 0)
        error = errno;
    else if (renameat(cache_fd, ".new", cache_fd, name) < 0) {
        error = errno;
        unlinkat(cache_fd, ".new", 0);
    }
    flock(cache_fd, LOCK_UN);
    return error;
}

int image_cache_publish(int cache_fd, int fd, const struct image_key *key)
{
    time_t mtime_s = volatile_mtime(key);
    char trailer[IMAGE_TRAILER_BYTES];
    struct stat st;
    uint64_t size_bytes;
    ssize_t n;
    int error;

    if (fstat(fd, &st) < 0)
        return errno;
    size_bytes = ((uint64_t)st.st_size + IMAGE_TRAILER_BYTES - 1) /
                 IMAGE_TRAILER_BYTES * IMAGE_TRAILER_BYTES;
    error = make_trailer(fd, key, size_bytes, trailer);
    if (error)
        return error;
    n = pwrite(fd, trailer, sizeof(trailer), (off_t)size_bytes);
    if (n != sizeof(trailer))
        return n < 0 ? errno : ENOSPC;
    if (mtime_s < 0 && fdatasync(fd) < 0)
        return errno;
    if (fchmod(fd, 0400) < 0 ||
        set_mtime(fd, mtime_s < 0 ? durable_mtime(key) : mtime_s) < 0 ||
        flock(fd, LOCK_SH) < 0)
        return errno;
    return give_name(cache_fd, fd, key->name);
}

int image_cache_settle(int fd, const struct image_key *key)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return errno;
    if (st.st_mtim.tv_sec == durable_mtime(key))
        return 0;
    /* the mark must not survive a power failure that the bytes do not */
    return fdatasync(fd) < 0 || set_mtime(fd, durable_mtime(key)) < 0 ?
           errno : 0;
}

static void tree_name(char *out, size_t size_bytes,
                      const unsigned char *fingerprint)
{
    char hex[IMAGE_HEX_BYTES];

    to_hex(hex, fingerprint);
    snprintf(out, size_bytes, "%s.tree", hex);
}

int image_cache_recall(int cache_fd, const unsigned char *fingerprint,
                       unsigned char *content)
{
    char name[IMAGE_HEX_BYTES + 8];
    ssize_t n;
    int fd;

    tree_name(name, sizeof(name), fingerprint);
    fd = openat(cache_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
                O_CLOEXEC);
    if (fd < 0)
        return -1;
    n = read(fd, content, TREE_DIGEST_BYTES);
    close(fd);
    return n == TREE_DIGEST_BYTES ? 0 : -1;
}

void image_cache_remember(int cache_fd, const unsigned char *fingerprint,
                          const unsigned char *content)
{
    char name[IMAGE_HEX_BYTES + 8];
    int fd = image_cache_new_file(cache_fd);

    if (fd < 0)
        return;
    tree_name(name, sizeof(name), fingerprint);
    if (write(fd, content, TREE_DIGEST_BYTES) == TREE_DIGEST_BYTES)
        (void)give_name(cache_fd, fd, name);
    close(fd);
}
