/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The CPUs that xl.conf leaves to guests: vm.cpumask and vm.hvm.cpumask, as
 * xl reads and applies them (Xen tools/xl/xl_parse.c parse_cpurange(),
 * xl_vcpu.c apply_global_affinity_masks()). */
#include "toolstack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxl_utils.h>

#include "checks.h"

static bool skip(const char **text, const char *prefix)
{
    size_t length = strlen(prefix);

    if (strncmp(*text, prefix, length))
        return false;
    *text += length;
    return true;
}

/* "N" or "N-M", all of text */
static bool read_range(const char *text, int *first, int *last)
{
    int used = 0;

    if (sscanf(text, "%d%n", first, &used) != 1 || *first < 0)
        return false;
    text += used;
    *last = *first;
    if (*text == '-') {
        if (sscanf(++text, "%d%n", last, &used) != 1)
            return false;
        text += used;
    }
    return !*text && *last >= *first;
}

/* Numbers beyond this host's are none of the map's. */
static void change(libxl_bitmap *map, int cpu, bool add)
{
    if (add)
        libxl_bitmap_set(map, cpu);
    else
        libxl_bitmap_reset(map, cpu);
}

static bool change_node(libxl_ctx *ctx, libxl_bitmap *map, int node, bool add)
{
    libxl_bitmap cpus;
    int cpu;
    bool ok;

    libxl_bitmap_init(&cpus);
    ok = !libxl_cpu_bitmap_alloc(ctx, &cpus, 0) &&
         !libxl_node_to_cpumap(ctx, node, &cpus);
    if (ok)
        libxl_for_each_set_bit(cpu, cpus)
            change(map, cpu, add);
    libxl_bitmap_dispose(&cpus);
    return ok;
}

static bool read_item(libxl_ctx *ctx, const char *text, libxl_bitmap *map)
{
    bool add = !skip(&text, "^");
    bool is_node = skip(&text, "nodes:") || skip(&text, "node:");
    int first, last;

    if (!strcmp(text, "all")) {
        libxl_bitmap_set_any(map);
        return add;             /* neither "^all" nor "^nodes:all" */
    }
    if (!read_range(text, &first, &last))
        return false;
    for (; first <= last && (is_node || first / 8 < (int)map->size); first++) {
        if (!is_node)
            change(map, first, add);
        else if (!change_node(ctx, map, first, add))
            return false;
    }
    return true;
}

static bool read_mask(libxl_ctx *ctx, const char *text, libxl_bitmap *map)
{
    char *copy = strdup(text), *rest = NULL, *item;
    bool ok = copy && !libxl_cpu_bitmap_alloc(ctx, map, 0);

    for (item = ok ? strtok_r(copy, ",", &rest) : NULL; item && ok;
         item = strtok_r(NULL, ",", &rest))
        ok = read_item(ctx, item, map);
    free(copy);
    return ok;
}

/* A bundle that asks for no CPUs may have all that the masks leave. */
static bool add_affinity(libxl_ctx *ctx, libxl_domain_build_info *info)
{
    int i;

    if (info->num_vcpu_hard_affinity)
        return true;
    info->vcpu_hard_affinity = calloc((size_t)info->max_vcpus,
                                      sizeof(libxl_bitmap));
    if (!info->vcpu_hard_affinity)
        return false;
    info->num_vcpu_hard_affinity = info->max_vcpus;
    for (i = 0; i < info->max_vcpus; i++) {
        if (libxl_cpu_bitmap_alloc(ctx, &info->vcpu_hard_affinity[i], 0))
            return false;
        libxl_bitmap_set_any(&info->vcpu_hard_affinity[i]);
    }
    return true;
}

static bool narrow(libxl_ctx *ctx, libxl_bitmap *map,
                   const libxl_bitmap *mask)
{
    libxl_bitmap both;

    libxl_bitmap_init(&both);
    if (libxl_bitmap_and(ctx, &both, map, mask))
        return false;
    libxl_bitmap_dispose(map);
    *map = both;
    return true;
}

static int apply_mask(libxl_ctx *ctx, const char *key, const char *text,
                      libxl_domain_build_info *info, struct report *report)
{
    struct report_where where = { .file = XL_CONF };
    libxl_bitmap mask;
    bool ok;
    int i;

    libxl_bitmap_init(&mask);
    ok = read_mask(ctx, text, &mask);
    if (!ok)
        report_check(report, XL_CONF_INVALID, &where, "%s=\"%s\"", key, text);
    if (ok && !add_affinity(ctx, info)) {
        report_check(report, HOST_RESOURCES, NULL, "out of memory");
        ok = false;
    }
    for (i = 0; ok && i < info->num_vcpu_hard_affinity; i++) {
        ok = narrow(ctx, &info->vcpu_hard_affinity[i], &mask) &&
             !libxl_bitmap_is_empty(&info->vcpu_hard_affinity[i]);
        if (!ok)
            report_check_remedy(report, XL_CONF_INVALID, &where,
                                "widen the mask, or linux.resources.cpu.cpus "
                                "of the bundle", "%s=\"%s\" leaves this "
                                "container no CPU", key, text);
    }
    libxl_bitmap_dispose(&mask);
    return ok ? 0 : -1;
}

int xl_conf_apply_cpus(libxl_ctx *ctx, const struct xl_conf *conf,
                       libxl_domain_build_info *info, struct report *report)
{
    if (conf->vm_cpumask && apply_mask(ctx, "vm.cpumask", conf->vm_cpumask,
                                       info, report))
        return -1;
    if (conf->hvm_cpumask && apply_mask(ctx, "vm.hvm.cpumask",
                                        conf->hvm_cpumask, info, report))
        return -1;
    return 0;
}
