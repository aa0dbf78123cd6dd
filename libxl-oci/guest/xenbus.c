/* SPDX-License-Identifier: MIT */
#include "xenbus.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

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
#define WATCH_TIMEOUT_MS 30000

void xenbus_init(struct xenbus *xenbus, int fd)
{
    xenbus->fd = fd;
    xenbus->awaited = 0;
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

/* The payload is path, a NUL, and value_bytes of value. */
static int send_request(struct xenbus *xenbus, uint32_t type, uint32_t request,
                        const char *path, const char *value,
                        size_t value_bytes)
{
    unsigned char message[XENBUS_HEADER_BYTES + REQUEST_MAX_BYTES];
    size_t path_bytes = strlen(path) + 1;
    struct header header = {
        .type = type,
        .request = request,
        .size_bytes = (uint32_t)(path_bytes + value_bytes),
    };

    if (xenbus->fd < 0)
        return 0;
    if (path_bytes > REQUEST_MAX_BYTES ||
        value_bytes > REQUEST_MAX_BYTES - path_bytes) {
        errno = E2BIG;
        return -1;
    }
    memcpy(message, &header, sizeof(header));
    memcpy(message + sizeof(header), path, path_bytes);
    if (value_bytes)
        memcpy(message + sizeof(header) + path_bytes, value, value_bytes);
    /* At once: the kernel's device would take a header alone as unfinished. */
    if (write_all(xenbus->fd, message,
                  sizeof(header) + path_bytes + value_bytes))
        return -1;
    xenbus->awaited++;
    return 0;
}

int xenbus_write(struct xenbus *xenbus, const char *path, const char *value)
{
    return send_request(xenbus, XS_WRITE, 0, path, value, strlen(value));
}

int xenbus_read(struct xenbus *xenbus, const char *path, uint32_t request)
{
    return send_request(xenbus, XS_READ, request, path, NULL, 0);
}

/*
 * While Linux registers a watch, it holds the file's mutex and waits for the
 * answer; the thread that would bring it takes the same mutex for each answer
 * that comes before (drivers/xen/xenbus/xenbus_dev_frontend.c,
 * xenbus_write_watch() and xenbus_dev_queue_reply()). So none may be
 * outstanding, or both wait for ever.
 */
int xenbus_watch(struct xenbus *xenbus, const char *path)
{
    if (xenbus_settle(xenbus, WATCH_TIMEOUT_MS))
        return -1;
    return send_request(xenbus, XS_WATCH, 0, path, "x", sizeof("x"));
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

static int take_message(struct xenbus *xenbus, const struct header *header,
                        struct xenbus_event *event)
{
    unsigned char *body = xenbus->message + XENBUS_HEADER_BYTES;

    body[header->size_bytes] = '\0';
    event->text = (const char *)body;
    event->text_bytes = header->size_bytes;
    event->request = 0;
    if (header->type == XS_WATCH_EVENT) {
        event->kind = XENBUS_WATCH;
        return 1;
    }
    if (!xenbus->awaited) {
        errno = EPROTO;
        return -1;
    }
    xenbus->awaited--;
    event->kind = header->type == XS_ERROR ? XENBUS_REFUSED : XENBUS_REPLY;
    /* Linux answers a watch with request 0, whatever it was asked with. */
    if (header->type == XS_READ || header->type == XS_ERROR)
        event->request = header->request;
    return 1;
}

int xenbus_next(struct xenbus *xenbus, struct xenbus_event *event)
{
    struct header header;
    int r;

    if (xenbus->fd < 0)
        return 0;
    r = receive(xenbus, XENBUS_HEADER_BYTES);
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
    xenbus->have_bytes = 0;
    return take_message(xenbus, &header, event);
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int xenbus_settle(struct xenbus *xenbus, int timeout_ms)
{
    struct pollfd pollfd = { .fd = xenbus->fd, .events = POLLIN };
    int64_t deadline_ms = now_ms() + timeout_ms, left_ms;
    struct xenbus_event event;
    int r;

    while (xenbus->fd >= 0 && xenbus->awaited) {
        r = xenbus_next(xenbus, &event);
        if (r < 0)
            return -1;
        if (r)
            continue;
        left_ms = deadline_ms - now_ms();
        if (left_ms <= 0) {
            errno = ETIMEDOUT;
            return -1;
        }
        poll(&pollfd, 1, (int)left_ms);
    }
    return 0;
}
