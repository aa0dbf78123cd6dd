/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Limits that the guest's kernel enforces inside the domain, by control
 * groups of version 2. CPU shares and quota are Xen's (plan-cpus.c).
 */
#include "plan-internal.h"

#include <string.h>

#define OWN_CGROUP GUEST_CGROUP "/" GUEST_CGROUP_NAME

static const char *const controllers[] = { "memory", "pids", "cpu" };
#define N_CONTROLLERS (sizeof(controllers) / sizeof(controllers[0]))

struct limits {
    struct spec_pair items[3];
    size_t count;
};

static void add_limit(struct planner *p, struct limits *limits,
                      const struct spec_i64 *value, const char *file)
{
    /* OCI: -1 (and 0 for pids, as runc has it) is "no limit" */
    if (!value->at || value->value <= 0)
        return;
    limits->items[limits->count++] = (struct spec_pair){
        value->at, file, planner_printf(p, "%lld", (long long)value->value),
    };
}

/* The controller that a file belongs to: -1 none of ours, N_CONTROLLERS
 * "cgroup", which every group has. */
static int controller_of(const char *file)
{
    size_t i, length = strcspn(file, ".");

    if (strchr(file, '/') || file[length] != '.')
        return -1;
    if (length == 6 && !strncmp(file, "cgroup", length))
        return N_CONTROLLERS;
    for (i = 0; i < N_CONTROLLERS; i++)
        if (strlen(controllers[i]) == length &&
            !strncmp(file, controllers[i], length))
            return (int)i;
    return -1;
}

static unsigned int controllers_in_use(struct planner *p,
                                       const struct limits *limits)
{
    const struct spec_pairs *unified = &p->spec->linux_.resources.unified;
    unsigned int used = 0;
    size_t i;

    for (i = 0; i < limits->count; i++)
        used |= 1u << controller_of(limits->items[i].key);
    for (i = 0; i < unified->count; i++) {
        int which = controller_of(unified->items[i].key);

        if (which < 0)
            planner_refuse(p, CGROUP_CONTROLLER, unified->items[i].at,
                           "\"%s\" does not exist in the guest",
                           unified->items[i].key);
        else
            used |= 1u << which;
    }
    return used;
}

static void enable(struct planner *p, unsigned int used, struct origin from)
{
    size_t i;

    for (i = 0; i < N_CONTROLLERS; i++) {
        const char *text = planner_printf(p, "+%s", controllers[i]);

        if (text && (used & 1u << i))
            op(p, WRITE_FILE, from, ARG_S(GUEST_CGROUP
               "/cgroup.subtree_control"), ARG_B(text, strlen(text)));
    }
}

static void write_pair(struct planner *p, const struct spec_pair *pair)
{
    op(p, WRITE_FILE, origin_at(p, pair->at),
       ARG_S(planner_printf(p, OWN_CGROUP "/%s", pair->key)),
       ARG_B(pair->value, pair->value ? strlen(pair->value) : 0));
}

void plan_cgroup_ops(struct planner *p)
{
    const struct spec_resources *r = &p->spec->linux_.resources;
    struct origin from = origin_default("default: its own control group");
    struct limits limits = { .count = 0 };
    unsigned int used;
    size_t i;

    add_limit(p, &limits, &r->memory_limit, "memory.max");
    add_limit(p, &limits, &r->memory_reservation, "memory.low");
    add_limit(p, &limits, &r->pids_limit, "pids.max");
    used = controllers_in_use(p, &limits);
    if (r->at)
        from = origin_at(p, r->at);
    op(p, MOUNT, from, ARG_S("cgroup2"), ARG_S(GUEST_CGROUP),
       ARG_S("cgroup2"), ARG_Q(0), ARG_S(""));
    enable(p, used, from);
    op(p, MAKE_DIR, from, ARG_S(OWN_CGROUP), ARG_U(0755));
    for (i = 0; i < limits.count; i++)
        write_pair(p, &limits.items[i]);
    for (i = 0; i < r->unified.count; i++)
        write_pair(p, &r->unified.items[i]);
    op(p, CGROUP, from, ARG_S(GUEST_CGROUP_NAME));
}
