/* SPDX-License-Identifier: MIT */
/* START: the container's first process, in its namespaces, up to exec. */
#ifndef GUEST_START_H
#define GUEST_START_H

#include "ops.h"
#include "relay.h"

struct process {
    pid_t pid;
    int control; /* see control.h */
};

/*
 * Makes the process that executes the operations behind start. It may already
 * be there when this fails: it is killed then, to be reaped by the caller.
 */
int start_process(struct setup *setup, const struct op *start,
                  struct relay *relay, struct process *process,
                  struct failure *failure);

/* Does the operation op_index for the process, which asked for it and waits:
 * see control.h. */
void start_help(struct setup *setup, const struct process *process,
                int32_t op_index);

#endif
