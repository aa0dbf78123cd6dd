/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor-internal.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

void monitor_drop_client(struct monitor *m)
{
    if (m->client_fd >= 0)
        close(m->client_fd);
    m->client_fd = -1;
    m->attached = false;
}

bool monitor_client_is_behind(const struct monitor *m)
{
    return m->client_fd >= 0 && m->attached &&
           (m->unlogged_bytes ||
            m->client_position < console_log_end(&m->log));
}

/* What the log no longer, or never, held. */
static int tell_lost(struct monitor *m)
{
    uint64_t oldest = console_log_oldest(&m->log), lost = m->unlogged_bytes;

    if (m->client_position < oldest)
        lost += oldest - m->client_position;
    if (!lost)
        return 0;
    if (message_send(m->client_fd, MESSAGE_LOST, &lost, sizeof(lost), NULL, 0,
                     MSG_DONTWAIT))
        return -1;
    m->unlogged_bytes = 0;
    if (m->client_position < oldest)
        m->client_position = oldest;
    return 0;
}

bool monitor_feed_client(struct monitor *m)
{
    char buffer[MESSAGE_MAX_DATA];
    ssize_t got;

    while (monitor_client_is_behind(m)) {
        if (tell_lost(m))
            break;
        got = console_log_read(&m->log, m->client_position, buffer,
                               sizeof(buffer));
        if (got <= 0)
            return false;
        if (message_send(m->client_fd, MESSAGE_OUTPUT, buffer, (size_t)got,
                         NULL, 0, MSG_DONTWAIT))
            break;
        m->client_position += (uint64_t)got;
    }
    if (!monitor_client_is_behind(m))
        return false;
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)
        return true;
    monitor_drop_client(m);
    return false;
}

void monitor_flush_client(struct monitor *m)
{
    struct pollfd wait;

    while (monitor_feed_client(m)) {
        wait = (struct pollfd){ .fd = m->client_fd, .events = POLLOUT };
        poll(&wait, 1, -1);
    }
}
