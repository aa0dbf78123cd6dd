/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A PCI host bridge as the guest sees it: its windows where they are in the
 * guest, its INTx to the guest's GIC. Bus addresses stay, so what firmware
 * programmed into BARs holds. MSI is not there (msi-map is dropped, as Xen
 * gives guests no ITS), nor is an IOMMU for what is behind (iommu-map). What
 * needs a driver of its own for its registers (a PHY, a reset) is judged like
 * any other device; a generic ECAM bridge needs nothing.
 */
#include "dt/plan-internal.h"

#include <string.h>

#include "base/arena.h"
#include "dt/passable-internal.h"

/* Of one row: 4 cells of the bus at most, two and two */
#define ROW_CELLS 8

static void put_windows(struct dt_plan *p, const struct dt_facts *f,
                        struct dt_guest_node *node)
{
    uint32_t *cells = ARENA_ARRAY(p->arena, uint32_t,
                                  f->n_windows * ROW_CELLS + 1);
    uint64_t address;
    size_t i, n = 0;

    if (!cells) {
        p->failed = true;
        return;
    }
    for (i = 0; i < f->n_windows; i++) {
        const struct dt_range *w = &f->windows[i];

        if (w->problem || !dt_guest_address(p, w->address, &address))
            continue;
        memcpy(cells + n, w->child, 4 * w->n_child);
        n = dt_put_range(cells, n + w->n_child, address, w->size_bytes);
    }
    dt_guest_set_cells(&p->guest, node, "ranges", cells, n);
}

/* Of a row: the controller's part. The guest's GIC has #address-cells 0
 * (libxl_arm.c make_gicv3_node()); one that goes along has its own. */
static size_t put_parent(const struct dt_plan *p, uint32_t *cells, size_t n,
                         const struct dt_interrupt *line)
{
    const struct dt_property raw = { NULL, line->cells, 4 * line->n_cells };
    size_t k;

    if (!line->problem) {
        cells[n] = p->layout->gic_phandle;
        cells[n + 1] = 0;
        cells[n + 2] = line->number;
        cells[n + 3] = line->flags;
        return n + 4;
    }
    cells[n++] = p->phandle_of[dt_index_of(p, line->parent)];
    n += dt_cell_or(line->parent, "#address-cells", 0);
    for (k = 0; k < line->n_cells; k++)
        cells[n++] = dt_cell(&raw, k);
    return n;
}

static void put_map(struct dt_plan *p, const struct dt_node *host,
                    const struct dt_facts *f, struct dt_guest_node *node)
{
    const struct dt_property *mask = dt_property(host, "interrupt-map-mask");
    const struct dt_property *map = dt_property(host, "interrupt-map");
    size_t row = f->map_rows[0].n_child_cells + 4, i, k, n = 0;
    uint32_t *cells = ARENA_ARRAY(p->arena, uint32_t, f->n_map_rows * row +
                                                      map->size_bytes / 4);

    if (!cells) {
        p->failed = true;
        return;
    }
    for (i = 0; i < f->n_map_rows; i++) {
        const struct dt_map_row *r = &f->map_rows[i];
        const struct dt_property child = { NULL, r->child,
                                           4 * r->n_child_cells };

        for (k = 0; k < r->n_child_cells; k++)
            cells[n++] = dt_cell(&child, k);
        n = put_parent(p, cells, n, &r->line);
    }
    dt_guest_set_cells(&p->guest, node, map->name, cells, n);
    if (mask)
        dt_guest_set(&p->guest, node, mask->name, mask->value,
                     mask->size_bytes);
}

/* Whether a row leads to the GIC, or to a controller that goes along. */
static bool can_be_told(const struct dt_plan *p,
                        const struct dt_interrupt *line)
{
    return !line->problem ||
           (line->cells && line->parent && line->parent == line->controller &&
            dt_is_told(p, line->parent));
}

void dt_node_bridge(struct dt_plan *p, const struct dt_node *host,
                    struct dt_guest_node *node)
{
    const struct dt_facts *f = dt_facts_of(p, host);
    const struct dt_property *ranges = dt_property(host, "ranges");
    size_t i;

    if (!dt_is_pci_host(host)) {
        /* a port of one: the bus below is that above */
        if (dt_is_pci(host) && ranges && !ranges->size_bytes)
            dt_guest_set(&p->guest, node, "ranges", "", 0);
        if (dt_property(host, "interrupt-map"))
            dt_note_drop(p, host, "interrupt-map",
                         "interrupts of devices below are told as the "
                         "GIC's");
        return;
    }
    if (f->n_windows)
        put_windows(p, f, node);
    for (i = 0; i < f->n_map_rows; i++)
        if (!can_be_told(p, &f->map_rows[i].line)) {
            dt_note_drop(p, host, "interrupt-map",
                         "it leads to a controller by way of another");
            return;
        }
    if (f->n_map_rows)
        put_map(p, host, f, node);
}
