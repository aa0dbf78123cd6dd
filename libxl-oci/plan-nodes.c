/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The device nodes by which the container reaches its accelerators. */
#include "plan-internal.h"

#include <string.h>

/*
 * All may use them who are in the container: the domain is the wall, and a
 * device that was not meant for the container would not be in it.
 */
#define NODE_MODE 0666u

typedef void node_op(struct planner *p, const char *path,
                     const struct spec_accelerator *a);

static void for_each_node(struct planner *p, node_op *function)
{
    const struct spec_accelerators *all = &p->spec->accelerators;
    size_t i, k;

    for (i = 0; i < all->count; i++)
        for (k = 0; k < all->items[i].nodes.count; k++)
            function(p, all->items[i].nodes.values[k], &all->items[i]);
}

/* In the guest's own /dev, where the kernel makes it (devtmpfs). */
static void wait_for(struct planner *p, const char *path,
                     const struct spec_accelerator *a)
{
    op(p, WAIT_NODE, origin_at(p, a->nodes.at), ARG_S(path),
       ARG_U(GUEST_NODE_TIMEOUT_MS), ARG_U(NODE_MODE));
}

static void bind(struct planner *p, const char *path,
                 const struct spec_accelerator *a)
{
    op(p, BIND_NODE, origin_at(p, a->nodes.at), ARG_S(path), ARG_S(path));
}

void plan_wait_node_ops(struct planner *p)
{
    for_each_node(p, wait_for);
}

void plan_bind_node_ops(struct planner *p)
{
    for_each_node(p, bind);
}

static const struct spec_accelerator *user_of(const struct planner *p,
                                              const char *path,
                                              const struct spec_accelerator *a)
{
    const struct spec_accelerator *other;
    size_t k;

    for (other = p->spec->accelerators.items; other < a; other++)
        for (k = 0; k < other->nodes.count; k++)
            if (!strcmp(other->nodes.values[k], path))
                return other;
    return NULL;
}

static void check_node(struct planner *p, const char *path,
                       const struct spec_accelerator *a)
{
    const struct spec_accelerator *other = user_of(p, path, a);

    if (other)
        planner_refuse(p, ACCELERATOR_NODE, a->nodes.at,
                       "\"%s\" is that of the accelerator \"%s\" already",
                       path, other->name ? other->name : other->device.value);
}

void plan_check_nodes(struct planner *p)
{
    for_each_node(p, check_node);
}
