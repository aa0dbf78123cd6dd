/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The jail around the 9P server: a process in it works on the export and can
 * do nothing else. Each attempt is made in a jail of its own, since most are
 * the process's last.
 */
#include "p9-jail.h"

#include <linux/openat2.h>
#include <poll.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static int serve_xattr(void)
{
    struct p9_settings settings = { .descriptors = inside.descriptors };

    server = p9_server_new(inside.export_fd, &settings);
    call(P9_TVERSION, "ds", P9_MSIZE_MAX, P9_VERSION);
    do_attach(ROOT_FID, 0);
    if (call(P9_TWALK, "ddw", ROOT_FID, 1u, 0) ||
        call(P9_TXATTRCREATE, "dsqd", 1u, "user.x", UINT64_C(3), 0u) ||
        call(P9_TWRITE, "dqD", 1u, UINT64_C(0), 3u, "abc") || do_clunk(1) ||
        call(P9_TXATTRWALK, "dds", ROOT_FID, 2u, "user.x") ||
        p9_read_u64(&answer) != 3 ||
        call(P9_TXATTRWALK, "dds", ROOT_FID, 3u, ""))
        return 30;
    return DONE;
}

/* new fids, big messages: the C library may want memory */
static int use_memory(void)
{
    char *p = malloc(1 << 20);

    if (!p)
        return REFUSED;
    memset(p, 1, 1 << 20);
    free(p);
    return DONE;
}

/* --- what is seen ------------------------------------------------------------------ */

static int open_passwd(void)
{
    return result(open("/etc/passwd", O_RDONLY) >= 0);
}

static int open_outside(void)
{
    return result(open(outside_of, O_PATH) >= 0);
}

static int leave_upwards(void)
{
    int up = openat(inside.export_fd, "..", O_PATH);
    int far = openat(inside.export_fd, "../../../../../../..", O_PATH);

    return result(!same_file(up, inside.export_fd) ||
                  !same_file(far, inside.export_fd));
}

/* The working directory shows the descriptors and nothing else of procfs. */
static int leave_descriptors(void)
{
    int here = open(".", O_PATH), up = open("..", O_PATH);

    return result(!same_file(here, up) || open("../exe", O_PATH) >= 0 ||
                  open("../root", O_PATH) >= 0 ||
                  open("self", O_PATH) >= 0 || open("exe", O_PATH) >= 0);
}

static int follow_symlink(void)
{
    return result(openat(inside.export_fd, "to-outside", O_RDONLY) >= 0 ||
                  openat(inside.export_fd, "to-passwd", O_RDONLY) >= 0 ||
                  openat(inside.export_fd, "to-here", O_RDONLY) >= 0);
}

static int open_device(void)
{
    return result(openat(inside.export_fd, "null", O_RDONLY) >= 0);
}

static int see_what_is_mounted_below(void)
{
    return result(openat(inside.export_fd, "mounted/inner", O_PATH) >= 0);
}

static int make_device(void)
{
    return result(!mknodat(inside.export_fd, "zero", S_IFCHR | 0666,
                           (dev_t)0x105));
}

static int write_export(void)
{
    return result(openat(inside.export_fd, "new", O_CREAT | O_WRONLY, 0600) >=
                  0 || !fchownat(inside.export_fd, "", 1, 1, AT_EMPTY_PATH));
}

static int many_descriptors(void)
{
    int i;

    for (i = 0; i < 1100; i++)
        if (openat(inside.export_fd, ".", O_PATH) < 0)
            return result(false);
    return DONE;
}

/* --- system calls that end the process ---------------------------------------------- */

#define ATTEMPT(name, expression) \
    static int name(void) { return result((long)(expression) != -1); }

ATTEMPT(do_socket, socket(AF_INET, SOCK_STREAM, 0))
ATTEMPT(do_unix_socket, socket(AF_UNIX, SOCK_STREAM, 0))
ATTEMPT(do_ptrace, ptrace(PTRACE_ATTACH, 1, 0, 0))
ATTEMPT(do_mount, mount("none", "/", "tmpfs", 0, NULL))
ATTEMPT(do_umount, umount2("/", MNT_DETACH))
ATTEMPT(do_open_tree, open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE))
ATTEMPT(do_chroot, chroot("/"))
ATTEMPT(do_chdir, chdir("/"))
ATTEMPT(do_fork, fork())
ATTEMPT(do_clone3, syscall(SYS_clone3, NULL, 0))
ATTEMPT(do_exec, syscall(SYS_execveat, inside.export_fd, "program",
                         (char *[]){ NULL }, (char *[]){ NULL }, 0))
ATTEMPT(do_unshare, unshare(CLONE_NEWUSER))
ATTEMPT(do_setns, setns(inside.export_fd, 0))
ATTEMPT(do_kill, kill(1, 0))
ATTEMPT(do_by_handle, syscall(SYS_open_by_handle_at, inside.export_fd, NULL, 0))
ATTEMPT(do_bpf, syscall(SYS_bpf, 0, NULL, 0))
ATTEMPT(do_perf, syscall(SYS_perf_event_open, NULL, 0, 0, 0, 0))
ATTEMPT(do_keyctl, syscall(SYS_keyctl, 0, 0, 0))
ATTEMPT(do_uring, syscall(SYS_io_uring_setup, 1, NULL))
ATTEMPT(do_setuid, setresuid(0, 0, 0))
ATTEMPT(do_prctl, prctl(PR_SET_DUMPABLE, 1))
ATTEMPT(do_memory_exec, mmap(NULL, 4096, PROT_READ | PROT_EXEC,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
ATTEMPT(do_mprotect, mprotect((void *)0x1000, 4096, PROT_EXEC))
ATTEMPT(do_memfd, syscall(SYS_memfd_create, "x", 0))
ATTEMPT(do_reboot, syscall(SYS_reboot, 0, 0, 0, NULL))
ATTEMPT(do_module, syscall(SYS_init_module, NULL, 0, ""))
ATTEMPT(do_set_time, syscall(SYS_clock_settime, 0, NULL))
ATTEMPT(do_own_signals, fcntl(0, F_SETOWN, 1))
ATTEMPT(do_other_ioctl, ioctl(1, FIONBIO, 0))
ATTEMPT(do_other_ioctl_fd, ioctl(0, FIONREAD, 0))

static int do_allowed_ioctl(void)
{
    int n;

    ioctl(1, FIONREAD, &n); /* whatever it says, the process goes on */
    return DONE;
}

static const struct { const char *name; int (*attempt)(void); } deadly[] = {
    { "a socket of the network", do_socket },
    { "a local socket", do_unix_socket },
    { "ptrace", do_ptrace },
    { "mount", do_mount },
    { "umount", do_umount },
    { "open_tree", do_open_tree },
    { "chroot", do_chroot },
    { "chdir", do_chdir },
    { "fork", do_fork },
    { "clone3", do_clone3 },
    { "exec", do_exec },
    { "a user namespace", do_unshare },
    { "setns", do_setns },
    { "kill", do_kill },
    { "opening by handle", do_by_handle },
    { "bpf", do_bpf },
    { "perf", do_perf },
    { "keys", do_keyctl },
    { "io_uring", do_uring },
    { "another user", do_setuid },
    { "prctl", do_prctl },
    { "memory to execute", do_memory_exec },
    { "mprotect", do_mprotect },
    { "memfd", do_memfd },
    { "reboot", do_reboot },
    { "a kernel module", do_module },
    { "the clock", do_set_time },
    { "signals by fcntl", do_own_signals },
    { "an ioctl that was not allowed", do_other_ioctl },
    { "an allowed ioctl on another descriptor", do_other_ioctl_fd },
};

static void test_visible(void)
{
    expect(list_root, REFUSED, "the root directory is empty");
    expect(open_passwd, REFUSED, "/etc/passwd is not there");
    expect(open_outside, REFUSED, "nor what is beside the export");
    expect(leave_upwards, REFUSED, "the export has no parent");
    expect(leave_descriptors, REFUSED, "nor has the list of descriptors");
    expect(follow_symlink, REFUSED, "no symbolic link is followed");
    expect(open_device, REFUSED, "no device is opened");
    expect(see_what_is_mounted_below, REFUSED,
           "what is mounted below the export is not in it");
    expect(make_device, REFUSED, "no device node is made");
    expect(many_descriptors, REFUSED, "descriptors are limited");
}

static void test_read_only(void)
{
    struct p9_jail jail = jail_of();

    is_int(in_jail(&jail, write_export), DONE, "an export can be written");
    jail.read_only = true;
    is_int(in_jail(&jail, write_export), REFUSED, "a read-only one cannot");
}

/* As on an initramfs, which pivot_root(2) does not take away. */
static int without_pivot(int (*attempt)(void))
{
    struct p9_jail jail = jail_of();
    int status, pid = fork();

    if (!pid) {
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

        if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(EINVAL),
                             SCMP_SYS(pivot_root), 0) || seccomp_load(filter))
            _exit(NO_JAIL);
        _exit(in_jail(&jail, attempt));
    }
    waitpid(pid, &status, 0);
    return WEXITSTATUS(status);
}

static int open_old_root(void)
{
    return result(open(outside_of, O_PATH) >= 0 ||
                  open(export_of, O_PATH) >= 0 || open("/tmp", O_PATH) >= 0);
}

static void test_no_pivot(void)
{
    is_int(without_pivot(serve), DONE, "where the root cannot be pivoted: serves");
    is_int(without_pivot(list_root), REFUSED, "its root is empty");
    is_int(without_pivot(open_old_root), REFUSED, "the old one is out of reach");
    is_int(without_pivot(leave_upwards), REFUSED, "the export has no parent");
}

static void test_bad_export(void)
{
    struct p9_jail jail = jail_of();

    jail.export_path = in_export("no-such");
    is_int(in_jail(&jail, use_memory), NO_JAIL, "an export that is missing");
    jail.export_path = in_export("program");
    is_int(in_jail(&jail, use_memory), NO_JAIL, "an export that is a file");
}

/* As xl-oci-9pfs names it. */
static void test_descriptor(void)
{
    struct p9_jail jail = jail_of();
    int fd = open(export_of, O_PATH | O_DIRECTORY);
    char path[32];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    jail.export_path = path;
    is_int(in_jail(&jail, serve), DONE, "an export named by a descriptor");
    close(fd);
}

/* A server goes with whoever looks after it, even by kill -9: else it would
 * keep a dead guest's memory mapped. */
static void test_parent_killed(void)
{
    struct pollfd ended = { .events = POLLIN };
    struct p9_jail jail = jail_of();
    int life[2], alive[2], keep[2];
    pid_t parent;
    char byte;

    if (pipe(life) || pipe(alive))
        return;
    keep[0] = life[0];
    keep[1] = alive[1];
    jail.keep_fds = keep;
    jail.keep_count = 2;
    parent = fork();
    if (!parent) {
        const char *failed;

        if (p9_jail_fork()) {
            close(life[0]);
            close(alive[1]);
            for (;;)
                pause();
        }
        close(life[1]);
        if (p9_jail_end_with(life[0]) ||
            p9_jail_enter(&jail, &inside, &failed) ||
            write(alive[1], "i", 1) != 1)
            _exit(1);
        setfsuid(1234);
        for (;;)
            poll(NULL, 0, -1);
    }
    close(life[1]);
    close(alive[1]);
    ok(read(alive[0], &byte, 1) == 1, "a server in its jail");
    kill(parent, SIGKILL);
    waitpid(parent, NULL, 0);
    ended.fd = alive[0];
    ok(poll(&ended, 1, 10000) == 1 && !read(alive[0], &byte, 1),
       "ends when its parent is killed");
    close(life[0]);
    close(alive[0]);
}

static void test_second_child(void)
{
    int status = -1, i;
    pid_t pid;

    for (i = 0; i < 2; i++) {
        pid = p9_jail_fork();
        if (!pid)
            _exit(getpid() == 1 ? 0 : 1);
        if (pid < 0 || waitpid(pid, &status, 0) < 0)
            status = -1;
    }
    is_int(status, 0, "a second child is the first of its namespace too");
    pid = fork();
    if (!pid)
        _exit(getpid() == 1);
    waitpid(pid, &status, 0);
    is_int(status, 0, "other children stay in the caller's");
}

static void populate(void)
{
    char path[200];

    snprintf(path, sizeof(path), "%s/secret", outside_of);
    if (symlink(path, in_export("to-outside")) ||
        symlink("/etc/passwd", in_export("to-passwd")) ||
        symlink("program", in_export("to-here")))
        exit(1);
    close(open(in_export("program"), O_CREAT | O_WRONLY, 0755));
    mkdir(in_export("mounted"), 0755);
    if (!mount("none", in_export("mounted"), "tmpfs", 0, NULL))
        mkdir(in_export("mounted/inner"), 0755);
    mknod(in_export("null"), S_IFCHR | 0666, (dev_t)0x103);
}

int main(void)
{
    size_t i;

    if (!jails_begin())
        return 0;
    populate();
    expect(use_memory, DONE, "memory can be allocated");
    expect(serve, DONE, "every request works");
    expect(serve_xattr, DONE, "and extended attributes");
    test_visible();
    test_read_only();
    expect(do_allowed_ioctl, DONE, "an ioctl that the caller needs");
    for (i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++)
        expect(deadly[i].attempt, -SIGSYS, deadly[i].name);
    test_no_pivot();
    test_bad_export();
    test_descriptor();
    test_second_child();
    test_parent_killed();
    umount2(in_export("mounted"), MNT_DETACH);
    return done_testing();
}
