/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/address.h"

#include <string.h>

#include "base/arena.h"
#include "dt/host-tree.h"

#define MAX_CELLS 4     /* Linux OF_MAX_ADDR_CELLS */
#define MAX_RANGES 1024 /* entries of one property */

typedef unsigned __int128 wide;

enum outcome { TRANSLATED, NOT_MAPPED, WRONG };

static wide read_cells(const struct dt_property *p, size_t first, size_t n)
{
    wide value = 0;
    size_t i;

    for (i = 0; i < n; i++)
        value = value << 32 | dt_cell(p, first + i);
    return value;
}

/* A PCI address has its space in the first cell: no address of the CPU's. */
bool dt_is_pci(const struct dt_node *bus)
{
    const char *type = dt_string(bus, "device_type");

    return type && (!strcmp(type, "pci") || !strcmp(type, "pciex"));
}

/* One step up: *address on bus becomes one on the bus above. */
static enum outcome translate(const struct dt_node *bus, wide *address,
                              wide size, const char **problem)
{
    const struct dt_property *ranges = dt_property(bus, "ranges");
    size_t child = bus->address_cells, up = bus->parent->address_cells;
    size_t row = child + up + bus->size_cells, i, n;

    if (!ranges || dt_is_pci(bus))
        return NOT_MAPPED;
    if (!ranges->size_bytes)
        return TRANSLATED;
    *problem = "a bus above has wrong ranges";
    if (child > MAX_CELLS || up > MAX_CELLS || bus->size_cells > MAX_CELLS ||
        !row || ranges->size_bytes % (4 * row))
        return WRONG;
    n = ranges->size_bytes / (4 * row);
    if (n > MAX_RANGES)
        return WRONG;
    for (i = 0; i < n; i++) {
        wide from = read_cells(ranges, i * row, child);
        wide to = read_cells(ranges, i * row + child, up);
        wide length = read_cells(ranges, i * row + child + up,
                                 bus->size_cells);

        if (*address < from || *address - from >= length)
            continue;
        *problem = "it leaves a range of a bus above";
        if (size > length - (*address - from))
            return WRONG;
        *problem = "its address overflows";
        if (to > UINT64_MAX || *address - from > UINT64_MAX)
            return WRONG;
        *address = to + (*address - from);
        *problem = NULL;
        return TRANSLATED;
    }
    *problem = "no range of a bus above covers it";
    return WRONG;
}

static enum outcome translate_all(const struct dt_node *node, wide address,
                                  wide size, struct dt_region *region,
                                  const char **problem)
{
    const struct dt_node *bus;
    enum outcome outcome;

    for (bus = node->parent; bus->parent; bus = bus->parent) {
        outcome = translate(bus, &address, size, problem);
        if (outcome != TRANSLATED)
            return outcome;
    }
    *problem = "its address overflows";
    if (address > UINT64_MAX || size > UINT64_MAX ||
        address + size - 1 > UINT64_MAX)
        return WRONG;
    region->address = (uint64_t)address;
    region->size_bytes = (uint64_t)size;
    *problem = NULL;
    return TRANSLATED;
}

/* A bus whose children have no place in memory: nothing to judge in reg. */
static bool is_mapped(const struct dt_node *node)
{
    const struct dt_node *bus;

    if (!node->parent || !node->parent->size_cells || dt_is_pci(node->parent))
        return false;
    for (bus = node->parent; bus->parent; bus = bus->parent)
        if (!dt_property(bus, "ranges") || dt_is_pci(bus))
            return false;
    return true;
}

int dt_regions_read(struct arena *arena, const struct dt_node *node,
                    struct dt_regions *regions)
{
    const struct dt_property *reg = dt_property(node, "reg");
    struct dt_region *list;
    size_t na, ns, i, n, used = 0;

    *regions = (struct dt_regions){ NULL, 0, NULL };
    if (!reg || !reg->size_bytes || !is_mapped(node))
        return 0;
    na = node->parent->address_cells;
    ns = node->parent->size_cells;
    regions->problem = "its reg is not a list of addresses and sizes";
    if (!na || na > MAX_CELLS || ns > MAX_CELLS ||
        reg->size_bytes % (4 * (na + ns)))
        return 0;
    n = reg->size_bytes / (4 * (na + ns));
    regions->problem = "its reg has too many entries";
    if (n > DT_MAX_REGIONS)
        return 0;
    regions->problem = NULL;
    list = ARENA_ARRAY(arena, struct dt_region, n);
    if (!list)
        return -1;
    for (i = 0; i < n; i++) {
        wide size = read_cells(reg, i * (na + ns) + na, ns);

        if (!size)
            continue;
        if (translate_all(node, read_cells(reg, i * (na + ns), na), size,
                          &list[used], &regions->problem) != TRANSLATED)
            return 0;
        used++;
    }
    regions->list = list;
    regions->count = used;
    return 0;
}

int dt_ranges_read(struct arena *arena, const struct dt_node *bridge,
                   const struct dt_range **ranges, size_t *n_ranges)
{
    const struct dt_property *p = dt_property(bridge, "ranges");
    size_t child = bridge->address_cells, up, row, i, k, n;
    struct dt_range *list;

    *ranges = NULL;
    *n_ranges = 0;
    if (!p || !p->size_bytes || !bridge->parent)
        return 0;
    up = bridge->parent->address_cells;
    row = child + up + bridge->size_cells;
    list = ARENA_ARRAY(arena, struct dt_range, DT_MAX_RANGES);
    if (!list)
        return -1;
    *ranges = list;
    *n_ranges = 1;
    list[0].problem = "its ranges are wrong or too many";
    if (child > MAX_CELLS || up > MAX_CELLS ||
        bridge->size_cells > MAX_CELLS || !row ||
        p->size_bytes % (4 * row) ||
        p->size_bytes / (4 * row) > DT_MAX_RANGES)
        return 0;
    n = p->size_bytes / (4 * row);
    for (i = 0; i < n; i++) {
        struct dt_region region = { 0, 0 };
        wide size = read_cells(p, i * row + child + up, bridge->size_cells);

        for (k = 0; k < child; k++)
            list[i].child[k] = dt_cell(p, i * row + k);
        list[i].n_child = child;
        list[i].problem = "its size is 0";
        if (!size)
            continue;
        if (translate_all(bridge, read_cells(p, i * row + child, up), size,
                          &region, &list[i].problem) == NOT_MAPPED)
            list[i].problem = "its bus is not mapped";
        list[i].address = region.address;
        list[i].size_bytes = region.size_bytes;
    }
    *n_ranges = n;
    return 0;
}
