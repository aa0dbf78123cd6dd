/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host tree: a flattened device tree (DTB), checked and made an immutable
 * model in an arena. The bytes may be hostile: size, depth, counts and names
 * are bounded, so every later walk is too.
 */
#ifndef DT_HOST_TREE_H
#define DT_HOST_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct report;

#define DT_MAX_BYTES (1u << 20)
#define DT_MAX_DEPTH 32
#define DT_MAX_NODES 16384
#define DT_MAX_NODE_PROPERTIES 4096
#define DT_MAX_NAME_BYTES 127
#define DT_MAX_PATH_BYTES 1023

struct dt_property {
    const char *name;
    const uint8_t *value;
    size_t size_bytes;
};

struct dt_node {
    const char *path, *name;
    const struct dt_node *parent;       /* NULL: the root */
    const struct dt_node *end;          /* after the last descendant */
    const struct dt_property *properties;
    size_t n_properties, depth;
    uint32_t phandle;                   /* 0: none */
    uint32_t address_cells, size_cells; /* of its children */
    bool enabled;                       /* itself and all above it */
};

struct dt_tree {
    const char *file;                   /* as the user named it */
    const struct dt_node *nodes;        /* in the order of the file */
    size_t n_nodes;
    const struct dt_node **phandles;    /* sorted by phandle */
    size_t n_phandles;
};

/* The model of size_bytes bytes at dtb, which are copied; NULL with errors in
 * report. */
const struct dt_tree *dt_tree_load(struct arena *arena, const char *file,
                                   const void *dtb, size_t size_bytes,
                                   struct report *report);

/* The same for a tree that is to be mended: where no more is wrong than that
 * two nodes have one phandle or one path, the model comes with the errors.
 * Either node may be found then. */
const struct dt_tree *dt_tree_load_faulty(struct arena *arena,
                                          const char *file, const void *dtb,
                                          size_t size_bytes,
                                          struct report *report);

/* NULL when the node has no such property. */
const struct dt_property *dt_property(const struct dt_node *node,
                                      const char *name);

/* The i-th cell, which must be there. */
uint32_t dt_cell(const struct dt_property *property, size_t i);

/* The value when it is exactly one cell, else fallback. */
uint32_t dt_cell_or(const struct dt_node *node, const char *name,
                    uint32_t fallback);

/* The value when it is one or more NUL-terminated strings, else NULL. */
const char *dt_string(const struct dt_node *node, const char *name);

/* Whether one string of the list `compatible` is name. */
bool dt_is_compatible(const struct dt_node *node, const char *name);

/* ... or any of names, a list that ends with NULL. */
bool dt_is_any_compatible(const struct dt_node *node,
                          const char *const *names);

/* NULL when no node has the phandle. */
const struct dt_node *dt_by_phandle(const struct dt_tree *tree,
                                    uint32_t phandle);

/* NULL when no node has exactly this path. */
const struct dt_node *dt_by_path(const struct dt_tree *tree,
                                 const char *path);

/* node itself, or a descendant of top. */
bool dt_is_within(const struct dt_node *node, const struct dt_node *top);

#endif
