/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/template.h"
#include "dt/plan-internal.h"

void dt_node_template(struct dt_plan *p, const struct dt_node *host,
                      struct dt_guest_node *node)
{
    (void)p; (void)host; (void)node;
}
