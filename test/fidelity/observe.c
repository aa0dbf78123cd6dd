/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a container's process sees of itself, as one JSON object on standard
 * output: the inside half of the fidelity tests (compare.py is the outside).
 * Byte strings are hexadecimal, so that nothing between here and there can
 * change them unseen. Static, no libc beyond musl.
 *
 * With arguments after "--do", acts before it prints:
 *   exit N      ends with status N instead of 0
 *   kill N      ends by signal N
 *   try PATH    adds the errno of opening PATH for reading, of writing to it
 *   stat PATH   adds type, mode, owner, device number of PATH
 *   read PATH   adds the first 4096 bytes of PATH
 *   call NAME   adds the errno of a harmless system call (seccomp)
 *   open PATH   adds the errno of opening PATH for writing
 *   stream PATH adds what reaches standard output through PATH, or an errno
 *   orphan N    leaves N children's children behind; adds how many of them
 *               are still there, dead or alive, two seconds later
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static const char *separator = "";

static void key(const char *name)
{
    printf("%s\"%s\":", separator, name);
    separator = ",";
}

static void number(const char *name, long long value)
{
    key(name);
    printf("%lld", value);
}

static void hex(const void *p, size_t size)
{
    const unsigned char *b = p;
    size_t i;

    putchar('"');
    for (i = 0; i < size; i++)
        printf("%02x", b[i]);
    putchar('"');
}

static void vector(const char *name, char **v)
{
    int i;

    key(name);
    putchar('[');
    for (i = 0; v[i]; i++) {
        if (i)
            putchar(',');
        hex(v[i], strlen(v[i]));
    }
    putchar(']');
}

static void file(const char *name, const char *path, size_t limit)
{
    static char content[256 * 1024];
    ssize_t n, total = 0;
    int fd = open(path, O_RDONLY);

    key(name);
    if (fd < 0) {
        printf("null");
        return;
    }
    while (total < (ssize_t)limit &&
           (n = read(fd, content + total, limit - (size_t)total)) > 0)
        total += n;
    close(fd);
    hex(content, (size_t)total);
}

static void identity(void)
{
    char cwd[4096];
    gid_t groups[256];
    mode_t mask = umask(0);
    struct utsname u;
    int i, n = getgroups(256, groups);

    umask(mask);
    number("uid", getuid());
    number("euid", geteuid());
    number("gid", getgid());
    number("egid", getegid());
    number("umask", mask);
    number("pid", getpid());
    key("groups");
    putchar('[');
    for (i = 0; i < n; i++)
        printf("%s%u", i ? "," : "", groups[i]);
    putchar(']');
    key("cwd");
    if (getcwd(cwd, sizeof(cwd)))
        hex(cwd, strlen(cwd));
    else
        printf("null");
    uname(&u);
    key("hostname");
    hex(u.nodename, strlen(u.nodename));
    key("domainname");
    hex(u.domainname, strlen(u.domainname));
    key("machine");
    hex(u.machine, strlen(u.machine));
    number("personality", personality(0xffffffff));
}

static void limits(void)
{
    struct rlimit r;
    int i;

    key("rlimits");
    putchar('[');
    for (i = 0; i < 16; i++) {
        getrlimit(i, &r);
        printf("%s[\"%llu\",\"%llu\"]", i ? "," : "",
               (unsigned long long)r.rlim_cur, (unsigned long long)r.rlim_max);
    }
    putchar(']');
}

/* struct sched_attr of linux/sched/types.h, which musl lacks. */
struct attributes {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
};

static void scheduling(void)
{
    struct attributes a = { .size = sizeof(a) };
    long r = syscall(SYS_sched_getattr, 0, &a, sizeof(a), 0);

    number("sched_errno", r ? errno : 0);
    number("sched_policy", a.policy);
    number("sched_nice", a.nice);
    number("sched_priority", a.priority);
    number("sched_flags", (long long)a.flags);
    number("sched_runtime", (long long)a.runtime);
    number("sched_deadline", (long long)a.deadline);
    number("sched_period", (long long)a.period);
    number("ioprio", syscall(SYS_ioprio_get, 1, 0));
}

static void terminal(void)
{
    struct winsize w = { 0, 0, 0, 0 };
    char name[64];
    ssize_t n;
    int fd;

    key("tty");
    printf("[%d,%d,%d]", isatty(0), isatty(1), isatty(2));
    ioctl(0, TIOCGWINSZ, &w);
    number("rows", w.ws_row);
    number("columns", w.ws_col);
    for (fd = 0; fd < 3; fd++) {
        char path[32], link[256];

        snprintf(name, sizeof(name), "fd%d", fd);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        n = readlink(path, link, sizeof(link));
        key(name);
        if (n < 0)
            printf("null");
        else
            hex(link, (size_t)n);
    }
    fd = open("/dev/tty", O_RDWR);
    number("controlling_tty", fd >= 0);
    if (fd >= 0)
        close(fd);
}

static void clocks(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    number("monotonic_s", t.tv_sec);
    clock_gettime(CLOCK_BOOTTIME, &t);
    number("boottime_s", t.tv_sec);
}

/* Is the kernel's random pool filled, at the very beginning? */
static void randomness(void)
{
    char bytes[16];
    ssize_t n = getrandom(bytes, sizeof(bytes), GRND_NONBLOCK);

    number("random_errno", n < 0 ? errno : 0);
}

/* "pid:[4026531836]": those of the kernel's beginning have fixed numbers. */
static void namespaces(void)
{
    static const char *const types[] = {
        "pid", "ipc", "uts", "mnt", "net", "user", "cgroup", "time",
    };
    char path[64], link[64];
    size_t i;

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        ssize_t n;

        snprintf(path, sizeof(path), "/proc/self/ns/%s", types[i]);
        n = readlink(path, link, sizeof(link) - 1);
        link[n > 0 ? n : 0] = '\0';
        snprintf(path, sizeof(path), "ns_%s", types[i]);
        number(path, n > 0 && strchr(link, '[') ?
                     atoll(strchr(link, '[') + 1) : -1);
    }
}

/* The letter of a process's state, '\0' when it is not there. */
static char state_of(const char *pid)
{
    char path[300], stat[512] = "", *end;
    int fd;

    snprintf(path, sizeof(path), "/proc/%s/stat", pid);
    fd = open(path, O_RDONLY);
    if (fd < 0)
        return '\0';
    if (read(fd, stat, sizeof(stat) - 1) < 0)
        stat[0] = '\0';
    close(fd);
    end = strrchr(stat, ')');
    return end && end[1] ? end[2] : '\0';
}

/* Of all that this process can see. */
static void zombies(void)
{
    DIR *d = opendir("/proc");
    struct dirent *e;
    int count = d ? 0 : -1;

    while (d && (e = readdir(d)))
        if (e->d_name[0] >= '1' && e->d_name[0] <= '9' &&
            state_of(e->d_name) == 'Z')
            count++;
    if (d)
        closedir(d);
    number("zombies", count);
}

static void open_descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    struct dirent *e;
    const char *comma = "";

    key("descriptors");
    putchar('[');
    while (d && (e = readdir(d))) {
        if (e->d_name[0] == '.' || atoi(e->d_name) == dirfd(d))
            continue;
        printf("%s%s", comma, e->d_name);
        comma = ",";
    }
    putchar(']');
    if (d)
        closedir(d);
}

static void do_try(const char *path)
{
    char name[512], c;
    int r, w, fd = open(path, O_RDONLY | O_NONBLOCK);

    r = fd < 0 ? errno : 0;
    if (fd >= 0) {
        ssize_t n = read(fd, &c, 1);

        r = n < 0 ? errno : n ? 0 : -1; /* -1: empty */
        close(fd);
    }
    fd = open(path, O_WRONLY | O_NONBLOCK | O_APPEND);
    w = fd < 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    snprintf(name, sizeof(name), "try %s", path);
    key(name);
    printf("[%d,%d]", r, w);
}

static void do_open(const char *path)
{
    char name[512];
    int fd = open(path, O_WRONLY | O_APPEND), saved_errno = errno;

    snprintf(name, sizeof(name), "open %s", path);
    number(name, fd < 0 ? saved_errno : 0);
    if (fd >= 0)
        close(fd);
}

static void do_stream(const char *path)
{
    static const char text[] = "\"written\"";
    char name[512];
    int fd;

    snprintf(name, sizeof(name), "stream %s", path);
    key(name);
    fflush(stdout);
    fd = open(path, O_WRONLY | O_APPEND);
    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        printf("%d", errno);
    if (fd >= 0)
        close(fd);
}

/* A child's child, which outlives its parent by a moment. */
static pid_t make_orphan(void)
{
    pid_t orphan = -1, child;
    int pipes[2];

    if (pipe(pipes))
        return -1;
    child = fork();
    if (!child) {
        orphan = fork();
        if (!orphan) {
            usleep(100000);
            _exit(0);
        }
        _exit(write(pipes[1], &orphan, sizeof(orphan)) < 0);
    }
    waitpid(child, NULL, 0);
    if (read(pipes[0], &orphan, sizeof(orphan)) != sizeof(orphan))
        orphan = -1;
    close(pipes[0]);
    close(pipes[1]);
    return orphan;
}

static void do_orphans(int count)
{
    int i, left = count, tries = 100;
    char pid[16][16];

    if (count > 16)
        return;
    for (i = 0; i < count; i++)
        snprintf(pid[i], sizeof(pid[i]), "%d", (int)make_orphan());
    while (left && tries--) {
        usleep(20000);
        for (left = i = 0; i < count; i++)
            left += state_of(pid[i]) != '\0';
    }
    number("orphans", left);
}

static void do_stat(const char *path)
{
    char name[512];
    struct stat s;

    snprintf(name, sizeof(name), "stat %s", path);
    key(name);
    if (lstat(path, &s))
        printf("{\"errno\":%d}", errno);
    else
        printf("{\"mode\":%u,\"uid\":%u,\"gid\":%u,\"major\":%u,\"minor\":%u,"
               "\"size\":%lld,\"mtime\":%lld}",
               s.st_mode, s.st_uid, s.st_gid, major(s.st_rdev),
               minor(s.st_rdev), (long long)s.st_size,
               (long long)s.st_mtime);
}

static void do_list(const char *path)
{
    char name[512];
    DIR *d = opendir(path);
    struct dirent *e;
    const char *comma = "";

    snprintf(name, sizeof(name), "list %s", path);
    key(name);
    putchar('[');
    while (d && (e = readdir(d))) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
            continue;
        printf("%s", comma);
        hex(e->d_name, strlen(e->d_name));
        comma = ",";
    }
    putchar(']');
    if (d)
        closedir(d);
}

/* the attribute user.top, which make_bundles.py sets */
static void do_mark(const char *path)
{
    char name[512], value[64];
    ssize_t size = lgetxattr(path, "user.top", value, sizeof(value));

    snprintf(name, sizeof(name), "mark %s", path);
    key(name);
    hex(value, size > 0 ? (size_t)size : 0);
}

static void do_call(const char *call)
{
    char name[128];
    long r = 0;

    errno = 0;
    if (!strcmp(call, "sethostname"))
        r = syscall(SYS_sethostname, "x", 1);
    else if (!strcmp(call, "mount"))
        r = syscall(SYS_mount, "none", "/", "tmpfs", 32 /* remount */, "");
    else if (!strcmp(call, "mkdir"))
        r = mkdir("/observe-made", 0755);
    else if (!strcmp(call, "getcwd"))
        r = syscall(SYS_getcwd, NULL, 0);
    else if (!strcmp(call, "personality32"))
        r = syscall(SYS_personality, 8);
    else if (!strcmp(call, "fork")) {
        pid_t p = fork();

        if (!p)
            _exit(0);
        r = p;
    } else
        errno = ENOSYS, r = -1;
    snprintf(name, sizeof(name), "call %s", call);
    key(name);
    printf("%d", r < 0 ? errno : 0);
}

int main(int argc, char **argv)
{
    int i, status = 0, signal_number = 0;

    printf("{");
    vector("argv", argv);
    vector("env", environ);
    randomness();
    identity();
    limits();
    scheduling();
    terminal();
    clocks();
    open_descriptors();
    namespaces();
    zombies();
    file("status", "/proc/self/status", 65536);
    file("mountinfo", "/proc/self/mountinfo", 65536);
    file("oom_score_adj", "/proc/self/oom_score_adj", 64);
    file("cgroup", "/proc/self/cgroup", 4096);
    for (i = 1; i < argc && strcmp(argv[i], "--do"); i++)
        ;
    for (i++; i + 1 < argc; i += 2) {
        char name[512];

        snprintf(name, sizeof(name), "read %s", argv[i + 1]);
        if (!strcmp(argv[i], "exit"))
            status = atoi(argv[i + 1]);
        else if (!strcmp(argv[i], "kill"))
            signal_number = atoi(argv[i + 1]);
        else if (!strcmp(argv[i], "try"))
            do_try(argv[i + 1]);
        else if (!strcmp(argv[i], "stat"))
            do_stat(argv[i + 1]);
        else if (!strcmp(argv[i], "mark"))
            do_mark(argv[i + 1]);
        else if (!strcmp(argv[i], "list"))
            do_list(argv[i + 1]);
        else if (!strcmp(argv[i], "read"))
            file(name, argv[i + 1], 4096);
        else if (!strcmp(argv[i], "call"))
            do_call(argv[i + 1]);
        else if (!strcmp(argv[i], "open"))
            do_open(argv[i + 1]);
        else if (!strcmp(argv[i], "stream"))
            do_stream(argv[i + 1]);
        else if (!strcmp(argv[i], "orphan"))
            do_orphans(atoi(argv[i + 1]));
    }
    printf("}\n");
    fflush(stdout);
    if (signal_number) {
        signal(signal_number, SIG_DFL);
        kill(getpid(), signal_number);
        pause();
    }
    return status;
}
