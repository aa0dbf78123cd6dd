/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/guest-tree.h"

#include <string.h>

#include "base/arena.h"

void dt_guest_begin(struct dt_guest_tree *tree, struct arena *arena)
{
    static struct dt_guest_node none = { .name = "", .path = "" };

    *tree = (struct dt_guest_tree){ .arena = arena };
    tree->root = ARENA_NEW(arena, struct dt_guest_node);
    tree->failed = !tree->root;
    if (tree->root)
        *tree->root = none;
}

static bool has_child(const struct dt_guest_node *parent, const char *name)
{
    const struct dt_guest_node *child;

    for (child = parent->children; child; child = child->next)
        if (!strcmp(child->name, name))
            return true;
    return false;
}

/* "rtc@9010000", "rtc-2@9010000": the unit address stays */
static const char *unique_name(struct dt_guest_tree *tree,
                               const struct dt_guest_node *parent,
                               const char *name)
{
    size_t n = strcspn(name, "@");
    const char *tried = name;
    unsigned int i;

    for (i = 2; tried && has_child(parent, tried); i++)
        tried = arena_printf(tree->arena, "%.*s-%u%s", (int)n, name, i,
                             name + n);
    return tried;
}

struct dt_guest_node *dt_guest_add(struct dt_guest_tree *tree,
                                   struct dt_guest_node *parent,
                                   const char *name)
{
    struct dt_guest_node *node = ARENA_NEW(tree->arena,
                                           struct dt_guest_node), **end;

    if (node) {
        node->name = unique_name(tree, parent, name);
        node->path = node->name ? arena_printf(tree->arena, "%s/%s",
                                               parent->path, node->name) :
                                  NULL;
    }
    if (!node || !node->path) {
        tree->failed = true;
        return tree->root;
    }
    for (end = &parent->children; *end; end = &(*end)->next)
        ;
    *end = node;
    return node;
}

const struct dt_guest_property *
dt_guest_property(const struct dt_guest_node *node, const char *name)
{
    const struct dt_guest_property *p;

    for (p = node->properties; p && strcmp(p->name, name); p = p->next)
        ;
    return p;
}

void dt_guest_set(struct dt_guest_tree *tree, struct dt_guest_node *node,
                  const char *name, const void *value, size_t size_bytes)
{
    struct dt_guest_property **end = &node->properties;

    while (*end && strcmp((*end)->name, name))
        end = &(*end)->next;
    if (!*end)
        *end = ARENA_NEW(tree->arena, struct dt_guest_property);
    if (!*end || (size_bytes && !value)) {
        tree->failed = true;
        return;
    }
    (*end)->name = name;
    (*end)->value = value;
    (*end)->size_bytes = size_bytes;
}

void dt_guest_set_string(struct dt_guest_tree *tree,
                         struct dt_guest_node *node, const char *name,
                         const char *value)
{
    dt_guest_set(tree, node, name, value, strlen(value) + 1);
}

void dt_guest_set_cells(struct dt_guest_tree *tree,
                        struct dt_guest_node *node, const char *name,
                        const uint32_t *cells, size_t n)
{
    uint8_t *value = arena_calloc(tree->arena, n + 1, 4);
    size_t i;

    for (i = 0; value && i < n; i++) {
        value[4 * i] = (uint8_t)(cells[i] >> 24);
        value[4 * i + 1] = (uint8_t)(cells[i] >> 16);
        value[4 * i + 2] = (uint8_t)(cells[i] >> 8);
        value[4 * i + 3] = (uint8_t)cells[i];
    }
    if (value)
        dt_guest_set(tree, node, name, value, 4 * n);
    else
        tree->failed = true;
}
