/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xenstore-wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TYPE_WATCH_EVENT 15
#define TYPE_ERROR 16

struct header { uint32_t type, id, transaction, size_bytes; };

static const struct { const char *name; int error; } errors[] = {
    { "ENOENT", ENOENT }, { "EACCES", EACCES }, { "EINVAL", EINVAL },
    { "ENOSPC", ENOSPC }, { "EEXIST", EEXIST }, { "ENOMEM", ENOMEM },
    { "EROFS", EROFS }, { "EBUSY", EBUSY }, { "EAGAIN", EAGAIN },
    { "E2BIG", E2BIG }, { "EIO", EIO },
};

static int connect_to(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd, error;

    if (strlen(path) >= sizeof(address.sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
        return fd;
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

int xenstore_connect(void)
{
    const char *path = getenv("XENSTORED_PATH");
    int fd;

    if (path)
        return connect_to(path);
    fd = connect_to("/run/xenstored/socket");
    if (fd < 0)
        fd = connect_to("/var/run/xenstored/socket");
    if (fd < 0) /* xenstored in a domain of its own */
        fd = open("/dev/xen/xenbus", O_RDWR | O_CLOEXEC);
    return fd;
}

static int write_all(int fd, const char *p, size_t size_bytes)
{
    while (size_bytes) {
        ssize_t n = write(fd, p, size_bytes);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        p += n;
        size_bytes -= (size_t)n;
    }
    return 0;
}

static int read_all(int fd, void *out, size_t size_bytes)
{
    char *p = out;

    while (size_bytes) {
        ssize_t n = read(fd, p, size_bytes);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            if (!n)
                errno = ECONNRESET;
            return -1;
        }
        p += n;
        size_bytes -= (size_t)n;
    }
    return 0;
}

/* Each word ends with a NUL. */
static void split_words(char *words, size_t size_bytes)
{
    size_t i;

    for (i = 0; i < size_bytes; i++)
        if (words[i] == ' ')
            words[i] = '\0';
}

/* Path with its NUL, then the value without one. */
static int send_request(int fd, uint32_t transaction,
                        const struct xenstore_request *r, uint32_t id)
{
    char message[sizeof(struct header) + XENSTORE_PAYLOAD_MAX];
    char *payload = message + sizeof(struct header);
    size_t value_bytes = r->value ? strlen(r->value) : 0;
    int n = snprintf(payload, XENSTORE_PAYLOAD_MAX, "%s%s%s", r->dir,
                     r->name ? "/" : "", r->name ? r->name : "");
    struct header header = { r->type, id, transaction, 0 };

    if (n < 0 || (size_t)n + 2 + value_bytes > XENSTORE_PAYLOAD_MAX) {
        errno = E2BIG;
        return -1;
    }
    if (value_bytes)
        memcpy(payload + n + 1, r->value, value_bytes);
    if (r->type == XENSTORE_SET_PERMS) {
        payload[n + 1 + value_bytes] = '\0';
        split_words(payload + n + 1, value_bytes++);
    }
    header.size_bytes = (uint32_t)((size_t)n + 1 + value_bytes);
    memcpy(message, &header, sizeof(header));
    return write_all(fd, message, sizeof(header) + header.size_bytes);
}

static int to_error(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        if (!strcmp(errors[i].name, name))
            return errors[i].error;
    return EPROTO;
}

static int receive_answer(int fd, struct xenstore_request *r, uint32_t id)
{
    struct header header;

    do {
        if (read_all(fd, &header, sizeof(header)) < 0)
            return -1;
        if (header.size_bytes > XENSTORE_PAYLOAD_MAX) {
            errno = EPROTO;
            return -1;
        }
        if (read_all(fd, r->answer, header.size_bytes) < 0)
            return -1;
    } while (header.type == TYPE_WATCH_EVENT);
    if (header.id != id) {
        errno = EPROTO;
        return -1;
    }
    r->answer[header.size_bytes] = '\0';
    r->size_bytes = header.size_bytes;
    r->error = header.type == TYPE_ERROR ? to_error(r->answer) : 0;
    if (r->error)
        r->answer[0] = '\0';
    return 0;
}

int xenstore_batch_in(int fd, uint32_t transaction,
                      struct xenstore_request *requests, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (send_request(fd, transaction, &requests[i], (uint32_t)i) < 0)
            return -1;
    for (i = 0; i < count; i++)
        if (receive_answer(fd, &requests[i], (uint32_t)i) < 0)
            return -1;
    return 0;
}

int xenstore_batch(int fd, struct xenstore_request *requests, size_t count)
{
    return xenstore_batch_in(fd, 0, requests, count);
}

int xenstore_begin(int fd, uint32_t *transaction)
{
    static struct xenstore_request start = {
        .type = XENSTORE_TRANSACTION_START, .dir = "",
    };

    if (xenstore_batch(fd, &start, 1) < 0)
        return errno;
    *transaction = (uint32_t)strtoul(start.answer, NULL, 10);
    return start.error;
}

int xenstore_end(int fd, uint32_t transaction, int commit)
{
    static struct xenstore_request end = { .type = XENSTORE_TRANSACTION_END };

    end.dir = commit ? "T" : "F";
    return xenstore_batch_in(fd, transaction, &end, 1) < 0 ? errno :
           end.error;
}
