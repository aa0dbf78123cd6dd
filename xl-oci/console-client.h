/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The attached run: this process's standard streams and signals, joined to
 * the container through its monitor. */
#ifndef XL_OCI_CONSOLE_CLIENT_H
#define XL_OCI_CONSOLE_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "monitor.h"

struct report;

struct console_client {
    int monitor_fd;
    int domid;
    bool terminal;              /* the process has a terminal */
    uint64_t lost_bytes;        /* of output; set by the run */
};

/* The size of the terminal at standard input or output; false: none. */
bool console_client_size(uint32_t *rows, uint32_t *columns);

/*
 * To be called before the process starts, so that no signal is missed: blocks
 * those that the run will forward. Until then they end this process, and the
 * monitor undoes the creation.
 */
void console_client_prepare(void);

/*
 * Relays until the end. 0 with *ended filled, or -1 with errors when the
 * monitor died (the container goes on).
 */
int console_client_run(struct console_client *client,
                       struct message_exit *ended, struct report *report);

#endif
