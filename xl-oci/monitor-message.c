/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

union control {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int) * MESSAGE_MAX_FDS)];
};

int message_send(int fd, enum message_type type, const void *data,
                 size_t size_bytes, const int *fds, unsigned int n_fds,
                 int flags)
{
    uint8_t byte = (uint8_t)type;
    union control control = { 0 };
    struct iovec parts[2] = {
        { .iov_base = &byte, .iov_len = 1 },
        { .iov_base = (void *)(uintptr_t)data, .iov_len = size_bytes },
    };
    struct msghdr header = { .msg_iov = parts, .msg_iovlen = 2 };
    ssize_t sent;

    if (n_fds > MESSAGE_MAX_FDS || size_bytes > MESSAGE_MAX_DATA) {
        errno = E2BIG;
        return -1;
    }
    if (n_fds) {
        struct cmsghdr *c = &control.align;

        header.msg_control = &control;
        header.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
        memcpy(CMSG_DATA(c), fds, sizeof(int) * n_fds);
    }
    do
        sent = sendmsg(fd, &header, flags | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -1 : 0;
}

static void take_fds(struct msghdr *header, struct message *message)
{
    struct cmsghdr *c;

    for (c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        message->n_fds = (unsigned int)((c->cmsg_len - CMSG_LEN(0)) /
                                        sizeof(int));
        memcpy(message->fds, CMSG_DATA(c), sizeof(int) * message->n_fds);
    }
}

int message_receive(int fd, struct message *message, int flags)
{
    union control control = { 0 };
    struct iovec parts[2] = {
        { .iov_base = &message->type, .iov_len = 1 },
        { .iov_base = message->data, .iov_len = sizeof(message->data) },
    };
    struct msghdr header = {
        .msg_iov = parts, .msg_iovlen = 2, .msg_control = &control,
        .msg_controllen = sizeof(control),
    };
    ssize_t got;

    message->n_fds = 0;
    do
        got = recvmsg(fd, &header, flags | MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    /* a peer that closes with unread data resets the connection */
    if (got < 0 && errno == ECONNRESET)
        return 0;
    if (got <= 0)
        return (int)got;
    message->size_bytes = (size_t)got - 1;
    take_fds(&header, message);
    return 1;
}
