/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The process itself (OCI config.md "Process"), last of all EXEC. */
#include "plan-internal.h"

#include "base/bytes.h"
#include "seccomp-filter.h"

static const char *const nothing[] = { NULL };

static const char *const *vector_of(const struct spec_strings *s)
{
    return s->count ? (const char *const *)s->values : nothing;
}

static void plan_limits(struct planner *p)
{
    const struct spec_process *process = &p->spec->process;
    size_t i;

    for (i = 0; i < process->n_rlimits; i++) {
        const struct spec_rlimit *r = &process->rlimits[i];

        op(p, RLIMIT, origin_at(p, r->at), ARG_U(r->resource),
           ARG_Q(r->soft.value), ARG_Q(r->hard.value));
    }
    if (process->oom_score_adj.at)
        op(p, OOM_SCORE, origin_at(p, process->oom_score_adj.at),
           ARG_U(process->oom_score_adj.value));
    if (process->io_priority_class.at)
        op(p, IO_PRIORITY, origin_at(p, process->io_priority_class.at),
           ARG_U(process->io_priority_value));
}

static void plan_scheduler(struct planner *p)
{
    const struct spec_scheduler *s = &p->spec->process.scheduler;
    const struct spec_linux *l = &p->spec->linux_;

    if (s->at)
        op(p, SCHEDULER, origin_at(p, s->at), ARG_U(s->policy_number),
           ARG_U(s->nice.value), ARG_U(s->priority.value),
           ARG_Q(s->flags_mask), ARG_Q(s->runtime_ns.value),
           ARG_Q(s->deadline_ns.value), ARG_Q(s->period_ns.value));
    if (l->personality_domain.at)
        op(p, PERSONALITY, origin_at(p, l->personality_domain.at),
           ARG_U(l->personality));
}

static void plan_user(struct planner *p)
{
    const struct spec_user *u = &p->spec->process.user;
    const struct spec_u64s *gids = &u->additional_gids;
    struct origin from = u->at ? origin_at(p, u->at) :
                                 origin_default("default: root");
    struct bytes list = BYTES_INIT;
    const char *ids;
    size_t i;

    for (i = 0; i < gids->count; i++)
        bytes_add_u32(&list, (uint32_t)gids->values[i]);
    ids = arena_memdup(p->arena, list.data ? list.data : "", list.size);
    p->no_memory |= list.failed || !ids;
    op(p, GROUPS, gids->at ? origin_at(p, gids->at) : from,
       ARG_B(ids, list.size));
    bytes_free(&list);
    op(p, USER, from, ARG_U(u->uid.value), ARG_U(u->gid.value));
}

/*
 * capabilities(7): an ambient one is permitted and inheritable, or the kernel
 * refuses it. Tools ask for it all the same (`runc spec` 1.1, buildah), and
 * runc goes on without.
 */
static uint64_t plan_ambient(struct planner *p,
                             const struct spec_capabilities *c)
{
    uint64_t possible = c->permitted.value & c->inheritable.value;

    if (c->ambient.value & ~possible && !is_faulty(p, &c->permitted) &&
        !is_faulty(p, &c->inheritable))
        planner_refuse(p, SPEC_IGNORED, c->ambient.at,
                       "ignored: those that are not both permitted and "
                       "inheritable");
    return c->ambient.value & possible;
}

/* Absent sets are empty, as in runc: root without capabilities. */
static void plan_capabilities(struct planner *p)
{
    const struct spec_capabilities *c = &p->spec->process.capabilities;
    struct origin from = c->at ? origin_at(p, c->at) :
                                 origin_default("default: none");

    op(p, CAPABILITIES, from, ARG_Q(c->bounding.value),
       ARG_Q(c->effective.value), ARG_Q(c->inheritable.value),
       ARG_Q(c->permitted.value), ARG_Q(plan_ambient(p, c)));
}

static void plan_seccomp(struct planner *p)
{
    const struct spec_seccomp *s = &p->spec->linux_.seccomp;
    struct seccomp_filter filter;

    if (!s->at || !seccomp_compile(p->arena, p->spec, &filter, p->report))
        return;
    op(p, SECCOMP, origin_at(p, s->at), ARG_U(filter.flags),
       ARG_B(filter.program, filter.size_bytes));
}

/*
 * Without no-new-privileges only CAP_SYS_ADMIN may load a filter, so it comes
 * before the capabilities go, and must allow what follows; with it, the
 * filter comes last.
 */
static void plan_identity(struct planner *p)
{
    const struct spec_bool *nnp = &p->spec->process.no_new_privileges;
    bool last = nnp->at && nnp->value;

    if (!last)
        plan_seccomp(p);
    plan_user(p);
    plan_capabilities(p);
    if (last) {
        op_plain(p, NO_NEW_PRIVS, origin_at(p, nnp->at));
        plan_seccomp(p);
    }
}

void plan_process_ops(struct planner *p)
{
    const struct spec_process *process = &p->spec->process;
    const struct spec_u64 *umask = &process->user.umask;
    const struct json *args = process->args.at ? process->args.at :
                              process->at;

    op(p, UMASK, umask->at ? origin_at(p, umask->at) :
                 origin_default("default: 0022"),
       ARG_U(umask->at ? umask->value : 0022));
    plan_limits(p);
    plan_scheduler(p);
    plan_identity(p);
    /* neither is there only where an error was reported */
    op(p, EXEC, args ? origin_at(p, args) : origin_default("default: none"),
       ARG_V(vector_of(&process->args)), ARG_V(vector_of(&process->env)));
}
