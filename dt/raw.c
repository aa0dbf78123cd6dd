/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/raw.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "dt/checks.h"
#include "dt/host-tree.h"
#include "dt/passable-internal.h"

struct finder {
    const struct dt_devices *devices;
    const struct dt_tree *tree;
    struct report *report;
    const struct report_where **wanted;     /* by node index; NULL: not */
    bool *is_device;                        /* by node index */
    int rc;
};

static size_t index_of(const struct finder *f, const struct dt_node *node)
{
    return (size_t)(node - f->tree->nodes);
}

/* The device that a node is or belongs to, or NULL. */
static const struct dt_node *device_of(const struct finder *f,
                                       const struct dt_node *node)
{
    while (node && !f->is_device[index_of(f, node)])
        node = node->parent;
    return node;
}

static void want(struct finder *f, const struct dt_node *node,
                 const struct report_where *where)
{
    const struct dt_node *device = device_of(f, node);

    if (device && !f->wanted[index_of(f, device)])
        f->wanted[index_of(f, device)] = where;
}

/* --- pages --------------------------------------------------------------- */

/* How far the regions that lie in the range cover it from its first page on;
 * wants their devices when told to. */
static uint64_t cover(struct finder *f, const struct dt_raw_pages *range,
                      bool enabled, bool take)
{
    const struct dt_index *index = f->devices->index;
    uint64_t end = range->mfn + range->count, at = range->mfn;
    size_t i;

    for (i = 0; i < index->n_spans; i++) {
        const struct dt_span *s = &index->spans[i];

        if (s->first < range->mfn || s->last >= end ||
            !device_of(f, s->node) || s->node->enabled != enabled)
            continue;
        if (s->first <= at && s->last >= at)
            at = s->last + 1;
        if (take)
            want(f, s->node, &range->where);
    }
    return at;
}

/* Who is there instead, for the message. */
static const struct dt_node *find_there(const struct finder *f,
                                        const struct dt_raw_pages *range)
{
    const struct dt_index *index = f->devices->index;
    size_t i;

    for (i = 0; i < index->n_spans; i++)
        if (index->spans[i].first < range->mfn + range->count &&
            index->spans[i].last >= range->mfn)
            return index->spans[i].node;
    return NULL;
}

static void take_pages(struct finder *f, const struct dt_raw_pages *range)
{
    const struct dt_node *there;
    uint64_t last = UINT64_MAX / DT_PAGE_BYTES;
    int enabled;

    if (!range->count || range->mfn > last ||
        range->count > last - range->mfn) {
        dt_report(f->report, RAW_IOMEM, &range->where,
                  "0x%" PRIx64 "+0x%" PRIx64 " are no pages", range->mfn,
                  range->count);
        f->rc = -1;
        return;
    }
    for (enabled = 1; enabled >= 0; enabled--)
        if (cover(f, range, enabled, false) == range->mfn + range->count) {
            cover(f, range, enabled, true);
            return;
        }
    there = find_there(f, range);
    dt_report(f->report, RAW_IOMEM, &range->where,
              "the pages 0x%" PRIx64 "+0x%" PRIx64 " are not those of a "
              "device%s%s", range->mfn, range->count,
              there ? "; there is " : "", there ? there->path : "");
    f->rc = -1;
}

/* --- interrupts ---------------------------------------------------------- */

static void take_interrupt(struct finder *f,
                           const struct dt_raw_interrupt *line)
{
    const struct dt_index *index = f->devices->index;
    bool found = false;
    size_t i;

    for (i = 0; line->intid >= 32 && i < index->n_uses; i++)
        if (index->uses[i].intid == line->intid &&
            device_of(f, index->uses[i].node)) {
            want(f, index->uses[i].node, &line->where);
            found = true;
        }
    if (found)
        return;
    dt_report(f->report, RAW_IRQ, &line->where, line->intid < 32 ?
              "interrupt %" PRIu32 " is private to a CPU" :
              "no enabled device has interrupt %" PRIu32, line->intid);
    f->rc = -1;
}

/* --- paths --------------------------------------------------------------- */

static bool has_iommu(const struct finder *f, const struct dt_node *node)
{
    const struct dt_references *r =
        &f->devices->facts[index_of(f, node)].references;
    size_t i;

    for (i = 0; i < r->count; i++)
        if (r->list[i].need == DT_NEED_IOMMU)
            return true;
    return false;
}

static void take_path(struct finder *f, const struct dt_raw_path *path)
{
    const struct dt_node *node = dt_by_path(f->tree, path->path);

    if (node && has_iommu(f, node) && device_of(f, node)) {
        want(f, node, &path->where);
        return;
    }
    dt_report(f->report, RAW_DTDEV, &path->where, "\"%s\" %s", path->path,
              node ? "is no device with iommus" :
                     "is not in the host's tree");
    f->rc = -1;
}

/* --- requests ------------------------------------------------------------ */

static bool is_below_wanted(const struct finder *f,
                            const struct dt_node *node)
{
    for (node = node->parent; node; node = node->parent)
        if (f->wanted[index_of(f, node)])
            return true;
    return false;
}

static int list_requests(struct finder *f, struct arena *arena,
                         struct dt_raw_found *found)
{
    struct dt_request *list = ARENA_ARRAY(arena, struct dt_request,
                                          f->tree->n_nodes);
    size_t i, n = 0;

    if (!list)
        return -1;
    for (i = 0; i < f->tree->n_nodes; i++)
        if (f->wanted[i] && !is_below_wanted(f, &f->tree->nodes[i]))
            list[n++] = (struct dt_request){
                .device = f->tree->nodes[i].path, .where = *f->wanted[i],
                .merge = true,
            };
    found->requests = list;
    found->n_requests = n;
    return 0;
}

static int list_placements(const struct dt_raw *raw, struct arena *arena,
                           struct dt_raw_found *found)
{
    struct dt_placement *list = ARENA_ARRAY(arena, struct dt_placement,
                                            raw->n_iomems + 1);
    size_t i, n = 0;

    if (!list)
        return -1;
    for (i = 0; i < raw->n_iomems; i++)
        if (raw->iomems[i].gfn != DT_ANY_GFN)
            list[n++] = (struct dt_placement){
                raw->iomems[i].mfn, raw->iomems[i].count, raw->iomems[i].gfn,
                raw->iomems[i].where,
            };
    found->placements = list;
    found->n_placements = n;
    return 0;
}

int dt_raw_find(struct arena *arena, const struct dt_devices *devices,
                const struct dt_raw *raw, struct dt_raw_found *found,
                struct report *report)
{
    struct finder f = { .devices = devices, .tree = devices->tree,
                        .report = report };
    struct report_where where = { .file = devices->tree->file };
    size_t i;

    f.wanted = ARENA_ARRAY(arena, const struct report_where *,
                           f.tree->n_nodes);
    f.is_device = ARENA_ARRAY(arena, bool, f.tree->n_nodes);
    if (!f.wanted || !f.is_device) {
        dt_report(report, OUT_OF_MEMORY, &where, "out of memory");
        return -1;
    }
    for (i = 0; i < devices->count; i++)
        f.is_device[index_of(&f, devices->list[i].node)] = true;
    for (i = 0; i < raw->n_iomems; i++)
        take_pages(&f, &raw->iomems[i]);
    for (i = 0; i < raw->n_irqs; i++)
        take_interrupt(&f, &raw->irqs[i]);
    for (i = 0; i < raw->n_dtdevs; i++)
        take_path(&f, &raw->dtdevs[i]);
    if (f.rc)
        return -1;
    if (!list_requests(&f, arena, found) &&
        !list_placements(raw, arena, found))
        return 0;
    dt_report(report, OUT_OF_MEMORY, &where, "out of memory");
    return -1;
}
