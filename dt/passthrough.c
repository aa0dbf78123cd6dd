/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/passthrough.h"

#include <string.h>

#include "base/arena.h"
#include "dt/plan-internal.h"
#include "dt/verify.h"

#define FIRST_ROOM 16

void *dt_list_add(struct dt_plan *p, struct dt_list *list, size_t entry_bytes)
{
    size_t room = list->room ? 2 * list->room : FIRST_ROOM;
    char *entries = list->entries;

    if (list->count == list->room) {
        entries = arena_calloc(p->arena, room, entry_bytes);
        if (!entries) {
            p->failed = true;
            return NULL;
        }
        if (list->count)
            memcpy(entries, list->entries, list->count * entry_bytes);
        list->entries = entries;
        list->room = room;
    }
    return entries + list->count++ * entry_bytes;
}

void dt_note_drop(struct dt_plan *p, const struct dt_node *host,
                  const char *property, const char *reason)
{
    struct dt_drop *drop = dt_list_add(p, &p->dropped, sizeof(*drop));

    if (drop)
        *drop = (struct dt_drop){ host, property, reason };
}

/* Rates for clocks that no node of the device has. */
static bool has_clock(const struct dt_plan *p, const struct dt_member *m,
                      const char *name)
{
    size_t i;

    for (i = 0; i < p->n_granted; i++)
        if (dt_member_of(p, p->granted[i]) == m &&
            dt_has_clock(p->granted[i], name))
            return true;
    return false;
}

static int check_rates(struct dt_plan *p)
{
    size_t i, k;

    for (i = 0; i < p->n_members; i++) {
        const struct dt_member *m = &p->members[i];
        struct report_where where = dt_where(p, m->request, m->node);

        for (k = 0; k < m->request->n_clock_rates; k++) {
            const struct dt_clock_rate *r = &m->request->clock_rates[k];

            if (!r->hz || r->hz > UINT32_MAX)
                dt_report(p->report, PLAN_CLOCK_UNKNOWN, &where,
                          "%s: the rate of clock \"%s\" is not 1 to "
                          "4294967295 Hz", m->node->path, r->clock);
            else if (!has_clock(p, m, r->clock))
                dt_report(p->report, PLAN_CLOCK_UNKNOWN, &where,
                          "%s has no clock \"%s\"", m->node->path, r->clock);
        }
    }
    return dt_has_errors(p) ? -1 : 0;
}

static int write_tree(struct dt_plan *p, struct dt_passthrough *result)
{
    struct report_where where = { .file = p->tree->file };
    size_t bytes;

    if (!p->n_members)
        return 0;
    result->dtb = dt_guest_write(&p->guest, p->layout->dtb_max_bytes, &bytes);
    result->dtb_bytes = bytes;
    if (result->dtb)
        return 0;
    if (bytes)
        dt_report(p->report, PLAN_TOO_LARGE, &where,
                  "the partial tree would have more than %zu bytes",
                  p->layout->dtb_max_bytes);
    else
        p->failed = true;
    return -1;
}

static struct dt_passthrough *finish(struct dt_plan *p)
{
    struct dt_passthrough *r = ARENA_NEW(p->arena, struct dt_passthrough);

    if (!r) {
        p->failed = true;
        return NULL;
    }
    *r = (struct dt_passthrough){
        .granted = p->grants.entries, .n_granted = p->grants.count,
        .pages = p->pages.entries, .n_pages = p->pages.count,
        .lines = p->lines.entries, .n_lines = p->lines.count,
        .dtdevs = p->dtdevs.entries, .n_dtdevs = p->dtdevs.count,
        .dropped = p->dropped.entries, .n_dropped = p->dropped.count,
        .waived = p->waived.entries, .n_waived = p->waived.count,
        .stubs = dt_stubs(p), .n_stubs = p->stubs.count,
    };
    return p->failed || write_tree(p, r) ? NULL : r;
}

static const struct dt_passthrough *make(struct dt_plan *p)
{
    const struct dt_passthrough *result;

    if (dt_plan_select(p) || check_rates(p) || dt_plan_frames(p) ||
        dt_plan_lines(p) || dt_plan_nodes(p))
        return NULL;
    result = finish(p);
    if (!result || !result->dtb)
        return result;
    return dt_verify(p->arena, p->devices, p->layout, result, p->report) ?
           NULL : result;
}

const struct dt_passthrough *
dt_passthrough_plan(struct arena *arena, const struct dt_devices *devices,
                    const struct dt_order *order, struct report *report)
{
    struct dt_plan p = {
        .arena = arena, .devices = devices, .tree = devices->tree,
        .order = order, .report = report,
        .layout = order->layout ? order->layout : &dt_layout_xen,
        .errors_before = report_errors(report),
    };
    struct report_where where = { .file = p.tree->file };
    const struct dt_passthrough *result = make(&p);

    if (p.failed) {
        dt_report(report, OUT_OF_MEMORY, &where, "out of memory");
        return NULL;
    }
    return result;
}
