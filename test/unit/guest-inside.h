/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of a run of init: from new namespaces, made without root, to
 * init as their PID 1 in a tree as Xen and the initramfs make it. Include in
 * one .c each.
 */
#ifndef TEST_GUEST_INSIDE_H
#define TEST_GUEST_INSIDE_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest-build.h"

static char tree[] = "/tmp/guest-run.XXXXXX";
static char *init_path;

static struct build build; /* the program that it runs */

/* What a driver does while init runs: the path is a node from then on. */
static struct driver {
    const char *path;           /* NULL: nothing */
    const char *node;           /* that it leads to */
    unsigned int after_ms;
} driver;

static void write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0 || write(fd, text, strlen(text)) < 0) {
        perror(path);
        _exit(99);
    }
    close(fd);
}

static void must(int r, const char *what)
{
    if (r < 0) {
        fprintf(stderr, "# %s: %s\n", what, strerror(errno));
        _exit(99);
    }
}

/* Root may map all ids, but only from outside; anybody else only its own. */
static void write_map(pid_t pid, const char *file, unsigned int own)
{
    char path[64], map[64];

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
    if (geteuid())
        snprintf(map, sizeof(map), "0 %u 1", own);
    else
        strcpy(map, "0 0 65536");
    write_text(path, map);
}

static void map_ids(pid_t pid)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/setgroups", (int)pid);
    if (geteuid())
        write_text(path, "deny");
    write_map(pid, "uid_map", geteuid());
    write_map(pid, "gid_map", getegid());
}

/* link: to the parent, which maps the ids when it is told. */
static void enter_namespaces(int link)
{
    char byte = 0;

    must(unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |
                 CLONE_NEWUTS | CLONE_NEWIPC), "unshare");
    must((int)write(link, &byte, 1), "link");
    must((int)read(link, &byte, 1) - 1, "link");
    must(setresgid(0, 0, 0), "setresgid");
    must(setresuid(0, 0, 0), "setresuid");
}

static void bind_over(const char *source, const char *target, int is_file)
{
    if (is_file)
        close(open(target, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    else
        mkdir(target, 0755);
    must(mount(source, target, NULL, MS_BIND | MS_REC, NULL), target);
}

/* The tree that on Xen the initramfs and the kernel's devtmpfs make. */
static void furnish(const char *console, const char *xenbus)
{
    static const char *const shared[] = { "bin", "lib", "lib64", "usr" };
    static const char *const nodes[] = { "null", "tty", "urandom" };
    char from[64], to[64];
    unsigned int i;
    int fd;

    must(mount("tmpfs", tree, "tmpfs", 0, "mode=755"), "tmpfs");
    must(chdir(tree), tree);
    mkdir("dev", 0755);
    mkdir("dev/xen", 0755);
    mkdir("files", 0700);
    mkdir("seen", 0755); /* or the kernel would not let init mount another */
    must(mount("proc", "seen", "proc", 0, NULL), "seen");
    mkdir("root", 0755);
    mkdir("root/etc", 0755);
    mkdir("root/proc", 0755);
    mkdir("root/dev", 0755);
    must(symlink("/run/made/by-link", "root/etc/dangling"), "symlink");
    must(symlink("/../../..", "root/etc/up"), "symlink");
    for (i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
        snprintf(from, sizeof(from), "/dev/%s", nodes[i]);
        snprintf(to, sizeof(to), "dev/%s", nodes[i]);
        bind_over(from, to, 1);
    }
    for (i = 0; i < sizeof(shared) / sizeof(shared[0]); i++) {
        snprintf(from, sizeof(from), "/%s", shared[i]);
        if (access(from, F_OK))
            continue;
        bind_over(from, shared[i], 0); /* for an init that is not static */
        snprintf(to, sizeof(to), "root/%s", shared[i]);
        bind_over(from, to, 0);
    }
    bind_over(console, "dev/hvc0", 1);
    bind_over(xenbus, "dev/xen/xenbus", 1);
    bind_over(init_path, "init", 1);
    fd = open("files/0", O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
    must((int)write(fd, "from the bundle\n", 16), "files/0");
    close(fd);
    fd = open("program", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    must((int)write(fd, build.bytes, build.size_bytes), "program");
    close(fd);
}

static void be_driver(void)
{
    usleep(driver.after_ms * 1000);
    must(symlink(driver.node, driver.path), driver.path);
    _exit(0);
}

/* Exits with 98 when the kernel gives no namespaces, else as init ended. */
static void be_guest(int link, const char *console, const char *xenbus)
{
    char *const argv[] = { (char *)"/init", NULL }, *const none[] = { NULL };
    int status;
    pid_t pid;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    enter_namespaces(link);
    pid = fork();
    must(pid, "fork");
    if (!pid) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private");
        furnish(console, xenbus);
        /* not chroot(2): who is in one may not make a user namespace */
        must((int)syscall(SYS_pivot_root, ".", "."), "pivot_root");
        must(umount2(".", MNT_DETACH), "umount");
        if (driver.path && !fork())
            be_driver();
        execve("/init", argv, none);
        must(-1, "init");
    }
    waitpid(pid, &status, 0);
    /* reboot(RB_POWER_OFF) in a PID namespace: see reboot(2) */
    if (WIFSIGNALED(status))
        _exit(WTERMSIG(status) == SIGINT ? 0 : 97);
    _exit(WEXITSTATUS(status) ? WEXITSTATUS(status) : 96);
}

#endif
