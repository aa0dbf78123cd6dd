/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vCPUs, weight, cap and affinity. Precedence of the number: option,
 * vm.hwConfig.vcpus, linux.resources.cpu (as many as the quota can use),
 * annotation, 1.
 */
#include "cpu-list.h"
#include "plan-internal.h"

#define XEN_MAX_VCPUS 128u          /* Xen on Arm with GICv3 */
#define KERNEL_MAX_VCPUS 16u        /* CONFIG_NR_CPUS of guest/kernel.config */
#define DEFAULT_PERIOD_US 100000u   /* Linux's cpu.cfs_period_us */
#define CREDIT2_DEFAULT_WEIGHT 256u /* stands for the default 1024 shares */
#define CREDIT2_MAX_WEIGHT 65535u

static bool has_quota(const struct spec_resources *r)
{
    return r->cpu_quota.at && r->cpu_quota.value > 0;
}

static uint64_t period_us(const struct spec_resources *r)
{
    return r->cpu_period.at && r->cpu_period.value ? r->cpu_period.value
                                                   : DEFAULT_PERIOD_US;
}

static uint64_t divide_up(uint64_t n, uint64_t by)
{
    return n / by + (n % by != 0);
}

static void choose_vcpus(struct planner *p)
{
    const struct spec_resources *r = &p->spec->linux_.resources;
    struct plan_u64 *vcpus = &p->plan->vcpus;

    if (p->options->vcpus) {
        *vcpus = (struct plan_u64){ p->options->vcpus,
                                    origin_option("--vcpus") };
    } else if (p->spec->vm.hw_vcpus.at && p->spec->vm.hw_vcpus.value) {
        *vcpus = (struct plan_u64){ p->spec->vm.hw_vcpus.value,
                                    origin_at(p, p->spec->vm.hw_vcpus.at) };
    } else if (has_quota(r)) {
        *vcpus = (struct plan_u64){
            divide_up((uint64_t)r->cpu_quota.value, period_us(r)),
            origin_at(p, r->cpu_quota.at),
        };
    } else if (p->spec->extension.vcpus.at &&
               p->spec->extension.vcpus.value) {
        *vcpus = (struct plan_u64){
            p->spec->extension.vcpus.value,
            origin_at(p, p->spec->extension.vcpus.at),
        };
    } else {
        *vcpus = (struct plan_u64){ 1, origin_default("default: one vCPU") };
    }
}

/* The place that a diagnostic about the number of vCPUs points at. */
static const struct json *vcpus_at(const struct planner *p)
{
    const struct spec *s = p->spec;

    if (p->options->vcpus)
        return NULL;
    if (s->vm.hw_vcpus.at && s->vm.hw_vcpus.value)
        return s->vm.hw_vcpus.at;
    return has_quota(&s->linux_.resources) ? s->linux_.resources.cpu_quota.at
                                           : s->extension.vcpus.at;
}

/* Is it said by what could be read? In the order of choose_vcpus(). */
static bool is_known(const struct planner *p)
{
    const struct spec *s = p->spec;
    const struct spec_resources *r = &s->linux_.resources;

    if (p->options->vcpus)
        return true;
    if (s->vm.hw_vcpus.at || is_faulty(p, &s->vm.hw_vcpus))
        return !is_faulty(p, &s->vm.hw_vcpus);
    if (has_quota(r) || is_faulty(p, &r->cpu_quota))
        return !is_faulty(p, &r->cpu_quota) && !is_faulty(p, &r->cpu_period);
    return !is_faulty(p, &s->extension.vcpus);
}

static void check_vcpus(struct planner *p, unsigned int cpus)
{
    const struct spec_string *kernel = &p->spec->vm.kernel_path;
    bool own = (kernel->at && kernel->value[0]) || is_faulty(p, kernel);
    unsigned int limit = own ? XEN_MAX_VCPUS : KERNEL_MAX_VCPUS;
    unsigned long long n = p->plan->vcpus.value;

    if (p->host->vcpus_max && n > p->host->vcpus_max)
        planner_refuse_of(p, POLICY_CEILING, vcpus_at(p), p->plan->vcpus.from,
                          "%llu vCPUs are more than vcpus_max = %llu", n,
                          (unsigned long long)p->host->vcpus_max);
    if (n > limit)
        planner_refuse(p, VCPUS_TOO_MANY, vcpus_at(p),
                       "%llu vCPUs exceed %u", n, limit);
    else if (cpus && n > cpus)
        planner_refuse(p, VCPUS_OVERCOMMITTED, vcpus_at(p),
                       "%llu vCPUs share %u physical CPUs", n, cpus);
}

static void choose_weight(struct planner *p)
{
    const struct spec_resources *r = &p->spec->linux_.resources;
    struct plan_u64 *weight = &p->plan->weight;

    weight->from = origin_default("default: the scheduler's");
    if (r->cpu_idle.at && r->cpu_idle.value) {
        *weight = (struct plan_u64){ 1, origin_at(p, r->cpu_idle.at) };
    } else if (r->cpu_shares.at && r->cpu_shares.value) {
        uint64_t shares = r->cpu_shares.value;
        uint64_t scaled = shares / 1024 * CREDIT2_DEFAULT_WEIGHT +
                          shares % 1024 * CREDIT2_DEFAULT_WEIGHT / 1024;

        if (scaled < 1)
            scaled = 1;
        if (scaled > CREDIT2_MAX_WEIGHT)
            scaled = CREDIT2_MAX_WEIGHT;
        *weight = (struct plan_u64){ scaled, origin_at(p, r->cpu_shares.at) };
    }
}

/* libxl_sched.c: a cap beyond 100 % of each vCPU is refused; it would limit
 * nothing. */
static void choose_cap(struct planner *p)
{
    const struct spec_resources *r = &p->spec->linux_.resources;
    struct plan_u64 *cap = &p->plan->cap;
    uint64_t quota, period = period_us(r);

    cap->from = origin_default("default: no cap");
    if (!has_quota(r))
        return;
    quota = (uint64_t)r->cpu_quota.value;
    if (divide_up(quota, period) > p->plan->vcpus.value)
        cap->value = 100 * p->plan->vcpus.value;
    else
        cap->value = 100 * (quota / period) +
                     divide_up(quota % period * 100, period);
    cap->from = origin_at(p, r->cpu_quota.at);
}

static unsigned int choose_affinity(struct planner *p)
{
    const struct spec_string *list = &p->spec->linux_.resources.cpu_cpus;
    unsigned int pcpus = p->host->pcpus, count;
    struct cpu_list cpus;

    p->plan->cpus.from = origin_default("default: any CPU");
    if (!list->at || !list->value[0])
        return pcpus;
    if (!cpu_list_parse(list->value, &cpus)) {
        planner_refuse(p, CPU_LIST_INVALID, list->at,
                       "\"%s\" is not a list of CPUs", list->value);
        return pcpus;
    }
    if (pcpus && cpus.highest >= pcpus)
        planner_refuse(p, CPU_NOT_ON_HOST, list->at,
                       "CPU %u is not one of this host's %u", cpus.highest,
                       pcpus);
    p->plan->cpus.value = list->value;
    p->plan->cpus.from = origin_at(p, list->at);
    count = cpu_list_count(&cpus);
    return count;
}

static void check_nodes(struct planner *p)
{
    const struct spec_string *mems = &p->spec->linux_.resources.cpu_mems;
    struct cpu_list nodes;

    if (!mems->at || !mems->value[0])
        return;
    if (!cpu_list_parse(mems->value, &nodes) || nodes.highest)
        planner_refuse(p, MEMORY_NODE, mems->at,
                       "\"%s\" is not memory node 0", mems->value);
}

void plan_cpus(struct planner *p)
{
    unsigned int cpus = choose_affinity(p);

    choose_vcpus(p);
    if (is_known(p))
        check_vcpus(p, cpus);
    choose_weight(p);
    choose_cap(p);
    check_nodes(p);
}
