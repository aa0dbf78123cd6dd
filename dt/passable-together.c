/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/passable-internal.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "dt/host-tree.h"

/* Pages first..last of a node; RAM is in the list too. */
struct span {
    uint64_t first, last;
    const struct dt_node *node;
};

struct line {
    uint32_t intid;
    const struct dt_node *node;
};

struct stream {
    const struct dt_reference *reference;
    const struct dt_node *node;
};

/* Refuses each device that node goes along with and other does not. */
static void part(struct judge *j, const struct dt_node *node,
                 const struct dt_node *other, enum dt_check_id check,
                 const char *what, uint64_t number)
{
    const struct dt_node *n;

    for (n = node; n && !dt_is_within(other, n); n = n->parent) {
        struct dt_device *d = j->device_of[n - j->tree->nodes];

        if (d && dt_goes_along(node, n))
            dt_refuse(j, d, check, "%s 0x%" PRIx64 " of %s is of %s too%s",
                      what, number, node->path, other->path,
                      other->enabled ? "" : " (disabled)");
    }
}

static int by_first(const void *a, const void *b)
{
    const struct span *x = a, *y = b;

    return x->first != y->first ? (x->first > y->first) -
                                  (x->first < y->first) :
           (x->node > y->node) - (x->node < y->node);
}

static size_t gather_spans(const struct judge *j, struct span *spans)
{
    size_t i, k, n = 0;

    for (i = 0; i < j->tree->n_nodes; i++) {
        const struct dt_regions *r = &j->facts[i].regions;

        for (k = 0; k < r->count; k++)
            spans[n++] = (struct span){
                r->list[k].address / DT_PAGE_BYTES,
                (r->list[k].address + r->list[k].size_bytes - 1) /
                DT_PAGE_BYTES, &j->tree->nodes[i],
            };
    }
    return n;
}

static void share_pages(struct judge *j, const struct span *a,
                        const struct span *b)
{
    /* a starts first */
    const struct span *device = dt_is_memory(a->node) ? b : a;
    const struct span *memory = dt_is_memory(a->node) ? a :
                                dt_is_memory(b->node) ? b : NULL;
    uint64_t address = b->first * DT_PAGE_BYTES;

    if (a->node == b->node || (memory && dt_is_memory(device->node)))
        return;
    if (memory) {
        part(j, device->node, memory->node, DT_CHECK_DEVICE_OVER_MEMORY,
             "page", address);
        return;
    }
    part(j, a->node, b->node, DT_CHECK_DEVICE_PAGE_SHARED, "page", address);
    part(j, b->node, a->node, DT_CHECK_DEVICE_PAGE_SHARED, "page", address);
}

static void judge_pages(struct judge *j)
{
    struct span *spans = ARENA_ARRAY(j->arena, struct span, j->n_spans + 1);
    size_t n, i, k;

    if (!spans) {
        j->failed = true;
        return;
    }
    n = gather_spans(j, spans);
    qsort(spans, n, sizeof(*spans), by_first);
    for (i = 0; i < n && !j->failed; i++)
        for (k = i + 1; k < n && spans[k].first <= spans[i].last; k++)
            share_pages(j, &spans[i], &spans[k]);
}

static int by_intid(const void *a, const void *b)
{
    const struct line *x = a, *y = b;

    return x->intid != y->intid ? (x->intid > y->intid) -
                                  (x->intid < y->intid) :
           (x->node > y->node) - (x->node < y->node);
}

/* A disabled node's interrupt is nobody's. */
static size_t gather_lines(const struct judge *j, struct line *lines)
{
    size_t i, k, n = 0;

    for (i = 0; i < j->tree->n_nodes; i++) {
        const struct dt_interrupts *list = &j->facts[i].interrupts;

        for (k = 0; k < list->count && j->tree->nodes[i].enabled; k++)
            if (!list->list[k].problem && list->list[k].kind == DT_SPI)
                lines[n++] = (struct line){ list->list[k].intid,
                                            &j->tree->nodes[i] };
    }
    return n;
}

static void judge_lines(struct judge *j)
{
    struct line *lines = ARENA_ARRAY(j->arena, struct line, j->n_lines + 1);
    size_t n, i, k;

    if (!lines) {
        j->failed = true;
        return;
    }
    n = gather_lines(j, lines);
    qsort(lines, n, sizeof(*lines), by_intid);
    for (i = 0; i < n && !j->failed; i++)
        for (k = i + 1; k < n && lines[k].intid == lines[i].intid; k++) {
            part(j, lines[i].node, lines[k].node,
                 DT_CHECK_DEVICE_INTERRUPT_SHARED, "interrupt",
                 lines[i].intid);
            part(j, lines[k].node, lines[i].node,
                 DT_CHECK_DEVICE_INTERRUPT_SHARED, "interrupt",
                 lines[i].intid);
        }
}

/* Linux bindings, iommu/arm,smmu: cell 2, if any, masks bits of the ID out. */
static bool streams_meet(const struct dt_reference *a,
                         const struct dt_reference *b)
{
    return a->provider == b->provider &&
           !((a->args[0] ^ b->args[0]) & ~(a->args[1] | b->args[1]));
}

static size_t gather_streams(const struct judge *j, struct stream *streams)
{
    size_t i, k, n = 0;

    for (i = 0; i < j->tree->n_nodes; i++) {
        const struct dt_references *r = &j->facts[i].references;

        for (k = 0; k < r->count; k++)
            if (r->list[k].need == DT_NEED_IOMMU && r->list[k].provider)
                streams[n++] = (struct stream){ &r->list[k],
                                                &j->tree->nodes[i] };
    }
    return n;
}

static void judge_streams(struct judge *j)
{
    struct stream *s = ARENA_ARRAY(j->arena, struct stream,
                                   j->n_references + 1);
    size_t n, i, k;

    if (!s) {
        j->failed = true;
        return;
    }
    n = gather_streams(j, s);
    for (i = 0; i < n && !j->failed; i++)
        for (k = i + 1; k < n; k++) {
            if (!streams_meet(s[i].reference, s[k].reference))
                continue;
            part(j, s[i].node, s[k].node, DT_CHECK_DEVICE_STREAM_SHARED,
                 "stream", s[i].reference->args[0]);
            part(j, s[k].node, s[i].node, DT_CHECK_DEVICE_STREAM_SHARED,
                 "stream", s[k].reference->args[0]);
        }
}

/* user, which stays, needs a node at or above which devices are. */
static void need(struct judge *j, const struct dt_node *user,
                 const struct dt_node *provider, const char *what)
{
    const struct dt_node *n;

    for (n = provider; n && !dt_is_within(user, n); n = n->parent) {
        struct dt_device *d = j->device_of[n - j->tree->nodes];

        if (d && dt_goes_along(provider, n))
            dt_refuse(j, d, DT_CHECK_DEVICE_NEEDED,
                      "%s, which stays in Dom0, needs %s (%s)", user->path,
                      provider->path, what);
    }
}

static void judge_users(struct judge *j)
{
    size_t i, k;

    for (i = 0; i < j->tree->n_nodes && !j->failed; i++) {
        const struct dt_node *user = &j->tree->nodes[i];
        const struct dt_references *r = &j->facts[i].references;
        const struct dt_interrupts *list = &j->facts[i].interrupts;

        if (!user->enabled)
            continue;
        for (k = 0; k < r->count; k++)
            if (r->list[k].provider)
                need(j, user, r->list[k].provider, r->list[k].property);
        for (k = 0; k < list->count; k++)
            if (list->list[k].controller)
                need(j, user, list->list[k].controller, "interrupts");
    }
}

void dt_judge_together(struct judge *j)
{
    judge_pages(j);
    judge_lines(j);
    judge_streams(j);
    judge_users(j);
}
