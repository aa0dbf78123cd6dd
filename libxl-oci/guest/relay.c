/* SPDX-License-Identifier: MIT */
#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41) /* asm-generic/ioctls.h */
#endif

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void make_nonblocking(int fd)
{
    if (fd >= 0)
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

void relay_init(struct relay *relay, int console)
{
    memset(relay, 0, sizeof(*relay));
    relay->console = console;
    relay->outputs[0] = relay->outputs[1] = -1;
    relay->input = relay->terminal_peer = -1;
    relay->input_limit_bytes = UINT64_MAX;
}

void relay_set_pipes(struct relay *relay, int input, int out, int err)
{
    relay->input = input;
    relay->outputs[0] = out;
    relay->outputs[1] = err;
    make_nonblocking(input);
    make_nonblocking(out);
    make_nonblocking(err);
}

int relay_set_terminal(struct relay *relay, int master)
{
    /* While no slave is open, the master reports a hangup without end. */
    relay->terminal_peer = ioctl(master, TIOCGPTPEER,
                                 O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (relay->terminal_peer < 0) {
        close(master);
        return -1;
    }
    make_nonblocking(master);
    relay->outputs[0] = master;
    relay->input = master;
    relay->is_terminal = 1;
    return 0;
}

int relay_set_size(struct relay *relay, uint32_t rows, uint32_t columns)
{
    struct winsize size = {
        .ws_row = (unsigned short)(rows > 0xffff ? 0xffff : rows),
        .ws_col = (unsigned short)(columns > 0xffff ? 0xffff : columns),
    };

    if (!relay->is_terminal || relay->outputs[0] < 0)
        return 0;
    return ioctl(relay->outputs[0], TIOCSWINSZ, &size);
}

static void close_input(struct relay *relay)
{
    if (relay->is_terminal)
        relay->input = -1; /* it is outputs[0], too */
    else
        close_fd(&relay->input);
    relay->in_at = relay->in_end = 0;
}

/*
 * A terminal has no end of file. The character for it ends what was typed on
 * a line before, and only on an empty line the input: two of them do both.
 */
static void end_terminal_input(struct relay *relay)
{
    struct termios termios;

    if (!tcgetattr(relay->terminal_peer, &termios) &&
        (termios.c_lflag & ICANON)) {
        relay->in[0] = relay->in[1] = termios.c_cc[VEOF];
        if (write(relay->input, relay->in, 2) < 0)
            return; /* the line is full: whoever reads gets no end */
    }
}

static void end_input_when_due(struct relay *relay)
{
    if (relay->input < 0 || relay->in_at < relay->in_end ||
        relay->taken_bytes < relay->input_limit_bytes)
        return;
    if (relay->is_terminal)
        end_terminal_input(relay);
    close_input(relay);
}

void relay_end_input(struct relay *relay, uint64_t count_bytes)
{
    relay->input_limit_bytes = count_bytes;
    end_input_when_due(relay);
}

static int has_input(const struct relay *relay)
{
    return relay->in_at < relay->in_end;
}

int relay_has_output(const struct relay *relay)
{
    return relay->out_at < relay->out_end;
}

void relay_prepare(const struct relay *relay, struct pollfd *pollfds)
{
    int i;

    memset(pollfds, 0, RELAY_POLLFDS * sizeof(*pollfds));
    pollfds[0].fd = relay->console;
    pollfds[1].fd = -1;
    if (relay_has_output(relay))
        pollfds[0].events |= POLLOUT;
    if (relay->input >= 0 && !has_input(relay))
        pollfds[0].events |= POLLIN;
    if (!pollfds[0].events)
        pollfds[0].fd = -1; /* else a hangup would wake for nothing */
    if (has_input(relay)) {
        pollfds[1].fd = relay->input;
        pollfds[1].events = POLLOUT;
    }
    for (i = 0; i < RELAY_OUTPUTS; i++) {
        pollfds[2 + i].fd = relay_has_output(relay) ? -1 : relay->outputs[i];
        pollfds[2 + i].events = POLLIN;
    }
}

static int is_transient(int error)
{
    return error == EAGAIN || error == EINTR;
}

static void read_console(struct relay *relay)
{
    uint64_t left_bytes = relay->input_limit_bytes - relay->taken_bytes;
    size_t want_bytes = sizeof(relay->in);
    ssize_t got;

    if (relay->input < 0 || has_input(relay) ||
        relay->taken_bytes >= relay->input_limit_bytes)
        return;
    if (left_bytes < want_bytes)
        want_bytes = (size_t)left_bytes;
    got = read(relay->console, relay->in, want_bytes);
    if (got > 0) {
        relay->in_at = 0;
        relay->in_end = (size_t)got;
        relay->taken_bytes += (uint64_t)got;
    } else if (got == 0 || !is_transient(errno)) {
        /* A raw tty gives 0 when it was hung up. */
        close_input(relay);
    }
}

static void write_input(struct relay *relay)
{
    ssize_t put;

    if (!has_input(relay))
        return;
    put = write(relay->input, relay->in + relay->in_at,
                relay->in_end - relay->in_at);
    if (put > 0)
        relay->in_at += (size_t)put;
    else if (put < 0 && !is_transient(errno))
        close_input(relay); /* nobody reads any more */
}

/* Reads the first output that has something. Returns whether one had. */
static int read_outputs(struct relay *relay, int first)
{
    ssize_t got;
    int i, n;

    for (n = 0; n < RELAY_OUTPUTS; n++) {
        i = (first + n) % RELAY_OUTPUTS;
        if (relay->outputs[i] < 0)
            continue;
        got = read(relay->outputs[i], relay->out, sizeof(relay->out));
        if (got > 0) {
            relay->out_at = 0;
            relay->out_end = (size_t)got;
            return 1;
        }
        if (got < 0 && is_transient(errno))
            continue;
        /* The end: of a pipe 0, of a terminal whose slaves are closed EIO. */
        if (relay->is_terminal)
            close_input(relay);
        close_fd(&relay->outputs[i]);
    }
    return 0;
}

static int write_console(struct relay *relay)
{
    ssize_t put = write(relay->console, relay->out + relay->out_at,
                        relay->out_end - relay->out_at);

    if (put > 0) {
        relay->out_at += (size_t)put;
        return 1;
    }
    if (put < 0 && !is_transient(errno))
        relay->out_at = relay->out_end; /* the console is no more */
    return 0;
}

int relay_move(struct relay *relay)
{
    int moved = 0, turn = 0;

    read_console(relay);
    write_input(relay);
    end_input_when_due(relay);
    /* A bounded number of turns: signals and xenstore want attention, too. */
    while (turn < 16 &&
           (relay_has_output(relay) || read_outputs(relay, turn))) {
        turn++;
        moved = 1;
        if (!write_console(relay) && relay_has_output(relay))
            break;
    }
    return moved;
}

void relay_process_ended(struct relay *relay)
{
    close_input(relay);
    close_fd(&relay->terminal_peer);
}

int relay_is_done(const struct relay *relay)
{
    return relay->outputs[0] < 0 && relay->outputs[1] < 0 &&
           !relay_has_output(relay);
}

int console_open(const char *path)
{
    struct termios termios;
    int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return -1;
    if (!tcgetattr(fd, &termios)) {
        cfmakeraw(&termios);
        tcsetattr(fd, TCSANOW, &termios);
    }
    return fd;
}

void console_write(int console, const char *text, size_t size_bytes)
{
    struct pollfd pollfd = { .fd = console, .events = POLLOUT };
    ssize_t put;

    if (console < 0)
        return;
    while (size_bytes) {
        put = write(console, text, size_bytes);
        if (put > 0) {
            text += put;
            size_bytes -= (size_t)put;
        } else if (put < 0 && !is_transient(errno)) {
            return;
        } else {
            poll(&pollfd, 1, -1);
        }
    }
}

void console_drain(int console)
{
    if (console >= 0)
        tcdrain(console);
}
