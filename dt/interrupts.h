/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts of a node, resolved to the root interrupt controller (a GIC). */
#ifndef DT_INTERRUPTS_H
#define DT_INTERRUPTS_H

#include <stddef.h>
#include <stdint.h>

struct arena;
struct dt_node;
struct dt_tree;

#define DT_MAX_INTERRUPTS 256   /* of one node */

/* First cell of a GIC's specifier (Linux bindings, arm,gic-v3). */
enum dt_interrupt_kind { DT_SPI, DT_PPI, DT_ESPI, DT_EPPI, DT_INTERRUPT_KINDS };

struct dt_interrupt {
    enum dt_interrupt_kind kind;
    uint32_t number;            /* in its kind, as the tree counts */
    uint32_t intid;             /* as the GIC and Xen count */
    uint32_t flags;             /* trigger */
    const struct dt_node *controller;
    /* why it cannot be resolved, or NULL; then only `controller`, where the
     * search ended, holds, and may be NULL */
    const char *problem;
};

struct dt_interrupts {
    const struct dt_interrupt *list;
    size_t count;
};

/* 0, or -1 when memory is exhausted. */
int dt_interrupts_read(struct arena *arena, const struct dt_tree *tree,
                       const struct dt_node *node,
                       struct dt_interrupts *interrupts);

/* Whether Linux knows the node as a GIC version 1 to 3. */
int dt_is_gic(const struct dt_node *node);

/* "SPI", "PPI", "ESPI", "EPPI" */
const char *dt_interrupt_kind_name(enum dt_interrupt_kind kind);

#endif
