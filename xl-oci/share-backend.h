/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The backend processes of a container's 9pfs shares (9p/main.c). Each has a
 * file share-N in the run directory: locked as long as it lives, with its
 * number in the first line and then what it had to complain about. So a
 * monitor that is started again finds the backends of the one that died.
 */
#ifndef XL_OCI_SHARE_BACKEND_H
#define XL_OCI_SHARE_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define SHARES_MAX 12           /* with the images in one MESSAGE_MAX_FDS */
#define SHARE_WHY_BYTES 256

/* The last thing it says when the guest has done without it. */
#define BACKEND_CLOSED "closed"

/* What it says when its jailed process was killed; a number follows. */
#define BACKEND_KILLED "the server was killed by signal "

struct share_backend {
    int pid_fd;                 /* readable when it has ended; -1: none */
    pid_t pid;
    bool answers_errors;        /* its directory is lost */
};

/* Of the backend or, when that was killed, its jailed process. */
struct share_end {
    int signal;                 /* 0: none, or it is not known */
    int status;                 /* its exit status; -1: none, or not known */
};

struct share_start {
    int dir_fd;                 /* the run directory */
    const char *uuid;
    int domid;
    unsigned int index;
    int export_fd;              /* -1: answer with errors */
};

/* Starts the backend and waits until it is ready for the guest; for one that
 * answers with errors, whose guest is there already, two seconds at most. 0, or
 * -1 with why. */
int share_backend_start(const struct share_start *start,
                        struct share_backend *backend,
                        char why[SHARE_WHY_BYTES]);

/* Finds the backend that another monitor has started. -1: there is none. */
int share_backend_find(int dir_fd, unsigned int index,
                       struct share_backend *backend);

/* Waits for one that is ending and forgets it. How it ended is not known when
 * another process has started it, unless it said so itself. */
void share_backend_wait(struct share_backend *backend, struct share_end *end);

/* What the last one complained about last; *end when that says so. */
void share_backend_why(int dir_fd, unsigned int index,
                       char why[SHARE_WHY_BYTES], struct share_end *end);

/* Kills those that are left of a container and waits for their end. 0, or -1
 * when one does not end. */
int share_backends_end(int dir_fd);

#endif
