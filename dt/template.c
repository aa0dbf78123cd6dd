/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/template.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "dt/plan-internal.h"

/* What a bundle may say of a device: words and numbers for its driver that
 * neither refer to other nodes nor name resources (Linux bindings; units as
 * in dt-schema property-units.yaml). */
static const char *const allowed[] = {
    "big-endian", "bus-width", "clock-frequency", "current-speed",
    "fifo-size", "gpio-line-names", "interrupt-names", "label",
    "linux,uio-name", "little-endian", "max-frequency", "native-endian",
    "no-1-8-v", "no-loopback-test", "non-removable", "num-cs",
    "reg-io-width", "reg-names", "reg-offset", "reg-shift",
    "rx-fifo-depth", "spi-max-frequency", "tx-fifo-depth", "wp-inverted",
};

/* What Xen describes, by name or by kind. */
static const char *const xens_names[] = { "memory", "hypervisor", "cpus",
                                          "psci", "reserved-memory" };
static const char *const xens_kinds[] = { "xen,xen", "arm,psci",
                                          "arm,psci-0.2", "arm,psci-1.0" };

struct reader {
    struct arena *arena;
    const struct dt_devices *devices;
    const struct dt_placement *placements;
    size_t n_placements;
    struct report *report;
    struct report_where where, asked;
    struct dt_template *template;
    struct dt_template_node *nodes;
    struct dt_request *requests;
    const struct dt_node **host_of;     /* by index in the template's tree */
    bool failed;                        /* memory is exhausted */
};

static void fail(struct reader *r, enum dt_check_id check,
                 const struct dt_node *node, const char *what,
                 const char *name)
{
    struct report_where where = r->where;

    if (node)
        where.path = node->path;
    report_add(r->report, &dt_checks[check], &where, "%s%s", what, name);
}

/* --- shape --------------------------------------------------------------- */

static bool is_xens(const struct dt_node *node)
{
    const char *type = dt_string(node, "device_type");
    size_t i, n = strcspn(node->name, "@");

    for (i = 0; i < sizeof(xens_names) / sizeof(xens_names[0]); i++)
        if (strlen(xens_names[i]) == n &&
            !memcmp(xens_names[i], node->name, n))
            return true;
    for (i = 0; i < sizeof(xens_kinds) / sizeof(xens_kinds[0]); i++)
        if (dt_is_compatible(node, xens_kinds[i]))
            return true;
    return type && (!strcmp(type, "memory") || !strcmp(type, "cpu"));
}

static const struct dt_node *check_shape(struct reader *r)
{
    const struct dt_tree *tree = r->template->tree;
    const struct dt_node *top = dt_by_path(tree, "/passthrough");
    size_t i, wrong = 0;

    for (i = 0; i < tree->n_nodes; i++)
        if (is_xens(&tree->nodes[i])) {
            fail(r, DT_CHECK_TEMPLATE_SHAPE, &tree->nodes[i],
                 "this is for Xen to describe", "");
            wrong++;
        }
    if (!top)
        fail(r, DT_CHECK_TEMPLATE_SHAPE, NULL,
             "the tree has no /passthrough", "");
    return wrong ? NULL : top;
}

/* --- matching ------------------------------------------------------------ */

static uint64_t host_address(const struct reader *r, uint64_t address)
{
    uint64_t gfn = address / DT_PAGE_BYTES;
    size_t i;

    for (i = 0; i < r->n_placements; i++) {
        const struct dt_placement *p = &r->placements[i];

        if (p->gfn != DT_ANY_GFN && gfn >= p->gfn &&
            gfn - p->gfn < p->count)
            return (p->mfn + (gfn - p->gfn)) * DT_PAGE_BYTES +
                   address % DT_PAGE_BYTES;
    }
    return address;
}

/* The device whose first region begins there: an enabled one wins. */
static const struct dt_node *device_at(struct reader *r,
                                       const struct dt_node *node,
                                       uint64_t address)
{
    const struct dt_node *found = NULL;
    size_t i;

    for (i = 0; i < r->devices->count; i++) {
        const struct dt_node *d = r->devices->list[i].node;
        const struct dt_regions *regions =
            &r->devices->facts[d - r->devices->tree->nodes].regions;

        if (!regions->count || regions->list[0].address != address ||
            (found && found->enabled && !d->enabled))
            continue;
        if (found && found->enabled == d->enabled) {
            fail(r, DT_CHECK_TEMPLATE_UNMATCHED, node,
                 "its reg is that of two devices; one is ", found->path);
            return NULL;
        }
        found = d;
    }
    if (!found)
        fail(r, DT_CHECK_TEMPLATE_UNMATCHED, node,
             "no device of the host has its reg", "");
    return found;
}

static const struct dt_node *match_reg(struct reader *r,
                                       const struct dt_node *node)
{
    struct dt_regions regions;

    if (dt_regions_read(r->arena, node, &regions)) {
        r->failed = true;
        return NULL;
    }
    if (regions.count)
        return device_at(r, node, host_address(r, regions.list[0].address));
    if (dt_property(node, "reg"))
        fail(r, DT_CHECK_TEMPLATE_UNMATCHED, node,
             regions.problem ? regions.problem :
             "the buses above do not translate its reg", "");
    return NULL;
}

static const struct dt_node *match(struct reader *r,
                                   const struct dt_node *node)
{
    const char *path = dt_string(node, "xen,path");
    const struct dt_node *host, *up =
        r->host_of[node->parent - r->template->tree->nodes];
    char *child;

    if (path) {
        host = dt_by_path(r->devices->tree, path);
        if (!host)
            fail(r, DT_CHECK_TEMPLATE_UNMATCHED, node,
                 "the host has no node ", path);
        return host;
    }
    if (!up)
        return match_reg(r, node);
    /* within a device: what is called the same there */
    child = arena_printf(r->arena, "%s/%s", up->path, node->name);
    r->failed = r->failed || !child;
    return child ? dt_by_path(r->devices->tree, child) : NULL;
}

/* --- what it says -------------------------------------------------------- */

/* Its clocks that are fixed-clocks of the template, by their index. */
static void read_rates(struct reader *r, const struct dt_node *node,
                       struct dt_template_node *entry)
{
    struct dt_references references;
    struct dt_clock_rate *rates;
    size_t i, index = 0, end = 0;

    if (dt_references_read(r->arena, r->template->tree, node, &references)) {
        r->failed = true;
        return;
    }
    rates = ARENA_ARRAY(r->arena, struct dt_clock_rate,
                        references.count + 1);
    for (i = 0; rates && i < references.count; i++) {
        const struct dt_reference *ref = &references.list[i];
        uint32_t hz;

        if (strcmp(ref->property, "clocks"))
            continue;
        index += ref->at - end;     /* entries left out, a 0 each */
        end = ref->at + 1 + ref->n_args;
        hz = !ref->problem && dt_is_compatible(ref->provider,
                                               "fixed-clock") ?
             dt_cell_or(ref->provider, "clock-frequency", 0) : 0;
        if (hz) {
            rates[entry->n_clock_rates].clock =
                arena_printf(r->arena, "%zu", index);
            r->failed = r->failed ||
                        !rates[entry->n_clock_rates].clock;
            rates[entry->n_clock_rates++].hz = hz;
        }
        index++;
    }
    r->failed = r->failed || !rates;
    entry->clock_rates = rates;
}

static bool is_listed(const struct reader *r, const struct dt_node *host)
{
    size_t i;

    for (i = 0; i < r->template->n_nodes; i++)
        if (r->nodes[i].host == host)
            return true;
    return false;
}

static void take_node(struct reader *r, const struct dt_node *node)
{
    const struct dt_tree *tree = r->template->tree;
    const struct dt_node *host = match(r, node);
    struct dt_template_node *entry = &r->nodes[r->template->n_nodes];
    bool is_inner = r->host_of[node->parent - tree->nodes] != NULL;

    r->host_of[node - tree->nodes] = host;
    if (!host || r->failed)
        return;
    if (is_listed(r, host)) {
        fail(r, DT_CHECK_PLAN_TWICE, node, "another node is of it too: ",
             host->path);
        return;
    }
    entry->host = host;
    entry->node = node;
    read_rates(r, node, entry);
    r->template->n_nodes++;
    if (is_inner)
        return;
    r->requests[r->template->n_requests++] = (struct dt_request){
        .device = host->path, .merge = true,
        .where = r->asked,
    };
}

static const struct dt_template *read(struct reader *r)
{
    size_t before = report_errors(r->report), n;
    const struct dt_node *top = check_shape(r), *node;

    if (!top)
        return NULL;
    n = r->template->tree->n_nodes;
    r->nodes = ARENA_ARRAY(r->arena, struct dt_template_node, n);
    r->requests = ARENA_ARRAY(r->arena, struct dt_request, n);
    r->host_of = ARENA_ARRAY(r->arena, const struct dt_node *, n);
    if (!r->nodes || !r->requests || !r->host_of) {
        r->failed = true;
        return NULL;
    }
    for (node = top + 1; node < top->end && !r->failed; node++)
        take_node(r, node);
    r->template->nodes = r->nodes;
    r->template->requests = r->requests;
    return report_errors(r->report) > before ? NULL : r->template;
}

const struct dt_template *
dt_template_read(struct arena *arena, const struct dt_devices *devices,
                 const char *file, const void *dtb, size_t dtb_bytes,
                 const struct dt_placement *placements, size_t n_placements,
                 const struct report_where *where, struct report *report)
{
    struct reader r = {
        .arena = arena, .devices = devices, .placements = placements,
        .n_placements = n_placements, .report = report, .where = *where,
        .asked = *where,
    };
    const struct dt_template *template = NULL;

    r.where.file = file;
    r.template = ARENA_NEW(arena, struct dt_template);
    r.failed = !r.template;
    if (r.template)
        r.template->tree = dt_tree_load(arena, file, dtb, dtb_bytes, report);
    if (r.template && r.template->tree)
        template = read(&r);
    if (!r.failed)
        return template;
    dt_report(report, OUT_OF_MEMORY, &r.where, "out of memory");
    return NULL;
}

/* --- use ----------------------------------------------------------------- */

static bool is_allowed(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
        if (!strcmp(allowed[i], name))
            return true;
    return false;
}

static bool is_made_anew(const char *name)
{
    static const char *const names[] = {
        "compatible", "reg", "interrupts", "interrupt-parent", "clocks",
        "clock-names", "phandle", "linux,phandle", "ranges", "status",
        "#address-cells", "#size-cells", "xen,path", "xen,reg",
        "xen,force-assign-without-iommu",
    };
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (!strcmp(names[i], name))
            return true;
    return false;
}

static void apply(struct dt_plan *p, const struct dt_template_node *t,
                  struct dt_guest_node *node)
{
    const struct dt_member *m = dt_member_of(p, t->host);
    bool is_overridden = m->node == t->host && m->compatible;
    size_t i;

    for (i = 0; i < t->node->n_properties; i++) {
        const struct dt_property *property = &t->node->properties[i];

        if (is_allowed(property->name) ||
            (!strcmp(property->name, "compatible") && !is_overridden))
            dt_guest_set(&p->guest, node, property->name, property->value,
                         property->size_bytes);
        else if (!is_made_anew(property->name))
            dt_note_drop(p, t->host, property->name,
                         "a bundle's tree may not say it");
    }
}

void dt_node_template(struct dt_plan *p, const struct dt_node *host,
                      struct dt_guest_node *node)
{
    const struct dt_template *t = p->order->template;
    size_t i;

    for (i = 0; t && i < t->n_nodes; i++)
        if (t->nodes[i].host == host)
            apply(p, &t->nodes[i], node);
}
