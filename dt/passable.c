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

static void add_other(struct judge *j, struct dt_reason *reason,
                      const struct dt_node *node)
{
    struct dt_other **end = (struct dt_other **)&reason->others;

    for (; *end; end = &(*end)->next)
        if ((*end)->node == node)
            return;
    *end = ARENA_NEW(j->arena, struct dt_other);
    if (*end)
        (*end)->node = node;
    else
        j->failed = true;
}

static struct dt_reason *find_reason(const struct dt_device *device,
                                     const struct report_check *check)
{
    struct dt_reason *r;

    for (r = device->reasons; r && r->check != check; r = r->next)
        ;
    return r;
}

void dt_refuse(struct judge *j, struct dt_device *device,
               enum dt_check_id check, const struct dt_node *other,
               const char *fmt, ...)
{
    struct dt_reason **end = &device->reasons;
    struct dt_reason *reason = find_reason(device, &dt_checks[check]);
    va_list ap;

    if (reason) {
        reason->more++;
        if (j->inside && other && reason->more < DT_MAX_OTHERS)
            add_other(j, reason, other);
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
    if (other)
        add_other(j, reason, other);
    while (*end)
        end = &(*end)->next;
    *end = reason;
}

bool dt_is_inside(const struct judge *j, const struct dt_node *node,
                  const struct dt_node *device)
{
    return dt_is_within(node, device) ||
           (j->inside && j->inside[node - j->tree->nodes]);
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

bool dt_is_pci_host(const struct dt_node *node)
{
    return dt_is_pci(node) && node->parent && !dt_is_pci(node->parent);
}

static int read_bridge(struct judge *j, const struct dt_node *n,
                       struct dt_facts *f)
{
    if (!dt_is_pci_host(n) || !f->regions.count)
        return 0;
    if (dt_ranges_read(j->arena, n, &f->windows, &f->n_windows) ||
        dt_interrupt_map_read(j->arena, j->tree, n, &j->looks, &f->map_rows,
                              &f->n_map_rows))
        return -1;
    j->n_spans += f->n_windows;
    j->n_uses += f->n_map_rows;
    return 0;
}

static void count_streams(struct judge *j, const struct dt_references *r)
{
    size_t i;

    for (i = 0; i < r->count; i++)
        j->n_streams += r->list[i].need == DT_NEED_IOMMU;
}

static bool is_too_large(const struct judge *j)
{
    return j->n_spans > DT_MAX_ITEMS || j->n_uses > 4 * DT_MAX_ITEMS ||
           j->n_references > 4 * DT_MAX_ITEMS ||
           j->n_streams > DT_MAX_STREAMS || !j->looks;
}

/* Of a tree that is too large no more than tells so. */
static int read_facts(struct judge *j)
{
    size_t i;

    for (i = 0; i < j->tree->n_nodes && !is_too_large(j); i++) {
        const struct dt_node *n = &j->tree->nodes[i];
        struct dt_facts *f = &j->facts[i];

        if (dt_regions_read(j->arena, n, &f->regions) ||
            dt_interrupts_read(j->arena, j->tree, n, &j->looks,
                               &f->interrupts) ||
            dt_references_read(j->arena, j->tree, n, &f->references) ||
            read_bridge(j, n, f))
            return -1;
        count_streams(j, &f->references);
        j->n_spans += f->regions.count;
        j->n_uses += f->interrupts.count;
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

    if (!is_too_large(j))
        return 0;
    if (!j->looks)
        dt_report(report, TOO_LARGE, &where, "interrupt-maps lead through "
                  "more than %u rows", DT_MAX_MAP_LOOKS);
    else
        dt_report(report, TOO_LARGE, &where,
                  "there are %zu regions, %zu interrupts, %zu references and "
                  "%zu stream IDs, or more, which is too many", j->n_spans,
                  j->n_uses, j->n_references, j->n_streams);
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
        .index = arena_memdup(j->arena, &j->index, sizeof(j->index)),
    };
    if (!devices->index)
        return NULL;
    return devices;
}

const struct dt_devices *dt_devices_judge(struct arena *arena,
                                          const struct dt_tree *tree,
                                          struct report *report)
{
    struct report_where where = { .file = tree->file };
    struct judge j = { .arena = arena, .tree = tree,
                       .looks = DT_MAX_MAP_LOOKS };
    const struct dt_devices *devices = NULL;

    j.facts = ARENA_ARRAY(arena, struct dt_facts, tree->n_nodes);
    if (j.facts && !read_facts(&j)) {
        if (check_counts(&j, report))
            return NULL;
        if (!list_devices(&j) && !dt_index_make(&j)) {
            dt_judge_alone(&j);
            dt_judge_together(&j);
            if (j.exceeded) {
                dt_report(report, TOO_LARGE, &where,
                          "more than %u pairs of nodes share pages or "
                          "interrupts", DT_MAX_PAIRS);
                return NULL;
            }
            devices = j.failed ? NULL : finish(&j);
        }
    }
    if (!devices)
        dt_report(report, OUT_OF_MEMORY, &where, "out of memory");
    return devices;
}

struct dt_device *dt_set_judge(struct arena *arena,
                               const struct dt_devices *devices,
                               const struct dt_node *const *nodes,
                               const bool *is_uio, size_t n,
                               const bool *inside)
{
    struct judge j = {
        .arena = arena, .tree = devices->tree,
        .facts = (struct dt_facts *)devices->facts,
        .index = *devices->index, .inside = inside, .n_devices = n,
    };
    size_t i;

    j.devices = ARENA_ARRAY(arena, struct dt_device, n);
    j.device_of = ARENA_ARRAY(arena, struct dt_device *, j.tree->n_nodes);
    if (!j.devices || !j.device_of)
        return NULL;
    for (i = 0; i < n; i++) {
        j.devices[i].node = nodes[i];
        j.devices[i].is_uio = is_uio[i];
        j.devices[i].marked = dt_property(nodes[i], "xen,passthrough");
        j.device_of[nodes[i] - j.tree->nodes] = &j.devices[i];
    }
    /* no more pairs meet than did when all devices were judged */
    dt_judge_alone(&j);
    dt_judge_together(&j);
    return j.failed || j.exceeded ? NULL : j.devices;
}
