/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts as Xen resolves them (common/device_tree.c). */
#include "dt/xen-view.h"

#include "dt/host-tree.h"
#include "dt/interrupts.h"

#define MAX_SPECIFIER 4         /* cells; DT_MAX_IRQ_SPEC */
#define MAX_STEPS 32            /* from controller to controller */

/* Cells of a property from one on. */
struct cells {
    const struct dt_property *property;
    size_t at, n;
};

static size_t count_cells(const struct dt_property *p)
{
    return p->size_bytes / 4;
}

static bool read_cell(const struct dt_node *node, const char *name,
                      uint32_t *value)
{
    const struct dt_property *p = dt_property(node, name);

    if (!p || p->size_bytes < 4)
        return false;
    *value = dt_cell(p, 0);
    return true;
}

/* dt_irq_find_parent(); NULL also where Xen would go round for ever. */
static const struct dt_node *find_parent(const struct dt_tree *tree,
                                         const struct dt_node *node)
{
    uint32_t phandle, cells;
    int steps;

    for (steps = 0; node && steps < DT_MAX_DEPTH + MAX_STEPS; steps++) {
        node = read_cell(node, "interrupt-parent", &phandle) ?
               dt_by_phandle(tree, phandle) : node->parent;
        if (node && read_cell(node, "#interrupt-cells", &cells))
            return node;
    }
    return NULL;
}

/* A place in the interrupt tree, and what is looked for there. */
struct cursor {
    const struct dt_node *node;
    struct cells specifier;
    struct cells address;       /* unit address, for maps */
    uint32_t address_cells;     /* that maps compare */
};

static const char *start(const struct dt_tree *tree, struct cursor *c,
                         const struct dt_node *device)
{
    const struct dt_property *reg = dt_property(device, "reg");
    const struct dt_node *n = c->node;
    uint32_t want = 0;

    for (; n; n = find_parent(tree, n))
        if (read_cell(n, "#interrupt-cells", &want))
            break;
    if (!n || want != c->specifier.n)
        return "its cells are not what its controller wants";
    c->node = n;
    c->address_cells = 2;
    for (; n; n = n->parent)
        if (read_cell(n, "#address-cells", &c->address_cells))
            break;
    c->address = (struct cells){ reg, 0, reg ? count_cells(reg) : 0 };
    return NULL;
}

/* Whether cells i of a row and of what is looked for agree under the mask. */
static bool cell_matches(const struct dt_property *mask, size_t i,
                         uint32_t a, uint32_t b)
{
    uint32_t bits = mask && i < count_cells(mask) ? dt_cell(mask, i) :
                                                    UINT32_MAX;

    return !((a ^ b) & bits);
}

static bool row_matches(const struct cursor *c, const struct dt_property *map,
                        const struct dt_property *mask, size_t at)
{
    size_t i;

    for (i = 0; i < c->address_cells; i++)
        if (!cell_matches(mask, i, dt_cell(map, at + i),
                          dt_cell(c->address.property, c->address.at + i)))
            return false;
    for (i = 0; i < c->specifier.n; i++)
        if (!cell_matches(mask, c->address_cells + i,
                          dt_cell(map, at + c->address_cells + i),
                          dt_cell(c->specifier.property,
                                  c->specifier.at + i)))
            return false;
    return true;
}

/* The parent's part of the row whose child part ends at *at; *at goes to the
 * row's end. */
static const char *read_row(const struct dt_tree *tree,
                            const struct dt_property *map, size_t *at,
                            struct cursor *up)
{
    size_t left = count_cells(map) - *at;
    uint32_t size = 0, address = 0;
    const struct dt_node *node;

    node = left ? dt_by_phandle(tree, dt_cell(map, *at)) : NULL;
    if (!node)
        return "interrupt-map names no node";
    if (!read_cell(node, "#interrupt-cells", &size))
        return "interrupt-map names a node that is no controller";
    read_cell(node, "#address-cells", &address);
    left--;
    if (address > left || size > left - address)
        return "interrupt-map is cut short";
    up->node = node;
    up->address_cells = address;
    up->address = (struct cells){ map, *at + 1, address };
    up->specifier = (struct cells){ map, *at + 1 + address, size };
    *at += 1 + address + size;
    return NULL;
}

/* The row of c->node's map that fits. */
static const char *follow_map(const struct dt_tree *tree, struct cursor *c)
{
    const struct dt_property *map = dt_property(c->node, "interrupt-map");
    const struct dt_property *mask = dt_property(c->node,
                                                 "interrupt-map-mask");
    size_t at = 0, rows = 0, child;

    if (c->address_cells > c->address.n)
        return "it has no reg, which its interrupt-map goes by";
    child = c->address_cells + c->specifier.n;
    while (count_cells(map) - at > child + 1 && rows++ < DT_MAX_MAP_ROWS) {
        bool matches = row_matches(c, map, mask, at);
        struct cursor up;
        const char *problem;

        at += child;
        problem = read_row(tree, map, &at, &up);
        if (problem)
            return problem;
        if (matches) {
            *c = up;
            return NULL;
        }
    }
    return "no row of interrupt-map fits it";
}

/* gic_irq_xlate() */
static void translate(const struct cells *specifier, struct dt_xen_line *line)
{
    uint32_t kind, number;

    if (specifier->n < 3) {
        line->problem = "it has fewer than three cells";
        return;
    }
    kind = dt_cell(specifier->property, specifier->at);
    number = dt_cell(specifier->property, specifier->at + 1);
    line->type = dt_cell(specifier->property, specifier->at + 2) & 0xf;
    if (number >= DT_XEN_INTIDS - 32)
        line->problem = "its number is beyond those of the GIC";
    else
        line->intid = number + (kind ? 16 : 32);
}

/* dt_irq_map_raw() */
static void resolve(const struct dt_xen *xen, const struct dt_node *device,
                    struct cursor *c, struct dt_xen_line *line)
{
    const struct dt_property *own = c->specifier.property;
    int steps;

    line->problem = start(xen->tree, c, device);
    for (steps = 0; !line->problem && steps < MAX_STEPS; steps++) {
        if (dt_property(c->node, "interrupt-controller")) {
            line->controller = c->node == xen->gic ? NULL : c->node;
            if (c->specifier.n > MAX_SPECIFIER)
                line->problem = "it has more than four cells";
            else if (!line->controller)
                translate(&c->specifier, line);
            line->flags_at = c->specifier.property == own ?
                             c->specifier.at + 2 : 0;
            return;
        }
        if (dt_property(c->node, "interrupt-map"))
            line->problem = follow_map(xen->tree, c);
        else if (!(c->node = find_parent(xen->tree, c->node)))
            line->problem = "it leads to no controller";
    }
    if (!line->problem)
        line->problem = "it goes round in a circle";
}

/* Whether all entries can be told apart, as dt_count_phandle_with_args()
 * wants; else Xen looks at `interrupts`. */
static bool is_sound_list(const struct dt_tree *tree,
                          const struct dt_property *p)
{
    size_t at = 0, size = count_cells(p);
    uint32_t phandle, n;

    while (at < size) {
        const struct dt_node *node;

        phandle = dt_cell(p, at++);
        if (!phandle)
            continue;
        node = dt_by_phandle(tree, phandle);
        if (!node || !read_cell(node, "#interrupt-cells", &n) ||
            n > size - at)
            return false;
        at += n;
    }
    return true;
}

static void each_extended(const struct dt_xen *xen,
                          const struct dt_node *node,
                          const struct dt_property *p, dt_xen_take *take,
                          void *context)
{
    size_t at = 0, count = 0;
    bool more = true;

    while (more && at < count_cells(p) && count++ < DT_MAX_INTERRUPTS) {
        struct dt_xen_line line = { .property = p };
        uint32_t phandle = dt_cell(p, at++), n = 0;
        struct cursor c = { .node = dt_by_phandle(xen->tree, phandle) };

        if (!phandle || !c.node) {
            line.problem = "it is left out";
        } else {
            read_cell(c.node, "#interrupt-cells", &n);
            c.specifier = (struct cells){ p, at, n };
            resolve(xen, node, &c, &line);
        }
        at += n;
        more = take(context, &line);
    }
}

void dt_xen_each_line(const struct dt_xen *xen, const struct dt_node *node,
                      dt_xen_take *take, void *context)
{
    const struct dt_property *p = dt_property(node, "interrupts-extended");
    const struct dt_node *parent;
    size_t at, count = 0;
    uint32_t n;
    bool more = true;

    if (p && is_sound_list(xen->tree, p)) {
        each_extended(xen, node, p, take, context);
        return;
    }
    p = dt_property(node, "interrupts");
    parent = p ? find_parent(xen->tree, node) : NULL;
    if (!parent || !read_cell(parent, "#interrupt-cells", &n) || !n)
        return;
    for (at = 0; more && count_cells(p) - at >= n &&
         count++ < DT_MAX_INTERRUPTS; at += n) {
        struct dt_xen_line line = { .property = p };
        struct cursor c = { .node = parent, .specifier = { p, at, n } };

        resolve(xen, node, &c, &line);
        more = take(context, &line);
    }
}

/* dt_for_each_irq_map() */
void dt_xen_each_map_line(const struct dt_xen *xen,
                          const struct dt_node *bridge, dt_xen_take *take,
                          void *context)
{
    const struct dt_property *map = dt_property(bridge, "interrupt-map");
    const struct dt_node *n = bridge;
    uint32_t child = 0, address = 2;
    size_t at = 0, rows = 0;
    bool more = true;

    for (; n && map && !read_cell(n, "#interrupt-cells", &child);
         n = find_parent(xen->tree, n))
        ;
    if (!map || !n)
        return;
    for (; n && !read_cell(n, "#address-cells", &address); n = n->parent)
        ;
    while (more && rows++ < DT_MAX_MAP_ROWS &&
           count_cells(map) - at > (size_t)address + child + 1) {
        struct dt_xen_line line = { .property = map };
        struct cursor up;

        at += (size_t)address + child;
        line.problem = read_row(xen->tree, map, &at, &up);
        if (!line.problem && up.specifier.n > MAX_SPECIFIER)
            line.problem = "it has more than four cells";
        if (!line.problem && up.node != xen->gic)
            continue;
        if (!line.problem)
            translate(&up.specifier, &line);
        if (!line.problem && line.intid < 32)
            line.problem = "it is private to a CPU";
        more = take(context, &line) && !line.problem;
    }
}
