/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "load.h"

#include <string.h>

#include "base/arena.h"
#include "checks.h"
#include "host-tree.h"

/* /etc/xen/xl-oci.conf: what a bundle or the command line may ask for. */
static void check_ceilings(const struct loaded *l)
{
    const struct plan *plan = l->plan;
    const struct origin *from = &plan->memory_kib.from;
    struct report_where where = {
        .file = from->line ? l->bundle->config_file : NULL,
        .line = from->line, .column = from->column, .path = from->field,
    };

    if (l->settings.memory_max_bytes &&
        plan->memory_kib.value > l->settings.memory_max_bytes / 1024)
        report_check(l->report, POLICY_CEILING, &where,
                     "%llu KiB of memory are more than memory_max = %llu KiB",
                     (unsigned long long)plan->memory_kib.value,
                     (unsigned long long)l->settings.memory_max_bytes / 1024);
    from = &plan->vcpus.from;
    where = (struct report_where){
        .file = from->line ? l->bundle->config_file : NULL,
        .line = from->line, .column = from->column, .path = from->field,
    };
    if (l->settings.vcpus_max && plan->vcpus.value > l->settings.vcpus_max)
        report_check(l->report, POLICY_CEILING, &where,
                     "%llu vCPUs are more than vcpus_max = %llu",
                     (unsigned long long)plan->vcpus.value,
                     (unsigned long long)l->settings.vcpus_max);
}

static const char *last_component(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');

    return arena_strdup(arena, slash ? slash + 1 : path);
}

/* Each stage only runs when the one before gave its object. */
static void load_stages(struct loaded *l, const char *bundle_path,
                        const struct plan_options *options)
{
    if (settings_read(l->arena, &l->settings, l->report))
        return;
    l->bundle = bundle_open(l->arena, bundle_path, l->report);
    if (!l->bundle)
        return;
    l->spec = bundle_spec(l->arena, l->bundle, l->report);
    if (!l->spec)
        return;
    l->survey = survey_take(l->arena, l->bundle, l->spec, l->report);
    host_facts_read(l->arena, &l->settings, &l->host);
    l->host.bundle_name = last_component(l->arena, l->bundle->path);
    l->host.bundle_path = l->bundle->path;
    if (spec_has_devices(l->spec))
        host_tree_facts(l->arena, &l->settings, &l->host, l->report);
    if (l->survey && !report_errors(l->report))
        l->plan = plan_make(l->arena, l->spec, l->survey, &l->host, options,
                            l->report);
    if (l->plan)
        check_ceilings(l);
}

int load_bundle(struct loaded *loaded, const char *bundle_path,
                const struct plan_options *options)
{
    memset(loaded, 0, sizeof(*loaded));
    loaded->arena = arena_new();
    loaded->report = report_new();
    if (!loaded->arena || !loaded->report)
        return -1;
    load_stages(loaded, bundle_path, options);
    return loaded->plan && !report_errors(loaded->report) ? 0 : -1;
}

void loaded_close(struct loaded *loaded)
{
    if (loaded->survey)
        survey_close(loaded->survey);
    if (loaded->bundle)
        bundle_close(loaded->bundle);
    report_free(loaded->report);
    arena_free(loaded->arena);
    memset(loaded, 0, sizeof(*loaded));
}
