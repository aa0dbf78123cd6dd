/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What guests have, each thing at the node of the host tree that it is of. */
#include "devices-draw.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/arena.h"
#include "dt/host-tree.h"

struct adder {
    struct sketch *sketch;
    const struct claim *claim;
    size_t guest;
    bool *is_own;               /* of each node: the guest has a copy */
};

const char *sketch_text(struct sketch *s, const char *format, ...)
{
    const char *text;
    va_list ap;

    va_start(ap, format);
    text = arena_vprintf(s->arena, format, ap);
    va_end(ap);
    s->failed = s->failed || !text;
    return text ? text : "";
}

const char *sketch_count(struct sketch *s, uint64_t n, const char *noun)
{
    return sketch_text(s, "%" PRIu64 " %s%s", n, noun, n == 1 ? "" : "s");
}

/* "4 KiB": the largest unit of which it is a whole number; in hexadecimal
 * where that is none to remember. */
static const char *size_text(struct sketch *s, uint64_t bytes)
{
    static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
    uint64_t count = bytes;
    size_t i;

    for (i = 0; i < 4 && count && !(count % 1024); i++)
        count /= 1024;
    if (count >= 10000)
        return sketch_text(s, "0x%" PRIx64 " bytes", bytes);
    return sketch_text(s, "%" PRIu64 " %s", count, units[i]);
}

/* "32.768 kHz": exactly that rate. */
static const char *rate_text(struct sketch *s, uint64_t hz)
{
    const char *unit = hz >= 1000000 ? "MHz" : hz >= 1000 ? "kHz" : "Hz";
    uint64_t scale = hz >= 1000000 ? 1000000 : hz >= 1000 ? 1000 : 1;
    int digits = hz >= 1000000 ? 6 : 3;
    uint64_t rest = hz % scale;

    if (!rest)
        return sketch_text(s, "%" PRIu64 " %s", hz / scale, unit);
    for (; !(rest % 10); digits--)
        rest /= 10;
    return sketch_text(s, "%" PRIu64 ".%0*" PRIu64 " %s", hz / scale, digits,
                       rest, unit);
}

static const char *last_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash && slash[1] ? slash + 1 : path;
}

static void add_item(struct adder *a, struct sketch_node *node,
                     struct picture_item item)
{
    struct picture_item *new = ARENA_NEW(a->sketch->arena,
                                         struct picture_item);
    struct picture_item **tail = &node->items;

    if (!new) {
        a->sketch->failed = true;
        return;
    }
    item.guest = a->guest;
    *new = item;
    while (*tail)
        tail = &(*tail)->next;
    *tail = new;
}

static void add_copy(struct adder *a, struct sketch_node *node,
                     const struct claim_node *claimed)
{
    struct picture_copy *new = ARENA_NEW(a->sketch->arena,
                                         struct picture_copy);
    struct picture_copy **tail = &node->copies;

    if (!new) {
        a->sketch->failed = true;
        return;
    }
    *new = (struct picture_copy){
        .guest = a->guest, .text = last_name(claimed->guest),
        .tip = sketch_text(a->sketch, "%s in the guest: %s", claimed->host,
                           claimed->guest),
    };
    while (*tail)
        tail = &(*tail)->next;
    *tail = new;
}

static struct sketch_node *node_at(const struct sketch *s, const char *path)
{
    const struct dt_node *node = dt_by_path(s->devices->tree, path);

    return node ? &s->nodes[node - s->devices->tree->nodes] : NULL;
}

/* --- pages ----------------------------------------------------------------*/

struct span { uint64_t first, last; };          /* pages */

static void widen(struct span *span, const struct span *range,
                  uint64_t address, uint64_t size_bytes)
{
    uint64_t first = address / DT_PAGE_BYTES;
    uint64_t last = (address + size_bytes - 1) / DT_PAGE_BYTES;

    if (first > range->last || last < range->first)
        return;
    if (first < span->first)
        span->first = first > range->first ? first : range->first;
    if (last > span->last)
        span->last = last < range->last ? last : range->last;
}

/* What of the range is of the node; false: nothing. What lies between two of
 * its places is in the range as well. */
static bool find_span(const struct dt_facts *facts, const struct span *range,
                      struct span *span)
{
    size_t i;

    *span = (struct span){ UINT64_MAX, 0 };
    for (i = 0; i < facts->regions.count; i++)
        widen(span, range, facts->regions.list[i].address,
              facts->regions.list[i].size_bytes);
    for (i = 0; i < facts->n_windows; i++)
        if (!facts->windows[i].problem && facts->windows[i].size_bytes)
            widen(span, range, facts->windows[i].address,
                  facts->windows[i].size_bytes);
    return span->first <= span->last;
}

static void add_pages(struct adder *a, struct sketch_node *node,
                      const struct claim_pages *pages,
                      const struct span *span, const char *path)
{
    struct sketch *s = a->sketch;
    uint64_t count = span->last - span->first + 1;
    uint64_t gfn = pages->gfn + (span->first - pages->mfn);
    const char *size = size_text(s, count * DT_PAGE_BYTES);
    bool is_known = pages->gfn != CLAIM_NO_GFN;

    add_item(a, node, (struct picture_item){
        .kind = DRAW_PAGES,
        .host = sketch_text(s, "0x%" PRIx64 ", %s",
                            span->first * DT_PAGE_BYTES, size),
        .given = is_known ? sketch_text(s, "0x%" PRIx64 ", %s",
                                        gfn * DT_PAGE_BYTES, size) :
                 sketch_text(s, "%s", size),
        .tip = is_known ?
            sketch_text(s, "iomem 0x%" PRIx64 ",0x%" PRIx64 "@0x%" PRIx64
                        " of %s", span->first, count, gfn, path) :
            sketch_text(s, "iomem 0x%" PRIx64 ",0x%" PRIx64 " of %s",
                        span->first, count, path),
    });
}

/* Nodes that the guest has no copy of count only where it has no copies at
 * all: then nobody said which of those that share a page it is to have. */
static bool is_candidate(const struct adder *a, size_t i)
{
    const struct dt_node *node = &a->sketch->devices->tree->nodes[i];

    return a->claim->n_nodes ? a->is_own[i] : node->enabled;
}

static void place_pages(struct adder *a, const struct claim_pages *pages)
{
    const struct dt_devices *devices = a->sketch->devices;
    struct span range = { pages->mfn, pages->mfn + pages->count - 1 }, span;
    bool found = false;
    size_t i;

    if (!pages->count || range.last < range.first)
        return;
    for (i = 0; i < devices->tree->n_nodes; i++)
        if (is_candidate(a, i) &&
            find_span(&devices->facts[i], &range, &span)) {
            add_pages(a, &a->sketch->nodes[i], pages, &span,
                      devices->tree->nodes[i].path);
            found = true;
        }
    if (!found)
        add_pages(a, &a->sketch->elsewhere, pages, &range, "no node");
}

/* --- interrupts -----------------------------------------------------------*/

static const struct dt_interrupt *find_line(const struct dt_facts *facts,
                                            uint32_t intid)
{
    size_t i;

    for (i = 0; i < facts->interrupts.count; i++)
        if (!facts->interrupts.list[i].problem &&
            facts->interrupts.list[i].intid == intid)
            return &facts->interrupts.list[i];
    for (i = 0; i < facts->n_map_rows; i++)
        if (!facts->map_rows[i].line.problem &&
            facts->map_rows[i].line.intid == intid)
            return &facts->map_rows[i].line;
    return NULL;
}

/* Linux bindings, arm,gic-v3: third cell */
static const char *trigger_name(uint32_t flags)
{
    static const char *const names[] = {
        [1] = ", rising edge", [2] = ", falling edge", [4] = ", level high",
        [8] = ", level low",
    };

    flags &= 0xf;
    return flags < sizeof(names) / sizeof(*names) && names[flags] ?
           names[flags] : "";
}

/* Xen on Arm gives an SPI to a guest under its own number
 * (xen/arch/arm/domctl.c, XEN_DOMCTL_bind_pt_irq: virq == irq). */
static void add_interrupt(struct adder *a, struct sketch_node *node,
                          uint32_t intid, const char *trigger,
                          const char *path)
{
    struct sketch *s = a->sketch;

    add_item(a, node, (struct picture_item){
        .kind = DRAW_INTERRUPT,
        .host = sketch_text(s, "SPI %" PRIu32 "%s", intid - 32, trigger),
        .given = sketch_text(s, "SPI %" PRIu32 " (INTID %" PRIu32 ")",
                             intid - 32, intid),
        .tip = sketch_text(s, "irqs %" PRIu32 " of %s: the guest sees the "
                           "number of the host", intid, path),
    });
}

static void place_interrupt(struct adder *a, uint32_t intid)
{
    const struct dt_devices *devices = a->sketch->devices;
    bool found = false;
    size_t i;

    for (i = 0; i < devices->tree->n_nodes; i++) {
        const struct dt_interrupt *line =
            is_candidate(a, i) ? find_line(&devices->facts[i], intid) : NULL;

        if (!line)
            continue;
        add_interrupt(a, &a->sketch->nodes[i], intid,
                      trigger_name(line->flags), devices->tree->nodes[i].path);
        found = true;
    }
    if (!found)
        add_interrupt(a, &a->sketch->elsewhere, intid, "", "no node");
}

/* --- the rest -------------------------------------------------------------*/

static bool is_clock(const struct claim_stub *stub)
{
    return !strcmp(stub->kind, "clock");
}

static void place_stub(struct adder *a, const struct claim_stub *stub)
{
    struct sketch *s = a->sketch;
    struct sketch_node *node = node_at(s, stub->host);
    bool clock = is_clock(stub);
    const char *rate = !clock ? "always on" : !stub->hz ? "rate not known" :
                       rate_text(s, stub->hz);

    add_item(a, node ? node : &s->elsewhere, (struct picture_item){
        .kind = clock ? DRAW_RATE : DRAW_SUPPLY,
        .host = clock ? rate : "supply",
        .given = sketch_text(s, "%s, %s", last_name(stub->guest), rate),
        .tip = sketch_text(s, "%s stays with the host; in the guest stands "
                           "%s, a %s", stub->host, stub->guest, clock ?
                           "fixed-clock" : "regulator-fixed"),
    });
}

static void place_stream(struct adder *a, const char *path)
{
    struct sketch *s = a->sketch;
    struct sketch_node *node = node_at(s, path);

    add_item(a, node ? node : &s->elsewhere, (struct picture_item){
        .kind = DRAW_STREAM, .host = "DMA", .given = "DMA to its own memory",
        .tip = sketch_text(s, "dtdev %s: an IOMMU keeps its DMA within the "
                           "guest's memory", path),
    });
}

static void place_nodes(struct adder *a)
{
    const struct claim_node *claimed = a->claim->nodes;
    struct sketch *s = a->sketch;
    struct sketch_node *node;
    size_t i;

    for (i = 0; i < a->claim->n_nodes; i++) {
        node = node_at(s, claimed[i].host);
        if (!node)
            continue;
        a->is_own[node - s->nodes] = true;
        add_copy(a, node, &claimed[i]);
    }
}

static const char *summary_of(struct sketch *s, const struct claim *claim)
{
    uint64_t pages = 0, clocks = 0;
    size_t i;

    for (i = 0; i < claim->n_pages; i++)
        pages += claim->pages[i].count;
    for (i = 0; i < claim->n_stubs; i++)
        clocks += is_clock(&claim->stubs[i]);
    return sketch_text(s, "%s, %s, %s", sketch_count(s, pages, "page"),
                       sketch_count(s, claim->n_interrupts, "interrupt"),
                       sketch_count(s, clocks, "clock"));
}

void sketch_add_claim(struct sketch *s, const struct claim *claim,
                      const char *name, const char *what)
{
    struct adder a = { .sketch = s, .claim = claim, .guest = s->n_guests };
    size_t i;

    a.is_own = ARENA_ARRAY(s->arena, bool, s->devices->tree->n_nodes + 1);
    if (!a.is_own) {
        s->failed = true;
        return;
    }
    place_nodes(&a);
    for (i = 0; i < claim->n_pages; i++)
        place_pages(&a, &claim->pages[i]);
    for (i = 0; i < claim->n_interrupts; i++)
        place_interrupt(&a, claim->interrupts[i]);
    for (i = 0; i < claim->n_dtdevs; i++)
        place_stream(&a, claim->dtdevs[i]);
    for (i = 0; i < claim->n_stubs; i++)
        place_stub(&a, &claim->stubs[i]);
    s->guests[s->n_guests++] = (struct picture_guest){
        .name = name, .what = what, .summary = summary_of(s, claim),
    };
}
