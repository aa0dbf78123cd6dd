/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts and streams that go to the guest. */
#include "dt/plan-internal.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"

static void add_line(struct dt_plan *p, const struct dt_interrupt *i,
                     const struct dt_node *host)
{
    struct dt_line *line;

    if (i->problem)     /* of a controller that goes along */
        return;
    line = dt_list_add(p, &p->lines, sizeof(*line));
    if (line)
        *line = (struct dt_line){ i->intid, i->flags, host };
}

static int by_intid(const void *a, const void *b)
{
    const struct dt_line *x = a, *y = b;

    return x->intid != y->intid ? (x->intid > y->intid) -
                                  (x->intid < y->intid) :
           x->host != y->host ? (x->host > y->host) - (x->host < y->host) :
           (x->flags > y->flags) - (x->flags < y->flags);
}

static void refuse_trigger(struct dt_plan *p, const struct dt_line *a,
                           const struct dt_line *b)
{
    const struct dt_member *m = dt_member_of(p, b->host);
    struct report_where where = dt_where(p, m->request, m->node);

    dt_report(p->report, PLAN_TRIGGER, &where,
              "interrupt %" PRIu32 " has flags %" PRIu32 " in %s and %" PRIu32
              " in %s", a->intid, a->flags, a->host->path, b->flags,
              b->host->path);
}

/* Each once. */
static void unite(struct dt_plan *p)
{
    struct dt_line *list = p->lines.entries;
    size_t i, n = 0;

    for (i = 0; i < p->lines.count; i++)
        if (!n || list[n - 1].intid != list[i].intid)
            list[n++] = list[i];
        else if (list[n - 1].flags != list[i].flags)
            refuse_trigger(p, &list[n - 1], &list[i]);
    p->lines.count = n;
}

static int gather(struct dt_plan *p)
{
    struct report_where where = { .file = p->tree->file };
    size_t i, k;

    for (i = 0; i < p->n_granted; i++) {
        const struct dt_facts *f = dt_facts_of(p, p->granted[i]);

        for (k = 0; k < f->interrupts.count; k++)
            add_line(p, &f->interrupts.list[k], p->granted[i]);
        for (k = 0; k < f->n_map_rows; k++)
            add_line(p, &f->map_rows[k].line, p->granted[i]);
    }
    if (p->failed)
        return -1;
    if (p->lines.count)
        qsort(p->lines.entries, p->lines.count, sizeof(struct dt_line),
              by_intid);
    unite(p);
    if (p->lines.count <= DT_MAX_LINES)
        return 0;
    dt_report(p->report, PLAN_TOO_LARGE, &where, "more than %d interrupts",
              DT_MAX_LINES);
    return -1;
}

/* The nearest bus above whose dma-ranges are not "as it is". */
static const struct dt_node *find_dma_ranges(const struct dt_node *node)
{
    const struct dt_node *bus;

    for (bus = node->parent; bus && bus->parent; bus = bus->parent) {
        const struct dt_property *p = dt_property(bus, "dma-ranges");

        if (p && p->size_bytes)
            return bus;
    }
    return NULL;
}

/* Xen wants a driver for the IOMMU; where the administrator lets a device go
 * without, there is nothing to assign. */
static bool has_stream(const struct dt_plan *p, const struct dt_node *node)
{
    const struct dt_references *r = &dt_facts_of(p, node)->references;
    size_t i;

    for (i = 0; i < r->count; i++)
        if (r->list[i].need == DT_NEED_IOMMU)
            return dt_is_smmu_driven(r->list[i].provider);
    return false;
}

static void assign(struct dt_plan *p, const struct dt_node *node)
{
    const struct dt_member *m = dt_member_of(p, node);
    struct report_where where = dt_where(p, m->request, m->node);
    const struct dt_node *bus = find_dma_ranges(node);
    struct dt_dtdev *dtdev;

    if (bus) {
        dt_report(p->report, PLAN_DMA_RANGES, &where,
                  "%s: its DMA goes through dma-ranges of %s", node->path,
                  bus->path);
        return;
    }
    dtdev = dt_list_add(p, &p->dtdevs, sizeof(*dtdev));
    if (dtdev)
        *dtdev = (struct dt_dtdev){ node->path, node };
}

int dt_plan_lines(struct dt_plan *p)
{
    size_t i;

    if (gather(p))
        return -1;
    for (i = 0; i < p->n_granted; i++)
        if (has_stream(p, p->granted[i]))
            assign(p, p->granted[i]);
    return dt_has_errors(p) || p->failed ? -1 : 0;
}
