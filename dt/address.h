/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses: a node's `reg` as the CPU sees it. */
#ifndef DT_ADDRESS_H
#define DT_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct dt_node;

#define DT_MAX_REGIONS 256      /* of one node */

struct dt_region {
    uint64_t address, size_bytes;       /* size is not 0, nothing overflows */
};

struct dt_regions {
    const struct dt_region *list;
    size_t count;
    /* why a `reg` that should have an address has none, or NULL; then count
     * is 0 */
    const char *problem;
};

/* A row of a bus's `ranges`, as the CPU sees it. */
struct dt_range {
    uint32_t child[4];                  /* address on the bus, n_child cells */
    size_t n_child;
    uint64_t address, size_bytes;       /* of the CPU */
    const char *problem;                /* then address does not hold */
};

#define DT_MAX_RANGES 64        /* of one PCI bridge */

/* Whether the node is a PCI bus: its addresses have their space in the first
 * cell (IEEE Std 1275 PCI bus binding). */
bool dt_is_pci(const struct dt_node *bus);

/* The ranges of a PCI bridge, translated through the buses above. 0, or -1
 * when memory is exhausted. More than DT_MAX_RANGES rows are cut, and the
 * last tells so. */
int dt_ranges_read(struct arena *arena, const struct dt_node *bridge,
                   const struct dt_range **ranges, size_t *n_ranges);

/*
 * Translates reg through the `ranges` of every ancestor (Devicetree
 * Specification 2.3.8). count is 0 without problem when the node is not on a
 * memory-mapped bus: no reg, no sizes, PCI, or an ancestor without ranges.
 * 0, or -1 when memory is exhausted.
 */
int dt_regions_read(struct arena *arena, const struct dt_node *node,
                    struct dt_regions *regions);

#endif
