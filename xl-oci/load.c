/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "load.h"

#include <string.h>

#include "base/arena.h"
#include "base/report.h"
#include "host-tree.h"

struct report_where loaded_where(const struct loaded *loaded,
                                 const struct origin *from)
{
    return (struct report_where){
        .file = from->line ? loaded->bundle->config_file : NULL,
        .line = from->line, .column = from->column, .path = from->field,
    };
}

static const char *last_component(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');

    return arena_strdup(arena, slash ? slash + 1 : path);
}

/* Each stage runs when the one before gave its object, however faulty: all
 * that is wrong is told in one run. */
static void load_stages(struct loaded *l, const char *bundle_path,
                        const struct plan_options *options)
{
    bool are_set = !settings_read(l->arena, &l->settings, l->report);

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
    l->host.devices_have_errors = !are_set;
    if (are_set && spec_has_devices(l->spec))
        host_tree_facts(l->arena, &l->settings, &l->host, l->report);
    if (l->survey)
        l->plan = plan_make(l->arena, l->spec, l->survey, &l->host, options,
                            l->report);
    if (report_errors(l->report))
        l->plan = NULL;
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
    return loaded->plan ? 0 : -1;
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
