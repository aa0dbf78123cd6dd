/* SPDX-License-Identifier: BSD-2-Clause */
/* Passable: which devices of a host tree a guest may be given, and why not. */
#ifndef DT_PASSABLE_H
#define DT_PASSABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "dt/address.h"
#include "dt/interrupts.h"
#include "dt/references.h"

struct arena;
struct dt_node;
struct dt_tree;
struct report;
struct report_check;
struct dt_index;

#define DT_PAGE_BYTES 4096u     /* Xen's on Arm */

/* What one node alone says. */
struct dt_facts {
    struct dt_regions regions;
    struct dt_interrupts interrupts;
    struct dt_references references;
    /* of a PCI host bridge: what it forwards, and its INTx */
    const struct dt_range *windows;
    size_t n_windows;
    const struct dt_map_row *map_rows;
    size_t n_map_rows;
};

struct dt_other {
    const struct dt_node *node;
    struct dt_other *next;
};

/* The first finding of one check. */
struct dt_reason {
    const struct report_check *check;
    const char *message;
    size_t more;                        /* findings of this check */
    /* the nodes that it is about, each once; with a set all of them, else
     * the first */
    const struct dt_other *others;
    struct dt_reason *next;
};

/* A node with a place in memory. What is below it goes with it. */
struct dt_device {
    const struct dt_node *node;
    struct dt_reason *reasons;  /* NULL: it may be passed through */
    bool marked;                        /* has xen,passthrough */
    bool is_uio;                        /* only programs will drive it */
};

struct dt_devices {
    const struct dt_tree *tree;
    const struct dt_facts *facts;       /* of each node, by its index */
    const struct dt_device *list;       /* in the order of the tree */
    size_t count;
    const struct dt_index *index;       /* for dt_set_judge() */
};

/* All devices of the tree, judged; NULL with errors in report. */
const struct dt_devices *dt_devices_judge(struct arena *arena,
                                          const struct dt_tree *tree,
                                          struct report *report);

/* Whether Xen drives the IOMMU, which is enabled. */
bool dt_is_smmu_driven(const struct dt_node *iommu);

/* Whether a node below a device goes with it: it and what is between are not
 * disabled. */
bool dt_goes_along(const struct dt_node *node, const struct dt_node *device);

#endif
