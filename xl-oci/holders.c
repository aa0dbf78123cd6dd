/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "holders.h"

#include <stddef.h>
#include <unistd.h>

#include "base/report.h"
#include "dt/host-tree.h"
#include "toolstack.h"

static const struct claim *join(const struct claim *first,
                                const struct claim *second)
{
    struct claim *last = (struct claim *)first;

    if (!first)
        return second;
    while (last->next)
        last = (struct claim *)last->next;
    last->next = second;
    return first;
}

const struct claim *holders_read(struct arena *arena)
{
    const struct claim *containers = NULL, *domains = NULL;
    struct report *ignored = report_new();
    struct toolstack *ts = NULL;

    if (ignored && !geteuid())
        ledger_containers(arena, &containers, ignored);
    if (ignored && !access("/dev/xen/privcmd", R_OK | W_OK))
        ts = toolstack_open(ignored);
    if (ts)
        ledger_domains(arena, ts, containers, &domains, ignored);
    toolstack_close(ts);
    report_free(ignored);
    return join(containers, domains);
}

static const struct claim *holder_of_regions(const struct claim *claims,
                                             const struct dt_facts *facts)
{
    const struct claim *holder = NULL;
    size_t i;

    for (i = 0; i < facts->regions.count && !holder; i++) {
        const struct dt_region *r = &facts->regions.list[i];
        uint64_t first = r->address / DT_PAGE_BYTES;
        uint64_t last = (r->address + r->size_bytes - 1) / DT_PAGE_BYTES;

        holder = ledger_holder(claims, first, last - first + 1);
    }
    return holder;
}

const struct claim *holders_of(const struct claim *claims,
                               const struct dt_devices *devices,
                               const struct dt_device *device)
{
    const struct dt_node *top = device->node, *n;
    const struct claim *holder = NULL;

    for (n = top; n < top->end && !holder; n++)
        if (dt_goes_along(n, top))
            holder = holder_of_regions(
                claims, &devices->facts[n - devices->tree->nodes]);
    return holder;
}
