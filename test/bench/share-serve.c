/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* serve.h for a bench: no jail, another service (share-service.h). */
#include "xl-oci/9p/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "share-service.h"
#include "xl-oci/9p/jail.h"

static void say(int report_fd, const char *why)
{
    (void)!write(report_fd, why, strlen(why));
}

static void serve(const struct p9_frontend *frontend, int report_fd)
{
    static struct p9_transport t;
    struct p9_service service;
    const char *why;

    umask(0);
    if (p9_transport_connect(&t, frontend, &why) ||
        write(report_fd, "+", 1) != 1)
        return;
    if (share_service(t.msize_max, &service))
        say(report_fd, strerror(errno));
    else
        say(report_fd, p9_transport_serve(&t, &service));
}

pid_t serve_start(const struct p9_frontend *frontend,
                  const struct serve_how *how, int *report_fd)
{
    int pipe_fds[2], life_fds[2];
    pid_t pid;

    if (how->failed || pipe2(pipe_fds, O_CLOEXEC) || pipe2(life_fds, O_CLOEXEC))
        return -1;
    pid = fork();
    if (!pid) {
        close(life_fds[1]);
        if (!p9_jail_end_with(life_fds[0]))
            serve(frontend, pipe_fds[1]);
        _exit(1);
    }
    close(pipe_fds[1]);
    close(life_fds[0]);
    *report_fd = pipe_fds[0];
    return pid;
}

int serve_wait_mapped(int report_fd)
{
    char first;

    return read(report_fd, &first, 1) == 1 ? 0 : -1;
}

void serve_read_report(int report_fd, char text[SERVE_REPORT_BYTES])
{
    ssize_t got = read(report_fd, text, SERVE_REPORT_BYTES - 1);

    text[got < 0 ? 0 : got] = '\0';
}

int serve_try_jail(const struct serve_how *how, FILE *to)
{
    (void)how;
    (void)to;
    return 0;
}
