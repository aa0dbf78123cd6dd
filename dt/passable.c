/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/passable.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "dt/checks.h"
#include "dt/host-tree.h"
#include "dt/passable-internal.h"

bool dt_goes_along(const struct dt_node *node, const struct dt_node *device)
{
    const char *status;

    for (; node != device; node = node->parent) {
        status = dt_string(node, "status");
        if (status && strcmp(status, "okay") && strcmp(status, "ok"))
            return false;
    }
    return true;
}

void dt_refuse(struct judge *j, struct dt_device *device,
               enum dt_check_id check, const char *fmt, ...)
{
    struct dt_reason **end = &device->reasons, *reason;
    va_list ap;

    for (; *end; end = &(*end)->next)
        if ((*end)->check == &dt_checks[check]) {
            (*end)->more++;
            return;
        }
    reason = ARENA_NEW(j->arena, struct dt_reason);
    va_start(ap, fmt);
    if (reason)
        reason->message = arena_vprintf(j->arena, fmt, ap);
    va_end(ap);
    if (!reason || !reason->message) {
        j->failed = true;
        return;
    }
    reason->check = &dt_checks[check];
    *end = reason;
}

static const struct dt_node *top_of(const struct dt_node *node)
{
    while (node->parent && node->parent->parent)
        node = node->parent;
    return node;
}

bool dt_is_memory(const struct dt_node *node)
{
    const char *type = dt_string(node, "device_type");

    return (type && !strcmp(type, "memory")) ||
           (node->parent && !strcmp(top_of(node)->name, "reserved-memory"));
}

static bool is_device(const struct judge *j, const struct dt_node *node)
{
    const struct dt_regions *r =
        &j->facts[node - j->tree->nodes].regions;

    return (r->count || r->problem) && !dt_is_memory(node) &&
           strcmp(top_of(node)->name, "cpus");
}

static int read_facts(struct judge *j)
{
    size_t i;

    for (i = 0; i < j->tree->n_nodes; i++) {
        const struct dt_node *n = &j->tree->nodes[i];
        struct dt_facts *f = &j->facts[i];

        if (dt_regions_read(j->arena, n, &f->regions) ||
            dt_interrupts_read(j->arena, j->tree, n, &f->interrupts) ||
            dt_references_read(j->arena, j->tree, n, &f->references))
            return -1;
        j->n_spans += f->regions.count;
        j->n_lines += f->interrupts.count;
        j->n_references += f->references.count;
    }
    return 0;
}

static int list_devices(struct judge *j)
{
    size_t i;

    j->device_of = ARENA_ARRAY(j->arena, struct dt_device *,
                               j->tree->n_nodes);
    j->devices = ARENA_ARRAY(j->arena, struct dt_device, j->tree->n_nodes);
    if (!j->device_of || !j->devices)
        return -1;
    for (i = 0; i < j->tree->n_nodes; i++) {
        const struct dt_node *n = &j->tree->nodes[i];

        if (!is_device(j, n))
            continue;
        j->device_of[i] = &j->devices[j->n_devices];
        j->devices[j->n_devices].node = n;
        j->devices[j->n_devices++].marked =
            dt_property(n, "xen,passthrough") != NULL;
    }
    return 0;
}

/* So that comparing pairs stays cheap on a hostile tree. */
static int check_counts(const struct judge *j, struct report *report)
{
    struct report_where where = { .file = j->tree->file };

    if (j->n_spans <= DT_MAX_ITEMS && j->n_lines <= DT_MAX_ITEMS &&
        j->n_references <= 4 * DT_MAX_ITEMS)
        return 0;
    dt_report(report, TOO_LARGE, &where,
              "%zu regions, %zu interrupts and %zu references are too many",
              j->n_spans, j->n_lines, j->n_references);
    return -1;
}

static const struct dt_devices *finish(const struct judge *j)
{
    struct dt_devices *devices = ARENA_NEW(j->arena, struct dt_devices);

    if (!devices)
        return NULL;
    *devices = (struct dt_devices){
        .tree = j->tree, .facts = j->facts, .list = j->devices,
        .count = j->n_devices,
    };
    return devices;
}

const struct dt_devices *dt_devices_judge(struct arena *arena,
                                          const struct dt_tree *tree,
                                          struct report *report)
{
    struct report_where where = { .file = tree->file };
    struct judge j = { .arena = arena, .tree = tree };
    const struct dt_devices *devices = NULL;

    j.facts = ARENA_ARRAY(arena, struct dt_facts, tree->n_nodes);
    if (j.facts && !read_facts(&j)) {
        if (check_counts(&j, report))
            return NULL;
        if (!list_devices(&j)) {
            dt_judge_alone(&j);
            dt_judge_together(&j);
            devices = j.failed ? NULL : finish(&j);
        }
    }
    if (!devices)
        dt_report(report, OUT_OF_MEMORY, &where, "out of memory");
    return devices;
}
