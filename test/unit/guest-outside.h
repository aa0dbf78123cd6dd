/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The outside of a run of init: its console and its xenstore are two ptys,
 * behind which this answers in the protocol of Xen's public/io/xs_wire.h.
 * Include in one .c each.
 */
#ifndef TEST_GUEST_OUTSIDE_H
#define TEST_GUEST_OUTSIDE_H

#include <poll.h>
#include <pty.h>
#include <sys/socket.h>
#include <termios.h>
#include <time.h>

#include "guest-inside.h"

#define TIMEOUT_MS 20000

/* What one run of init left. */
static struct run {
    char console[1 << 20];
    size_t console_bytes;
    char state[64], states[256], exit[600], signal[64];
    char request[8192]; /* of the xenstore protocol, not complete yet */
    size_t request_bytes;
    int watched;
    int status;
    int timed_out;
} run;

/* What the host has written to xenstore, and when it does so. */
static struct host {
    const char *signal, *winsize, *eof;
    int is_timeless;          /* it does not tell its time */
    const char *when_console; /* nodes appear when this was printed */
    const char *type;         /* typed at that moment */
    int is_due;
} host;

struct header {
    uint32_t type, request, transaction, size_bytes;
};

static void send_message(int fd, uint32_t type, uint32_t request,
                         const char *body, size_t size_bytes)
{
    struct header header = { type, request, 0, (uint32_t)size_bytes };

    if (write(fd, &header, sizeof(header)) != sizeof(header) ||
        write(fd, body, size_bytes) != (ssize_t)size_bytes)
        fprintf(stderr, "# xenstore: short write\n");
}

static void send_watch(int fd, const char *path)
{
    char body[128];
    int length = snprintf(body, sizeof(body), "%s%cx", path, 0) + 1;

    send_message(fd, 15, 0, body, (size_t)length);
}

static void take_write(const char *path, const char *value)
{
    char *to = !strcmp(path, XS_GUEST_STATE) ? run.state :
               !strcmp(path, XS_GUEST_EXIT) ? run.exit :
               !strcmp(path, XS_GUEST_SIGNAL) ? run.signal : NULL;

    if (!to)
        return;
    strcpy(to, value); /* the request was no longer than its buffer */
    if (to == run.state && strlen(run.states) < 200)
        strcat(strcat(run.states, value), " ");
}

static void answer(int fd, const struct header *header, char *body)
{
    const char *value = NULL;
    char copy[600];

    body[header->size_bytes] = '\0';
    switch (header->type) {
    case 11:
        snprintf(copy, sizeof(copy), "%.*s",
                 (int)(header->size_bytes - strlen(body) - 1),
                 body + strlen(body) + 1);
        if (strlen(copy) < 64 || !strcmp(body, XS_GUEST_EXIT))
            take_write(body, copy);
        send_message(fd, 11, header->request, "OK", 3);
        break;
    case 4:
        run.watched = 1;
        send_message(fd, 4, 0, "OK", 3); /* as Linux: request 0 */
        send_watch(fd, body);
        break;
    case 2:
        if (host.is_due && !strcmp(body, XS_HOST_SIGNAL))
            value = host.signal;
        if (host.is_due && !strcmp(body, XS_HOST_WINSIZE))
            value = host.winsize;
        if (host.is_due && !strcmp(body, XS_HOST_STDIN))
            value = host.eof;
        /* nobody here may set the clock: init goes on with what it has */
        if (!strcmp(body, XS_HOST_CLOCK) && !host.is_timeless &&
            !strcmp(run.state, "booting"))
            value = "1600000000000000000";
        if (value)
            send_message(fd, 2, header->request, value, strlen(value));
        else
            send_message(fd, 16, header->request, "ENOENT", 7);
        break;
    default:
        send_message(fd, 16, header->request, "ENOSYS", 7);
    }
}

static void take_xenstore(int fd)
{
    struct header header;
    ssize_t got = read(fd, run.request + run.request_bytes,
                       sizeof(run.request) - 1 - run.request_bytes);
    char body[4097];
    size_t whole;

    if (got > 0)
        run.request_bytes += (size_t)got;
    while (run.request_bytes >= sizeof(header)) {
        memcpy(&header, run.request, sizeof(header));
        if (header.size_bytes > 4096) {
            fprintf(stderr, "# xenstore: a request too long\n");
            exit(1);
        }
        whole = sizeof(header) + header.size_bytes;
        if (run.request_bytes < whole)
            return;
        memcpy(body, run.request + sizeof(header), header.size_bytes);
        run.request_bytes -= whole;
        memmove(run.request, run.request + whole, run.request_bytes);
        answer(fd, &header, body);
    }
}

static void take_console(int fd)
{
    ssize_t got = read(fd, run.console + run.console_bytes,
                       sizeof(run.console) - 1 - run.console_bytes);

    if (got > 0)
        run.console_bytes += (size_t)got;
    run.console[run.console_bytes] = '\0';
}

static void act_as_host(int console, int xenbus)
{
    if (host.is_due || !host.when_console || !run.watched ||
        !strstr(run.console, host.when_console))
        return;
    host.is_due = 1;
    if (host.type && write(console, host.type, strlen(host.type)) < 0)
        perror("# type");
    if (host.winsize)
        send_watch(xenbus, XS_HOST_WINSIZE);
    if (host.eof)
        send_watch(xenbus, XS_HOST_STDIN);
    if (host.signal)
        send_watch(xenbus, XS_HOST_SIGNAL);
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void open_pair(int *master, int *slave, char *name)
{
    struct termios raw;

    memset(&raw, 0, sizeof(raw));
    cfmakeraw(&raw);
    raw.c_cflag |= CREAD | CS8;
    raw.c_cc[VMIN] = 1;
    must(openpty(master, slave, name, &raw, NULL), "openpty");
    fcntl(*master, F_SETFD, FD_CLOEXEC);
    fcntl(*slave, F_SETFD, FD_CLOEXEC);
}

/* Runs init with the program that was built. */
static void run_init(void)
{
    int console, console_peer, xenbus, xenbus_peer;
    char console_name[64], xenbus_name[64];
    int64_t end_ms = now_ms() + TIMEOUT_MS;
    int link[2];
    char byte;
    pid_t pid;

    build_end(&build);
    memset(&run, 0, sizeof(run));
    open_pair(&console, &console_peer, console_name);
    open_pair(&xenbus, &xenbus_peer, xenbus_name);
    fflush(stdout);
    must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, link),
         "socketpair");
    pid = fork();
    if (!pid) {
        close(link[0]);
        be_guest(link[1], console_name, xenbus_name);
    }
    close(link[1]);
    if (read(link[0], &byte, 1) == 1) {
        map_ids(pid);
        must((int)write(link[0], &byte, 1), "link");
    }
    close(link[0]);
    for (;;) {
        struct pollfd pollfds[] = {
            { console, POLLIN, 0 }, { xenbus, POLLIN, 0 },
        };
        int ready = poll(pollfds, 2, 20);

        if (pollfds[0].revents & POLLIN)
            take_console(console);
        if (pollfds[1].revents & POLLIN)
            take_xenstore(xenbus);
        act_as_host(console, xenbus);
        if (ready == 0 && waitpid(pid, &run.status, WNOHANG) == pid)
            break;
        if (now_ms() > end_ms) {
            run.timed_out = 1;
            kill(pid, SIGKILL);
            waitpid(pid, &run.status, 0);
            break;
        }
    }
    close(console);
    close(console_peer);
    close(xenbus);
    close(xenbus_peer);
    memset(&host, 0, sizeof(host));
}

static void show_run(void)
{
    printf("# states: %s\n# exit: %s\n# status: %x%s\n", run.states, run.exit,
           run.status, run.timed_out ? " (timeout)" : "");
    printf("# console: %.*s\n", (int)strcspn(run.console, "\n"), run.console);
}

#endif
