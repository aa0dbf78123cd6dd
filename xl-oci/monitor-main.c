/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xl-oci-monitor NAME UUID create|recover: attends to one container from its
 * creation to its end. Started by monitor_spawn() only. Links no libxl: it
 * shall cost little, as there is one per container.
 */
#include "monitor-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenstore.h>

#include "xenstore-probe.h"

#define LOOK_INTERVAL_MS 1000   /* without xenstored */

static int open_handles(struct monitor *m)
{
    m->xc = xc_interface_open(NULL, NULL, 0);
    m->xs = m->xc && xenstore_is_alive() ? xs_open(0) : NULL;
    return m->xs && !console_log_open(&m->log, MONITOR_DIR_FD) ? 0 : -1;
}

/* The command is gone and had not finished: undo what it did. */
static int undo(struct monitor *m)
{
    return m->recover || monitor_reap(m, true) ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Descriptors received are kept until exit: locks on the images in use. */
static void take_client_message(struct monitor *m, struct message *message)
{
    switch (message->type) {
    case MESSAGE_COMMIT:
        m->committed = true;
        m->attached = message->size_bytes && message->data[0];
        if (!m->attached)
            monitor_drop_client(m);
        break;
    case MESSAGE_INPUT:
        m->input_done = 0;
        m->input_pending = message->size_bytes > 0;
        monitor_write_input(m);
        break;
    case MESSAGE_ABORT:
        exit(EXIT_SUCCESS);
    }
}

static void serve_client(struct monitor *m)
{
    int got = message_receive(m->client_fd, &m->input, MSG_DONTWAIT);

    if (got > 0)
        take_client_message(m, &m->input);
    else if (!got || (errno != EAGAIN && errno != EINTR)) {
        if (!m->committed)
            exit(undo(m));
        monitor_drop_client(m);
    }
}

static int poll_timeout(const struct monitor *m)
{
    int64_t left_ms;

    if (!m->xs || m->tty_fd < 0)
        return LOOK_INTERVAL_MS;
    if (!m->deadline_ms)
        return -1;
    left_ms = m->deadline_ms - monitor_now_ms();
    return left_ms > 0 ? (int)left_ms : 0;
}

/* -1 is for ever. */
static int sooner(int a_ms, int b_ms)
{
    return a_ms < 0 || (b_ms >= 0 && b_ms < a_ms) ? b_ms : a_ms;
}

static void look_without_events(struct monitor *m)
{
    struct domain_state state;

    monitor_look(m, &state);
    if (state.life != DOMAIN_ALIVE)
        m->ended = true;
    monitor_reopen_console(m);
}

enum { WAITS = 3 };

static void wait_for_shares(const struct monitor *m, struct pollfd *waits)
{
    unsigned int i;

    for (i = 0; i < m->n_shares; i++)
        waits[i] = (struct pollfd){ .fd = m->shares[i].pid_fd,
                                    .events = POLLIN };
}

static void look_at_shares(struct monitor *m, const struct pollfd *waits)
{
    unsigned int i;

    for (i = 0; i < m->n_shares; i++)
        if (waits[i].revents)
            monitor_share_ended(m, i);
}

static void serve_once(struct monitor *m)
{
    bool behind = monitor_feed_client(m);
    struct pollfd waits[WAITS + SHARES_MAX] = {
        { .fd = m->tty_fd, .events = (short)(POLLIN |
                                     (m->input_pending && m->guest_reads ?
                                      POLLOUT : 0)) },
        { .fd = m->client_fd, .events = (short)((behind ? POLLOUT : 0) |
                                        (m->input_pending ? 0 : POLLIN)) },
        { .fd = m->xs ? xs_fileno(m->xs) : -1, .events = POLLIN },
    };
    int ready, timeout_ms = sooner(monitor_restart_shares(m),
                                   poll_timeout(m));

    wait_for_shares(m, waits + WAITS);
    ready = poll(waits, WAITS + m->n_shares, timeout_ms);
    if (waits[0].revents & POLLOUT)
        monitor_write_input(m);
    if (waits[0].revents & (POLLIN | POLLHUP | POLLERR))
        monitor_read_console(m);
    if (waits[1].revents & (POLLIN | POLLHUP | POLLERR))
        serve_client(m);
    if (waits[2].revents)
        monitor_take_events(m);
    look_at_shares(m, waits + WAITS);
    if (!ready)
        look_without_events(m);
    if (m->deadline_ms && monitor_now_ms() >= m->deadline_ms)
        m->ended = true;
}

/* Until the command has made the domain, it is the one that works. */
static int wait_for_domain(struct monitor *m, unsigned int *n_shares)
{
    struct message *message = &m->input;
    int got = message_receive(m->client_fd, message, 0);
    struct message_domain domain;

    if (got == 1 && message->type == MESSAGE_ABORT)
        exit(EXIT_SUCCESS);
    if (got != 1 || message->type != MESSAGE_DOMAIN ||
        message->size_bytes != sizeof(domain))
        return -1;
    memcpy(&domain, message->data, sizeof(domain));
    m->domid = domain.domid;
    *n_shares = domain.n_shares;
    return *n_shares <= message->n_fds ? 0 : -1;
}

/* After a failure the command aborts, or its death makes us undo. For a
 * complete container it commits all the same: no console is better than no
 * monitor. */
static int start(struct monitor *m)
{
    char text[SHARE_WHY_BYTES] =
        "its handles to Xen, xenstore or the log failed";
    enum message_type answer = MESSAGE_FAILED;
    bool have_handles = !open_handles(m);
    unsigned int n_shares;

    if (wait_for_domain(m, &n_shares))
        return -1;
    if (have_handles && m->recover)
        monitor_find_shares(m);
    else if (have_handles &&
             monitor_start_shares(m, m->input.fds, n_shares, text,
                                  sizeof(text)))
        answer = MESSAGE_SHARE_FAILED;
    if (have_handles && answer == MESSAGE_FAILED && !monitor_watch(m) &&
        !monitor_attach_console(m, text, sizeof(text)))
        answer = MESSAGE_READY;
    return message_send(m->client_fd, answer, text,
                        answer == MESSAGE_READY ? 0 : strlen(text), NULL, 0,
                        0);
}

static int finish(struct monitor *m)
{
    struct message_exit ended = { .kind = EXIT_UNKNOWN };
    struct guest_exit result;
    bool by_command;

    monitor_drain_console(m);
    monitor_feed_client(m);
    by_command = monitor_record_exit(m, &result);
    if (m->lost_bytes)
        console_log_write_lost(MONITOR_DIR_FD, m->lost_bytes);
    if (m->tty_fd >= 0)
        close(m->tty_fd);
    m->tty_fd = -1;
    /* That command waits for our lock and then releases the rest itself, as
     * the next command would: no need to start a program for it. */
    if (by_command && m->client_fd < 0)
        return EXIT_SUCCESS;
    if (monitor_reap(m, false)) {
        monitor_drop_client(m);
        return EXIT_FAILURE;
    }
    monitor_flush_client(m);
    if (m->client_fd < 0)
        return EXIT_SUCCESS;
    ended.kind = (int32_t)result.exit.kind;
    ended.number = result.exit.number;
    if (result.exit.text)
        snprintf(ended.text, sizeof(ended.text), "%s", result.exit.text);
    message_send(m->client_fd, MESSAGE_EXIT, &ended, sizeof(ended), NULL, 0,
                 0);
    return EXIT_SUCCESS;
}

static void set_up_process(void)
{
    static const int ignored[] = { SIGHUP, SIGINT, SIGPIPE };
    size_t i;

    for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
        signal(ignored[i], SIG_IGN);
    fcntl(MONITOR_CLIENT_FD, F_SETFD, FD_CLOEXEC);
    fcntl(MONITOR_DIR_FD, F_SETFD, FD_CLOEXEC);
    (void)!chdir("/");          /* keeps no file system busy */
}

int main(int argc, char **argv)
{
    static struct monitor m = { .tty_fd = -1, .log = { .fd = -1 } };

    if (argc != 4 || domain_uuid_parse(argv[2], m.uuid)) {
        fprintf(stderr, "xl-oci-monitor is started by `xl oci-create`\n");
        return 2;
    }
    set_up_process();
    m.name = argv[1];
    m.uuid_text = argv[2];
    m.recover = !strcmp(argv[3], "recover");
    m.domid = -1;
    m.client_fd = MONITOR_CLIENT_FD;
    if (start(&m))
        return undo(&m);
    while (!m.ended || !m.committed)
        serve_once(&m);
    return finish(&m);
}
