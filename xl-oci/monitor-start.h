/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command's side of monitor.h until a creation is complete. */
#ifndef XL_OCI_MONITOR_START_H
#define XL_OCI_MONITOR_START_H

#include <stdbool.h>
#include <sys/types.h>

#include "monitor.h"

struct report;

struct monitor_link {
    int fd;             /* -1: closed */
    pid_t pid;
};

/* Starts the monitor; client_fd of start is filled here. All of these return
 * 0, or -1 with errors in report. */
int monitor_link_open(struct monitor_link *link, struct monitor_start *start,
                      struct report *report);
/* Tells the domain and hands over the directories of its shares and
 * descriptors to be held until its end. */
int monitor_link_domain(struct monitor_link *link,
                        const struct message_domain *domain, const int *fds,
                        unsigned int n_fds, struct report *report);
/* The console is attached, the shares have backends. */
int monitor_link_wait_ready(struct monitor_link *link, struct report *report);
int monitor_link_commit(struct monitor_link *link, bool attached);
/* The caller undoes: the monitor ends without doing anything. */
void monitor_link_abort(struct monitor_link *link);
void monitor_link_close(struct monitor_link *link);

#endif
