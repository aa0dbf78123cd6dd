/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * LD_PRELOAD for arm64 programs under qemu-user before 9.1, which does not
 * know openat2(2): the same by openat(2) and a look at where it led. For
 * trusted test files only: a race could fool it.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int path_of(int fd, char *path)
{
    char link[64];
    ssize_t n;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = readlink(link, path, PATH_MAX - 1);
    path[n < 0 ? 0 : n] = '\0';
    return n > 0;
}

static int is_beneath(int dir, int fd)
{
    char top[PATH_MAX], path[PATH_MAX];
    size_t n;

    if (!path_of(dir, top) || !path_of(fd, path))
        return 0;
    n = strlen(top);
    return !strncmp(path, top, n) && (!path[n] || path[n] == '/');
}

static long openat2_like(int dir, const char *path, const struct open_how *how)
{
    int fd = openat(dir, path, (int)how->flags, (mode_t)how->mode);

    if (fd < 0 || !(how->resolve & RESOLVE_BENEATH) || is_beneath(dir, fd))
        return fd;
    close(fd);
    errno = EXDEV;
    return -1;
}

long syscall(long number, ...)
{
    long (*real)(long, ...) = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
    uintptr_t a[6];
    va_list ap;
    int i;

    va_start(ap, number);
    for (i = 0; i < 6; i++)
        a[i] = va_arg(ap, uintptr_t);
    va_end(ap);
    if (number == SYS_openat2)
        return openat2_like((int)a[0], (const char *)a[1],
                            (const struct open_how *)a[2]);
    return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
