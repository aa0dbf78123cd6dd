/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest tree: a device tree that is being made, in memory, and its DTB. Names
 * and values are referred to, not copied, but where it says so. The first
 * failure is remembered: look at `failed` once, at the end.
 */
#ifndef DT_GUEST_TREE_H
#define DT_GUEST_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct dt_node;

struct dt_guest_property {
    const char *name;
    const void *value;
    size_t size_bytes;
    struct dt_guest_property *next;
};

struct dt_guest_node {
    const char *name, *path;
    const struct dt_node *host;             /* NULL: it stands for none */
    bool is_inner_bus;                      /* see guest-nodes.c */
    struct dt_guest_property *properties;
    struct dt_guest_node *children, *next;
};

struct dt_guest_tree {
    struct arena *arena;
    struct dt_guest_node *root;
    bool failed;                            /* memory is exhausted */
};

/* With a root. */
void dt_guest_begin(struct dt_guest_tree *tree, struct arena *arena);

/* The last child of parent now; its name is made unique by a number, if need
 * be. Never NULL: when memory is exhausted, the root. */
struct dt_guest_node *dt_guest_add(struct dt_guest_tree *tree,
                                   struct dt_guest_node *parent,
                                   const char *name);

/* Adds a property, or replaces the value of the one of that name. */
void dt_guest_set(struct dt_guest_tree *tree, struct dt_guest_node *node,
                  const char *name, const void *value, size_t size_bytes);
void dt_guest_set_string(struct dt_guest_tree *tree,
                         struct dt_guest_node *node, const char *name,
                         const char *value);
/* cells in the CPU's byte order, copied */
void dt_guest_set_cells(struct dt_guest_tree *tree,
                        struct dt_guest_node *node, const char *name,
                        const uint32_t *cells, size_t n);
static inline void dt_guest_set_cell(struct dt_guest_tree *tree,
                                     struct dt_guest_node *node,
                                     const char *name, uint32_t cell)
{
    dt_guest_set_cells(tree, node, name, &cell, 1);
}

const struct dt_guest_property *
dt_guest_property(const struct dt_guest_node *node, const char *name);

/* The DTB, in the arena, of at most max_bytes. NULL when it would be larger
 * (*size_bytes is 0 then not) or memory is exhausted (*size_bytes is 0). */
const void *dt_guest_write(struct dt_guest_tree *tree, size_t max_bytes,
                           size_t *size_bytes);

#endif
