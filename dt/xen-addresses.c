/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses as Xen translates them (common/device_tree.c). */
#include "dt/xen-view.h"

#include <string.h>

#include "dt/host-tree.h"

#define MAX_CELLS 4
#define BAD UINT64_MAX
/* no Arm machine that Xen supports has a longer address */
#define PHYSICAL_BITS 48

struct bus {
    size_t address, size;       /* cells */
    bool is_pci;
};

static uint64_t number(const struct dt_property *p, size_t first, size_t n)
{
    uint64_t value = 0;

    while (n--)
        value = value << 32 | dt_cell(p, first++);
    return value;
}

static size_t count_cells(const struct dt_property *p)
{
    return p->size_bytes / 4;
}

/* Of the node or the nearest above that tells it. */
static uint32_t inherit(const struct dt_node *node, const char *name,
                        uint32_t fallback)
{
    for (; node; node = node->parent) {
        const struct dt_property *p = dt_property(node, name);

        if (p && p->size_bytes >= 4)
            return dt_cell(p, 0);
    }
    return fallback;
}

uint32_t dt_xen_address_cells(const struct dt_node *node)
{
    return inherit(node->parent ? node->parent : node, "#address-cells", 2);
}

uint32_t dt_xen_size_cells(const struct dt_node *node)
{
    return inherit(node->parent ? node->parent : node, "#size-cells", 1);
}

static bool has_type(const struct dt_node *node, const char *type)
{
    const char *s = dt_string(node, "device_type");

    return s && !strcmp(s, type);
}

bool dt_xen_is_bridge(const struct dt_node *node)
{
    return has_type(node, "pci");
}

static bool is_called(const struct dt_node *node, const char *name)
{
    size_t n = strcspn(node->name, "@");

    return strlen(name) == n && !memcmp(node->name, name, n);
}

/* dt_bus_pci_match() */
static bool is_pci(const struct dt_node *node)
{
    return has_type(node, "pci") || has_type(node, "pciex") ||
           has_type(node, "vci") || has_type(node, "ht") ||
           is_called(node, "pci") || is_called(node, "pcie");
}

/* How the children of node are addressed, as child reads it; without cells
 * where Xen sees no bus (dt_bus_default_match()). */
static struct bus bus_of(const struct dt_node *node,
                         const struct dt_node *child)
{
    struct bus pci = { 3, 2, true }, none = { 0, 0, false };
    struct bus other = { dt_xen_address_cells(child),
                         dt_xen_size_cells(child), false };

    return is_pci(node) ? pci :
           !node->parent || dt_property(node, "ranges") ? other : none;
}

static bool is_sound(const struct bus *bus)
{
    return bus->address && bus->address <= MAX_CELLS && bus->size &&
           bus->size <= MAX_CELLS;
}

/* Space of a PCI address: memory, I/O, or neither. */
static uint32_t pci_space(uint32_t cell)
{
    uint32_t space = cell >> 24 & 3;

    return space == 3 ? 2 : space;
}

/* How far into the row the address is, BAD when outside. The address has as
 * many cells as the bus; only its lower two count, as in Xen. */
static uint64_t row_offset(const struct bus *bus, const uint32_t *address,
                           const struct dt_property *ranges, size_t row,
                           size_t up)
{
    size_t skip = bus->is_pci ? 1 : 0, i;
    uint64_t from = number(ranges, row + skip, bus->address - skip);
    uint64_t length = number(ranges, row + bus->address + up, bus->size);
    uint64_t value = 0;

    for (i = skip; i < bus->address; i++)
        value = value << 32 | address[i];
    if (bus->is_pci && pci_space(address[0]) !=
                       pci_space(dt_cell(ranges, row)))
        return BAD;
    for (i = 0; !bus->is_pci && bus->address > 2 && i < bus->address; i++)
        if (address[i] != dt_cell(ranges, row + i))
            return BAD;
    return value < from || value >= from + length ? BAD : value - from;
}

static void set_sum(const struct bus *bus, uint32_t *address, uint64_t offset)
{
    size_t skip = bus->is_pci ? 1 : 0, i;
    uint64_t sum = offset;

    if (bus->address > skip + 1)
        sum += (uint64_t)address[bus->address - 2] << 32;
    sum += address[bus->address - 1];
    for (i = skip; i < bus->address; i++)
        address[i] = 0;
    if (bus->address > skip + 1)
        address[bus->address - 2] = (uint32_t)(sum >> 32);
    address[bus->address - 1] = (uint32_t)sum;
}

/* One step up, from bus `node` to its own. */
static const char *step(const struct dt_node *node, const struct bus *bus,
                        const struct bus *above, uint32_t *address)
{
    const struct dt_property *ranges = dt_property(node, "ranges");
    size_t row = bus->address + above->address + bus->size, at, i;
    uint64_t offset = 0;

    if (!ranges)
        return "a bus above has no ranges";
    if (!ranges->size_bytes) {
        for (i = bus->is_pci ? 1 : 0; i < bus->address; i++)
            offset = offset << 32 | address[i];
        memset(address, 0, MAX_CELLS * sizeof(*address));
        set_sum(above, address, offset);
        return NULL;
    }
    for (at = 0; at + row <= count_cells(ranges); at += row) {
        offset = row_offset(bus, address, ranges, at, above->address);
        if (offset == BAD)
            continue;
        for (i = 0; i < above->address; i++)
            address[i] = dt_cell(ranges, at + bus->address + i);
        set_sum(above, address, offset);
        return NULL;
    }
    return "no range of a bus above covers it";
}

/* From the bus of node up to the CPU. */
static const char *climb(const struct dt_node *node, uint32_t *address,
                         uint64_t *result)
{
    struct bus bus = bus_of(node->parent, node), above;
    const char *problem;

    for (node = node->parent; node->parent; node = node->parent) {
        above = bus_of(node->parent, node);
        if (!is_sound(&bus) || !is_sound(&above))
            return "a node above is no bus with ranges and cell counts";
        problem = step(node, &bus, &above, address);
        if (problem)
            return problem;
        bus = above;
    }
    if (!is_sound(&bus))
        return "a node above is no bus with ranges and cell counts";
    *result = address[bus.address - 1];
    if (bus.address > 1)
        *result |= (uint64_t)address[bus.address - 2] << 32;
    return *result == BAD ? "its address overflows" : NULL;
}

/* map_range_to_domain() */
static const char *check_width(uint64_t address, uint64_t size_bytes)
{
    uint64_t limit = UINT64_C(1) << PHYSICAL_BITS;

    return address > limit || size_bytes > limit - address ?
           "it is beyond 48 bits of address" : NULL;
}

size_t dt_xen_n_addresses(const struct dt_node *node,
                          const struct dt_property **property)
{
    struct bus bus;

    *property = NULL;
    if (!node->parent)
        return 0;
    bus = bus_of(node->parent, node);
    if (!is_sound(&bus))
        return 0;
    *property = dt_property(node, bus.is_pci ? "assigned-addresses" : "reg");
    return *property ? count_cells(*property) / (bus.address + bus.size) : 0;
}

const char *dt_xen_address(const struct dt_node *node, size_t i,
                           uint64_t *address, uint64_t *size_bytes)
{
    const struct dt_property *p;
    struct bus bus = bus_of(node->parent, node);
    uint32_t cells[MAX_CELLS] = { 0 };
    const char *problem;
    size_t k, at = i * (bus.address + bus.size);

    if (i >= dt_xen_n_addresses(node, &p))
        return "it has no such entry";
    for (k = 0; k < bus.address; k++)
        cells[k] = dt_cell(p, at + k);
    *size_bytes = number(p, at + bus.address, bus.size);
    problem = climb(node, cells, address);
    return problem ? problem : check_width(*address, *size_bytes);
}

const char *dt_xen_windows(const struct dt_node *bridge)
{
    const struct dt_property *ranges = dt_property(bridge, "ranges");
    struct bus above;
    size_t row, at, i;

    if (!ranges)
        return "it has no ranges";
    if (!ranges->size_bytes || !bridge->parent)
        return NULL;
    above = bus_of(bridge->parent, bridge);
    if (!is_sound(&above))
        return "a node above is no bus with ranges and cell counts";
    row = 3 + above.address + 2;
    for (at = 0; at + row <= count_cells(ranges); at += row) {
        uint32_t cells[MAX_CELLS] = { 0 };
        uint64_t size_bytes = number(ranges, at + 3 + above.address, 2);
        uint64_t address;
        const char *problem;

        for (i = 0; i < above.address; i++)
            cells[i] = dt_cell(ranges, at + 3 + i);
        problem = climb(bridge, cells, &address);
        if (!problem)
            problem = check_width(address, size_bytes);
        if (problem)
            return problem;
    }
    return NULL;
}
