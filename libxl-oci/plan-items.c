/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The devices of a plan as elements of xl.cfg(5)'s lists. */
#include "plan-lines.h"

#include <inttypes.h>

#include "base/arena.h"

struct items {
    struct arena *arena;
    struct plan_item *list;
    size_t count;
    bool failed;
};

static void add(struct items *l, const char *list, const char *value,
                const char *host, struct origin from)
{
    l->failed |= !value;
    l->list[l->count++] = (struct plan_item){ list, value, host, from };
}

static void add_pages(struct items *l, const struct plan_devices *d)
{
    size_t i;

    /* xl_parse.c: all three are hexadecimal */
    for (i = 0; i < d->n_pages; i++)
        add(l, "iomem", arena_printf(l->arena, "%" PRIx64 ",%" PRIx64 "@%"
                                     PRIx64, d->pages[i].mfn,
                                     d->pages[i].count, d->pages[i].gfn),
            d->pages[i].host, d->pages[i].from);
}

static void add_interrupts(struct items *l, const struct plan_devices *d)
{
    size_t i;

    for (i = 0; i < d->n_interrupts; i++)
        add(l, "irqs", arena_printf(l->arena, "%" PRIu32,
                                    d->interrupts[i].intid),
            d->interrupts[i].host, d->interrupts[i].from);
}

const struct plan_item *plan_items(struct arena *arena,
                                   const struct plan *plan, size_t *count)
{
    const struct plan_devices *d = &plan->devices;
    struct items l = { .arena = arena };
    size_t i;

    l.list = ARENA_ARRAY(arena, struct plan_item, d->n_pages +
                         d->n_interrupts + d->n_dtdevs + 1);
    if (!l.list)
        return NULL;
    add_pages(&l, d);
    add_interrupts(&l, d);
    for (i = 0; i < d->n_dtdevs; i++)
        add(&l, "dtdev", d->dtdevs[i].path, d->dtdevs[i].path,
            d->dtdevs[i].from);
    *count = l.count;
    return l.failed ? NULL : l.list;
}
