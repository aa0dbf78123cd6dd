/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "console-client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <xenstore.h>

#include "checks.h"
#include "domain.h"
#include "files.h"
#include "guest/program.h"

static const int forwarded[] = {
    SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH,
};

#define N_FORWARDED (sizeof(forwarded) / sizeof(forwarded[0]))

struct session {
    struct console_client *client;
    struct message_exit *ended;
    struct report *report;
    int input_fd, signal_fd;        /* input -1: at its end */
    uint64_t input_bytes;           /* handed to the monitor */
    struct message pending;         /* read, not yet handed over */
    bool has_pending, finished;
    bool output_is_closed;
    bool is_raw;
    struct termios saved;
};

bool console_client_size(uint32_t *rows, uint32_t *columns)
{
    struct winsize size;

    if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) &&
        ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
        return false;
    *rows = size.ws_row;
    *columns = size.ws_col;
    return size.ws_row && size.ws_col;
}

static void fill_signals(sigset_t *set)
{
    size_t i;

    sigemptyset(set);
    for (i = 0; i < N_FORWARDED; i++)
        sigaddset(set, forwarded[i]);
}

void console_client_prepare(void)
{
    sigset_t set;

    fill_signals(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* Few and short: a connection for each is cheaper than one kept open. */
static void write_node(int domid, const char *node, const char *value)
{
    struct xs_handle *xs = xs_open(0);
    char path[64];

    if (!xs)
        return;
    snprintf(path, sizeof(path), "/local/domain/%d/%s", domid, node);
    xs_write(xs, XBT_NULL, path, value, (unsigned int)strlen(value));
    xs_close(xs);
}

static void send_window_size(const struct session *s)
{
    uint32_t rows, columns;
    char value[32];

    if (!s->client->terminal || !console_client_size(&rows, &columns))
        return;
    snprintf(value, sizeof(value), "%u %u", rows, columns);
    write_node(s->client->domid, XS_HOST_WINSIZE, value);
}

static void take_signal(struct session *s)
{
    struct signalfd_siginfo info;

    if (read(s->signal_fd, &info, sizeof(info)) != sizeof(info))
        return;
    if (info.ssi_signo == SIGWINCH)
        send_window_size(s);
    else
        domain_send_signal(s->client->domid, (int)info.ssi_signo, s->report);
}

static void end_input(struct session *s)
{
    char value[32];

    s->input_fd = -1;
    snprintf(value, sizeof(value), "eof %llu",
             (unsigned long long)s->input_bytes);
    write_node(s->client->domid, XS_HOST_STDIN, value);
}

static void hand_over(struct session *s)
{
    if (message_send(s->client->monitor_fd, MESSAGE_INPUT, s->pending.data,
                     s->pending.size_bytes, NULL, 0, MSG_DONTWAIT))
        return;
    s->input_bytes += s->pending.size_bytes;
    s->has_pending = false;
}

static void take_input(struct session *s)
{
    ssize_t got = read(s->input_fd, s->pending.data, MESSAGE_MAX_DATA);

    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (got <= 0) {
        end_input(s);
        return;
    }
    s->pending.size_bytes = (size_t)got;
    s->has_pending = true;
    hand_over(s);
}

/* A standard output that others have made non-blocking is waited for. */
static void put_output(struct session *s, const char *data, size_t size)
{
    struct pollfd wait = { .fd = STDOUT_FILENO, .events = POLLOUT };
    ssize_t done;

    while (size && !s->output_is_closed) {
        done = write(STDOUT_FILENO, data, size);
        if (done < 0 && errno == EAGAIN)
            poll(&wait, 1, -1);
        else if (done < 0 && errno != EINTR)
            s->output_is_closed = true;
        if (done > 0) {
            data += done;
            size -= (size_t)done;
        }
    }
}

/* false when the monitor is gone */
static bool take_message(struct session *s)
{
    struct message message;
    uint64_t lost;
    int got = message_receive(s->client->monitor_fd, &message, MSG_DONTWAIT);

    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    if (!got)
        return false;
    if (message.type == MESSAGE_OUTPUT) {
        put_output(s, message.data, message.size_bytes);
    } else if (message.type == MESSAGE_LOST &&
               message.size_bytes == sizeof(lost)) {
        memcpy(&lost, message.data, sizeof(lost));
        s->client->lost_bytes += lost;
    } else if (message.type == MESSAGE_EXIT &&
               message.size_bytes == sizeof(*s->ended)) {
        memcpy(s->ended, message.data, sizeof(*s->ended));
        s->ended->text[sizeof(s->ended->text) - 1] = '\0';
        s->finished = true;
    }
    return true;
}

static int relay(struct session *s)
{
    while (!s->finished) {
        struct pollfd waits[] = {
            { .fd = s->client->monitor_fd,
              .events = (short)(POLLIN | (s->has_pending ? POLLOUT : 0)) },
            { .fd = s->has_pending ? -1 : s->input_fd, .events = POLLIN },
            { .fd = s->signal_fd, .events = POLLIN },
        };

        if (poll(waits, 3, -1) < 0)
            continue;
        if (waits[2].revents)
            take_signal(s);
        if (waits[0].revents & POLLOUT)
            hand_over(s);
        if ((waits[0].revents & (POLLIN | POLLHUP | POLLERR)) &&
            !take_message(s))
            return -1;
        if (waits[1].revents)
            take_input(s);
    }
    return 0;
}

/* Only what is typed at a terminal, for a process that has one. */
static void make_raw(struct session *s)
{
    struct termios raw;

    if (!s->client->terminal || !isatty(STDIN_FILENO) ||
        tcgetattr(STDIN_FILENO, &s->saved))
        return;
    raw = s->saved;
    cfmakeraw(&raw);
    s->is_raw = !tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

int console_client_run(struct console_client *client,
                       struct message_exit *ended, struct report *report)
{
    struct session s = {
        .client = client, .ended = ended, .report = report,
        .input_fd = STDIN_FILENO,
    };
    sigset_t set;
    int rc = -1;

    client->lost_bytes = 0;
    fill_signals(&set);
    s.signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fcntl(STDIN_FILENO, F_GETFD) < 0)
        end_input(&s);
    make_raw(&s);
    if (s.signal_fd >= 0)
        rc = relay(&s);
    if (s.is_raw)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &s.saved);
    if (s.signal_fd >= 0)
        close(s.signal_fd);
    if (rc)
        report_check(report, MONITOR_FAILED, NULL,
                     "it ended before the container did");
    return rc;
}
