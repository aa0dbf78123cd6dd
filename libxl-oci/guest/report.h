/* SPDX-License-Identifier: MIT */
/* What init tells the host: nodes of program.h, and a line on the console. */
#ifndef GUEST_REPORT_H
#define GUEST_REPORT_H

#include "supervise.h"

void report_state(struct xenbus *xenbus, const char *state);
void report_signal(struct xenbus *xenbus, uint64_t sequence);

/* "xl-oci init: WHAT: No such device", into the kernel's log. */
void report_to_kernel(const char *what, int error);

/* The value of XS_GUEST_EXIT, cut to fit. */
void outcome_print(const struct outcome *outcome, struct text *text);
/* "xl-oci init: op 12 mount: No such file or directory: proc on /proc" */
void failure_print(const struct failure *failure, struct text *text);

/* Reports the end and waits until the host has it. */
void report_outcome(struct xenbus *xenbus, int console,
                    const struct outcome *outcome);

#endif
