/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Namespaces inside the guest, their id maps and clock offsets.
 *
 * The domain is the outer namespace of every kind. The mount namespace is
 * always the container's own. A network namespace is not made: the domain's
 * network is nobody else's (OCI config-linux.md "Namespaces" asks for
 * isolation, which the domain gives).
 */
#include "plan-internal.h"

#include <sched.h>
#include <string.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

static const struct { const char *type; uint64_t flag; } shared_kinds[] = {
    { "pid", CLONE_NEWPID },
    { "network", CLONE_NEWNET },
    { "ipc", CLONE_NEWIPC },
};

static void check_shared(struct planner *p)
{
    size_t i;

    for (i = 0; i < sizeof(shared_kinds) / sizeof(shared_kinds[0]); i++)
        if (!(p->namespaces & shared_kinds[i].flag))
            planner_refuse(p, NAMESPACE_SHARED, p->spec->linux_.at,
                           "no \"%s\" namespace is listed: the container "
                           "gets the domain's, not Dom0's",
                           shared_kinds[i].type);
}

static void check_id_maps(struct planner *p)
{
    const struct spec_linux *l = &p->spec->linux_;
    bool user = p->namespaces & CLONE_NEWUSER;
    bool mapped = l->n_uid_mappings && l->n_gid_mappings;

    if (user && !mapped && !is_faulty(p, &l->uid_mappings) &&
        !is_faulty(p, &l->gid_mappings))
        planner_refuse(p, ID_MAP, l->at, "a user namespace without mappings");
    if (!user && (l->n_uid_mappings || l->n_gid_mappings) &&
        !is_faulty(p, &l->namespaces))
        planner_refuse(p, ID_MAP, l->n_uid_mappings ? l->uid_mappings[0].at
                                                    : l->gid_mappings[0].at,
                       "mappings without a user namespace");
}

void plan_namespaces(struct planner *p)
{
    const struct spec_linux *l = &p->spec->linux_;
    size_t i;

    for (i = 0; i < l->n_namespaces; i++) {
        const struct spec_namespace *n = &l->namespaces[i];

        p->namespaces |= n->clone_flag;
        if (n->path.at && n->path.value[0])
            planner_refuse(p, NAMESPACE_PATH, n->path.at,
                           "the %s%snamespace \"%s\" is Dom0's",
                           n->type.value, *n->type.value ? " " : "",
                           n->path.value);
    }
    if (l->at && !is_faulty(p, &l->namespaces))
        check_shared(p);
    check_id_maps(p);
}

static void plan_clocks(struct planner *p)
{
    const struct spec_linux *l = &p->spec->linux_;
    size_t i;

    for (i = 0; i < l->n_time_offsets; i++) {
        const struct spec_time_offset *t = &l->time_offsets[i];
        bool boot = !strcmp(t->clock, "boottime");

        op(p, CLOCK_OFFSET, origin_at(p, t->at),
           ARG_U(boot ? PROGRAM_CLOCK_BOOTTIME : PROGRAM_CLOCK_MONOTONIC),
           ARG_Q((uint64_t)t->secs.value), ARG_U(t->nanosecs.value));
        p->namespaces |= CLONE_NEWTIME;
    }
}

static void plan_id_maps(struct planner *p, uint32_t which,
                         const struct spec_id_mapping *maps, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        const struct spec_id_mapping *m = &maps[i];

        if ((m->container_id.value | m->host_id.value | m->size.value) >>
            32)
            planner_refuse(p, ID_MAP, m->at, "ids have 32 bits");
        op(p, ID_MAP, origin_at(p, m->at), ARG_U(which),
           ARG_U(m->container_id.value), ARG_U(m->host_id.value),
           ARG_U(m->size.value));
    }
}

void plan_namespace_ops(struct planner *p)
{
    const struct spec_linux *l = &p->spec->linux_;
    struct origin from = origin_default("default: its own mount namespace");

    plan_clocks(p);
    plan_id_maps(p, 0, l->uid_mappings, l->n_uid_mappings);
    plan_id_maps(p, 1, l->gid_mappings, l->n_gid_mappings);
    if (l->n_namespaces)
        from = origin_at(p, l->namespaces[0].at->parent ?
                            l->namespaces[0].at->parent :
                            l->namespaces[0].at);
    op(p, START, from, ARG_Q((p->namespaces | CLONE_NEWNS) &
                             ~(uint64_t)CLONE_NEWNET));
}
