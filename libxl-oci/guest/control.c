/* SPDX-License-Identifier: MIT */
#include "control.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct wire_message {
    uint32_t kind;
    struct failure failure;
};

union descriptor_space {
    struct cmsghdr header; /* for its alignment */
    char bytes[CMSG_SPACE(sizeof(int))];
};

int control_make_pair(int ends[2])
{
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
}

static int send_message(int control, enum control_kind kind,
                        const struct failure *failure, int fd)
{
    struct wire_message wire = { .kind = kind };
    struct iovec vector = { &wire, sizeof(wire) };
    union descriptor_space space;
    struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };
    struct cmsghdr *header;
    ssize_t sent;

    if (failure)
        wire.failure = *failure;
    if (fd >= 0) {
        memset(&space, 0, sizeof(space));
        message.msg_control = space.bytes;
        message.msg_controllen = sizeof(space.bytes);
        header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(fd));
        memcpy(CMSG_DATA(header), &fd, sizeof(fd));
    }
    do {
        sent = sendmsg(control, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? -1 : 0;
}

int control_send_go(int control, int error)
{
    const struct failure failure = { .error = error };

    return send_message(control, CONTROL_GO, &failure, -1);
}

int control_send_failure(int control, const struct failure *failure)
{
    return send_message(control, CONTROL_FAILURE, failure, -1);
}

int control_send_terminal(int control, int master)
{
    return send_message(control, CONTROL_TERMINAL, NULL, master);
}

static int receive(int control, struct control_message *message, int flags)
{
    struct wire_message wire;
    struct iovec vector = { &wire, sizeof(wire) };
    union descriptor_space space;
    struct msghdr header = {
        .msg_iov = &vector,
        .msg_iovlen = 1,
        .msg_control = space.bytes,
        .msg_controllen = sizeof(space.bytes),
    };
    struct cmsghdr *attached;
    ssize_t got;

    do {
        got = recvmsg(control, &header, flags | MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EAGAIN)
        return 0;
    if (got != sizeof(wire))
        return -1;
    message->kind = wire.kind;
    message->failure = wire.failure;
    message->fd = -1;
    attached = CMSG_FIRSTHDR(&header);
    if (attached && attached->cmsg_type == SCM_RIGHTS &&
        attached->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(&message->fd, CMSG_DATA(attached), sizeof(int));
    return 1;
}

int control_receive(int control, struct control_message *message)
{
    return receive(control, message, MSG_DONTWAIT);
}

int control_wait_for_go(int control)
{
    struct control_message message;

    if (receive(control, &message, 0) != 1 || message.kind != CONTROL_GO) {
        errno = ECONNRESET; /* PID 1 gave up */
        return -1;
    }
    errno = message.failure.error;
    return errno ? -1 : 0;
}

int control_ask(int control, uint32_t op_index)
{
    const struct failure failure = { .op_index = (int32_t)op_index };

    if (send_message(control, CONTROL_ASK, &failure, -1))
        return -1;
    return control_wait_for_go(control);
}
