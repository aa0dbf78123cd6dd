/* SPDX-License-Identifier: MIT */
/*
 * The relay between the console (hvc0) and the process's standard streams.
 *
 * Output is read only when what was read before has gone to the console, so a
 * slow console makes the pipe fill and the process wait; nothing is dropped.
 */
#ifndef GUEST_RELAY_H
#define GUEST_RELAY_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#define RELAY_OUTPUTS 2
#define RELAY_POLLFDS (RELAY_OUTPUTS + 2)

struct relay {
    int console;
    int outputs[RELAY_OUTPUTS]; /* -1: none, or at its end */
    int input;                  /* -1: none, or closed */
    int is_terminal;            /* input and outputs[0] are the pty's master */
    int terminal_peer;          /* keeps the pty open while the process lives */
    uint64_t taken_bytes;       /* from the console, ever */
    uint64_t input_limit_bytes; /* the input ends after so many */
    size_t out_at, out_end, in_at, in_end;
    unsigned char in[1024];
    unsigned char out[4096];
};

void relay_init(struct relay *relay, int console);

/* The relay owns the descriptors it is given and makes them non-blocking. */
void relay_set_pipes(struct relay *relay, int input, int out, int err);
int relay_set_terminal(struct relay *relay, int master);

int relay_set_size(struct relay *relay, uint32_t rows, uint32_t columns);
/* The process's input ends when count_bytes were taken from the console. */
void relay_end_input(struct relay *relay, uint64_t count_bytes);

/* Fills RELAY_POLLFDS entries with what the relay waits for. */
void relay_prepare(const struct relay *relay, struct pollfd *pollfds);
/* Moves what can be moved without waiting. Returns whether output moved. */
int relay_move(struct relay *relay);

/* The process is gone: no input any more, no hold on its terminal. */
void relay_process_ended(struct relay *relay);
int relay_has_output(const struct relay *relay);
/* Whether every output is at its end and has gone to the console. */
int relay_is_done(const struct relay *relay);

/* Opens the console raw and non-blocking, never as controlling terminal. */
int console_open(const char *path);
/* Writes all and waits until the console's driver has taken it. */
void console_write(int console, const char *text, size_t size_bytes);
void console_drain(int console);

#endif
