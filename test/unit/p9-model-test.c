/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random operations on two directories: on one through the 9P server, on the
 * other directly, the same each time. Every error, every byte read and every
 * attribute must be the same, and now and then the trees are compared.
 *
 * P9_MODEL_SEED and P9_MODEL_OPERATIONS choose another run.
 */
#include "tap.h"

#include <dirent.h>

#include "p9-client.h"
#include "random.h"

enum { SLOTS = 12, DATA_MAX = 70000, OFFSET_MAX = 200000, DEPTH_MAX = 4 };
enum { PATH_FID = 100, OTHER_FID = 101, CLONE_FID = 102 };

static char mirror_of[96];
static unsigned long step;
static int differences;

/* Open files: fid is the slot's number + 1. */
static int slots[SLOTS];

static void differ(const char *what, long long by_server, long long by_host)
{
    if (differences++ < 10)
        printf("# step %lu: %s: %lld by the server, %lld by the host\n", step,
               what, by_server, by_host);
}

static void compare(const char *what, long long by_server, long long by_host)
{
    if (by_server != by_host)
        differ(what, by_server, by_host);
}

/* --- a place in both trees ----------------------------------------------------------- */

struct place {
    int depth;
    char names[DEPTH_MAX][16];
};

static void random_place(struct place *p)
{
    int i;

    p->depth = 1 + (int)random_below(DEPTH_MAX);
    for (i = 0; i < p->depth; i++)
        snprintf(p->names[i], sizeof(p->names[i]), "%c%s",
                 'a' + (int)random_below(4),
                 random_below(8) ? "" : "-longer-name");
}

static const char *leaf(const struct place *p)
{
    return p->names[p->depth - 1];
}

/* fid of the directory, one step per name; 0 or the error. */
static int server_parent(const struct place *p, uint32_t fid)
{
    int i, error = call(P9_TWALK, "ddw", ROOT_FID, fid, 0);

    for (i = 0; !error && i < p->depth - 1; i++) {
        error = do_walk1(fid, fid, p->names[i]);
        if (error)
            do_clunk(fid);
    }
    return error;
}

/* The same on the host: a descriptor, or minus the error. */
static int host_parent(const struct place *p)
{
    int fd = open(mirror_of, O_PATH | O_DIRECTORY), i;

    for (i = 0; fd >= 0 && i < p->depth - 1; i++) {
        int next = openat(fd, p->names[i], O_PATH | O_NOFOLLOW);
        int error = errno;

        close(fd);
        fd = next < 0 ? -error : next;
    }
    return fd;
}

/* Both, where both or neither exist; false where there is nothing to do. */
static bool parents(const struct place *p, uint32_t fid, int *fd)
{
    int error = server_parent(p, fid);

    *fd = host_parent(p);
    compare("walk", error, *fd < 0 ? -*fd : 0);
    if (!error && *fd >= 0)
        return true;
    if (!error)
        do_clunk(fid);
    if (*fd >= 0)
        close(*fd);
    return false;
}

static int host_error(int result)
{
    return result < 0 ? errno : 0;
}

/* --- operations ------------------------------------------------------------------------ */

static void on_directory(void (*run)(uint32_t fid, int fd, const char *name))
{
    struct place p;
    int fd;

    random_place(&p);
    if (!parents(&p, PATH_FID, &fd))
        return;
    run(PATH_FID, fd, leaf(&p));
    do_clunk(PATH_FID);
    close(fd);
}

static void run_mkdir(uint32_t fid, int fd, const char *name)
{
    uint32_t mode = 0700 | random_below(0100);

    compare("mkdir", call(P9_TMKDIR, "dsdd", fid, name, mode, 0u),
            host_error(mkdirat(fd, name, mode)));
}

static void run_rmdir(uint32_t fid, int fd, const char *name)
{
    compare("rmdir", call(P9_TUNLINKAT, "dsd", fid, name, 0x200u),
            host_error(unlinkat(fd, name, AT_REMOVEDIR)));
}

static void run_unlink(uint32_t fid, int fd, const char *name)
{
    compare("unlink", call(P9_TUNLINKAT, "dsd", fid, name, 0u),
            host_error(unlinkat(fd, name, 0)));
}

static void run_symlink(uint32_t fid, int fd, const char *name)
{
    const char *target = random_below(2) ? "a" : "../b";

    compare("symlink", call(P9_TSYMLINK, "dssd", fid, name, target, 0u),
            host_error(symlinkat(target, fd, name)));
}

static void run_mkfifo(uint32_t fid, int fd, const char *name)
{
    compare("mkfifo", call(P9_TMKNOD, "dsdddd", fid, name,
                           (uint32_t)S_IFIFO | 0640, 0u, 0u, 0u),
            host_error(mkfifoat(fd, name, 0640)));
}

static int random_slot(void)
{
    return (int)random_below(SLOTS);
}

static void close_slot(int slot)
{
    if (slots[slot] < 0)
        return;
    compare("clunk", do_clunk((uint32_t)slot + 1), 0);
    close(slots[slot]);
    slots[slot] = -1;
}

static void run_create(uint32_t fid, int fd, const char *name)
{
    int slot = random_slot(), error;
    uint32_t mode = 0600 | random_below(0100);

    close_slot(slot);
    call(P9_TWALK, "ddw", fid, (uint32_t)slot + 1, 0);
    error = do_create((uint32_t)slot + 1, name, O_RDWR | 0200, mode);
    slots[slot] = openat(fd, name, O_RDWR | O_CREAT | O_EXCL, mode);
    compare("create", error, host_error(slots[slot]));
    if (error)
        do_clunk((uint32_t)slot + 1);
}

static bool is_regular(int fd, const char *name)
{
    struct stat st;

    return !fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode);
}

static void run_open(uint32_t fid, int fd, const char *name)
{
    int slot = random_slot(), error;
    uint32_t trunc = random_below(4) ? 0 : 01000;

    if (!is_regular(fd, name))
        return;
    close_slot(slot);
    error = do_walk1(fid, (uint32_t)slot + 1, name);
    compare("walk to a file", error, 0);
    if (error)
        return;
    compare("open", do_open((uint32_t)slot + 1, O_RDWR | trunc), 0);
    slots[slot] = openat(fd, name, O_RDWR | (trunc ? O_TRUNC : 0));
}

static void run_chmod(uint32_t fid, int fd, const char *name)
{
    uint32_t mode = 0700 | random_below(0100);
    struct change c = { .valid = 1, .mode = mode };
    struct stat st;

    if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) || S_ISLNK(st.st_mode) ||
        do_walk1(fid, OTHER_FID, name))
        return;
    compare("chmod", do_setattr(OTHER_FID, c),
            host_error(fchmodat(fd, name, mode, 0)));
    do_clunk(OTHER_FID);
}

static void run_times(uint32_t fid, int fd, const char *name)
{
    struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
                                 { random_below(1u << 31), 12345 } };
    struct change c = { .valid = 0x120, .mtime = (uint64_t)times[1].tv_sec,
                        .mtime_ns = 12345 };
    int error = do_walk1(fid, OTHER_FID, name);

    if (!error) {
        error = do_setattr(OTHER_FID, c);
        do_clunk(OTHER_FID);
    }
    compare("times", error, host_error(utimensat(fd, name, times,
                                                 AT_SYMLINK_NOFOLLOW)));
}

static void two_places(bool is_link)
{
    struct place from, to;
    int a, b, error;

    random_place(&from);
    random_place(&to);
    if (!parents(&from, PATH_FID, &a))
        return;
    if (parents(&to, OTHER_FID, &b)) {
        if (!is_link) {
            compare("rename", call(P9_TRENAMEAT, "dsds", (uint32_t)PATH_FID,
                                   leaf(&from), (uint32_t)OTHER_FID, leaf(&to)),
                    host_error(renameat(a, leaf(&from), b, leaf(&to))));
        } else if (!do_walk1(PATH_FID, CLONE_FID, leaf(&from))) {
            error = call(P9_TLINK, "dds", (uint32_t)OTHER_FID,
                         (uint32_t)CLONE_FID, leaf(&to));
            compare("link", error, host_error(linkat(a, leaf(&from), b,
                                                     leaf(&to), 0)));
            do_clunk(CLONE_FID);
        }
        do_clunk(OTHER_FID);
        close(b);
    }
    do_clunk(PATH_FID);
    close(a);
}

/* --- open files --------------------------------------------------------------------------- */

static uint8_t data[DATA_MAX], host_data[DATA_MAX];

static void compare_attributes(uint32_t fid, int fd)
{
    struct attributes a;
    struct stat st;

    compare("getattr", do_getattr(fid, &a), host_error(fstat(fd, &st)));
    compare("size", (long long)a.size, st.st_size);
    compare("mode", a.mode, st.st_mode);
    compare("links", (long long)a.nlink, (long long)st.st_nlink);
}

static void run_slot(uint32_t fid, int fd)
{
    uint64_t offset = random_below(OFFSET_MAX);
    uint32_t count = random_below(DATA_MAX), i, got;
    struct change c = { .valid = 8, .size = offset };
    ssize_t n;

    switch (random_below(6)) {
    case 0:
    case 1:
        for (i = 0; i < count; i++)
            data[i] = (uint8_t)(random_state + i * 7);
        compare("write", do_write(fid, offset, data, count, &got), 0);
        compare("written", got, pwrite(fd, data, count, (off_t)offset));
        break;
    case 2:
    case 3:
        compare("read", do_read(fid, offset, count, &got), 0);
        n = pread(fd, host_data, count, (off_t)offset);
        compare("bytes read", got, n);
        if (got == n && memcmp(answer.at, host_data, got))
            differ("what was read", 0, 1);
        break;
    case 4:
        compare("truncate", do_setattr(fid, c),
                host_error(ftruncate(fd, (off_t)offset)));
        break;
    case 5:
        if (random_below(20)) /* it waits for a disk */
            break;
        compare("fsync", call(P9_TFSYNC, "dd", fid, 1u), 0);
    }
    compare_attributes(fid, fd);
}

static void one_step(void)
{
    static void (*const runs[])(uint32_t, int, const char *) = {
        run_mkdir, run_mkdir, run_rmdir, run_unlink, run_unlink, run_symlink,
        run_mkfifo, run_create, run_create, run_create, run_open, run_open,
        run_open, run_chmod, run_times,
    };
    uint32_t choice = random_below(30);
    int slot = random_slot();

    if (choice < sizeof(runs) / sizeof(runs[0]))
        on_directory(runs[choice]);
    else if (choice < 19)
        two_places(choice == 18);
    else if (slots[slot] >= 0 && choice == 19)
        close_slot(slot);
    else if (slots[slot] >= 0)
        run_slot((uint32_t)slot + 1, slots[slot]);
}

/* --- whole trees ---------------------------------------------------------------------------- */

static void compare_contents(const char *a, const char *b)
{
    static char x[1 << 19], y[1 << 19];
    int p = open(a, O_RDONLY), q = open(b, O_RDONLY);
    ssize_t n = read(p, x, sizeof(x)), m = read(q, y, sizeof(y));

    if (n != m || n < 0 || memcmp(x, y, (size_t)n))
        differ(a, n, m);
    close(p);
    close(q);
}

static int count_entries(const char *path)
{
    DIR *dir = opendir(path);
    int n = 0;

    while (dir && readdir(dir))
        n++;
    if (dir)
        closedir(dir);
    return n;
}

static void compare_trees(const char *a, const char *b)
{
    DIR *dir = opendir(b);
    struct dirent *d;

    compare("entries", count_entries(a), count_entries(b));
    while (dir && (d = readdir(dir))) {
        char p[1024], q[1024], to_p[64] = "", to_q[64] = "";
        struct stat x, y;

        if (d->d_name[0] == '.')
            continue;
        snprintf(p, sizeof(p), "%s/%s", a, d->d_name);
        snprintf(q, sizeof(q), "%s/%s", b, d->d_name);
        if (lstat(p, &x) || lstat(q, &y)) {
            differ(p, 0, 1);
            continue;
        }
        compare("mode", x.st_mode, y.st_mode);
        compare("links", (long long)x.st_nlink, (long long)y.st_nlink);
        if (S_ISREG(y.st_mode))
            compare_contents(p, q);
        if (S_ISLNK(y.st_mode) && (readlink(p, to_p, 63) < 0 ||
                                   readlink(q, to_q, 63) < 0 ||
                                   strcmp(to_p, to_q)))
            differ(p, 1, 0);
        if (S_ISDIR(y.st_mode))
            compare_trees(p, q);
    }
    if (dir)
        closedir(dir);
}

int main(void)
{
    unsigned long steps = setting("P9_MODEL_OPERATIONS", 60000);
    uint32_t seed = (uint32_t)setting("P9_MODEL_SEED", 2463534242u);
    struct p9_usage usage;
    int i;

    scratch_make();
    snprintf(mirror_of, sizeof(mirror_of), "%s/mirror", scratch);
    mkdir(mirror_of, 0755);
    session_start(NULL);
    for (i = 0; i < SLOTS; i++)
        slots[i] = -1;
    random_start(seed);
    for (step = 0; step < steps; step++) {
        one_step();
        if (step % 2000 == 0)
            compare_trees(export_of, mirror_of);
    }
    compare_trees(export_of, mirror_of);
    is_int(differences, 0, "a tree by the server is as one without");
    printf("# %lu operations, seed %u\n", steps, seed);
    for (i = 0; i < SLOTS; i++)
        close_slot(i);
    p9_server_usage(server, &usage);
    is_int(usage.fids, 1, "no fid is left over");
    is_int(usage.descriptors, 1, "no descriptor either");
    p9_server_free(server);
    return done_testing();
}
