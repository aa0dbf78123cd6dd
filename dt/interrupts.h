/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts of a node, resolved to the root interrupt controller (a GIC). */
#ifndef DT_INTERRUPTS_H
#define DT_INTERRUPTS_H

#include <stdbool.h>
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
    /* as the node has it: n_cells cells at cells for the controller that it
     * names itself */
    const struct dt_node *parent;
    const uint8_t *cells;
    size_t n_cells;
    /* why it cannot be resolved, or NULL; then only `controller`, where the
     * search ended, holds, and may be NULL */
    const char *problem;
};

struct dt_interrupts {
    const struct dt_interrupt *list;
    size_t count;
};

/* Interrupt i of a PCI bridge's interrupt-map (Devicetree Specification
 * 2.4.3): the row's child part is in cells[0..n_child). */
#define DT_MAX_MAP_ROWS 1024

struct dt_map_row {
    const uint8_t *child;       /* n_child_cells cells */
    size_t n_child_cells;
    struct dt_interrupt line;
};

/* How many rows of interrupt-maps may be looked at for one tree: maps that
 * lead to maps multiply, and no real tree comes near. */
#define DT_MAX_MAP_LOOKS 4000000u

/* 0, or -1 when memory is exhausted. A row that cannot be read ends the list
 * with its problem. *looks is what may still be looked at; at 0 nothing is
 * resolved any more. */
int dt_interrupt_map_read(struct arena *arena, const struct dt_tree *tree,
                          const struct dt_node *node, uint32_t *looks,
                          const struct dt_map_row **rows, size_t *n_rows);

/* 0, or -1 when memory is exhausted. looks as above. */
int dt_interrupts_read(struct arena *arena, const struct dt_tree *tree,
                       const struct dt_node *node, uint32_t *looks,
                       struct dt_interrupts *interrupts);

/* Whether Linux knows the node as a GIC version 1 to 3. */
bool dt_is_gic(const struct dt_node *node);

/* "SPI", "PPI", "ESPI", "EPPI" */
const char *dt_interrupt_kind_name(enum dt_interrupt_kind kind);

#endif
