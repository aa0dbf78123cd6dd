/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/interrupts.h"

#include <string.h>

#include "base/arena.h"
#include "dt/host-tree.h"

#define MAX_CELLS 16    /* address and specifier; Linux MAX_PHANDLE_ARGS */
#define MAX_HOPS 8
#define MAX_MAP_BYTES 8192

struct search {
    const struct dt_tree *tree;
    const struct dt_node *device, *at;
    uint32_t cells[MAX_CELLS];      /* the specifier */
    size_t n;
    uint32_t *looks;
    const char *problem;
};

static const struct {
    const char *name;
    uint32_t first, count;
} kinds[DT_INTERRUPT_KINDS] = {
    /* GIC architecture specification (IHI 0069) 2.2, INTIDs */
    [DT_SPI] = { "SPI", 32, 988 },
    [DT_PPI] = { "PPI", 16, 16 },
    [DT_ESPI] = { "ESPI", 4096, 1024 },
    [DT_EPPI] = { "EPPI", 1056, 64 },
};

const char *dt_interrupt_kind_name(enum dt_interrupt_kind kind)
{
    return kinds[kind].name;
}

bool dt_is_gic(const struct dt_node *node)
{
    /* Linux drivers/irqchip/irq-gic.c, irq-gic-v3.c: IRQCHIP_DECLARE */
    static const char *const names[] = {
        "arm,gic-v3", "arm,gic-400", "arm,cortex-a15-gic",
        "arm,cortex-a9-gic", "arm,cortex-a7-gic", "arm,pl390",
        "arm,arm11mp-gic", "arm,arm1176jzf-devchip-gic",
        "qcom,msm-qgic2", "qcom,msm-8660-qgic",
    };
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (dt_is_compatible(node, names[i]))
            return true;
    return false;
}

/*
 * Devicetree Specification 2.4; Linux of_irq_find_parent(): up the tree until
 * a node has #interrupt-cells, with a jump where there is interrupt-parent.
 */
static const struct dt_node *find_parent(const struct dt_tree *tree,
                                         const struct dt_node *node)
{
    size_t hops;

    for (hops = 0; node && hops < 2 * DT_MAX_DEPTH; hops++) {
        uint32_t phandle = dt_cell_or(node, "interrupt-parent", 0);

        node = dt_property(node, "interrupt-parent") ?
               dt_by_phandle(tree, phandle) : node->parent;
        if (node && dt_property(node, "#interrupt-cells"))
            return node;
    }
    return NULL;
}

/* Linux of_irq_parse_raw(): that of the nearest node that has one. */
static size_t nexus_address_cells(const struct dt_node *node)
{
    for (; node; node = node->parent)
        if (dt_property(node, "#address-cells"))
            return node->address_cells;
    return 2;
}

static uint32_t device_address_cell(const struct search *s, size_t i)
{
    const struct dt_property *reg = dt_property(s->device, "reg");

    return reg && 4 * i + 4 <= reg->size_bytes ? dt_cell(reg, i) : 0;
}

/* Whether the row at `at` is for this device and specifier. */
static bool row_matches(const struct search *s, const struct dt_property *map,
                        const struct dt_property *mask, size_t at, size_t na)
{
    size_t i;

    for (i = 0; i < na + s->n; i++) {
        uint32_t cell = i < na ? device_address_cell(s, i) :
                                 s->cells[i - na];
        uint32_t bits = UINT32_MAX;

        if (mask && 4 * i + 4 <= mask->size_bytes)
            bits = dt_cell(mask, i);
        if ((cell ^ dt_cell(map, at + i)) & bits)
            return false;
    }
    return true;
}

static int fail(struct search *s, const char *problem)
{
    s->problem = problem;
    return -1;
}

/* interrupt-map (Devicetree Specification 2.4.3): to the parent in its row. */
static int follow_map(struct search *s, const struct dt_property *map)
{
    const struct dt_property *mask = dt_property(s->at, "interrupt-map-mask");
    size_t na = nexus_address_cells(s->at), size = map->size_bytes / 4;
    size_t at = 0, up_na, up_n, i;
    const struct dt_node *up;

    if (map->size_bytes > MAX_MAP_BYTES || map->size_bytes % 4 ||
        na > MAX_CELLS)
        return fail(s, "a wrong interrupt-map");
    while (at + na + s->n + 1 <= size) {
        size_t parent = at + na + s->n;

        if (!*s->looks)
            return fail(s, "interrupt-maps that lead to too many others");
        --*s->looks;
        up = dt_by_phandle(s->tree, dt_cell(map, parent));
        if (!up)
            return fail(s, "an interrupt-map with a dangling phandle");
        up_na = dt_cell_or(up, "#address-cells", 0);
        up_n = dt_cell_or(up, "#interrupt-cells", 0);
        if (!up_n || up_n > MAX_CELLS || up_na > MAX_CELLS ||
            parent + 1 + up_na + up_n > size)
            return fail(s, "a wrong interrupt-map");
        if (row_matches(s, map, mask, at, na)) {
            for (i = 0; i < up_n; i++)
                s->cells[i] = dt_cell(map, parent + 1 + up_na + i);
            s->n = up_n;
            s->at = up;
            return 0;
        }
        at = parent + 1 + up_na + up_n;
    }
    return fail(s, "no row of the interrupt-map is for it");
}

/* From the controller that the device names to the one that ends the chain. */
static int follow(struct search *s)
{
    size_t hops;

    for (hops = 0; hops < MAX_HOPS; hops++) {
        const struct dt_property *map = dt_property(s->at, "interrupt-map");
        const struct dt_node *up;

        if (map) {
            if (follow_map(s, map))
                return -1;
            continue;
        }
        if (dt_property(s->at, "interrupt-controller"))
            return 0;
        up = find_parent(s->tree, s->at);
        if (!up)
            return fail(s, "no interrupt controller");
        if (dt_cell_or(up, "#interrupt-cells", 0) != s->n)
            return fail(s, "a parent with other #interrupt-cells");
        s->at = up;
    }
    return fail(s, "a chain of controllers without end");
}

static int decode(struct search *s, struct dt_interrupt *interrupt)
{
    if (!dt_is_gic(s->at))
        return fail(s, "a controller that is no GIC");
    if (s->n < 3 || s->cells[0] >= DT_INTERRUPT_KINDS)
        return fail(s, "a specifier that is none of a GIC's");
    interrupt->kind = (enum dt_interrupt_kind)s->cells[0];
    interrupt->number = s->cells[1];
    interrupt->flags = s->cells[2];
    if (interrupt->number >= kinds[interrupt->kind].count)
        return fail(s, "a number beyond the GIC's range");
    interrupt->intid = kinds[interrupt->kind].first + interrupt->number;
    return 0;
}

static void resolve(struct search *s, struct dt_interrupt *interrupt)
{
    s->problem = NULL;
    interrupt->parent = s->at;
    interrupt->n_cells = s->n;
    if (!follow(s))
        decode(s, interrupt);
    interrupt->controller = s->at;
    interrupt->problem = s->problem;
}

/* One specifier of n cells at `at`; false when it is not there. */
static bool take(struct search *s, const struct dt_property *p, size_t at,
                 const struct dt_node *parent)
{
    size_t i;

    s->at = parent;
    s->n = parent ? dt_cell_or(parent, "#interrupt-cells", 0) : 0;
    if (!s->n || s->n > MAX_CELLS || at + s->n > p->size_bytes / 4)
        return false;
    for (i = 0; i < s->n; i++)
        s->cells[i] = dt_cell(p, at + i);
    return true;
}

int dt_interrupts_read(struct arena *arena, const struct dt_tree *tree,
                       const struct dt_node *node, uint32_t *looks,
                       struct dt_interrupts *interrupts)
{
    /* Devicetree Specification 2.4.1: the extended form wins */
    const struct dt_property *extended =
        dt_property(node, "interrupts-extended");
    const struct dt_property *p = extended ? extended :
                                  dt_property(node, "interrupts");
    struct search s = { .tree = tree, .device = node, .looks = looks };
    const struct dt_node *parent = NULL;
    struct dt_interrupt *list;
    size_t at = 0, count = 0, most;

    *interrupts = (struct dt_interrupts){ NULL, 0 };
    if (!p || !p->size_bytes)
        return 0;
    most = p->size_bytes / 4 + 1;
    if (most > DT_MAX_INTERRUPTS)
        most = DT_MAX_INTERRUPTS;
    list = ARENA_ARRAY(arena, struct dt_interrupt, most);
    if (!list)
        return -1;
    if (!extended)
        parent = find_parent(tree, node);
    while (4 * at < p->size_bytes && count < most) {
        if (extended && 4 * at + 4 <= p->size_bytes)
            parent = dt_by_phandle(tree, dt_cell(p, at++));
        if (count + 1 == DT_MAX_INTERRUPTS || !take(&s, p, at, parent)) {
            list[count].controller = parent;
            list[count++].problem = !parent ? "no interrupt controller" :
                "a specifier that is cut short or too long a list";
            break;
        }
        list[count].cells = p->value + 4 * at;
        at += s.n;
        resolve(&s, &list[count++]);
    }
    interrupts->list = list;
    interrupts->count = count;
    return 0;
}

/* The row at `at`; how many cells it has, 0 when it cannot be read. */
static size_t read_row(struct search *s, const struct dt_property *map,
                       size_t at, size_t n_child, struct dt_map_row *row)
{
    const struct dt_property p = { map->name, map->value,
                                   map->size_bytes };
    size_t parent = at + n_child, up_na;
    const struct dt_node *up;

    row->child = map->value + 4 * at;
    row->n_child_cells = n_child;
    row->line.problem = "a wrong interrupt-map";
    if (parent + 1 > map->size_bytes / 4)
        return 0;
    up = dt_by_phandle(s->tree, dt_cell(map, parent));
    row->line.controller = up;
    up_na = up ? dt_cell_or(up, "#address-cells", 0) : 0;
    if (up_na > MAX_CELLS || !take(s, &p, parent + 1 + up_na, up))
        return 0;
    row->line.cells = map->value + 4 * (parent + 1 + up_na);
    resolve(s, &row->line);
    return n_child + 1 + up_na + row->line.n_cells;
}

int dt_interrupt_map_read(struct arena *arena, const struct dt_tree *tree,
                          const struct dt_node *node, uint32_t *looks,
                          const struct dt_map_row **rows, size_t *n_rows)
{
    const struct dt_property *map = dt_property(node, "interrupt-map");
    size_t n_child = nexus_address_cells(node) +
                     dt_cell_or(node, "#interrupt-cells", 0);
    struct search s = { .tree = tree, .device = node, .looks = looks };
    struct dt_map_row *list;
    size_t at = 0, count = 0, n, most;

    *rows = NULL;
    *n_rows = 0;
    if (!map || !map->size_bytes)
        return 0;
    most = map->size_bytes / 4 + 1;
    if (most > DT_MAX_MAP_ROWS)
        most = DT_MAX_MAP_ROWS;
    list = ARENA_ARRAY(arena, struct dt_map_row, most);
    if (!list)
        return -1;
    while (4 * at < map->size_bytes && count < most) {
        n = n_child && n_child <= MAX_CELLS && map->size_bytes % 4 == 0 &&
            count + 1 < DT_MAX_MAP_ROWS ?
            read_row(&s, map, at, n_child, &list[count]) : 0;
        if (!n)
            list[count].line.problem = "a wrong interrupt-map";
        count++;
        if (!n)
            break;
        at += n;
    }
    *rows = list;
    *n_rows = count;
    return 0;
}
