/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * file-times DIRECTORY STEP...: what a file system costs, inside the guest;
 * lines of "name milliseconds". Nothing is read from the guest's own page
 * cache that was not put there by the step itself. Static, no libc beyond
 * musl.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LARGE_BYTES (100u << 20)
#define CHUNK_BYTES (1u << 20)
#define WRITTEN_S 3                 /* for the host to forget what it has */
#define SMALL_FILES 2000
#define REQUESTS 1000
#define REQUEST_ROUNDS 5
#define TREE_FILES 200
#define TREE_ROUNDS 20

static double now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void tell(const char *name, double from)
{
    printf("%s %.0f\n", name, now_ms() - from);
    fflush(stdout);
}

static void large_file(void)
{
    char *chunk = calloc(1, CHUNK_BYTES);
    int fd = open("large", O_RDWR | O_CREAT | O_TRUNC, 0600);
    double from = now_ms();
    unsigned int done;

    for (done = 0; done < LARGE_BYTES; done += CHUNK_BYTES)
        if (write(fd, chunk, CHUNK_BYTES) != CHUNK_BYTES)
            err(1, "large");
    if (fsync(fd))
        err(1, "fsync");
    tell("write-100MB", from);
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    sleep(WRITTEN_S);
    lseek(fd, 0, SEEK_SET);
    from = now_ms();
    for (done = 0; done < LARGE_BYTES; done += CHUNK_BYTES)
        if (read(fd, chunk, CHUNK_BYTES) != CHUNK_BYTES)
            err(1, "large");
    tell("read-100MB", from);
    close(fd);
    free(chunk);
    unlink("large");
}

/* One request each: 4 KiB past every cache, and the attributes. */
static void requests_once(int fd, void *page)
{
    double from = now_ms();
    struct stat s;
    int i;

    for (i = 0; i < REQUESTS; i++)
        if (fstat(fd, &s))
            err(1, "page");
    tell("1000-fstats", from);
    from = now_ms();
    for (i = 0; i < REQUESTS; i++)
        if (pread(fd, page, 4096, 0) != 4096)
            err(1, "page");
    tell("1000-reads-of-4KiB", from);
}

static void requests(void)
{
    int fd = open("page", O_RDWR | O_CREAT | O_DIRECT, 0600), i;
    void *page;

    if (fd < 0 || posix_memalign(&page, 4096, 4096))
        err(1, "page");
    memset(page, 1, 4096);
    if (pwrite(fd, page, 4096, 0) != 4096)
        err(1, "page");
    for (i = 0; i < REQUEST_ROUNDS; i++)
        requests_once(fd, page);
    close(fd);
    unlink("page");
}

static const char *name_of(int n)
{
    static char name[16];

    snprintf(name, sizeof(name), "f%d", n);
    return name;
}

static void small_files(void)
{
    double from = now_ms();
    struct stat s;
    int i, fd;

    for (i = 0; i < SMALL_FILES; i++) {
        fd = open(name_of(i), O_WRONLY | O_CREAT | O_EXCL, 0600);
        if (fd < 0 || write(fd, "content", 7) != 7)
            err(1, "f%d", i);
        close(fd);
    }
    tell("create-2000", from);
    from = now_ms();
    for (i = 0; i < SMALL_FILES; i++)
        if (stat(name_of(i), &s))
            err(1, "f%d", i);
    tell("stat-2000", from);
    from = now_ms();
    for (i = 0; i < SMALL_FILES; i++)
        if (unlink(name_of(i)))
            err(1, "f%d", i);
    tell("unlink-2000", from);
}

static void stat_tree(void)
{
    struct stat s;
    int i;

    for (i = 0; i < TREE_FILES; i++)
        if (stat(name_of(i), &s))
            err(1, "f%d", i);
}

static void read_tree(void)
{
    char content[8192];
    int i, fd;

    for (i = 0; i < TREE_FILES; i++) {
        fd = open(name_of(i), O_RDONLY);
        while (read(fd, content, sizeof(content)) > 0)
            ;
        close(fd);
    }
}

static void again(const char *name, void (*step)(void))
{
    double from = now_ms();
    int i;

    for (i = 0; i < TREE_ROUNDS; i++)
        step();
    tell(name, from);
}

static void tree(void)
{
    static const char content[8192];
    int i, fd;

    for (i = 0; i < TREE_FILES; i++) {
        fd = open(name_of(i), O_WRONLY | O_CREAT, 0600);
        if (write(fd, content, sizeof(content)) < 0)
            err(1, "f%d", i);
        close(fd);
    }
    stat_tree();
    read_tree();
    again("stat-again", stat_tree);
    again("read-again", read_tree);
    for (i = 0; i < TREE_FILES; i++)
        unlink(name_of(i));
}

static const struct {
    const char *name;
    void (*run)(void);
} steps[] = {
    { "large", large_file },
    { "requests", requests },
    { "small", small_files },
    { "tree", tree },
};

int main(int argc, char **argv)
{
    size_t step;
    int i;

    if (argc < 3 || chdir(argv[1]))
        errx(2, "usage: file-times DIRECTORY STEP...");
    for (i = 2; i < argc; i++)
        for (step = 0; step < sizeof(steps) / sizeof(steps[0]); step++)
            if (!strcmp(argv[i], steps[step].name))
                steps[step].run();
    return 0;
}
