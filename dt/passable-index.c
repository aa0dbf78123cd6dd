/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/passable-internal.h"

#include <stdlib.h>

#include "base/arena.h"
#include "dt/host-tree.h"

static int by_first(const void *a, const void *b)
{
    const struct dt_span *x = a, *y = b;

    return x->first != y->first ? (x->first > y->first) -
                                  (x->first < y->first) :
           (x->node > y->node) - (x->node < y->node);
}

static int by_intid(const void *a, const void *b)
{
    const struct dt_use *x = a, *y = b;

    return x->intid != y->intid ? (x->intid > y->intid) -
                                  (x->intid < y->intid) :
           (x->node > y->node) - (x->node < y->node);
}

static int by_iommu(const void *a, const void *b)
{
    const struct dt_stream *x = a, *y = b;
    const struct dt_reference *r = x->reference, *s = y->reference;

    return r->provider != s->provider ? (r->provider > s->provider) -
                                        (r->provider < s->provider) :
           r->args[0] != s->args[0] ? (r->args[0] > s->args[0]) -
                                      (r->args[0] < s->args[0]) :
           (x->node > y->node) - (x->node < y->node);
}

static struct dt_span span_of(uint64_t address, uint64_t size_bytes,
                              const struct dt_node *node)
{
    return (struct dt_span){
        address / DT_PAGE_BYTES, (address + (size_bytes - 1)) / DT_PAGE_BYTES,
        node,
    };
}

static size_t gather_spans(const struct judge *j, struct dt_span *spans)
{
    size_t i, k, n = 0;

    for (i = 0; i < j->tree->n_nodes; i++) {
        const struct dt_node *node = &j->tree->nodes[i];
        const struct dt_facts *f = &j->facts[i];

        for (k = 0; k < f->regions.count; k++)
            spans[n++] = span_of(f->regions.list[k].address,
                                 f->regions.list[k].size_bytes, node);
        for (k = 0; k < f->n_windows; k++)
            if (!f->windows[k].problem)
                spans[n++] = span_of(f->windows[k].address,
                                     f->windows[k].size_bytes, node);
    }
    return n;
}

static size_t add_use(struct dt_use *uses, size_t n,
                      const struct dt_interrupt *line,
                      const struct dt_node *node)
{
    /* those of PCI's INTx appear many times in one map */
    if (line->problem || line->kind != DT_SPI ||
        (n && uses[n - 1].node == node && uses[n - 1].intid == line->intid))
        return n;
    uses[n] = (struct dt_use){ line->intid, node };
    return n + 1;
}

/* A disabled node's interrupt is nobody's. */
static size_t gather_uses(const struct judge *j, struct dt_use *uses)
{
    size_t i, k, n = 0;

    for (i = 0; i < j->tree->n_nodes; i++) {
        const struct dt_node *node = &j->tree->nodes[i];
        const struct dt_facts *f = &j->facts[i];

        if (!node->enabled)
            continue;
        for (k = 0; k < f->interrupts.count; k++)
            n = add_use(uses, n, &f->interrupts.list[k], node);
        for (k = 0; k < f->n_map_rows; k++)
            n = add_use(uses, n, &f->map_rows[k].line, node);
    }
    return n;
}

static size_t gather_streams(const struct judge *j, struct dt_stream *streams)
{
    size_t i, k, n = 0;

    for (i = 0; i < j->tree->n_nodes; i++) {
        const struct dt_references *r = &j->facts[i].references;

        for (k = 0; k < r->count; k++)
            if (r->list[k].need == DT_NEED_IOMMU && r->list[k].provider)
                streams[n++] = (struct dt_stream){ &r->list[k],
                                                   &j->tree->nodes[i] };
    }
    return n;
}

int dt_index_make(struct judge *j)
{
    struct dt_span *spans = ARENA_ARRAY(j->arena, struct dt_span,
                                        j->n_spans + 1);
    struct dt_use *uses = ARENA_ARRAY(j->arena, struct dt_use,
                                      j->n_uses + 1);
    struct dt_stream *streams = ARENA_ARRAY(j->arena, struct dt_stream,
                                            j->n_streams + 1);

    if (!spans || !uses || !streams || dt_kept_find(j))
        return -1;
    j->index.spans = spans;
    j->index.uses = uses;
    j->index.streams = streams;
    j->index.n_spans = gather_spans(j, spans);
    j->index.n_uses = gather_uses(j, uses);
    j->index.n_streams = gather_streams(j, streams);
    qsort(spans, j->index.n_spans, sizeof(*spans), by_first);
    qsort(uses, j->index.n_uses, sizeof(*uses), by_intid);
    qsort(streams, j->index.n_streams, sizeof(*streams), by_iommu);
    return 0;
}
