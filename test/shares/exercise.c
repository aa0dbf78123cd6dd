/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A file system's exerciser, inside the guest: the same on 9pfs and on block.
 *
 *   exercise DIRECTORY SEED STEPS
 *
 * "file": random writes, reads, truncations, mapped reads and writes, fsync and
 * reopening of one file, each compared with a model in memory (as fsx does).
 * "tree": random creations, links, renames, removals and changes of attributes
 * in a small tree, each compared with a model of it (as fsstress does, which
 * compares nothing). Prints a line for each and ends with 0, or tells the
 * first difference and ends with 1. Static, no libc beyond musl.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES (128u << 10)
#define CHUNK_BYTES (16u << 10)
#define PAGE_BYTES 4096u

static uint64_t state;

static uint32_t pick(uint32_t below)
{
    /* xorshift64*: the same run on every machine */
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)((state * 2685821657736338717ull) >> 33) % below;
}

__attribute__((format(printf, 1, 2), noreturn))
static void differ(const char *format, ...)
{
    int failure = errno;
    va_list list;

    va_start(list, format);
    printf("differs: ");
    vprintf(format, list);
    printf(" (errno %s)\n", strerror(failure));
    va_end(list);
    exit(1);
}

/* --- file ------------------------------------------------------------------ */

static struct {
    int fd;
    unsigned char bytes[FILE_BYTES], chunk[CHUNK_BYTES];
    uint32_t size;
} file;

static void compare(const char *what, uint32_t step, uint32_t at,
                    const unsigned char *got, uint32_t size)
{
    uint32_t i;

    if (!memcmp(got, file.bytes + at, size))
        return;
    for (i = 0; i < size; i++)
        if (got[i] != file.bytes[at + i])
            differ("step %u: %s: byte %u is %02x, not %02x", step, what,
                   at + i, got[i], file.bytes[at + i]);
}

static void write_some(uint32_t step)
{
    uint32_t at = pick(FILE_BYTES), size = 1 + pick(CHUNK_BYTES), i;

    if (size > FILE_BYTES - at)
        size = FILE_BYTES - at;
    /* different everywhere, but cheap: the guest may be emulated */
    for (i = 0; i < size; i++)
        file.chunk[i] = (unsigned char)(step + at + i + (i >> 8));
    if (pwrite(file.fd, file.chunk, size, at) != (ssize_t)size)
        differ("step %u: write of %u at %u", step, size, at);
    memcpy(file.bytes + at, file.chunk, size);
    if (at + size > file.size)
        file.size = at + size;
}

static void read_some(uint32_t step)
{
    uint32_t at = pick(FILE_BYTES), size = 1 + pick(CHUNK_BYTES), want;
    ssize_t got = pread(file.fd, file.chunk, size, at);

    want = at >= file.size ? 0 : file.size - at < size ? file.size - at : size;
    if (got != (ssize_t)want)
        differ("step %u: read of %u at %u: %zd, not %u", step, size, at, got,
               want);
    compare("read", step, at, file.chunk, want);
}

static void truncate_it(uint32_t step)
{
    uint32_t size = pick(FILE_BYTES);

    if (ftruncate(file.fd, size))
        differ("step %u: truncation to %u", step, size);
    if (size < file.size)
        memset(file.bytes + size, 0, file.size - size);
    file.size = size;
}

static void map_some(uint32_t step)
{
    bool writes = pick(2);
    unsigned char *map;
    uint32_t at, size, i;

    if (!file.size)
        return;
    at = pick(file.size);
    size = 1 + pick(file.size - at);
    map = mmap(NULL, file.size, PROT_READ | PROT_WRITE, MAP_SHARED, file.fd,
               0);
    if (map == MAP_FAILED)
        differ("step %u: mmap of %u", step, file.size);
    if (writes)
        for (i = 0; i < size; i += 1 + pick(64))
            file.bytes[at + i] = map[at + i] = (unsigned char)pick(256);
    compare("mapped", step, at, map + at, size);
    if (writes && pick(2) && msync(map, file.size, MS_SYNC))
        differ("step %u: msync", step);
    munmap(map, file.size);
}

static void reopen(uint32_t step, const char *path)
{
    close(file.fd);
    file.fd = open(path, O_RDWR);
    if (file.fd < 0)
        differ("step %u: open", step);
}

static void check_size(uint32_t step)
{
    struct stat s;

    if (fstat(file.fd, &s) || s.st_size != (off_t)file.size)
        differ("step %u: size %lld, not %u", step, (long long)s.st_size,
               file.size);
}

static void exercise_file(const char *path, uint32_t steps)
{
    uint32_t step;

    file.fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (file.fd < 0)
        differ("%s", path);
    for (step = 0; step < steps; step++) {
        switch (pick(16)) {
        case 0: case 1: case 2: case 3: case 4:
            write_some(step);
            break;
        case 5: case 6: case 7: case 8: case 9:
            read_some(step);
            break;
        case 10: case 11: case 12:
            map_some(step);
            break;
        case 13:
            truncate_it(step);
            break;
        case 14:
            if (fsync(file.fd))
                differ("step %u: fsync", step);
            break;
        default:
            reopen(step, path);
        }
        check_size(step);
    }
    close(file.fd);
    printf("file: %u steps, no difference\n", steps);
}

/* --- tree ------------------------------------------------------------------ */

#define DIRECTORIES 6
#define NAMES 12
#define INODES (DIRECTORIES * NAMES + 1)

struct inode {
    enum { FREE, FILE_KIND, LINK_KIND } kind;
    uint32_t links, size, mode, content;
    int64_t mtime;
};

/* What stands under each name: an index of inodes, 0 for nothing. */
static struct {
    struct inode inodes[INODES];
    uint32_t names[DIRECTORIES][NAMES];
} tree;

static const char *path_of(char path[32], uint32_t directory, uint32_t name)
{
    snprintf(path, 32, "d%u/n%u", directory, name);
    return path;
}

static uint32_t new_inode(void)
{
    uint32_t i = 1;

    while (tree.inodes[i].kind != FREE)
        i++;
    memset(&tree.inodes[i], 0, sizeof(tree.inodes[i]));
    tree.inodes[i].links = 1;
    return i;
}

static void drop_name(uint32_t directory, uint32_t name)
{
    uint32_t i = tree.names[directory][name];

    if (i && !--tree.inodes[i].links)
        tree.inodes[i].kind = FREE;
    tree.names[directory][name] = 0;
}

static void expect_result(uint32_t step, const char *what, int got, int want)
{
    int failure = got < 0 ? errno : 0;

    if (failure != want)
        differ("step %u: %s: errno %d, not %d", step, what, failure, want);
}

static void make_file(uint32_t step, uint32_t d, uint32_t n)
{
    char path[32];
    uint32_t i = tree.names[d][n], mode = 0400 | pick(0400), size = pick(9000);
    int fd = open(path_of(path, d, n), O_WRONLY | O_CREAT | O_EXCL, mode);

    expect_result(step, "create", fd, i ? EEXIST : 0);
    if (i)
        return;
    i = new_inode();
    tree.inodes[i].kind = FILE_KIND;
    tree.inodes[i].mode = mode;
    tree.inodes[i].size = size;
    tree.inodes[i].content = step;
    tree.names[d][n] = i;
    if (pwrite(fd, &step, sizeof(step), 0) != sizeof(step) ||
        ftruncate(fd, sizeof(step) + size))
        differ("step %u: %s cannot be written", step, path);
    close(fd);
}

static void make_symlink(uint32_t step, uint32_t d, uint32_t n)
{
    char path[32], target[16];
    uint32_t i = tree.names[d][n];
    int r;

    snprintf(target, sizeof(target), "/%08u", step);
    r = symlink(target, path_of(path, d, n));
    expect_result(step, "symlink", r, i ? EEXIST : 0);
    if (i)
        return;
    i = new_inode();
    tree.inodes[i].kind = LINK_KIND;
    tree.inodes[i].content = step;
    tree.names[d][n] = i;
}

static void remove_name(uint32_t step, uint32_t d, uint32_t n)
{
    char path[32];

    expect_result(step, "unlink", unlink(path_of(path, d, n)),
                  tree.names[d][n] ? 0 : ENOENT);
    drop_name(d, n);
}

static void link_name(uint32_t step, uint32_t d, uint32_t n)
{
    uint32_t to_d = pick(DIRECTORIES), to_n = pick(NAMES);
    uint32_t i = tree.names[d][n], over = tree.names[to_d][to_n];
    char from[32], to[32];

    expect_result(step, "link", link(path_of(from, d, n),
                                     path_of(to, to_d, to_n)),
                  !i ? ENOENT : over ? EEXIST : 0);
    if (!i || over)
        return;
    tree.inodes[i].links++;
    tree.names[to_d][to_n] = i;
}

static void rename_name(uint32_t step, uint32_t d, uint32_t n)
{
    uint32_t to_d = pick(DIRECTORIES), to_n = pick(NAMES);
    uint32_t i = tree.names[d][n];
    char from[32], to[32];

    expect_result(step, "rename", rename(path_of(from, d, n),
                                         path_of(to, to_d, to_n)),
                  i ? 0 : ENOENT);
    /* rename(2): nothing happens between two names of one file */
    if (!i || tree.names[to_d][to_n] == i)
        return;
    drop_name(to_d, to_n);
    tree.names[to_d][to_n] = i;
    tree.names[d][n] = 0;
}

static void change_attributes(uint32_t step, uint32_t d, uint32_t n)
{
    struct inode *inode = &tree.inodes[tree.names[d][n]];
    struct timespec times[2] = { { .tv_sec = 1 }, { 0 } };
    char path[32];

    if (inode->kind != FILE_KIND || !tree.names[d][n])
        return;
    inode->mode = 0400 | pick(0400);
    inode->mtime = 1000 + pick(1u << 30);
    times[1].tv_sec = inode->mtime;
    if (chmod(path_of(path, d, n), inode->mode) ||
        utimensat(AT_FDCWD, path, times, 0))
        differ("step %u: attributes of %s", step, path);
}

static void check_content(const char *path, const struct inode *inode)
{
    char target[16] = "", want[16];
    uint32_t content = 0;
    int fd;

    if (inode->kind == LINK_KIND) {
        snprintf(want, sizeof(want), "/%08u", inode->content);
        if (readlink(path, target, sizeof(target)) != 9 ||
            memcmp(target, want, 9))
            differ("%s leads to %s, not %s", path, target, want);
        return;
    }
    fd = open(path, O_RDONLY);
    if (fd < 0 || read(fd, &content, sizeof(content)) != sizeof(content) ||
        content != inode->content)
        differ("%s holds %u, not %u", path, content, inode->content);
    close(fd);
}

static void check_name(uint32_t d, uint32_t n)
{
    const struct inode *inode = &tree.inodes[tree.names[d][n]];
    char path[32];
    struct stat s;

    path_of(path, d, n);
    if (!tree.names[d][n]) {
        if (!lstat(path, &s) || errno != ENOENT)
            differ("%s is there", path);
        return;
    }
    if (lstat(path, &s) || s.st_nlink != inode->links)
        differ("%s has %u links, not %u", path, (unsigned int)s.st_nlink,
               inode->links);
    if (inode->kind == FILE_KIND &&
        ((s.st_mode & 07777) != inode->mode ||
         s.st_size != (off_t)(inode->size + sizeof(inode->content)) ||
         (inode->mtime && s.st_mtime != inode->mtime)))
        differ("%s: mode %o size %lld mtime %lld, not %o %u %lld", path,
               s.st_mode & 07777, (long long)s.st_size,
               (long long)s.st_mtime, inode->mode, inode->size + 4,
               (long long)inode->mtime);
    check_content(path, inode);
}

static void check_directory(uint32_t d)
{
    uint32_t want = 0, got = 0, n;
    struct dirent *entry;
    char path[32];
    DIR *dir;

    for (n = 0; n < NAMES; n++) {
        check_name(d, n);
        want += tree.names[d][n] != 0;
    }
    snprintf(path, sizeof(path), "d%u", d);
    dir = opendir(path);
    while (dir && (entry = readdir(dir)))
        got += entry->d_name[0] == 'n';
    if (!dir || got != want)
        differ("%s lists %u names, not %u", path, got, want);
    closedir(dir);
}

static void exercise_tree(uint32_t steps)
{
    static void (*const actions[])(uint32_t, uint32_t, uint32_t) = {
        make_file, make_file, make_symlink, remove_name, link_name,
        rename_name, rename_name, change_attributes,
    };
    uint32_t step, d;
    char path[32];

    umask(0);
    for (d = 0; d < DIRECTORIES; d++) {
        snprintf(path, sizeof(path), "d%u", d);
        if (mkdir(path, 0755))
            differ("%s", path);
    }
    for (step = 0; step < steps; step++) {
        actions[pick(8)](step, pick(DIRECTORIES), pick(NAMES));
        if (step % 32 == 31)
            check_directory(pick(DIRECTORIES));
    }
    for (d = 0; d < DIRECTORIES; d++)
        check_directory(d);
    printf("tree: %u steps, no difference\n", steps);
}

int main(int argc, char **argv)
{
    uint32_t steps;

    if (argc != 4 || chdir(argv[1])) {
        fprintf(stderr, "usage: exercise DIRECTORY SEED STEPS\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    state = strtoull(argv[2], NULL, 10) * 2 + 1;
    steps = (uint32_t)strtoul(argv[3], NULL, 10);
    exercise_file("file", steps);
    exercise_tree(steps);
    return 0;
}
