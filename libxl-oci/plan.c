/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan-internal.h"

#include "base/bytes.h"

/* Arrays as large as they can become: one item per mount, the rootfs, and
 * the overlay. */
static bool allocate(struct planner *p)
{
    struct plan *plan = ARENA_NEW(p->arena, struct plan);
    size_t n = p->spec->n_mounts + 2;

    if (!plan)
        return false;
    p->plan = plan;
    p->tail = &plan->ops;
    plan->spec = p->spec;
    plan->images = ARENA_ARRAY(p->arena, struct plan_image, n);
    plan->disks = ARENA_ARRAY(p->arena, struct plan_disk, PLANNER_MAX_DISKS);
    plan->shares = ARENA_ARRAY(p->arena, struct plan_share,
                               PLANNER_MAX_SHARES);
    plan->files = ARENA_ARRAY(p->arena, struct plan_file, n);
    p->mount_points = ARENA_ARRAY(p->arena, const char *, n);
    return plan->images && plan->disks && plan->shares && plan->files &&
           p->mount_points;
}

static void decide(struct planner *p)
{
    plan_domain(p);
    plan_cpus(p);
    plan_accelerators(p);
    plan_kernel(p);
    plan_namespaces(p);
    plan_rootfs_disks(p);
    plan_mount_disks(p);
    plan_memory(p);
    plan_paging(p);
    plan_share_rings(p);
}

static void compile(struct planner *p)
{
    plan_guest_ops(p);
    plan_rootfs_ops(p);
    plan_source_ops(p);
    plan_wait_node_ops(p);
    plan_share_ops(p);
    plan_cgroup_ops(p);
    plan_namespace_ops(p);
    plan_container_ops(p);
    plan_process_ops(p);
}

/* A program that the guest's reader would refuse is refused here. */
static void check_program(struct planner *p)
{
    struct bytes program = BYTES_INIT;

    if (plan_write_program(p->plan, &program)) {
        if (program.failed)
            p->no_memory = true;
        else
            planner_refuse(p, PROGRAM_TOO_LARGE, p->spec->process.at,
                           "the program exceeds %u MiB, %u operations or "
                           "%u strings in a list", PROGRAM_MAX_BYTES >> 20,
                           PROGRAM_MAX_OPS, PROGRAM_MAX_VECTOR);
    }
    bytes_free(&program);
}

const struct plan *plan_make(struct arena *arena, const struct spec *spec,
                             const struct survey *survey,
                             const struct host_facts *host,
                             const struct plan_options *options,
                             struct report *report)
{
    struct planner p = {
        .arena = arena, .spec = spec, .survey = survey, .host = host,
        .options = options, .report = report,
    };
    size_t errors = report_errors(report);

    if (!allocate(&p)) {
        report_check(report, OUT_OF_MEMORY, NULL, "the plan was not made");
        return NULL;
    }
    decide(&p);
    if (!spec->process.at && !is_faulty(&p, &spec->process.at))
        planner_refuse(&p, PROCESS_ABSENT, spec->document,
                       "\"process\" is absent");
    compile(&p);
    if (!p.no_memory)
        check_program(&p);
    if (p.no_memory)
        report_check(report, OUT_OF_MEMORY, NULL, "the plan was not made");
    return report_errors(report) == errors && !spec->errors &&
           !survey->has_errors ? p.plan : NULL;
}
