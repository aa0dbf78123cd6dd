/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * p9-requests ROUNDS: what a request costs in the 9P server, without any
 * transport: microseconds, the median of the rounds, and the system calls that
 * do the same directly beside it.
 */
#include "../unit/p9-client.h"

#include <time.h>

enum { PER_ROUND = 2000, BIG = 256 << 10 };

static char big[BIG];
static int host_dir;

static double now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void check(int error)
{
    if (error) {
        fprintf(stderr, "p9-requests: %s\n", strerror(error));
        exit(1);
    }
}

static void name_of(char name[16], int i)
{
    snprintf(name, 16, "f%d", i);
}

static void nothing(int i)
{
    check(call(P9_TFLUSH, "w", i & 0xff));
}

static void getattr_9p(int i)
{
    struct attributes a;

    (void)i;
    check(do_getattr(1, &a));
}

static void getattr_host(int i)
{
    struct stat st;

    (void)i;
    fstatat(host_dir, "file", &st, AT_SYMLINK_NOFOLLOW);
}

/* stat(2) of a path in a guest without a cache */
static void lookup_9p(int i)
{
    struct attributes a;

    (void)i;
    check(do_walk1(ROOT_FID, 2, "file"));
    check(do_getattr(2, &a));
    check(do_clunk(2));
}

static void read_9p(int i)
{
    uint32_t n;

    check(do_read(3, (uint64_t)(i % 16) * 4096, 4096, &n));
}

static void read_host(int i)
{
    static int fd = -1;

    if (fd < 0)
        fd = openat(host_dir, "file", O_RDONLY);
    if (pread(fd, big, 4096, (off_t)(i % 16) * 4096) < 0)
        exit(1);
}

static void write_9p(int i)
{
    uint32_t n;

    check(do_write(3, (uint64_t)(i % 16) * 4096, big, 4096, &n));
}

static void write_big_9p(int i)
{
    uint32_t n;

    (void)i;
    check(do_write(3, 0, big, BIG, &n));
}

static void read_big_9p(int i)
{
    uint32_t n;

    (void)i;
    check(do_read(3, 0, BIG, &n));
}

/* as Linux creates, writes, closes and stats one small file */
static void create_9p(int i)
{
    struct attributes a;
    char name[16];
    uint32_t n;

    name_of(name, i);
    check(call(P9_TWALK, "ddw", ROOT_FID, 4u, 0));
    check(do_create(4, name, O_RDWR, 0644));
    check(do_walk1(ROOT_FID, 5, name));
    check(do_getattr(5, &a));
    check(do_write(4, 0, "x", 1, &n));
    check(do_clunk(4));
    check(do_clunk(5));
}

static void create_host(int i)
{
    char name[16];
    int fd;

    name_of(name, i);
    fd = openat(host_dir, name, O_CREAT | O_EXCL | O_RDWR, 0644);
    if (fd < 0 || write(fd, "x", 1) != 1)
        exit(1);
    close(fd);
}

static void unlink_9p(int i)
{
    char name[16];

    name_of(name, i);
    check(call(P9_TUNLINKAT, "dsd", ROOT_FID, name, 0u));
}

static void unlink_host(int i)
{
    char name[16];

    name_of(name, i);
    unlinkat(host_dir, name, 0);
}

static const struct {
    const char *name;
    void (*by_server)(int), (*by_host)(int);
    int times;
} rows[] = {
    { "flush (nothing to do)", nothing, NULL, PER_ROUND },
    { "getattr", getattr_9p, getattr_host, PER_ROUND },
    { "walk, getattr, clunk", lookup_9p, getattr_host, PER_ROUND },
    { "read of 4 KiB", read_9p, read_host, PER_ROUND },
    { "write of 4 KiB", write_9p, NULL, PER_ROUND },
    { "read of 256 KiB", read_big_9p, NULL, 100 },
    { "write of 256 KiB", write_big_9p, NULL, 100 },
    { "create and write a file", create_9p, create_host, PER_ROUND },
    { "unlink", unlink_9p, unlink_host, PER_ROUND },
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]), ROUNDS_MAX = 101 };

static double samples[ROWS][2][ROUNDS_MAX];

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof(*values), by_value);
    return values[count / 2];
}

static double measure(void (*run)(int), int times)
{
    double start = now_us();
    int i;

    for (i = 0; run && i < times; i++)
        run(i);
    return (now_us() - start) / times;
}

/* Creation and unlinking share their names: the server's, then the host's. */
static void one_round(int round)
{
    size_t i;

    for (i = 0; i + 2 < ROWS; i++) {
        samples[i][0][round] = measure(rows[i].by_server, rows[i].times);
        samples[i][1][round] = measure(rows[i].by_host, rows[i].times);
    }
    for (i = ROWS - 2; i < ROWS; i++)
        samples[i][0][round] = measure(rows[i].by_server, rows[i].times);
    for (i = ROWS - 2; i < ROWS; i++)
        samples[i][1][round] = measure(rows[i].by_host, rows[i].times);
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 7, i;
    uint32_t n;

    rounds = rounds < 1 ? 1 : rounds > ROUNDS_MAX ? ROUNDS_MAX : rounds;
    scratch_make();
    host_dir = open(export_of, O_PATH | O_DIRECTORY);
    check(session_start(NULL));
    check(call(P9_TWALK, "ddw", ROOT_FID, 1u, 0));
    check(do_create(1, "file", O_RDWR, 0644));
    check(do_write(1, 0, big, BIG, &n));
    check(call(P9_TWALK, "ddws", ROOT_FID, 3u, 1, "file"));
    check(do_open(3, O_RDWR));
    for (i = 0; i < rounds; i++)
        one_round(i);
    for (i = 0; i < ROWS; i++) {
        double by_server = median(samples[i][0], rounds);
        double by_host = median(samples[i][1], rounds);

        printf("9p %s, us: %.2f", rows[i].name, by_server);
        if (rows[i].by_host)
            printf(" (directly %.2f, ratio %.2f)", by_host,
                   by_server / by_host);
        putchar('\n');
    }
    p9_server_free(server);
    return 0;
}
