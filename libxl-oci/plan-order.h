/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The order that the devices of a bundle become; what
 * plan-accelerators.c, plan-hw-config.c and plan-machine.c share. */
#ifndef XLOCI_PLAN_ORDER_H
#define XLOCI_PLAN_ORDER_H

#include "plan-internal.h"

#include "dt/passthrough.h"
#include "dt/raw.h"

/* One more than dt/ takes: an order that is full is refused as too large,
 * so that what comes after need not be kept. */
#define ORDER_ROOM (DT_MAX_REQUESTS + 1)

struct order {
    struct planner *p;
    struct dt_request *requests;
    struct origin *causes;          /* of each request */
    size_t n_requests;              /* at most ORDER_ROOM */
    const struct dt_template *template;
    struct dt_raw_found raw;
};

/* Zeroed, room for one more than count; NULL when memory is exhausted, which
 * the planner remembers. */
void *order_allocate(struct planner *p, size_t count, size_t size_bytes);

bool order_is_full(const struct order *o);

void order_add(struct order *o, const struct dt_request *request,
               struct origin from);

/* What vm.hwConfig asks for. */
void order_hw_config(struct order *o);

/* Is the machine as the tree says that they are of? (plan-machine.c) */
void order_check_machine(struct order *o, const struct dt_passthrough *got);

#endif
