/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/plan-internal.h"

#include <string.h>

#include "base/arena.h"

enum match { EXACT, PREFIX, SUFFIX };
enum fate { OURS, KEEP, DROP, NAMES, LINK, REFER, UNKNOWN };

static const struct row {
    const char *name;
    enum match match;
    enum fate fate;
    const char *reason;
} rows[] = {
#define PROPERTY(name, match, fate, reason) { name, match, fate, reason },
#include "dt/properties.def"
#undef PROPERTY
};

static bool row_matches(const struct row *row, const char *name)
{
    size_t n = strlen(name), m = strlen(row->name);

    switch (row->match) {
    case EXACT:
        return !strcmp(row->name, name);
    case PREFIX:
        return !strncmp(row->name, name, m);
    case SUFFIX:
        return n > m && !strcmp(name + n - m, row->name);
    }
    return false;
}

static const struct row *find_row(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (row_matches(&rows[i], name))
            return &rows[i];
    return NULL;
}

/* The references that a property makes; false when there is none. */
static bool find_references(const struct dt_plan *p,
                            const struct dt_node *host, const char *name,
                            size_t *first, size_t *end)
{
    const struct dt_references *r = &dt_facts_of(p, host)->references;
    size_t i;

    for (i = 0; i < r->count && strcmp(r->list[i].property, name); i++)
        ;
    *first = i;
    for (; i < r->count && !strcmp(r->list[i].property, name); i++)
        ;
    *end = i;
    return *first < *end;
}

static void put_cell(uint8_t *value, size_t at, uint32_t cell)
{
    value[4 * at] = (uint8_t)(cell >> 24);
    value[4 * at + 1] = (uint8_t)(cell >> 16);
    value[4 * at + 2] = (uint8_t)(cell >> 8);
    value[4 * at + 3] = (uint8_t)cell;
}

static const char *why_dropped(struct dt_plan *p,
                               const struct dt_reference *r)
{
    static const char *const formats[] = {
        [DT_NEED_HOST] = "%s stays with the host, which serves it",
        [DT_NEED_IOMMU] = "%s is Xen's, which assigns the streams",
        [DT_NEED_MSI] = "the guest has no controller of messages (%s)",
        [DT_NEED_MEMORY] = "%s is memory of the host",
        [DT_NEED_PROVIDER] = "%s stays with the host",
    };
    /* formats hold one %s each */
    const char *format = formats[r->need], *at = strstr(format, "%s");
    char *reason = arena_printf(p->arena, "%.*s%s%s", (int)(at - format),
                                format, r->provider->path, at + 2);

    p->failed = p->failed || !reason;
    return reason;
}

/* The same cells with the guest's phandles. The guest has all providers. */
static void keep_references(struct dt_plan *p,
                            const struct dt_property *property,
                            const struct dt_reference *r, size_t n,
                            struct dt_guest_node *node)
{
    uint8_t *value = arena_memdup(p->arena, property->value,
                                  property->size_bytes);
    size_t i;

    if (!value) {
        p->failed = true;
        return;
    }
    for (i = 0; i < n; i++)
        put_cell(value, r[i].at, p->phandle_of[dt_index_of(p,
                                                           r[i].provider)]);
    dt_guest_set(&p->guest, node, property->name, value,
                 property->size_bytes);
}

/* One entry each as the host has, stubs for providers that stay. */
static void keep_clocks(struct dt_plan *p, const struct dt_node *host,
                        const struct dt_property *property,
                        const struct dt_reference *r, size_t n,
                        struct dt_guest_node *node)
{
    uint32_t *cells = ARENA_ARRAY(p->arena, uint32_t,
                                  property->size_bytes / 4 + 1);
    size_t at = 0, k = 0, i, index = 0, entry, size = property->size_bytes / 4;

    if (!cells) {
        p->failed = true;
        return;
    }
    for (entry = 0; at < size; entry++) {
        if (k == n || r[k].at != at) {          /* an entry left out */
            cells[index++] = 0;
            at++;
            continue;
        }
        if (!dt_is_told(p, r[k].provider)) {
            cells[index++] = dt_stub_clock(p, host, &r[k], entry);
        } else {
            cells[index++] = p->phandle_of[dt_index_of(p, r[k].provider)];
            for (i = 0; i < r[k].n_args; i++)
                cells[index++] = dt_cell(property, at + 1 + i);
        }
        at += 1 + r[k].n_args;
        k++;
    }
    dt_guest_set_cells(&p->guest, node, property->name, cells, index);
}

static void keep_supply(struct dt_plan *p,
                        const struct dt_property *property,
                        const struct dt_reference *r,
                        struct dt_guest_node *node)
{
    dt_guest_set_cell(&p->guest, node, property->name, dt_stub_supply(p, r));
}

static void refer(struct dt_plan *p, const struct dt_node *host,
                  const struct dt_property *property, size_t first,
                  size_t end, struct dt_guest_node *node)
{
    const struct dt_reference *r =
        &dt_facts_of(p, host)->references.list[first];
    size_t i, n = end - first;

    for (i = 0; i < n && dt_is_told(p, r[i].provider); i++)
        ;
    if (i == n)
        keep_references(p, property, r, n, node);
    else if (!strcmp(r->kind, "clock"))
        keep_clocks(p, host, property, r, n, node);
    else if (!strcmp(r->kind, "supply"))
        keep_supply(p, property, r, node);
    else
        dt_note_drop(p, host, property->name, why_dropped(p, &r[i]));
}

static void link_to(struct dt_plan *p, const struct dt_node *host,
                    const struct dt_property *property,
                    struct dt_guest_node *node)
{
    const struct dt_node *other = property->size_bytes == 4 ?
        dt_by_phandle(p->tree, dt_cell(property, 0)) : NULL;

    if (other && dt_is_told(p, other))
        dt_guest_set_cell(&p->guest, node, property->name,
                          p->phandle_of[dt_index_of(p, other)]);
    else
        dt_note_drop(p, host, property->name,
                     "the other end stays with the host");
}

static bool is_text(const struct dt_property *property)
{
    size_t i, n = property->size_bytes;

    if (!n || property->value[n - 1] || !property->value[0])
        return false;
    for (i = 0; i < n; i++)
        if (property->value[i] && (property->value[i] < 0x20 ||
                                   property->value[i] > 0x7e))
            return false;
    return true;
}

/*
 * A number is indistinguishable from a phandle. One that is kept would be
 * another node's in the guest, or nobody's, so no word of a property that
 * nothing is known of may be one; names of numbers are in the table.
 */
static const struct dt_node *may_refer(const struct dt_plan *p,
                                       const struct dt_property *property)
{
    const struct dt_node *other = NULL;
    size_t i;

    if (property->size_bytes % 4 || is_text(property))
        return NULL;
    for (i = 0; !other && i < property->size_bytes / 4; i++)
        other = dt_by_phandle(p->tree, dt_cell(property, i));
    return other;
}

static void keep_unknown(struct dt_plan *p, const struct dt_node *host,
                         const struct dt_property *property,
                         struct dt_guest_node *node)
{
    const struct dt_node *other = may_refer(p, property);
    char *reason;

    if (!other) {
        dt_guest_set(&p->guest, node, property->name, property->value,
                     property->size_bytes);
        return;
    }
    reason = arena_printf(p->arena, "it may refer to %s", other->path);
    p->failed = p->failed || !reason;
    dt_note_drop(p, host, property->name, reason);
}

static enum fate decide(const struct dt_plan *p, const struct dt_node *host,
                        const struct dt_property *property,
                        const struct row **row, size_t *first, size_t *end)
{
    *row = find_row(property->name);
    if (*row && (*row)->fate != KEEP)
        return (*row)->fate;
    if (find_references(p, host, property->name, first, end))
        return REFER;
    return *row ? KEEP : UNKNOWN;
}

static void take_property(struct dt_plan *p, const struct dt_node *host,
                          const struct dt_property *property,
                          struct dt_guest_node *node)
{
    const struct row *row;
    size_t first = 0, end = 0;

    switch (decide(p, host, property, &row, &first, &end)) {
    case OURS:
    case NAMES:
        break;
    case KEEP:
        dt_guest_set(&p->guest, node, property->name, property->value,
                     property->size_bytes);
        break;
    case DROP:
        dt_note_drop(p, host, property->name, row->reason);
        break;
    case LINK:
        link_to(p, host, property, node);
        break;
    case REFER:
        refer(p, host, property, first, end, node);
        break;
    case UNKNOWN:
        keep_unknown(p, host, property, node);
        break;
    }
}

/* Names of entries, where the entries are there. */
static void take_names(struct dt_plan *p, const struct dt_node *host,
                       struct dt_guest_node *node)
{
    size_t i;

    for (i = 0; i < host->n_properties; i++) {
        const struct dt_property *property = &host->properties[i];
        const struct row *row = find_row(property->name);

        if (row && row->fate == NAMES &&
            dt_guest_property(node, row->reason))
            dt_guest_set(&p->guest, node, property->name, property->value,
                         property->size_bytes);
    }
}

void dt_node_properties(struct dt_plan *p, const struct dt_node *host,
                        struct dt_guest_node *node)
{
    size_t i;

    for (i = 0; i < host->n_properties && !p->failed; i++)
        take_property(p, host, &host->properties[i], node);
    take_names(p, host, node);
}
