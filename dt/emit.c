/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/guest-tree.h"

#include <stdlib.h>

#include <libfdt.h>

#include "base/arena.h"

#define FIRST_BYTES 4096

static int write_node(void *fdt, const struct dt_guest_node *node)
{
    const struct dt_guest_property *p;
    const struct dt_guest_node *child;
    int rc = fdt_begin_node(fdt, node->name);

    for (p = node->properties; p && !rc; p = p->next)
        rc = fdt_property(fdt, p->name, p->value, (int)p->size_bytes);
    /* as deep as the host tree at most, which is bounded */
    for (child = node->children; child && !rc; child = child->next)
        rc = write_node(fdt, child);
    return rc ? rc : fdt_end_node(fdt);
}

/* 0, or an error of libfdt. */
static int write_all(void *fdt, size_t bytes,
                     const struct dt_guest_tree *tree)
{
    int rc = fdt_create(fdt, (int)bytes);

    if (!rc)
        rc = fdt_finish_reservemap(fdt);
    if (!rc)
        rc = write_node(fdt, tree->root);
    return rc ? rc : fdt_finish(fdt);
}

const void *dt_guest_write(struct dt_guest_tree *tree, size_t max_bytes,
                           size_t *size_bytes)
{
    size_t room = FIRST_BYTES;
    void *fdt = NULL, *copy = NULL;
    int rc = -FDT_ERR_NOSPACE;

    *size_bytes = 0;
    if (tree->failed)
        return NULL;
    for (; rc == -FDT_ERR_NOSPACE && room <= 2 * max_bytes; room *= 2) {
        free(fdt);
        fdt = malloc(room);
        if (!fdt)
            return NULL;
        rc = write_all(fdt, room, tree);
    }
    if (rc || fdt_totalsize(fdt) > max_bytes)
        *size_bytes = room;
    else if ((copy = arena_memdup(tree->arena, fdt, fdt_totalsize(fdt))))
        *size_bytes = fdt_totalsize(fdt);
    free(fdt);
    return copy;
}
