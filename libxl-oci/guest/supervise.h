/* SPDX-License-Identifier: MIT */
/* From START to the end of the process: streams, signals, orphans, exit. */
#ifndef GUEST_SUPERVISE_H
#define GUEST_SUPERVISE_H

#include "ops.h"
#include "relay.h"
#include "xenbus.h"

enum outcome_kind { OUTCOME_EXITED, OUTCOME_SIGNALLED, OUTCOME_FAILED };

struct outcome {
    enum outcome_kind kind;
    int value;              /* exit status, or signal */
    struct failure failure;
};

/*
 * Runs the operations from start on and stays until the process is gone and
 * all that it wrote has reached the console.
 */
void supervise(struct setup *setup, const struct op *start,
               struct relay *relay, struct xenbus *xenbus,
               struct outcome *outcome);

#endif
