/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/plan-internal.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"

/* So that a guest with pages of 64 KiB sees what is in one page of its own as
 * the host does. */
#define MIN_ALIGNMENT 16u           /* pages */

static int by_mfn(const void *a, const void *b)
{
    const struct dt_block *x = a, *y = b;

    return x->mfn != y->mfn ? (x->mfn > y->mfn) - (x->mfn < y->mfn) :
           x->host != y->host ? (x->host > y->host) - (x->host < y->host) :
           (x->count > y->count) - (x->count < y->count);
}

static int too_many(struct dt_plan *p)
{
    struct report_where where = { .file = p->tree->file };

    dt_report(p->report, PLAN_TOO_LARGE, &where,
              "more than %d pieces of address space", DT_MAX_BLOCKS);
    return -1;
}

static void add_block(struct dt_plan *p, struct dt_list *list,
                      const struct dt_node *host, uint64_t address,
                      uint64_t size_bytes, bool may_drop)
{
    struct dt_block *b = dt_list_add(p, list, sizeof(*b));
    uint64_t last = (address + (size_bytes - 1)) / DT_PAGE_BYTES;

    if (b)
        *b = (struct dt_block){
            .mfn = address / DT_PAGE_BYTES, .host = host,
            .count = last - address / DT_PAGE_BYTES + 1,
            .may_drop = may_drop,
        };
}

static int gather(struct dt_plan *p, struct dt_list *list)
{
    size_t i, k;

    for (i = 0; i < p->n_granted && !p->failed; i++) {
        const struct dt_facts *f = dt_facts_of(p, p->granted[i]);

        for (k = 0; k < f->regions.count; k++)
            add_block(p, list, p->granted[i], f->regions.list[k].address,
                      f->regions.list[k].size_bytes, false);
        for (k = 0; k < f->n_windows; k++)
            if (!f->windows[k].problem)
                add_block(p, list, p->granted[i], f->windows[k].address,
                          f->windows[k].size_bytes, true);
        if (list->count > DT_MAX_BLOCKS)
            return too_many(p);
    }
    return p->failed ? -1 : 0;
}

/* What overlaps stays together, so that a register has one place; and what
 * is side by side in one device, where no bundle wants it elsewhere. */
static bool belongs_to(const struct dt_plan *p, const struct dt_block *last,
                       const struct dt_block *next)
{
    return next->mfn - last->mfn < last->count ||
           (next->mfn - last->mfn == last->count &&
            !next->may_drop && !last->may_drop && !p->order->n_placements &&
            dt_member_of(p, next->host) == dt_member_of(p, last->host));
}

static void merge(struct dt_plan *p, const struct dt_list *list)
{
    struct dt_block *b = list->entries;
    size_t i, n = 0;

    if (list->count)
        qsort(b, list->count, sizeof(*b), by_mfn);
    for (i = 0; i < list->count; i++) {
        struct dt_block *last = n ? &b[n - 1] : NULL;

        if (!last || !belongs_to(p, last, &b[i])) {
            b[n++] = b[i];
            continue;
        }
        if (b[i].mfn - last->mfn + b[i].count > last->count)
            last->count = b[i].mfn - last->mfn + b[i].count;
        last->may_drop = last->may_drop && b[i].may_drop;
    }
    p->blocks = b;
    p->n_blocks = n;
}

/* The block in [gfn, gfn + count), or NULL. */
static const struct dt_block *find_guest(const struct dt_plan *p,
                                         uint64_t gfn, uint64_t count)
{
    size_t i;

    for (i = 0; i < p->n_blocks; i++) {
        const struct dt_block *b = &p->blocks[i];

        if (b->placed && gfn < b->gfn + b->count && b->gfn < gfn + count)
            return b;
    }
    return NULL;
}

/* First fit in a window for an address that is the host's modulo alignment;
 * never the host's own, or an error elsewhere could go unseen. */
static bool fit_window(const struct dt_plan *p, struct dt_block *b,
                       const struct dt_window *w, uint64_t alignment)
{
    uint64_t gfn = w->address / DT_PAGE_BYTES;
    uint64_t end = gfn + w->size_bytes / DT_PAGE_BYTES;
    const struct dt_block *other;

    gfn += (b->mfn - gfn) & (alignment - 1);
    while (gfn < end && b->count <= end - gfn) {
        other = find_guest(p, gfn, b->count);
        if (!other && gfn != b->mfn) {
            b->gfn = gfn;
            b->placed = true;
            return true;
        }
        if (other && other->gfn + other->count > gfn + alignment)
            gfn = other->gfn + other->count +
                  ((b->mfn - other->gfn - other->count) & (alignment - 1));
        else
            gfn += alignment;
    }
    return false;
}

static bool fit(const struct dt_plan *p, struct dt_block *b)
{
    uint64_t alignment = MIN_ALIGNMENT;
    size_t i;

    while (alignment < b->count && alignment < UINT64_C(1) << 40)
        alignment *= 2;
    for (; alignment; alignment /= 2)
        for (i = 0; i < p->layout->n_free; i++)
            if (fit_window(p, b, &p->layout->free[i], alignment))
                return true;
    return false;
}

static void refuse_room(struct dt_plan *p, const struct dt_block *b)
{
    const struct dt_member *m = dt_member_of(p, b->host);
    struct report_where where = dt_where(p, m->request, m->node);

    dt_report(p->report, PLAN_NO_ROOM, &where,
              "%s: there is no room for 0x%" PRIx64 " pages from 0x%" PRIx64
              " on", b->host->path, b->count, b->mfn);
}

/* The largest block that has no place yet, the first of equals. */
static struct dt_block *next_block(const struct dt_plan *p)
{
    struct dt_block *best = NULL;
    size_t i;

    for (i = 0; i < p->n_blocks; i++) {
        struct dt_block *b = &p->blocks[i];

        if (!b->placed && !b->dropped &&
            (!best || (best->may_drop && !b->may_drop) ||
             (best->may_drop == b->may_drop && b->count > best->count)))
            best = b;
    }
    return best;
}

static struct dt_block *find_block(const struct dt_plan *p, uint64_t mfn)
{
    size_t low = 0, high = p->n_blocks;

    while (low < high) {
        size_t i = low + (high - low) / 2;
        struct dt_block *b = &p->blocks[i];

        if (mfn < b->mfn)
            high = i;
        else if (mfn - b->mfn >= b->count)
            low = i + 1;
        else
            return b;
    }
    return NULL;
}

static bool is_in_reach(const struct dt_plan *p,
                        const struct dt_placement *wish)
{
    uint64_t end = (UINT64_C(1) << p->layout->address_bits) / DT_PAGE_BYTES;

    if (wish->gfn <= end && wish->count <= end - wish->gfn)
        return true;
    dt_report(p->report, PLAN_PLACEMENT, &wish->where,
              "frame 0x%" PRIx64 " is beyond the %u bits of address that "
              "every machine gives a guest", wish->gfn,
              p->layout->address_bits);
    return false;
}

/* Whether a block of the wish may be at the frame; reports when not. */
static bool may_be_at(const struct dt_plan *p, const struct dt_block *b,
                      uint64_t gfn, const struct dt_placement *wish)
{
    const struct dt_window *taken =
        dt_layout_taken(p->layout, gfn * DT_PAGE_BYTES,
                        b->count * DT_PAGE_BYTES);

    if (b->placed && b->gfn != gfn)
        dt_report(p->report, PLAN_PLACEMENT, &wish->where,
                  "page 0x%" PRIx64 " is wanted at frame 0x%" PRIx64
                  " as well", b->mfn, b->gfn);
    else if (!b->placed && (taken || find_guest(p, gfn, b->count)))
        dt_report(p->report, PLAN_PLACEMENT, &wish->where,
                  "the guest has %s at frame 0x%" PRIx64,
                  taken ? taken->what : "another device", gfn);
    else
        return true;
    return false;
}

/* What the bundle wants somewhere: whole blocks, side by side. */
static void place(struct dt_plan *p, const struct dt_placement *wish)
{
    uint64_t end = wish->mfn + wish->count, at = wish->mfn;
    struct dt_block *first = find_block(p, wish->mfn), *b;

    if (wish->gfn == DT_ANY_GFN)
        return;
    for (b = first; b && b < p->blocks + p->n_blocks && b->mfn == at &&
         at < end; b++)
        at += b->count;
    if (at != end || !first) {
        dt_report(p->report, PLAN_PLACEMENT, &wish->where,
                  "the pages 0x%" PRIx64 "+0x%" PRIx64 " are not the whole "
                  "of what a device has there", wish->mfn, wish->count);
        return;
    }
    if (!is_in_reach(p, wish))
        return;
    for (b = first; b < p->blocks + p->n_blocks && b->mfn < end; b++) {
        uint64_t gfn = wish->gfn + (b->mfn - wish->mfn);

        if (!may_be_at(p, b, gfn, wish))
            return;
        b->gfn = gfn;
        b->placed = true;
    }
}

static void list_pages(struct dt_plan *p)
{
    size_t i;

    for (i = 0; i < p->n_blocks; i++) {
        const struct dt_block *b = &p->blocks[i];
        struct dt_pages *pages;

        if (b->dropped)
            continue;
        pages = dt_list_add(p, &p->pages, sizeof(*pages));
        if (pages)
            *pages = (struct dt_pages){ b->mfn, b->gfn, b->count, b->host };
    }
}

int dt_plan_frames(struct dt_plan *p)
{
    struct dt_list list = { NULL, 0, 0 };
    struct dt_block *b;
    size_t i;

    if (gather(p, &list))
        return -1;
    merge(p, &list);
    for (i = 0; i < p->order->n_placements; i++)
        place(p, &p->order->placements[i]);
    if (dt_has_errors(p))
        return -1;
    while ((b = next_block(p)))
        if (fit(p, b)) {
            continue;
        } else if (b->may_drop) {
            b->dropped = true;
            dt_note_drop(p, b->host, "ranges",
                         "the guest's address space has no room for one "
                         "of the windows");
        } else {
            refuse_room(p, b);
            return -1;
        }
    list_pages(p);
    return p->failed ? -1 : 0;
}

bool dt_guest_address(const struct dt_plan *p, uint64_t address,
                      uint64_t *guest_address)
{
    const struct dt_block *b = find_block(p, address / DT_PAGE_BYTES);

    if (!b || b->dropped)
        return false;
    *guest_address = (b->gfn + (address / DT_PAGE_BYTES - b->mfn)) *
                     DT_PAGE_BYTES + address % DT_PAGE_BYTES;
    return true;
}
