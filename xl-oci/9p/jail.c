/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "jail.h"

#include "jail-calls.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/securebits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where file systems of the new mount namespace are attached for a moment. Not
 * the export: the caller may name it by a descriptor, and what that refers to
 * is in the old namespace. */
#define ATTACH_AT "/proc"

/* What the steps hand on to each other. */
struct entering {
    const struct p9_jail *jail;
    int export_fd;  /* a mount of the export alone, attached nowhere */
    int root_fd;    /* an empty tmpfs */
    int links_fd;   /* a mount of /proc/PID/fd alone */
    uint64_t mapped_bytes;
};

/* --- a new PID namespace ------------------------------------------------- */

pid_t p9_jail_fork(void)
{
    /* of children; the namespace of the caller stays as it is */
    int own_fd = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
    pid_t pid = -1;

    if (own_fd < 0)
        return -1;
    if (!unshare(CLONE_NEWPID))
        pid = fork();
    /* the next child is in no namespace whose first process has died */
    if (pid && setns(own_fd, CLONE_NEWPID) && pid > 0) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        pid = -1;
    }
    close(own_fd);
    return pid;
}

static void end_now(int signal)
{
    (void)signal;
    _exit(1);
}

/* SIGIO by way of a handler: PID 1 of a namespace gets no other. */
int p9_jail_end_with(int pipe_fd)
{
    const struct sigaction action = { .sa_handler = end_now };
    struct pollfd end = { .fd = pipe_fd };
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGIO);
    if (sigaction(SIGIO, &action, NULL) ||
        sigprocmask(SIG_UNBLOCK, &set, NULL) ||
        fcntl(pipe_fd, F_SETOWN, getpid()) < 0 ||
        fcntl(pipe_fd, F_SETFL, O_ASYNC) < 0)
        return -1;
    return poll(&end, 1, 0) ? -1 : 0;
}

/* What of the address space is taken: libraries, stacks and heaps of threads
 * that the parent had. 0, or -1 with errno. */
static int read_mapped(uint64_t *bytes)
{
    char text[32] = "";
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

    if (fd >= 0)
        close(fd);
    *bytes = strtoull(text, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
    return size > 0 && *bytes ? 0 : -1;
}

/* --- steps: 0 or -1 with errno ------------------------------------------- */

/* Cloned before the namespaces change, since only a mount of the caller's can
 * be; not recursive, so that what is mounted below stays outside. */
static int export_clone(struct entering *e)
{
    struct mount_attr attr = {
        .attr_set = MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC |
                    MOUNT_ATTR_NOSYMFOLLOW |
                    (e->jail->read_only ? MOUNT_ATTR_RDONLY : 0),
        .propagation = MS_PRIVATE,
    };
    struct stat st;

    if (!e->jail->export_path)
        return 0;
    e->export_fd = open_tree(AT_FDCWD, e->jail->export_path,
                             OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (e->export_fd < 0 || fstat(e->export_fd, &st) < 0)
        return -1;
    if (!S_ISDIR(st.st_mode)) {
        errno = ENOTDIR;
        return -1;
    }
    return mount_setattr(e->export_fd, "", AT_EMPTY_PATH, &attr, sizeof(attr));
}

static int namespaces_leave(struct entering *e)
{
    (void)e;
    if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
                CLONE_NEWCGROUP) < 0)
        return -1;
    /* what is unmounted here stays mounted elsewhere */
    return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

static int file_system_new(const char *type, const char *key,
                           const char *value, unsigned int attributes)
{
    int fd = fsopen(type, FSOPEN_CLOEXEC), mount_fd = -1, error;

    if (fd < 0)
        return -1;
    if (fsconfig(fd, FSCONFIG_SET_STRING, key, value, 0) >= 0 &&
        fsconfig(fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) >= 0)
        mount_fd = fsmount(fd, FSMOUNT_CLOEXEC, attributes);
    error = errno;
    close(fd);
    errno = error;
    return mount_fd;
}

/*
 * Files are opened by the links of /proc/PID/fd (inode.c). Of the procfs of
 * this PID namespace just that directory is made a mount and kept: no other
 * part of it can be reached from there.
 */
static int links_clone(struct entering *e)
{
    int proc_fd = file_system_new("proc", "subset", "pid",
                                  MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID |
                                  MOUNT_ATTR_NOEXEC);

    if (proc_fd < 0)
        return -1;
    /* before Linux 6.15 only what is attached can be cloned (EINVAL) */
    if (!move_mount(proc_fd, "", AT_FDCWD, ATTACH_AT, MOVE_MOUNT_F_EMPTY_PATH))
        e->links_fd = open_tree(AT_FDCWD, ATTACH_AT "/self/fd",
                                OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    close(proc_fd);
    return e->links_fd < 0 ? -1 : 0;
}

static int root_make(struct entering *e)
{
    e->root_fd = file_system_new("tmpfs", "size", "4k",
                                 MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV |
                                 MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC |
                                 MOUNT_ATTR_NOSYMFOLLOW);
    return e->root_fd < 0 ? -1 : 0;
}

/*
 * The empty root takes the place of all mounts there were. An initramfs cannot
 * be pivoted away (pivot_root(2), EINVAL): there the empty root covers it.
 */
static int root_change(struct entering *e)
{
    if (move_mount(e->root_fd, "", AT_FDCWD, ATTACH_AT,
                   MOVE_MOUNT_F_EMPTY_PATH) < 0 ||
        fchdir(e->root_fd) < 0)
        return -1;
    if (!syscall(SYS_pivot_root, ".", "."))
        return umount2(".", MNT_DETACH) < 0 ? -1 : chdir("/");
    if (errno != EINVAL || mount(".", "/", NULL, MS_MOVE, NULL) < 0)
        return -1;
    return chroot(".");
}

static int directory_change(struct entering *e)
{
    return fchdir(e->links_fd);
}

/* The least descriptor from first on that stays open; ~0u: none does. */
static unsigned int next_kept(const struct entering *e, unsigned int first)
{
    const struct p9_jail *jail = e->jail;
    unsigned int next = (unsigned int)e->export_fd; /* -1 is ~0u */
    size_t i;

    if (next < first)
        next = ~0u;
    for (i = 0; i < jail->keep_count; i++)
        if ((unsigned int)jail->keep_fds[i] >= first &&
            (unsigned int)jail->keep_fds[i] < next)
            next = (unsigned int)jail->keep_fds[i];
    return next;
}

/* Above all the export as the caller named it: a descriptor of the mount there
 * was leads from directory to directory up to Dom0's root. */
static int descriptors_close(struct entering *e)
{
    unsigned int from = 0, next;

    while ((next = next_kept(e, from)) != ~0u) {
        if (next > from && close_range(from, next - 1, 0) < 0)
            return -1;
        from = next + 1;
    }
    return close_range(from, ~0u, 0);
}

static int limit(int resource, uint64_t value)
{
    struct rlimit r = { value, value };

    return setrlimit((__rlimit_resource_t)resource, &r);
}

static int limits_set(struct entering *e)
{
    umask(0); /* modes are as the guest says */
    if (limit(RLIMIT_NOFILE, e->jail->descriptors_max) < 0 ||
        limit(RLIMIT_NPROC, 0) < 0 || limit(RLIMIT_CORE, 0) < 0 ||
        limit(RLIMIT_MSGQUEUE, 0) < 0)
        return -1;
    return e->jail->memory_more ?
        limit(RLIMIT_AS, e->mapped_bytes + e->jail->memory_more) : 0;
}

/*
 * NO_SETUID_FIXUP: setfsuid() to the owner of a new file shall not take away
 * the capabilities by which a server reaches the files of all owners. NOROOT:
 * user 0 gets none back by an exec. The caller's groups are nobody's here.
 */
static int privileges_drop(struct entering *e)
{
    (void)e;
    if (setgroups(0, NULL) < 0)
        return -1;
    if (prctl(PR_SET_SECUREBITS,
              SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED |
              SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
              SECBIT_NO_CAP_AMBIENT_RAISE |
              SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED) < 0)
        return -1;
    capng_clear(CAPNG_SELECT_ALL);
    if (capng_updatev(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_CHOWN,
                      CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_SETUID,
                      CAP_SETGID, CAP_SETFCAP, -1) < 0 ||
        capng_apply(CAPNG_SELECT_ALL) < 0) {
        errno = EPERM;
        return -1;
    }
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static int calls_filter(struct entering *e)
{
    return p9_jail_filter(e->jail);
}

static const struct {
    const char *name;
    int (*run)(struct entering *e);
} steps[] = {
    { "mounting the directory", export_clone },
    { "making namespaces", namespaces_leave },
    { "mounting procfs", links_clone },
    { "making an empty root", root_make },
    { "changing the root", root_change },
    { "changing the directory", directory_change },
    { "setting limits", limits_set },
    { "dropping privileges", privileges_drop },
    { "closing descriptors", descriptors_close },
    { "filtering system calls", calls_filter },
};

int p9_jail_enter(const struct p9_jail *jail, struct p9_jail_inside *inside,
                  const char **failed)
{
    struct entering e = { jail, -1, -1, -1, 0 };
    size_t i;

    /* what is needed of /proc, while there is one */
    if (capng_get_caps_process()) {
        *failed = "reading the capabilities";
        return -1;
    }
    if (read_mapped(&e.mapped_bytes)) {
        *failed = "reading the size of the process";
        return -1;
    }
    for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        if (steps[i].run(&e) < 0) {
            *failed = steps[i].name;
            return -1;
        }
    inside->export_fd = e.export_fd;
    inside->descriptors = ".";
    return 0;
}
