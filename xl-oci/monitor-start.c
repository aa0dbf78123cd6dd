/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor-start.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "checks.h"

int monitor_link_open(struct monitor_link *link, struct monitor_start *start,
                      struct report *report)
{
    int pair[2];

    link->fd = -1;
    link->pid = -1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
        report_check(report, HOST_RESOURCES, NULL, "socketpair: %s",
                     strerror(errno));
        return -1;
    }
    start->client_fd = pair[1];
    link->pid = monitor_spawn(start);
    if (link->pid < 0)
        report_check(report, MONITOR_FAILED, NULL,
                     "xl-oci-monitor cannot be started: %s", strerror(errno));
    close(pair[1]);
    if (link->pid < 0)
        close(pair[0]);
    else
        link->fd = pair[0];
    return link->pid < 0 ? -1 : 0;
}

int monitor_link_domain(struct monitor_link *link,
                        const struct message_domain *domain, const int *fds,
                        unsigned int n_fds, struct report *report)
{
    if (!message_send(link->fd, MESSAGE_DOMAIN, domain, sizeof(*domain), fds,
                      n_fds, 0))
        return 0;
    report_check(report, MONITOR_FAILED, NULL, "it is gone: %s",
                 strerror(errno));
    return -1;
}

int monitor_link_wait_ready(struct monitor_link *link, struct report *report)
{
    struct message message;
    int got = message_receive(link->fd, &message, 0);

    if (got == 1 && message.type == MESSAGE_READY)
        return 0;
    if (got == 1 && message.type == MESSAGE_FAILED)
        report_check(report, XENCONSOLED_UNAVAILABLE, NULL, "%.*s",
                     (int)message.size_bytes, message.data);
    else if (got == 1 && message.type == MESSAGE_SHARE_FAILED)
        report_check(report, SHARE_BACKEND, NULL, "%.*s",
                     (int)message.size_bytes, message.data);
    else
        report_check(report, MONITOR_FAILED, NULL,
                     "it ended before the domain was started");
    return -1;
}

int monitor_link_commit(struct monitor_link *link, bool attached)
{
    char flag = attached;

    return message_send(link->fd, MESSAGE_COMMIT, &flag, 1, NULL, 0, 0);
}

void monitor_link_abort(struct monitor_link *link)
{
    if (link->fd < 0)
        return;
    message_send(link->fd, MESSAGE_ABORT, NULL, 0, NULL, 0, 0);
    monitor_link_close(link);
    while (waitpid(link->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    link->pid = -1;
}

void monitor_link_close(struct monitor_link *link)
{
    if (link->fd >= 0)
        close(link->fd);
    link->fd = -1;
}
