/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What init does first, in its own tree: random pool, names, console. */
#include "plan-internal.h"

#include <string.h>

#define HOST_NAME_MAX_BYTES 64

static void plan_host_name(struct planner *p)
{
    const struct spec_string *host = &p->spec->hostname;
    const struct spec_string *domain = &p->spec->domainname;

    if (host->at && host->value[0])
        op(p, HOSTNAME, origin_at(p, host->at), ARG_S(host->value));
    else if (p->plan->name.value)
        op(p, HOSTNAME, origin_default("default: the domain's name"),
           ARG_S(planner_printf(p, "%.*s", HOST_NAME_MAX_BYTES,
                                p->plan->name.value)));
    if (domain->at && domain->value[0])
        op(p, DOMAINNAME, origin_at(p, domain->at), ARG_S(domain->value));
}

/* The caller's own terminal says better than the bundle how large it is. */
static void plan_stdio(struct planner *p)
{
    const struct spec_process *process = &p->spec->process;
    uint32_t rows = (uint32_t)process->console_height.value;
    uint32_t columns = (uint32_t)process->console_width.value;
    struct plan *plan = p->plan;
    uint32_t flags = 0;

    plan->terminal = process->terminal.value;
    plan->has_stdin = plan->terminal || p->options->attach_stdin;
    if (plan->terminal)
        flags |= PROGRAM_STDIO_TERMINAL;
    if (plan->has_stdin)
        flags |= PROGRAM_STDIO_STDIN;
    if (p->options->rows && p->options->columns) {
        rows = p->options->rows;
        columns = p->options->columns;
    }
    op(p, STDIO, process->terminal.at ? origin_at(p, process->terminal.at) :
                 origin_default("default: no terminal"),
       ARG_U(flags), ARG_U(plan->terminal ? rows : 0),
       ARG_U(plan->terminal ? columns : 0));
}

void plan_guest_ops(struct planner *p)
{
    if (p->options->seed_bytes)
        op(p, SEED, origin_default("default: 1-2 s faster than waiting for "
                                   "the guest's own entropy"),
           ARG_B((const char *)p->options->seed, p->options->seed_bytes));
    plan_host_name(p);
    op_plain(p, LOOPBACK, origin_default("default: 127.0.0.1 works"));
    plan_stdio(p);
}
