/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * LD_PRELOAD for `xl -N create` where no Xen runs: the hypervisor's devices
 * open as /dev/null, and the three questions that xl asks while it reads a
 * configuration have an answer. Run with XENSTORED_PATH=/dev/null.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <libxl.h>
#include <stdarg.h>
#include <string.h>

static int open_like(const char *name, const char *path, int flags,
                     unsigned int mode)
{
    int (*real)(const char *, int, ...) =
        (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, name);

    if (!strncmp(path, "/dev/xen/", 9))
        path = "/dev/null";
    return real(path, flags, mode);
}

static unsigned int mode_of(int flags, va_list ap)
{
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, unsigned int) : 0;
}

int open(const char *path, int flags, ...)
{
    unsigned int mode;
    va_list ap;

    va_start(ap, flags);
    mode = mode_of(flags, ap);
    va_end(ap);
    return open_like("open", path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    unsigned int mode;
    va_list ap;

    va_start(ap, flags);
    mode = mode_of(flags, ap);
    va_end(ap);
    return open_like("open64", path, flags, mode);
}

int libxl_get_physinfo(libxl_ctx *ctx, libxl_physinfo *info)
{
    (void)ctx;
    info->nr_cpus = 4;
    return 0;
}

int libxl_get_max_cpus(libxl_ctx *ctx)
{
    (void)ctx;
    return 4;
}

int libxl_get_max_nodes(libxl_ctx *ctx)
{
    (void)ctx;
    return 1;
}
