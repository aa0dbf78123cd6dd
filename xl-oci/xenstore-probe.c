/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xenstore-probe.h"

#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>
#include <xenstore.h>

#define PROBE_TIMEOUT_MS 3000

/* The paths that libxenstore tries, in its order (xs_open()). */
static int connect_socket(void)
{
    const char *path = secure_getenv("XENSTORED_PATH");
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s",
             path ? path : "/var/run/xenstored/socket");
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address))) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static int open_device(void)
{
    int fd = open("/dev/xen/xenbus", O_RDWR | O_CLOEXEC);

    return fd >= 0 ? fd : open("/proc/xen/xenbus", O_RDWR | O_CLOEXEC);
}

/* Asks for something that always exists, and waits for an answer to that. */
static bool answers(int fd)
{
    static const char path[] = "/";
    struct {
        struct xsd_sockmsg header;
        char path[sizeof(path)];
    } request = {
        .header = { .type = XS_DIRECTORY, .len = sizeof(path) },
    };
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    struct xsd_sockmsg reply;

    memcpy(request.path, path, sizeof(path));
    return write(fd, &request, sizeof(request.header) + sizeof(path)) > 0 &&
           poll(&wait, 1, PROBE_TIMEOUT_MS) == 1 &&
           read(fd, &reply, sizeof(reply)) == sizeof(reply) &&
           reply.type == XS_DIRECTORY;
}

bool xenstore_is_alive(void)
{
    int fd = connect_socket();
    bool alive;

    if (fd < 0)
        fd = open_device();
    if (fd < 0)
        return false;
    alive = answers(fd);
    close(fd);
    return alive;
}
