/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Xen's view: what Xen reads in the tree when it makes Dom0, and how. It
 * differs from Linux: Xen handles disabled nodes too, inherits cell counts
 * from any node above, and one node that it cannot read ends the boot. As in
 * Xen 4.17 and 4.20 (arch/arm/domain_build.c, common/device_tree.c), built as
 * Debian does.
 */
#ifndef DT_XEN_VIEW_H
#define DT_XEN_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct dt_node;
struct dt_property;
struct dt_tree;

#define DT_XEN_INTIDS 1020      /* those from here on are no interrupts */
#define DT_XEN_DOMAIN_INTIDS 992        /* nor a domain's */

struct dt_xen {
    const struct dt_tree *tree;
    const struct dt_node *gic;          /* NULL: none that Xen drives */
    bool is_gic_v3;
    const struct dt_node *timer;        /* NULL: none */
    const struct dt_node *stdout_node;  /* of stdout-path, or NULL */
    const struct dt_node *console;      /* the same, if Xen drives it */
    bool has_smmu;                      /* one that Xen drives is enabled */
    const bool *handled;                /* given to Dom0; by node's index */
};

/* NULL when memory is exhausted. */
const struct dt_xen *dt_xen_view(struct arena *arena,
                                 const struct dt_tree *tree);

bool dt_xen_is_handled(const struct dt_xen *xen, const struct dt_node *node);

/* Cells of addresses and sizes in the node's own reg. */
uint32_t dt_xen_address_cells(const struct dt_node *node);
uint32_t dt_xen_size_cells(const struct dt_node *node);

/* Entries of reg (of assigned-addresses below a PCI bus) that Xen translates;
 * 0 where it reads none. *property: which it is. */
size_t dt_xen_n_addresses(const struct dt_node *node,
                          const struct dt_property **property);

/* NULL, or why Xen cannot translate entry i, which must be there. */
const char *dt_xen_address(const struct dt_node *node, size_t i,
                           uint64_t *address, uint64_t *size_bytes);

/* NULL, or why the windows of a PCI host bridge cannot be translated. */
const char *dt_xen_windows(const struct dt_node *bridge);

/* One interrupt as Xen resolves it. */
struct dt_xen_line {
    const char *problem;                /* why it cannot, or NULL */
    const struct dt_node *controller;   /* another than the GIC: the rest
                                         * does not hold, Xen passes by */
    uint32_t intid, type;
    const struct dt_property *property; /* of the node */
    size_t flags_at;    /* cell of the trigger in it; 0: not in it, as the
                         * interrupt goes through a map */
};

/* Calls take for each interrupt of the node until it returns false. */
typedef bool dt_xen_take(void *context, const struct dt_xen_line *line);
void dt_xen_each_line(const struct dt_xen *xen, const struct dt_node *node,
                      dt_xen_take *take, void *context);

/* The same for interrupt-map of a PCI host bridge. */
void dt_xen_each_map_line(const struct dt_xen *xen,
                          const struct dt_node *bridge, dt_xen_take *take,
                          void *context);

/* Whether the node's device_type makes Xen read its windows and map. */
bool dt_xen_is_bridge(const struct dt_node *node);

/* Whether Xen drives the IOMMU, enabled or not. */
bool dt_xen_knows_smmu(const struct dt_node *iommu);

#endif
