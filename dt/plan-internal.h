/* SPDX-License-Identifier: BSD-2-Clause */
/* What the stages of the planner share; each needs those before it. */
#ifndef DT_PLAN_INTERNAL_H
#define DT_PLAN_INTERNAL_H

#include "dt/checks.h"
#include "dt/guest-tree.h"
#include "dt/host-tree.h"
#include "dt/passthrough.h"
#include "dt/template.h"

#define DT_MAX_GRANTED 1024     /* nodes */
#define DT_MAX_BLOCKS 1024      /* of address space */
#define DT_MAX_LINES 988        /* SPIs of a GIC without extensions */

/* A list that grows in the arena. */
struct dt_list {
    void *entries;
    size_t count, room;
};

/* A requested device. */
struct dt_member {
    const struct dt_node *node;
    const struct dt_request *request;
    size_t index;                       /* of the request */
    unsigned int waived;
    const char *compatible;             /* of the request; NULL: none */
    const char *told;                   /* the same, or else the template's
                                         * first; NULL: its own */
    bool is_uio;                        /* by what is told */
};

/* Pages of the host that stay together in the guest. */
struct dt_block {
    uint64_t mfn, count, gfn;
    const struct dt_node *host;         /* of the first page */
    bool may_drop;                      /* a PCI window */
    bool dropped;                       /* it did not fit */
    bool placed;
};

struct dt_plan {
    struct arena *arena;
    const struct dt_devices *devices;
    const struct dt_tree *tree;
    const struct dt_order *order;
    const struct dt_layout *layout;
    struct report *report;
    size_t errors_before;               /* in the report */
    bool failed;                        /* memory is exhausted */

    /* select.c */
    struct dt_member *members;
    size_t n_members;
    const struct dt_node **granted;     /* in the order of the tree */
    size_t n_granted;
    size_t *member_of;                  /* by node index: the index of the
                                         * member that it goes with, + 1;
                                         * 0: not granted */
    bool *inside;                       /* by node index: a member or below */

    /* frames.c */
    struct dt_block *blocks;            /* by mfn, disjoint */
    size_t n_blocks;

    /* guest-nodes.c */
    struct dt_guest_tree guest;
    struct dt_guest_node *container;    /* /passthrough */
    struct dt_guest_node **guest_of;    /* by node index */
    uint32_t *phandle_of;               /* by node index; 0: none */
    uint32_t n_phandles;

    struct dt_list pages, lines, dtdevs, stubs, dropped, waived, grants;
    struct dt_passthrough *result;
};

/* A new entry at the end, zeroed; NULL when memory is exhausted, of which
 * p->failed tells. */
void *dt_list_add(struct dt_plan *p, struct dt_list *list, size_t entry_bytes);

static inline size_t dt_index_of(const struct dt_plan *p,
                                 const struct dt_node *node)
{
    return (size_t)(node - p->tree->nodes);
}

static inline const struct dt_facts *dt_facts_of(const struct dt_plan *p,
                                                 const struct dt_node *node)
{
    return &p->devices->facts[node - p->tree->nodes];
}

static inline bool dt_is_granted(const struct dt_plan *p,
                                 const struct dt_node *node)
{
    return p->member_of[node - p->tree->nodes] != 0;
}

static inline bool dt_has_errors(const struct dt_plan *p)
{
    return report_errors(p->report) > p->errors_before;
}

/* Whether the guest's tree has the node as something to refer to: of a device
 * for programs it has only what they see. */
static inline bool dt_is_told(const struct dt_plan *p,
                              const struct dt_node *node)
{
    return p->phandle_of[node - p->tree->nodes] != 0;
}

/* Of a granted node. */
static inline const struct dt_member *dt_member_of(const struct dt_plan *p,
                                                   const struct dt_node *node)
{
    return &p->members[p->member_of[node - p->tree->nodes] - 1];
}

/* Where to say something of a member: who asked, or its node. */
struct report_where dt_where(const struct dt_plan *p,
                             const struct dt_request *request,
                             const struct dt_node *node);

/* Notes that the guest is not told of a property. reason is kept. */
void dt_note_drop(struct dt_plan *p, const struct dt_node *host,
                  const char *property, const char *reason);

/* Each of the following: 0, or -1 with errors in the report, or p->failed. */

/* Requests to members; what goes along; the judgement of the set. */
int dt_plan_select(struct dt_plan *p);
/* Pages of all that is granted; frames for them. */
int dt_plan_frames(struct dt_plan *p);
/* Interrupts and streams. */
int dt_plan_lines(struct dt_plan *p);
/* The guest's nodes. */
int dt_plan_nodes(struct dt_plan *p);

/* The guest's address of a host address that was granted and not dropped;
 * false when it is in no block. */
bool dt_guest_address(const struct dt_plan *p, uint64_t address,
                      uint64_t *guest_address);

/* All properties of a granted node but those of place and interrupts. */
void dt_node_properties(struct dt_plan *p, const struct dt_node *host,
                        struct dt_guest_node *node);

/* Its interrupts. */
void dt_node_interrupts(struct dt_plan *p, const struct dt_node *host,
                        struct dt_guest_node *node);

/* ranges, interrupt-map of a PCI host bridge. */
void dt_node_bridge(struct dt_plan *p, const struct dt_node *host,
                    struct dt_guest_node *node);

/* The nodes of a member that uio_pdrv_genirq serves. */
void dt_member_uio(struct dt_plan *p, const struct dt_member *member,
                   const char *name);

/* A clock of fixed rate, or a supply, in the guest; its phandle, 0 with an
 * error. */
uint32_t dt_stub_clock(struct dt_plan *p, const struct dt_node *consumer,
                       const struct dt_reference *r, size_t index);
uint32_t dt_stub_supply(struct dt_plan *p, const struct dt_reference *r);

/* The stubs made, as the result has them; p->stubs.count of them. */
const struct dt_stub *dt_stubs(struct dt_plan *p);

/* Whether a node has a clock of that name, or index. */
bool dt_has_clock(const struct dt_node *node, const char *name);

/* What the bundle's template says of the node. */
void dt_node_template(struct dt_plan *p, const struct dt_node *host,
                      struct dt_guest_node *node);

/* Hz of a clock as far as the host tree tells, else 0. args are n_args cells
 * of the specifier. */
uint64_t dt_clock_rate(const struct dt_tree *tree,
                       const struct dt_node *provider, const uint8_t *args,
                       size_t n_args);

/* Appends an address and a size of two cells each. */
static inline size_t dt_put_range(uint32_t *cells, size_t n, uint64_t address,
                                  uint64_t size_bytes)
{
    cells[n] = (uint32_t)(address >> 32);
    cells[n + 1] = (uint32_t)address;
    cells[n + 2] = (uint32_t)(size_bytes >> 32);
    cells[n + 3] = (uint32_t)size_bytes;
    return n + 4;
}

#endif
