/* SPDX-License-Identifier: MIT */
/* Time since the guest's start: CLOCK_MONOTONIC, as a number. */
#ifndef GUEST_CLOCK_H
#define GUEST_CLOCK_H

#include <stdint.h>

int64_t now_ns(void);
int64_t now_ms(void);

#endif
