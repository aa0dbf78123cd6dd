/* SPDX-License-Identifier: BSD-2-Clause */
/* What passable*.c and the planner share. */
#ifndef DT_PASSABLE_INTERNAL_H
#define DT_PASSABLE_INTERNAL_H

#include "dt/checks.h"
#include "dt/passable.h"

/* Of a tree, so that comparing pairs stays cheap on a hostile one. */
#define DT_MAX_ITEMS 16384u
#define DT_MAX_STREAMS 4096u
#define DT_MAX_PAIRS 1000000u
#define DT_MAX_OTHERS 64u

/* Pages first..last of a node; RAM is in the list too. */
struct dt_span {
    uint64_t first, last;
    const struct dt_node *node;
};

struct dt_use {
    uint32_t intid;
    const struct dt_node *node;
};

struct dt_stream {
    const struct dt_reference *reference;
    const struct dt_node *node;
};

/* What Xen prints to: NULL where the tree does not tell. */
struct dt_consoles {
    const struct dt_node *stdout_node;  /* by /chosen/stdout-path */
    const struct dt_node *dtuart_node;  /* by dtuart= of Xen's command line */
};

/* What nodes occupy, sorted so that those who share are neighbours. */
struct dt_index {
    const struct dt_span *spans;        /* by first page */
    const struct dt_use *uses;          /* by INTID */
    const struct dt_stream *streams;    /* by IOMMU and stream ID */
    size_t n_spans, n_uses, n_streams;
    struct dt_consoles consoles;
    const uint8_t *kept;                /* by node's index: see dt_is_kept() */
};

struct judge {
    struct arena *arena;
    const struct dt_tree *tree;
    struct dt_facts *facts;
    struct dt_index index;
    struct dt_device *devices;
    struct dt_device **device_of;       /* by a node's index; NULL: none */
    size_t n_devices, n_spans, n_uses, n_references, n_streams;
    /* nodes that go to one guest together, by index; NULL: each device is
     * judged as if it went alone */
    const bool *inside;
    uint32_t looks;                     /* left: DT_MAX_MAP_LOOKS */
    size_t pairs;                       /* that met so far */
    bool exceeded;                      /* more than DT_MAX_PAIRS */
    bool failed;                        /* memory is exhausted */
};

/* Adds a reason to those of the device; other is the node that it is about,
 * or NULL. */
void dt_refuse(struct judge *j, struct dt_device *device,
               enum dt_check_id check, const struct dt_node *other,
               const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* Whether node is of the device, or of another that goes with it. */
bool dt_is_inside(const struct judge *j, const struct dt_node *node,
                  const struct dt_node *device);

/* RAM, or a part of it that is reserved. */
bool dt_is_memory(const struct dt_node *node);

/* Whether the node, or one above, is nobody's to give, whatever anybody says:
 * Xen's, its console, or reserved. Then *why is the check. */
bool dt_is_kept(const struct dt_index *index, const struct dt_tree *tree,
                const struct dt_node *node, enum dt_check_id *why);

/* Fills what dt_is_kept() reads; 0, or -1 when memory is exhausted. */
int dt_kept_find(struct judge *j);

/* Whether its interrupt-map and ranges are those of a PCI host bridge. */
bool dt_is_pci_host(const struct dt_node *node);

/* Fills j->index from j->facts; 0, or -1 when memory is exhausted. */
int dt_index_make(struct judge *j);

/* Reasons that are nobody's to waive: whose the device is. */
void dt_judge_owner(struct judge *j, struct dt_device *d);

/* Whether the device can write to memory that is not the guest's. */
void dt_judge_dma(struct judge *j, struct dt_device *d);

/* Reasons that a device and what is below it have in themselves. */
void dt_judge_alone(struct judge *j);

/* Reasons that come from other nodes: what is shared, who needs it. */
void dt_judge_together(struct judge *j);

/*
 * Judges devices as a set that goes to one guest. nodes are their n nodes,
 * is_uio tells of each whether it has no driver but programs by UIO, inside is
 * by node index: whether it is one of them or below. An array of n devices in
 * the order of nodes, NULL when memory is exhausted.
 */
struct dt_device *dt_set_judge(struct arena *arena,
                               const struct dt_devices *devices,
                               const struct dt_node *const *nodes,
                               const bool *is_uio, size_t n,
                               const bool *inside);

#endif
