/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Preloaded into xenstored: a machine without a hypervisor, on which every
 * domain that is asked for exists and none ever does anything.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenevtchn.h>
#include <xengnttab.h>

static char handle;

/* Dom0's own page and port, by which its kernel would talk to xenstored. */
static int open_file_of_dom0(void)
{
    int fd = memfd_create("xsd", 0);

    return ftruncate(fd, 4096) || pwrite(fd, "1", 1, 0) != 1 ? -1 : fd;
}

int open(const char *path, int flags, ...)
{
    int (*next)(const char *, int, ...);
    va_list arguments;
    unsigned int mode;

    if (!strncmp(path, "/proc/xen/xsd_", 14))
        return open_file_of_dom0();
    va_start(arguments, flags);
    mode = flags & O_CREAT ? va_arg(arguments, unsigned int) : 0;
    va_end(arguments);
    *(void **)&next = dlsym(RTLD_NEXT, "open");
    return next(path, flags, mode);
}

xc_interface *xc_interface_open(xentoollog_logger *logger,
                                xentoollog_logger *dombuild_logger,
                                unsigned int flags)
{
    (void)logger;
    (void)dombuild_logger;
    (void)flags;
    return (void *)&handle;
}

int xc_interface_close(xc_interface *xc)
{
    (void)xc;
    return 0;
}

int xc_domain_getinfo(xc_interface *xc, uint32_t first, unsigned int max,
                      xc_dominfo_t *info)
{
    (void)xc;
    (void)max;
    memset(info, 0, sizeof(*info));
    info->domid = first;
    return 1;
}

xengnttab_handle *xengnttab_open(xentoollog_logger *logger, unsigned int flags)
{
    (void)logger;
    (void)flags;
    return (void *)&handle;
}

int xengnttab_set_max_grants(xengnttab_handle *grants, uint32_t count)
{
    (void)grants;
    (void)count;
    return 0;
}

xenevtchn_handle *xenevtchn_open(xentoollog_logger *logger, unsigned int flags)
{
    (void)logger;
    (void)flags;
    return (void *)&handle;
}

/* Which never becomes readable. */
int xenevtchn_fd(xenevtchn_handle *events)
{
    (void)events;
    return eventfd(0, EFD_CLOEXEC);
}

xenevtchn_port_or_error_t
xenevtchn_bind_interdomain(xenevtchn_handle *events, uint32_t domid,
                           evtchn_port_t port)
{
    (void)events;
    (void)domid;
    return (int)port;
}

int xenevtchn_notify(xenevtchn_handle *events, evtchn_port_t port)
{
    (void)events;
    (void)port;
    return 0;
}

xenevtchn_port_or_error_t xenevtchn_bind_virq(xenevtchn_handle *events,
                                              unsigned int virq)
{
    (void)events;
    return (int)virq + 1;
}
