/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/passable-internal.h"

#include <inttypes.h>

#include "dt/host-tree.h"

/* Refuses each device that node goes along with and other does not. */
static void part(struct judge *j, const struct dt_node *node,
                 const struct dt_node *other, enum dt_check_id check,
                 const char *what, uint64_t number)
{
    const struct dt_node *n;

    for (n = node; n && !dt_is_inside(j, other, n); n = n->parent) {
        struct dt_device *d = j->device_of[n - j->tree->nodes];

        if (d && dt_goes_along(node, n))
            dt_refuse(j, d, check, other, "%s 0x%" PRIx64
                      " of %s is of %s too%s",
                      what, number, node->path, other->path,
                      other->enabled ? "" : " (disabled)");
    }
}

/* The administrator may give away what else is in a page, but not what nobody
 * may give. */
static void share_page(struct judge *j, const struct dt_node *node,
                       const struct dt_node *other, uint64_t address)
{
    enum dt_check_id why;

    part(j, node, other, DT_CHECK_DEVICE_PAGE_SHARED, "page", address);
    if (dt_is_kept(&j->index, j->tree, other, &why))
        part(j, node, other, why, "page", address);
}

static void share_pages(struct judge *j, const struct dt_span *a,
                        const struct dt_span *b)
{
    /* a starts first */
    const struct dt_span *device = dt_is_memory(a->node) ? b : a;
    const struct dt_span *memory = dt_is_memory(a->node) ? a :
                                dt_is_memory(b->node) ? b : NULL;
    uint64_t address = b->first * DT_PAGE_BYTES;

    if (a->node == b->node || (memory && dt_is_memory(device->node)))
        return;
    if (memory) {
        part(j, device->node, memory->node, DT_CHECK_DEVICE_OVER_MEMORY,
             "page", address);
        return;
    }
    share_page(j, a->node, b->node, address);
    share_page(j, b->node, a->node, address);
}

/* Whether one more pair may be looked at: in a tree made in bad faith every
 * node meets every other. Who stops here must not judge: j->exceeded. */
static bool next_pair(struct judge *j)
{
    j->exceeded = j->exceeded || j->pairs++ == DT_MAX_PAIRS;
    return !j->failed && !j->exceeded;
}

/* Without two that go together or two that both stay. */
static bool is_of_interest(const struct judge *j, const struct dt_node *a,
                           const struct dt_node *b)
{
    return !j->inside ||
           j->inside[a - j->tree->nodes] != j->inside[b - j->tree->nodes];
}

static void judge_pages(struct judge *j)
{
    const struct dt_span *s = j->index.spans;
    size_t n = j->index.n_spans, i, k;

    for (i = 0; i < n; i++)
        for (k = i + 1; k < n && s[k].first <= s[i].last; k++) {
            if (!next_pair(j))
                return;
            if (is_of_interest(j, s[i].node, s[k].node))
                share_pages(j, &s[i], &s[k]);
        }
}

static void judge_lines(struct judge *j)
{
    const struct dt_use *u = j->index.uses;
    size_t n = j->index.n_uses, i, k;

    for (i = 0; i < n; i++)
        for (k = i + 1; k < n && u[k].intid == u[i].intid; k++) {
            if (!next_pair(j))
                return;
            if (!is_of_interest(j, u[i].node, u[k].node))
                continue;
            part(j, u[i].node, u[k].node, DT_CHECK_DEVICE_INTERRUPT_SHARED,
                 "interrupt", u[i].intid);
            part(j, u[k].node, u[i].node, DT_CHECK_DEVICE_INTERRUPT_SHARED,
                 "interrupt", u[i].intid);
        }
}

/* Linux bindings, iommu/arm,smmu: cell 2, if any, masks bits of the ID out. */
static bool streams_meet(const struct dt_reference *a,
                         const struct dt_reference *b)
{
    return a->provider == b->provider &&
           !((a->args[0] ^ b->args[0]) & ~(a->args[1] | b->args[1]));
}

static void judge_streams(struct judge *j)
{
    const struct dt_stream *s = j->index.streams;
    size_t n = j->index.n_streams, i, k;

    for (i = 0; i < n; i++)
        for (k = i + 1; k < n &&
             s[k].reference->provider == s[i].reference->provider; k++) {
            if (!streams_meet(s[i].reference, s[k].reference) ||
                !is_of_interest(j, s[i].node, s[k].node))
                continue;
            if (!next_pair(j))
                return;
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

    for (n = provider; n && !dt_is_inside(j, user, n); n = n->parent) {
        struct dt_device *d = j->device_of[n - j->tree->nodes];

        if (d && dt_goes_along(provider, n))
            dt_refuse(j, d, DT_CHECK_DEVICE_NEEDED, user,
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
