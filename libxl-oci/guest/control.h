/* SPDX-License-Identifier: MIT */
/*
 * The socket between PID 1 and the container's first process until exec
 * closes it: its end without a message says that the process runs.
 */
#ifndef GUEST_CONTROL_H
#define GUEST_CONTROL_H

#include "ops.h"

enum control_kind {
    CONTROL_GO,       /* from PID 1: id maps and cgroup are set; to ASK: done,
                       * or failure.error */
    CONTROL_FAILURE,  /* to PID 1: the failure that ends the process */
    CONTROL_TERMINAL, /* to PID 1: fd is the master of its pty */
    CONTROL_ASK,      /* to PID 1: do the operation failure.op_index for it */
};

struct control_message {
    enum control_kind kind;
    struct failure failure;
    int fd;
};

/* Return 0 or -1 with errno. */
int control_make_pair(int ends[2]);
int control_send_go(int control, int error);
int control_wait_for_go(int control);
/* What only PID 1 may do: waits until it is done. */
int control_ask(int control, uint32_t op_index);
int control_send_failure(int control, const struct failure *failure);
int control_send_terminal(int control, int master);

/* 1: message is set, its fd is the caller's; 0: none (yet); -1: the end. */
int control_receive(int control, struct control_message *message);

#endif
