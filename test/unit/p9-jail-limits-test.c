/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a process in the jail has: memory, descriptors, privileges, and no more
 * of each. */
#include "p9-jail.h"

#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>

/* Of memory there is an end, and it is no death. */
static int take_all_memory(void)
{
    enum { CHUNK = 1 << 20, CHUNKS = 128 };
    int taken = 0;

    while (taken < CHUNKS && mmap(NULL, CHUNK, PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
                             MAP_FAILED)
        taken++;
    return result(taken == CHUNKS);
}

/* The largest value an attribute may have, pending on fid after fid: stops
 * with error. */
static int write_attributes(uint32_t fid, int error)
{
    int got = 0, n;

    for (n = 0; n < 4096 && !got; n++) {
        got = call(P9_TWALK, "ddws", ROOT_FID, fid, 1, "hoard");
        if (!got)
            got = call(P9_TXATTRCREATE, "dsqd", fid++, "user.x",
                       UINT64_C(65536), 0u);
    }
    return got == error ? DONE : got;
}

/* A client that takes all it is given gets errors, and then goes on. */
static int take_everything(void)
{
    struct p9_settings settings = { .descriptors = inside.descriptors };
    uint32_t fid, n;
    struct attributes a;

    server = p9_server_new(inside.export_fd, &settings);
    if (!server || call(P9_TVERSION, "ds", P9_MSIZE_MAX, P9_VERSION) ||
        do_attach(ROOT_FID, 0) || call(P9_TWALK, "ddw", ROOT_FID, 1u, 0) ||
        do_create(1, "hoard", O_RDWR, 0644) || do_write(1, 0, "abc", 3, &n))
        return 40;
    if (write_attributes(2, ENOMEM))
        return 41;
    for (fid = 10000; fid < 20000; fid++)
        if (call(P9_TWALK, "ddws", ROOT_FID, fid, 1, "hoard") ||
            do_open(fid, O_RDONLY))
            break;
    if (fid < 10000 + 4000 || fid == 20000)
        return 42;
    for (fid = 20000; fid < 100000; fid++)
        if (call(P9_TWALK, "ddw", ROOT_FID, fid, 0))
            break;
    if (fid < 20000 + 60000 || fid == 100000)
        return 43;
    return do_getattr(1, &a) || a.size != 3 || do_clunk(20000) ||
           call(P9_TWALK, "ddw", ROOT_FID, 20000u, 0) ||
           call(P9_TUNLINKAT, "dsd", ROOT_FID, "hoard", 0u) ? 44 : DONE;
}

static const struct p9_settings small = {
    .fid_max = 3000, .open_max = 500,
};

/* Each fid another file, as many as there may be open, and all owners of
 * locks: with as many descriptors as p9_server_descriptors() says. */
static int take_all_descriptors(void)
{
    struct p9_settings settings = small;
    struct p9_usage usage;
    char name[16];
    uint32_t n;

    settings.descriptors = inside.descriptors;
    server = p9_server_new(inside.export_fd, &settings);
    if (!server || call(P9_TVERSION, "ds", P9_MSIZE_MAX, P9_VERSION) ||
        do_attach(ROOT_FID, 0))
        return 50;
    for (n = 1; n < small.fid_max; n++) {
        snprintf(name, sizeof(name), "all-%u", n);
        if (call(P9_TMKNOD, "dsdddd", ROOT_FID, name,
                 (uint32_t)S_IFREG | 0600, 0u, 0u, 0u) ||
            call(P9_TWALK, "ddws", ROOT_FID, n, 1, name) ||
            (n <= small.open_max && do_open(n, O_RDWR)))
            return 51;
    }
    for (n = 0; n < 1024; n++)
        if (call(P9_TLOCK, "dbdqqds", 1u, 1, 0u, (uint64_t)n, UINT64_C(1), n,
                 "g") || p9_read_u8(&answer))
            return 52;
    p9_server_usage(server, &usage);
    if (usage.fids != small.fid_max || usage.open_files != small.open_max ||
        usage.locks != 1024)
        return 53;
    for (n = 1; n < small.fid_max; n++) {
        snprintf(name, sizeof(name), "all-%u", n);
        if (call(P9_TUNLINKAT, "dsd", ROOT_FID, name, 0u))
            return 54;
    }
    return DONE;
}

/* Of what descriptor soever: no directory leads to another above it. */
static int leave_by_descriptors(void)
{
    int fd, up;

    for (fd = 0; fd < 2000; fd++) {
        up = openat(fd, "..", O_PATH);
        if (up < 0)
            continue;
        if (!same_file(fd, up))
            return DONE;
        close(up);
    }
    return REFUSED;
}

static int find_other_descriptors(void)
{
    int fd, found = 0;

    for (fd = 0; fd < 2000; fd++)
        found += fcntl(fd, F_GETFD) >= 0 && fd > 2 && fd != inside.export_fd;
    return result(found > 0);
}

static int find_standard_descriptors(void)
{
    return result(fcntl(0, F_GETFD) >= 0 && fcntl(1, F_GETFD) >= 0 &&
                  fcntl(2, F_GETFD) >= 0 &&
                  fcntl(inside.export_fd, F_GETFD) >= 0);
}

/* As much as xl-oci-9pfs gives itself. */
static void test_memory(void)
{
    struct p9_jail jail = jail_of();

    jail.memory_more = 32u << 20;
    jail.descriptors_max = 12000;
    is_int(in_jail(&jail, take_all_memory), REFUSED, "memory is limited");
    is_int(in_jail(&jail, take_everything), DONE,
           "a client that takes everything gets errors, and goes on");
    is_int(in_jail(&jail, serve), DONE, "every request works with little");
}

static void test_descriptors_suffice(void)
{
    struct p9_jail jail = jail_of();

    jail.descriptors_max = p9_server_descriptors(&small);
    is_int(in_jail(&jail, take_all_descriptors), DONE,
           "all fids, open files and locks at once have their descriptors");
}

/* The directory where xl-oci-9pfs has it, and what a careless caller might
 * have open besides. */
static void test_all_descriptors(void)
{
    static const int numbers[] = { 3, 4, 60, 900, 1500 };
    struct p9_jail jail = jail_of();
    size_t i;

    for (i = 0; i < sizeof(numbers) / sizeof(int); i++) {
        int fd = open(i % 2 ? "/" : export_of, O_PATH | O_DIRECTORY);

        dup2(fd, numbers[i]);
        if (fd != numbers[i])
            close(fd);
    }
    jail.export_path = "/proc/self/fd/3";
    is_int(in_jail(&jail, leave_by_descriptors), REFUSED,
           "no descriptor leads out of the export");
    is_int(in_jail(&jail, find_other_descriptors), REFUSED,
           "those that are not kept are closed");
    is_int(in_jail(&jail, find_standard_descriptors), DONE,
           "the others and the export are not");
    is_int(in_jail(&jail, serve), DONE, "with these, it serves");
    jail.export_path = NULL;
    is_int(in_jail(&jail, leave_by_descriptors), REFUSED,
           "nor where there is no export");
    is_int(in_jail(&jail, find_other_descriptors), REFUSED,
           "and nothing else is open there");
    is_int(in_jail(&jail, list_root), REFUSED, "nor is there a root");
    for (i = 0; i < sizeof(numbers) / sizeof(int); i++)
        close(numbers[i]);
}

/* What the kernel says of a process in its jail: its status, as text. */
static const char *status_in_jail(void)
{
    static char text[8192];
    struct p9_jail jail = jail_of();
    const char *failed;
    int alive[2], keep[1], fd = -1;
    char path[64], byte;
    ssize_t size = 0;
    pid_t pid;

    if (pipe(alive))
        return "";
    keep[0] = alive[1];
    jail.keep_fds = keep;
    jail.keep_count = 1;
    pid = p9_jail_fork();
    if (!pid) {
        if (p9_jail_enter(&jail, &inside, &failed) ||
            write(alive[1], "i", 1) != 1)
            _exit(1);
        for (;;)
            poll(NULL, 0, -1);
    }
    close(alive[1]);
    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    if (read(alive[0], &byte, 1) == 1)
        fd = open(path, O_RDONLY);
    if (fd >= 0)
        size = read(fd, text, sizeof(text) - 1);
    text[size > 0 ? size : 0] = '\0';
    close(fd);
    close(alive[0]);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return text;
}

/* As of an administrator who is in some groups. */
static void test_status(void)
{
    static const gid_t groups[] = { 0, 4, 4242 };
    const char *status;

    if (setgroups(3, groups))
        exit(1);
    status = status_in_jail();
    ok(strstr(status, "\nGroups:\t \n") != NULL, "it is in no groups");
    ok(strstr(status, "\nNoNewPrivs:\t1\n") != NULL, "no new privileges");
    ok(strstr(status, "\nSeccomp:\t2\n") != NULL, "a filter");
    ok(strstr(status, "\nCapEff:\t00000000800000db\n") != NULL,
       "the seven capabilities");
    ok(strstr(status, "\nCapBnd:\t0000000000000000\n") != NULL,
       "which are all it can get");
}

int main(void)
{
    if (!jails_begin())
        return 0;
    test_memory();
    test_descriptors_suffice();
    test_all_descriptors();
    test_status();
    return done_testing();
}
