/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The jailed process of a backend, and what its parent needs of it. */
#ifndef XL_OCI_9P_SERVE_H
#define XL_OCI_9P_SERVE_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "budget.h"
#include "frontend.h"

/* The directory to be served, where the monitor puts it. */
#define SERVE_EXPORT_FD 3

#define SERVE_REPORT_BYTES 256

struct serve_how {
    bool failed;                /* every request is answered with EIO */
    bool read_only;
    struct p9_budget budget;
};

/*
 * Starts the process: it maps the guest's rings, enters the jail, serves. Its
 * pid, or -1 with errno; *report_fd is readable once it has ended.
 */
pid_t serve_start(const struct p9_frontend *frontend,
                  const struct serve_how *how, int *report_fd);

/* Waits until the rings are mapped. 0, or -1 when the process ended first. */
int serve_wait_mapped(int report_fd);

/* Why it ended, as text; empty when it did not say. It may be what a hostile
 * guest has made of it: printable characters only. */
void serve_read_report(int report_fd, char text[SERVE_REPORT_BYTES]);

/* Can the jail be entered here? 0, or -1 with a line in to. Before the guest
 * runs, so that its creator is told. */
int serve_try_jail(const struct serve_how *how, FILE *to);

#endif
