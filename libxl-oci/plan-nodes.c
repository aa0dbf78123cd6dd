/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The device nodes by which the container reaches its devices. */
#include "plan-internal.h"

#include <string.h>

/*
 * All may use them who are in the container: the domain is the wall, and a
 * device that was not meant for the container would not be in it.
 */
#define NODE_MODE 0666u

typedef void node_op(struct planner *p, const char *path,
                     const struct spec_strings *list);

/* The i-th list of nodes: of each accelerator, then of the annotation, which
 * is for what vm.hwConfig names. NULL after the last. */
static const struct spec_strings *list_at(const struct planner *p, size_t i)
{
    const struct spec_accelerators *all = &p->spec->accelerators;

    if (i < all->count)
        return &all->items[i].nodes;
    return i == all->count ? &p->spec->extension.nodes : NULL;
}

static void for_each_node(struct planner *p, node_op *function)
{
    const struct spec_strings *list;
    size_t i, k;

    for (i = 0; (list = list_at(p, i)); i++)
        for (k = 0; k < list->count; k++)
            function(p, list->values[k], list);
}

/* In the guest's own /dev, where the kernel makes it (devtmpfs). */
static void wait_for(struct planner *p, const char *path,
                     const struct spec_strings *list)
{
    op(p, WAIT_NODE, origin_at(p, list->at), ARG_S(path),
       ARG_U(GUEST_NODE_TIMEOUT_MS), ARG_U(NODE_MODE));
}

static void bind(struct planner *p, const char *path,
                 const struct spec_strings *list)
{
    op(p, BIND_NODE, origin_at(p, list->at), ARG_S(path), ARG_S(path));
}

void plan_wait_node_ops(struct planner *p)
{
    for_each_node(p, wait_for);
}

void plan_bind_node_ops(struct planner *p)
{
    for_each_node(p, bind);
}

/* The accelerator of an earlier list that has the node; NULL: none. */
static const struct spec_accelerator *user_of(const struct planner *p,
                                              const char *path,
                                              const struct spec_strings *list)
{
    const struct spec_accelerators *all = &p->spec->accelerators;
    size_t i, k;

    for (i = 0; i < all->count && list_at(p, i) != list; i++)
        for (k = 0; k < all->items[i].nodes.count; k++)
            if (!strcmp(all->items[i].nodes.values[k], path))
                return &all->items[i];
    return NULL;
}

static void check_node(struct planner *p, const char *path,
                       const struct spec_strings *list)
{
    const struct spec_accelerator *other = user_of(p, path, list);

    if (other)
        planner_refuse(p, ACCELERATOR_NODE, list->at,
                       "\"%s\" is that of the accelerator \"%s\" already",
                       path, other->name ? other->name :
                       other->device.value ? other->device.value : "");
}

void plan_check_nodes(struct planner *p)
{
    for_each_node(p, check_node);
}
