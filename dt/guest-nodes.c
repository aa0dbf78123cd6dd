/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/plan-internal.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"

static bool is_mapped(const struct dt_plan *p, const struct dt_node *host)
{
    return dt_facts_of(p, host)->regions.count != 0;
}

/* Whether a granted child has a place in memory: then addresses below are the
 * guest's own, and the bus maps them as they are. */
static bool has_mapped_child(const struct dt_plan *p,
                             const struct dt_node *host)
{
    const struct dt_node *n;

    for (n = host + 1; n < host->end; n = n->end)
        if (dt_is_granted(p, n) && is_mapped(p, n))
            return true;
    return false;
}

static bool has_child_with_reg(const struct dt_plan *p,
                               const struct dt_node *host)
{
    const struct dt_node *n;

    for (n = host + 1; n < host->end; n = n->end)
        if (dt_is_granted(p, n) && dt_property(n, "reg"))
            return true;
    return false;
}

/* Where a device has a bus without registers, its ranges tell the place. */
static bool is_inner_bus(const struct dt_plan *p, const struct dt_node *host)
{
    const struct dt_property *ranges = dt_property(host, "ranges");

    return !is_mapped(p, host) && !dt_property(host, "reg") && ranges &&
           ranges->size_bytes && has_mapped_child(p, host);
}

/* The first region of the node, or of those on the bus that it is. */
static const struct dt_region *first_region(const struct dt_plan *p,
                                            const struct dt_node *host,
                                            bool inner_bus)
{
    const struct dt_node *n;

    if (is_mapped(p, host))
        return dt_facts_of(p, host)->regions.list;
    if (!inner_bus)
        return NULL;
    for (n = host + 1; !dt_is_granted(p, n) || !is_mapped(p, n); n = n->end)
        ;
    return dt_facts_of(p, n)->regions.list;
}

/* "rtc@9010000" where the guest has it */
static const char *guest_name(struct dt_plan *p, const struct dt_node *host,
                              bool inner_bus)
{
    const struct dt_region *r = first_region(p, host, inner_bus);
    int n = (int)strcspn(host->name, "@");
    uint64_t address = 0;
    char *name;

    if (!r)
        return host->name;
    /* its region is granted, or there would be no plan */
    dt_guest_address(p, r->address, &address);
    name = arena_printf(p->arena, "%.*s@%" PRIx64, n, host->name, address);
    p->failed = p->failed || !name;
    return name ? name : "";
}

/* Each region on the bus is at its own address. */
static void put_inner_ranges(struct dt_plan *p, const struct dt_node *host,
                             struct dt_guest_node *node)
{
    const struct dt_node *n;
    uint64_t address = 0;
    uint32_t *cells;
    size_t room = 0, used = 0, i;

    for (n = host + 1; n < host->end; n = n->end)
        room += dt_facts_of(p, n)->regions.count;
    cells = ARENA_ARRAY(p->arena, uint32_t, 6 * room + 1);
    for (n = host + 1; cells && n < host->end; n = n->end) {
        const struct dt_regions *r = &dt_facts_of(p, n)->regions;

        for (i = 0; dt_is_granted(p, n) && i < r->count; i++) {
            if (!dt_guest_address(p, r->list[i].address, &address))
                continue;
            cells[used++] = (uint32_t)(address >> 32);
            cells[used++] = (uint32_t)address;
            used = dt_put_range(cells, used, address, r->list[i].size_bytes);
        }
    }
    if (cells)
        dt_guest_set_cells(&p->guest, node, "ranges", cells, used);
    else
        p->failed = true;
}

static void put_regions(struct dt_plan *p, const struct dt_node *host,
                        struct dt_guest_node *node)
{
    const struct dt_regions *r = &dt_facts_of(p, host)->regions;
    uint32_t *cells = ARENA_ARRAY(p->arena, uint32_t, 4 * r->count + 1);
    uint64_t address = 0;
    size_t i, n = 0;

    for (i = 0; cells && i < r->count; i++)
        if (dt_guest_address(p, r->list[i].address, &address))
            n = dt_put_range(cells, n, address, r->list[i].size_bytes);
    if (cells)
        dt_guest_set_cells(&p->guest, node, "reg", cells, n);
    else
        p->failed = true;
}

static void copy_property(struct dt_plan *p, const struct dt_node *host,
                          struct dt_guest_node *node, const char *name)
{
    const struct dt_property *property = dt_property(host, name);

    if (property)
        dt_guest_set(&p->guest, node, property->name, property->value,
                     property->size_bytes);
}

static void put_place(struct dt_plan *p, const struct dt_node *host,
                      struct dt_guest_node *node)
{
    bool on_bus = host->parent && is_mapped(p, host->parent) &&
                  has_mapped_child(p, host->parent);

    if (is_mapped(p, host))
        put_regions(p, host, node);
    else if (!on_bus)
        copy_property(p, host, node, "reg");
    else if (dt_property(host, "reg"))
        dt_note_drop(p, host, "reg", "it has no size");
    if (has_mapped_child(p, host)) {
        dt_guest_set_cell(&p->guest, node, "#address-cells", 2);
        dt_guest_set_cell(&p->guest, node, "#size-cells", 2);
        if (node->is_inner_bus)
            put_inner_ranges(p, host, node);
        else
            dt_guest_set(&p->guest, node, "ranges", "", 0);
    } else if (has_child_with_reg(p, host) || dt_is_pci(host) ||
               dt_property(host, "interrupt-controller")) {
        copy_property(p, host, node, "#address-cells");
        copy_property(p, host, node, "#size-cells");
    }
}

/* A template's word replaces the host's, the request's any. */
static void put_compatible(struct dt_plan *p, const struct dt_node *host,
                           struct dt_guest_node *node)
{
    const struct dt_member *m = dt_member_of(p, host);

    if (m->node == host && m->compatible)
        dt_guest_set_string(&p->guest, node, "compatible", m->compatible);
    else
        copy_property(p, host, node, "compatible");
}

static void grant(struct dt_plan *p, const struct dt_node *host,
                  const char *guest_path)
{
    const struct dt_member *m = dt_member_of(p, host);
    struct dt_granted *g = dt_list_add(p, &p->grants, sizeof(*g));

    if (g)
        *g = (struct dt_granted){ host, m->node, m->index, guest_path,
                                  host == m->node ? m->told : NULL };
}

static void add_uio(struct dt_plan *p, const struct dt_node *host)
{
    const struct dt_member *m = dt_member_of(p, host);
    struct dt_guest_node **node = &p->guest_of[dt_index_of(p, m->node)];

    if (host == m->node)
        dt_member_uio(p, m, guest_name(p, host, is_inner_bus(p, host)));
    grant(p, host, *node ? (*node)->path : "");
}

/* Nodes first, so that references find them. */
static void add_node(struct dt_plan *p, const struct dt_node *host)
{
    const struct dt_member *m = dt_member_of(p, host);
    struct dt_guest_node *parent = m->node == host ? p->container :
        p->guest_of[dt_index_of(p, host->parent)];
    bool inner_bus = is_inner_bus(p, host);
    struct dt_guest_node *node;

    node = dt_guest_add(&p->guest, parent, guest_name(p, host, inner_bus));
    node->host = host;
    node->is_inner_bus = inner_bus;
    p->guest_of[dt_index_of(p, host)] = node;
    if (host->phandle)
        p->phandle_of[dt_index_of(p, host)] = ++p->n_phandles;
    grant(p, host, node->path);
}

/* What it is, where it is, and what it raises. */
static void place_node(struct dt_plan *p, const struct dt_node *host)
{
    struct dt_guest_node *node = p->guest_of[dt_index_of(p, host)];

    put_compatible(p, host, node);
    put_place(p, host, node);
    dt_node_interrupts(p, host, node);
    dt_node_bridge(p, host, node);
}

static void fill_node(struct dt_plan *p, const struct dt_node *host)
{
    struct dt_guest_node *node = p->guest_of[dt_index_of(p, host)];
    uint32_t phandle = p->phandle_of[dt_index_of(p, host)];

    dt_node_properties(p, host, node);
    dt_node_template(p, host, node);
    if (phandle)
        dt_guest_set_cell(&p->guest, node, "phandle", phandle);
}

/*
 * libxl copies /passthrough and /aliases only (libxl_arm.c
 * copy_partial_fdt()) below a root of two and two cells whose
 * interrupt-parent is its GIC. The rest makes the tree one that dtc accepts
 * by itself, as the example in Xen's docs/misc/arm/passthrough.txt.
 * simple-mfd: Linux populates it as a simple-bus; unlike there, what has no
 * place in memory (clocks) may stand beside what has.
 */
static void begin(struct dt_plan *p)
{
    struct dt_guest_node *gic;

    dt_guest_begin(&p->guest, p->arena);
    if (p->guest.failed)
        return;
    dt_guest_set_cell(&p->guest, p->guest.root, "#address-cells", 2);
    dt_guest_set_cell(&p->guest, p->guest.root, "#size-cells", 2);
    dt_guest_set_cell(&p->guest, p->guest.root, "interrupt-parent",
                      p->layout->gic_phandle);
    gic = dt_guest_add(&p->guest, p->guest.root, "interrupt-controller");
    dt_guest_set(&p->guest, gic, "interrupt-controller", "", 0);
    dt_guest_set_cell(&p->guest, gic, "#interrupt-cells", 3);
    dt_guest_set_cell(&p->guest, gic, "#address-cells", 0);
    dt_guest_set_cell(&p->guest, gic, "phandle", p->layout->gic_phandle);
    p->container = dt_guest_add(&p->guest, p->guest.root, "passthrough");
    dt_guest_set_string(&p->guest, p->container, "compatible", "simple-mfd");
    dt_guest_set_cell(&p->guest, p->container, "#address-cells", 2);
    dt_guest_set_cell(&p->guest, p->container, "#size-cells", 2);
    dt_guest_set(&p->guest, p->container, "ranges", "", 0);
}

/* Aliases of what the guest has: numbers of ports stay as they are. */
static void put_aliases(struct dt_plan *p)
{
    const struct dt_node *aliases = dt_by_path(p->tree, "/aliases");
    struct dt_guest_node *node = NULL;
    size_t i;

    for (i = 0; aliases && i < aliases->n_properties; i++) {
        const char *name = aliases->properties[i].name;
        const char *path = dt_string(aliases, name);
        const struct dt_node *host = path ? dt_by_path(p->tree, path) : NULL;
        struct dt_guest_node *guest = host ?
            p->guest_of[dt_index_of(p, host)] : NULL;

        if (!guest)
            continue;
        if (!node)
            node = dt_guest_add(&p->guest, p->guest.root, "aliases");
        dt_guest_set_string(&p->guest, node, name, guest->path);
    }
}

/* Of the devices that drivers of the guest's kernel drive. */
static void for_each_told(struct dt_plan *p,
                          void (*function)(struct dt_plan *p,
                                           const struct dt_node *host))
{
    size_t i;

    for (i = 0; i < p->n_granted && !p->failed; i++)
        if (!dt_member_of(p, p->granted[i])->is_uio)
            function(p, p->granted[i]);
}

int dt_plan_nodes(struct dt_plan *p)
{
    size_t i;

    p->guest_of = ARENA_ARRAY(p->arena, struct dt_guest_node *,
                              p->tree->n_nodes);
    p->phandle_of = ARENA_ARRAY(p->arena, uint32_t, p->tree->n_nodes);
    begin(p);
    if (!p->guest_of || !p->phandle_of || p->guest.failed) {
        p->failed = true;
        return -1;
    }
    for (i = 0; i < p->n_granted && !p->failed; i++)
        if (dt_member_of(p, p->granted[i])->is_uio)
            add_uio(p, p->granted[i]);
        else
            add_node(p, p->granted[i]);
    for_each_told(p, place_node);
    if (dt_has_errors(p))
        return -1;
    for_each_told(p, fill_node);
    put_aliases(p);
    p->failed = p->failed || p->guest.failed;
    return dt_has_errors(p) || p->failed ? -1 : 0;
}
