/* SPDX-License-Identifier: MIT */
#include "xenbus.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

/* Xen: public/io/xs_wire.h, enum xsd_sockmsg_type */
enum {
    XS_READ = 2,
    XS_WATCH = 4,
    XS_WRITE = 11,
    XS_WATCH_EVENT = 15,
    XS_ERROR = 16,
};

/* Host byte order: both sides of /dev/xen/xenbus are the same machine. */
struct header {
    uint32_t type;
    uint32_t request;
    uint32_t transaction;
    uint32_t size_bytes;
};

_Static_assert(sizeof(struct header) == XENBUS_HEADER_BYTES, "wire format");

#define REQUEST_MAX_BYTES 1024
#define REPLY_TIMEOUT_MS 30000

void xenbus_init(struct xenbus *xenbus, int fd)
{
    xenbus->fd = fd;
    xenbus->is_awaited = xenbus->is_changed = 0;
    xenbus->have_bytes = 0;
}

void xenbus_close(struct xenbus *xenbus)
{
    if (xenbus->fd >= 0)
        close(xenbus->fd);
    xenbus_init(xenbus, -1);
}

static int write_all(int fd, const unsigned char *bytes, size_t size_bytes)
{
    struct pollfd pollfd = { .fd = fd, .events = POLLOUT };
    ssize_t written;

    while (size_bytes) {
        written = write(fd, bytes, size_bytes);
        if (written < 0 && errno == EAGAIN)
            poll(&pollfd, 1, -1);
        else if (written < 0 && errno != EINTR)
            return -1;
        if (written > 0) {
            bytes += written;
            size_bytes -= (size_t)written;
        }
    }
    return 0;
}

/* 1: have_bytes reached want_bytes; 0: not yet; -1: end or error. */
static int receive(struct xenbus *xenbus, size_t want_bytes)
{
    ssize_t got;

    while (xenbus->have_bytes < want_bytes) {
        got = read(xenbus->fd, xenbus->message + xenbus->have_bytes,
                   want_bytes - xenbus->have_bytes);
        if (got > 0)
            xenbus->have_bytes += (size_t)got;
        else if (got < 0 && errno == EINTR)
            continue;
        else if (got < 0 && errno == EAGAIN)
            return 0;
        else
            return -1;
    }
    return 1;
}

/*
 * Takes one message. 1: it was the reply, whose body stands in the message and
 * whose type is set; 0: nothing has come (yet), or a watch; -1: the peer is
 * gone or breaks the protocol.
 */
static int take_message(struct xenbus *xenbus, uint32_t *type)
{
    struct header header;
    int r = receive(xenbus, XENBUS_HEADER_BYTES);

    if (r <= 0)
        return r;
    memcpy(&header, xenbus->message, sizeof(header));
    if (header.size_bytes > XENBUS_MAX_BYTES) {
        errno = EPROTO;
        return -1;
    }
    r = receive(xenbus, XENBUS_HEADER_BYTES + header.size_bytes);
    if (r <= 0)
        return r;
    xenbus->message[XENBUS_HEADER_BYTES + header.size_bytes] = '\0';
    xenbus->have_bytes = 0;
    if (header.type == XS_WATCH_EVENT) {
        xenbus->is_changed = 1;
        return 0;
    }
    if (!xenbus->is_awaited) {
        errno = EPROTO;
        return -1;
    }
    xenbus->is_awaited = 0;
    *type = header.type;
    return 1;
}

static int fail(struct xenbus *xenbus)
{
    int saved_errno = errno;

    xenbus_close(xenbus);
    errno = saved_errno;
    return -1;
}

/* Returns with no reply outstanding, or -1. */
static int wait_for_reply(struct xenbus *xenbus, int timeout_ms,
                          uint32_t *type)
{
    struct pollfd pollfd = { .fd = xenbus->fd, .events = POLLIN };
    int64_t deadline_ms = now_ms() + timeout_ms, left_ms;
    int r;

    while (xenbus->is_awaited) {
        r = take_message(xenbus, type);
        if (r < 0)
            return fail(xenbus);
        if (r)
            break;
        left_ms = deadline_ms - now_ms();
        if (left_ms <= 0) {
            errno = ETIMEDOUT;
            return fail(xenbus);
        }
        poll(&pollfd, 1, (int)left_ms);
    }
    return 0;
}

int xenbus_settle(struct xenbus *xenbus, int timeout_ms)
{
    uint32_t type;

    return wait_for_reply(xenbus, timeout_ms, &type);
}

/* The payload is path, a NUL, and value_bytes of value. */
static int send_request(struct xenbus *xenbus, uint32_t type, const char *path,
                        const char *value, size_t value_bytes)
{
    unsigned char message[XENBUS_HEADER_BYTES + REQUEST_MAX_BYTES];
    size_t path_bytes = strlen(path) + 1;
    struct header header = {
        .type = type,
        .size_bytes = (uint32_t)(path_bytes + value_bytes),
    };

    if (xenbus->fd < 0)
        return 0;
    if (path_bytes > REQUEST_MAX_BYTES ||
        value_bytes > REQUEST_MAX_BYTES - path_bytes) {
        errno = E2BIG;
        return -1;
    }
    if (xenbus_settle(xenbus, REPLY_TIMEOUT_MS))
        return -1;
    memcpy(message, &header, sizeof(header));
    memcpy(message + sizeof(header), path, path_bytes);
    if (value_bytes)
        memcpy(message + sizeof(header) + path_bytes, value, value_bytes);
    if (write_all(xenbus->fd, message,
                  sizeof(header) + path_bytes + value_bytes))
        return fail(xenbus);
    xenbus->is_awaited = 1;
    return 0;
}

int xenbus_write(struct xenbus *xenbus, const char *path, const char *value)
{
    return send_request(xenbus, XS_WRITE, path, value, strlen(value));
}

int xenbus_watch(struct xenbus *xenbus, const char *path)
{
    return send_request(xenbus, XS_WATCH, path, "x", sizeof("x"));
}

const char *xenbus_read(struct xenbus *xenbus, const char *path)
{
    uint32_t type = XS_ERROR;

    if (send_request(xenbus, XS_READ, path, NULL, 0) ||
        wait_for_reply(xenbus, REPLY_TIMEOUT_MS, &type) || type != XS_READ)
        return NULL;
    return (const char *)xenbus->message + XENBUS_HEADER_BYTES;
}

int xenbus_take_change(struct xenbus *xenbus)
{
    struct pollfd pollfd = { .fd = xenbus->fd, .events = POLLIN };
    uint32_t type;
    int is_changed;

    while (xenbus->fd >= 0 && poll(&pollfd, 1, 0) > 0)
        if (take_message(xenbus, &type) < 0)
            fail(xenbus);
    is_changed = xenbus->is_changed;
    xenbus->is_changed = 0;
    return is_changed;
}
