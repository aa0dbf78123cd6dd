/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses: a node's `reg` as the CPU sees it. */
#ifndef DT_ADDRESS_H
#define DT_ADDRESS_H

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

/*
 * Translates reg through the `ranges` of every ancestor (Devicetree
 * Specification 2.3.8). count is 0 without problem when the node is not on a
 * memory-mapped bus: no reg, no sizes, PCI, or an ancestor without ranges.
 * 0, or -1 when memory is exhausted.
 */
int dt_regions_read(struct arena *arena, const struct dt_node *node,
                    struct dt_regions *regions);

#endif
