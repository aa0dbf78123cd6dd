/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/plan-internal.h"

#include "base/arena.h"

/* Longest specifier; interrupts.c has no longer one. */
#define MAX_CELLS 16

/* Linux of_irq_find_parent(): what is between the node and the root's
 * interrupt-parent, the GIC. */
static bool is_in_the_way(const struct dt_plan *p, const struct dt_node *host)
{
    const struct dt_node *top = dt_member_of(p, host)->node, *n;

    for (n = host; n != top; n = n->parent)
        if (dt_property(n->parent, "#interrupt-cells"))
            return true;
    return false;
}

static void refuse(struct dt_plan *p, const struct dt_node *host, size_t i)
{
    const struct dt_member *m = dt_member_of(p, host);
    struct report_where where = dt_where(p, m->request, m->node);

    dt_report(p->report, DEVICE_INTERRUPT, &where,
              "%s: interrupt %zu goes to a controller in a way that cannot "
              "be told to the guest", host->path, i);
}

/* Whether all go to one parent, which tells the short form from the long. */
static bool have_one_parent(const struct dt_interrupts *list)
{
    size_t i;

    for (i = 1; i < list->count; i++)
        if (!list->list[i].problem != !list->list[0].problem ||
            (list->list[i].problem &&
             list->list[i].parent != list->list[0].parent))
            return false;
    return true;
}

/* Linux bindings, arm,gic: SPI, its number from 0, trigger */
static size_t put_spi(uint32_t *cells, size_t n,
                      const struct dt_interrupt *line)
{
    cells[n] = 0;
    cells[n + 1] = line->number;
    cells[n + 2] = line->flags;
    return n + 3;
}

static size_t put_raw(uint32_t *cells, size_t n,
                      const struct dt_interrupt *line)
{
    const struct dt_property raw = { NULL, line->cells, 4 * line->n_cells };
    size_t i;

    for (i = 0; i < line->n_cells && i < MAX_CELLS; i++)
        cells[n++] = dt_cell(&raw, i);
    return n;
}

/* A controller that goes along, named directly; 0 when it is otherwise. */
static uint32_t parent_phandle(const struct dt_plan *p,
                               const struct dt_interrupt *line)
{
    if (!line->problem)
        return p->layout->gic_phandle;
    if (!line->cells || !line->parent || line->parent != line->controller ||
        !dt_is_told(p, line->parent))
        return 0;
    return p->phandle_of[dt_index_of(p, line->parent)];
}

void dt_node_interrupts(struct dt_plan *p, const struct dt_node *host,
                        struct dt_guest_node *node)
{
    const struct dt_interrupts *list = &dt_facts_of(p, host)->interrupts;
    bool together = have_one_parent(list);
    uint32_t *cells, phandle = 0;
    size_t i, n = 0;

    if (!list->count)
        return;
    cells = ARENA_ARRAY(p->arena, uint32_t, list->count * (MAX_CELLS + 1));
    if (!cells) {
        p->failed = true;
        return;
    }
    for (i = 0; i < list->count; i++) {
        phandle = parent_phandle(p, &list->list[i]);
        if (!phandle) {
            refuse(p, host, i);
            return;
        }
        if (!together)
            cells[n++] = phandle;
        n = list->list[i].problem ? put_raw(cells, n, &list->list[i]) :
                                    put_spi(cells, n, &list->list[i]);
    }
    if (together && (list->list[0].problem || is_in_the_way(p, host)))
        dt_guest_set_cell(&p->guest, node, "interrupt-parent", phandle);
    dt_guest_set_cells(&p->guest, node, together ? "interrupts" :
                       "interrupts-extended", cells, n);
}
