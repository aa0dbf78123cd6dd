/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xl-oci-9pfs UUID DOMID INDEX [failed]: the backend of one share, started by
 * the container's monitor. Two processes: this one looks after xenstore and
 * the domain and never touches what the guest writes to its rings; its child,
 * in a jail, does nothing else (serve.h).
 *
 * Descriptors: 0 is /dev/null; a byte comes on 1 once the guest may start; 2 takes what went wrong
 * (and holds a lock as long as this process lives); 3 is the directory. With
 * "failed" there is no directory: it continues for a backend that died, and
 * answers every request with an error, as the guest would else wait for ever.
 *
 * Ends when the domain has ended or the guest has closed the device (0), or
 * the jailed process has (1).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenstore.h>

#include "frontend.h"
#include "serve.h"
#include "xl-oci/domain.h"
#include "xl-oci/share-backend.h"

#define LOOK_INTERVAL_MS 1000   /* at the domain, should xenstored go away */

struct backend {
    struct p9_share share;
    unsigned char uuid[16];
    struct serve_how how;
    struct xs_handle *xs;
    bool xenstored_is_gone;
    xc_interface *xc;
    pid_t server;               /* 0: not yet */
    int report_fd;              /* of the server; at its end, the reason */
};

static void complain(const char *what, const char *why)
{
    fprintf(stderr, "%s%s%s\n", what, why ? ": " : "", why ? why : "");
}

static int open_handles(struct backend *b)
{
    char path[P9_PATH_BYTES];

    b->xc = xc_interface_open(NULL, NULL, 0);
    b->xs = b->xc ? xs_open(0) : NULL;
    p9_frontend_path(&b->share, "state", path);
    if (b->xs && xs_watch(b->xs, "@releaseDomain", "end") &&
        xs_watch(b->xs, path, "state"))
        return 0;
    complain("Xen or xenstore cannot be asked", strerror(errno));
    return -1;
}

/* Not being told is no reason to end. */
static bool domain_has_ended(const struct backend *b)
{
    struct domain_state state;

    return !domain_find_with(b->xc, b->uuid, &state) &&
           (state.life != DOMAIN_ALIVE || state.domid != b->share.domid);
}

static int connect_to_guest(struct backend *b)
{
    struct p9_frontend frontend;
    const char *why;

    if (p9_frontend_read(b->xs, &b->share, &frontend, &why)) {
        complain("the guest's side is not as agreed", why);
        return -1;
    }
    b->server = serve_start(&frontend, &b->how, &b->report_fd);
    if (b->server < 0) {
        complain("the server cannot be started", strerror(errno));
        return -1;
    }
    /* when it fails here, the end of the server tells why */
    if (serve_wait_mapped(b->report_fd))
        return 0;
    if (!p9_backend_set_state(b->xs, &b->share, STATE_CONNECTED))
        return 0;
    complain("xenstore cannot be written", strerror(errno));
    return -1;
}

enum progress { GO_ON, DONE, FAILED };

static enum progress look(struct backend *b)
{
    if (domain_has_ended(b))
        return DONE;
    switch (p9_frontend_state(b->xs, &b->share)) {
    case STATE_INITIALISED:
    case STATE_CONNECTED:
        return !b->server && connect_to_guest(b) ? FAILED : GO_ON;
    case STATE_CLOSING:
        /* Linux waits five seconds for this at its end (xenbus_dev_shutdown),
         * and closes then; until it does, it may still ask */
        p9_backend_set_state(b->xs, &b->share, STATE_CLOSING);
        return GO_ON;
    case STATE_CLOSED:
        return DONE;
    default:
        return GO_ON;
    }
}

/* The server has closed its end: it is dead, or as good as. */
static void report_server(struct backend *b)
{
    char text[SERVE_REPORT_BYTES];
    int status = 0, signal;

    serve_read_report(b->report_fd, text);
    kill(b->server, SIGKILL);
    while (waitpid(b->server, &status, 0) < 0 && errno == EINTR)
        ;
    b->server = 0;
    signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (*text)
        complain("the server gave up", text);
    else if (signal)
        fprintf(stderr, BACKEND_KILLED "%d (%s)\n", signal,
                strsignal(signal));
    else
        complain("the server ended", NULL);
}

static enum progress wait_and_look(struct backend *b)
{
    struct pollfd waits[] = {
        { .fd = b->xenstored_is_gone ? -1 : xs_fileno(b->xs),
          .events = POLLIN },
        { .fd = b->server > 0 ? b->report_fd : -1, .events = POLLIN },
    };
    char **event;

    poll(waits, 2, b->xenstored_is_gone ? LOOK_INTERVAL_MS : -1);
    while (!b->xenstored_is_gone && (event = xs_check_watch(b->xs)))
        free(event);
    b->xenstored_is_gone |= errno != EAGAIN;
    if (waits[1].revents && !domain_has_ended(b)) {
        report_server(b);
        return FAILED;
    }
    return look(b);
}

/* The server holds pages of the guest: it goes before anybody is told. */
static void end_server(struct backend *b)
{
    if (b->server <= 0)
        return;
    kill(b->server, SIGKILL);
    while (waitpid(b->server, NULL, 0) < 0 && errno == EINTR)
        ;
}

static void decide_how(struct backend *b)
{
    unsigned int n_shares = p9_backend_count(b->xs, b->share.domid);
    struct p9_host host;

    p9_host_read(&host);
    b->how.read_only = p9_backend_is_read_only(b->xs, &b->share);
    b->how.budget = p9_budget_of(&host, n_shares && n_shares < SHARES_MAX ?
                                 n_shares : SHARES_MAX);
}

static int run(struct backend *b)
{
    enum progress progress;

    if (open_handles(b))
        return EXIT_FAILURE;
    decide_how(b);
    if (serve_try_jail(&b->how, stderr))
        return EXIT_FAILURE;
    /* a guest that has connected already goes on where it is */
    if (p9_frontend_state(b->xs, &b->share) <= STATE_INITIALISING &&
        p9_backend_set_state(b->xs, &b->share, STATE_INIT_WAIT)) {
        complain("xenstore cannot be written", strerror(errno));
        return EXIT_FAILURE;
    }
    /* the monitor does not wait for long where the guest does */
    if (write(STDOUT_FILENO, "r", 1) != 1 && !b->how.failed)
        return EXIT_FAILURE;
    dup2(STDIN_FILENO, STDOUT_FILENO);
    for (progress = look(b); progress == GO_ON; progress = wait_and_look(b))
        ;
    end_server(b);
    if (progress == DONE) {
        complain(BACKEND_CLOSED, NULL);
        p9_backend_set_state(b->xs, &b->share, STATE_CLOSED);
    }
    return progress == DONE ? EXIT_SUCCESS : EXIT_FAILURE;
}

static bool parse_arguments(int argc, char **argv, struct backend *b)
{
    char *end;

    if (argc < 4 || argc > 5 || domain_uuid_parse(argv[1], b->uuid))
        return false;
    b->share.domid = (int)strtol(argv[2], &end, 10);
    if (*end || b->share.domid <= 0)
        return false;
    b->share.index = (unsigned int)strtoul(argv[3], &end, 10);
    b->how.failed = argc == 5;
    return !*end && (argc == 4 || !strcmp(argv[4], "failed"));
}

int main(int argc, char **argv)
{
    static struct backend b;

    if (!parse_arguments(argc, argv, &b)) {
        fprintf(stderr, "xl-oci-9pfs is started by xl-oci-monitor\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    /* for whoever looks for this process (share-backend.h) */
    fprintf(stderr, "%d%s\n", (int)getpid(), b.how.failed ? " errors" : "");
    if (chdir("/"))
        return EXIT_FAILURE;
    return run(&b);
}
