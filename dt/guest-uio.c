/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A device for programs: Linux's uio_pdrv_genirq maps the first five regions
 * of a node (MAX_UIO_MAPS) and serves its first interrupt. So that all of a
 * device can be reached, its node has every region and interrupt, and what
 * the driver cannot serve there comes again in nodes beside it, in order.
 */
#include "dt/plan-internal.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"

#define MAX_MAPS 5

struct uio {
    struct dt_plan *p;
    const struct dt_member *member;
    struct dt_region *regions;          /* of the guest */
    struct dt_interrupt *lines;
    size_t n_regions, n_lines;
};

static void add_region(struct uio *u, uint64_t address, uint64_t size_bytes)
{
    size_t i;

    if (!dt_guest_address(u->p, address, &address))
        return;
    for (i = 0; i < u->n_regions; i++)  /* a child's part of its parent's */
        if (address >= u->regions[i].address &&
            address - u->regions[i].address < u->regions[i].size_bytes &&
            size_bytes <= u->regions[i].size_bytes -
                          (address - u->regions[i].address))
            return;
    u->regions[u->n_regions++] = (struct dt_region){ address, size_bytes };
}

static void add_line(struct uio *u, const struct dt_interrupt *line)
{
    size_t i;

    for (i = 0; i < u->n_lines; i++)
        if (u->lines[i].intid == line->intid)
            return;
    if (!line->problem)
        u->lines[u->n_lines++] = *line;
}

static void gather(struct uio *u)
{
    const struct dt_node *n;
    size_t i;

    for (n = u->member->node; n < u->member->node->end; n++) {
        const struct dt_facts *f = dt_facts_of(u->p, n);

        if (!dt_is_granted(u->p, n))
            continue;
        for (i = 0; i < f->regions.count; i++)
            add_region(u, f->regions.list[i].address,
                       f->regions.list[i].size_bytes);
        for (i = 0; i < f->n_windows; i++)
            if (!f->windows[i].problem)
                add_region(u, f->windows[i].address,
                           f->windows[i].size_bytes);
        for (i = 0; i < f->interrupts.count; i++)
            add_line(u, &f->interrupts.list[i]);
        for (i = 0; i < f->n_map_rows; i++)
            add_line(u, &f->map_rows[i].line);
    }
}

/* Room for all that gather() may find. */
static bool allocate(struct uio *u)
{
    const struct dt_node *n;
    size_t regions = 0, lines = 0;

    for (n = u->member->node; n < u->member->node->end; n++) {
        const struct dt_facts *f = dt_facts_of(u->p, n);

        regions += f->regions.count + f->n_windows;
        lines += f->interrupts.count + f->n_map_rows;
    }
    u->regions = ARENA_ARRAY(u->p->arena, struct dt_region, regions + 1);
    u->lines = ARENA_ARRAY(u->p->arena, struct dt_interrupt, lines + 1);
    return u->regions && u->lines;
}

static void put_reg(struct uio *u, struct dt_guest_node *node, size_t first,
                    size_t count)
{
    uint32_t *cells = ARENA_ARRAY(u->p->arena, uint32_t, 4 * count + 1);
    size_t i, n = 0;

    for (i = 0; cells && i < count; i++)
        n = dt_put_range(cells, n, u->regions[first + i].address,
                         u->regions[first + i].size_bytes);
    if (cells)
        dt_guest_set_cells(&u->p->guest, node, "reg", cells, n);
    else
        u->p->failed = true;
}

static void put_interrupts(struct uio *u, struct dt_guest_node *node,
                           size_t first, size_t count)
{
    uint32_t *cells = ARENA_ARRAY(u->p->arena, uint32_t, 3 * count + 1);
    size_t i, n = 0;

    for (i = 0; cells && i < count; i++) {
        cells[n++] = 0;
        cells[n++] = u->lines[first + i].number;
        cells[n++] = u->lines[first + i].flags;
    }
    if (cells)
        dt_guest_set_cells(&u->p->guest, node, "interrupts", cells, n);
    else
        u->p->failed = true;
}

static void put_compatible(struct uio *u, struct dt_guest_node *node)
{
    dt_guest_set_string(&u->p->guest, node, "compatible", u->member->told);
}

/* A node beside the device's own. */
static struct dt_guest_node *add_beside(struct uio *u, const char *what,
                                        uint64_t number)
{
    size_t n = strcspn(u->member->node->name, "@");
    char *name = arena_printf(u->p->arena, "%.*s-%s%" PRIx64, (int)n,
                              u->member->node->name, what, number);
    struct dt_guest_node *node;

    if (!name) {
        u->p->failed = true;
        return NULL;
    }
    node = dt_guest_add(&u->p->guest, u->p->container, name);
    put_compatible(u, node);
    return node;
}

static void note_dropped(struct uio *u)
{
    static const char *const ours[] = { "compatible", "reg", "interrupts",
                                        "interrupts-extended", "phandle",
                                        "ranges", "interrupt-map",
                                        "dma-coherent", "#address-cells",
                                        "#size-cells", "interrupt-parent",
                                        "interrupt-map-mask", "status" };
    const struct dt_node *host = u->member->node;
    size_t i, k, n = sizeof(ours) / sizeof(ours[0]);

    for (i = 0; i < host->n_properties; i++) {
        const char *name = host->properties[i].name;

        for (k = 0; k < n && strcmp(ours[k], name); k++)
            ;
        if (k == n)
            dt_note_drop(u->p, host, name, "UIO has no use for it");
    }
}

void dt_member_uio(struct dt_plan *p, const struct dt_member *member,
                   const char *name)
{
    struct uio u = { .p = p, .member = member };
    struct dt_guest_node *node = dt_guest_add(&p->guest, p->container, name);
    size_t i;

    p->guest_of[dt_index_of(p, member->node)] = node;
    node->host = member->node;
    if (!allocate(&u)) {
        p->failed = true;
        return;
    }
    gather(&u);
    put_compatible(&u, node);
    put_reg(&u, node, 0, u.n_regions);
    if (u.n_lines)
        put_interrupts(&u, node, 0, u.n_lines);
    if (dt_property(member->node, "dma-coherent"))
        dt_guest_set(&p->guest, node, "dma-coherent", "", 0);
    for (i = MAX_MAPS; i < u.n_regions && !p->failed; i += MAX_MAPS) {
        node = add_beside(&u, "part@", u.regions[i].address);
        if (node)
            put_reg(&u, node, i, u.n_regions - i < MAX_MAPS ?
                    u.n_regions - i : MAX_MAPS);
    }
    for (i = 1; i < u.n_lines && !p->failed; i++) {
        node = add_beside(&u, "interrupt-", i);
        if (node)
            put_interrupts(&u, node, i, 1);
    }
    note_dropped(&u);
}
