/* SPDX-License-Identifier: BSD-2-Clause */
/* What stands in the guest for providers that stay with the host. */
#include "dt/plan-internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "dt/passable-internal.h"

/* A stub with what tells it from others. */
struct stub {
    struct dt_stub shown;
    const uint8_t *args;
    size_t n_args;
    uint32_t phandle;
};

static uint32_t new_phandle(struct dt_plan *p)
{
    return ++p->n_phandles;
}

static struct stub *find_stub(const struct dt_plan *p, const char *kind,
                              const struct dt_reference *r,
                              const uint8_t *args)
{
    struct stub *list = p->stubs.entries;
    size_t i;

    for (i = 0; i < p->stubs.count; i++)
        if (list[i].shown.provider == r->provider &&
            !strcmp(list[i].shown.kind, kind) &&
            list[i].n_args == r->n_args &&
            !memcmp(list[i].args, args, 4 * r->n_args))
            return &list[i];
    return NULL;
}

/* Its node, with a phandle of its own. */
static struct dt_guest_node *add_stub(struct dt_plan *p, const char *kind,
                                      const struct dt_reference *r,
                                      const uint8_t *args, uint64_t hz,
                                      uint32_t *phandle)
{
    struct stub *stub = dt_list_add(p, &p->stubs, sizeof(*stub));
    struct dt_guest_node *node;
    char *name;

    if (!stub)
        return NULL;
    name = arena_printf(p->arena, "%s-%zu", kind, p->stubs.count);
    if (!name) {
        p->failed = true;
        return NULL;
    }
    node = dt_guest_add(&p->guest, p->container, name);
    *phandle = new_phandle(p);
    *stub = (struct stub){
        .shown = { r->provider, kind, node->path, hz }, .args = args,
        .n_args = r->n_args, .phandle = *phandle,
    };
    dt_guest_set_cell(&p->guest, node, "phandle", *phandle);
    return node;
}

/* Whether name, of a rate that was given, means clock `index` of the node. */
static bool is_named(const struct dt_node *node, const char *name,
                     size_t index)
{
    const struct dt_property *names = dt_property(node, "clock-names");
    const char *s = dt_string(node, "clock-names");
    char *end;
    size_t at, i;

    for (at = i = 0; s && at < names->size_bytes;
         at += strlen(s + at) + 1, i++)
        if (!strcmp(s + at, name))
            return i == index;
    return *name >= '0' && *name <= '9' &&
           strtoul(name, &end, 10) == index && !*end;
}

static uint64_t rate_in(const struct dt_clock_rate *rates, size_t n,
                        const struct dt_node *node, size_t index)
{
    size_t i;

    for (i = 0; i < n; i++)
        if (is_named(node, rates[i].clock, index))
            return rates[i].hz;
    return 0;
}

/* The request's word, the template's, the host tree's. */
static uint64_t find_rate(const struct dt_plan *p,
                          const struct dt_node *consumer,
                          const struct dt_reference *r, const uint8_t *args,
                          size_t index)
{
    const struct dt_member *m = dt_member_of(p, consumer);
    const struct dt_template *t = p->order->template;
    uint64_t hz = rate_in(m->request->clock_rates, m->request->n_clock_rates,
                          consumer, index);
    size_t i;

    for (i = 0; t && !hz && i < t->n_nodes; i++)
        if (t->nodes[i].host == consumer)
            hz = rate_in(t->nodes[i].clock_rates, t->nodes[i].n_clock_rates,
                         consumer, index);
    return hz ? hz : dt_clock_rate(p->tree, r->provider, args, r->n_args);
}

/* "clock 0 (baud) of /cru" and whose, if not the device's own */
static const char *describe(struct dt_plan *p, const struct dt_node *consumer,
                            const struct dt_reference *r, size_t index)
{
    const char *inner = dt_member_of(p, consumer)->node == consumer ? NULL :
                        consumer->path;
    const struct dt_property *names = dt_property(consumer, "clock-names");
    const char *name = dt_string(consumer, "clock-names"), *text;
    size_t i, at = 0;

    for (i = 0; name && i < index && at < names->size_bytes; i++)
        at += strlen(name + at) + 1;
    if (!name || at >= names->size_bytes)
        name = "no name";
    else
        name += at;
    text = arena_printf(p->arena, "%s%sthe rate of clock %zu (%.64s), which "
                        "%s has, is not known", inner ? inner : "",
                        inner ? ": " : "", index, name, r->provider->path);
    p->failed = p->failed || !text;
    return text ? text : "";
}

static bool is_waived(struct dt_plan *p, const struct dt_node *consumer,
                      const struct dt_reference *r, size_t index)
{
    const struct dt_member *m = dt_member_of(p, consumer);
    struct dt_waived *waived;

    if (!(m->waived & DT_WAIVE_UNKNOWN_CLOCK_RATE))
        return false;
    waived = dt_list_add(p, &p->waived, sizeof(*waived));
    if (waived)
        *waived = (struct dt_waived){
            m->node, &dt_checks[DT_CHECK_PLAN_CLOCK_RATE],
            describe(p, consumer, r, index),
        };
    return true;
}

static void refuse_rate(struct dt_plan *p, const struct dt_node *consumer,
                        const struct dt_reference *r, size_t index)
{
    const struct dt_member *m = dt_member_of(p, consumer);
    struct report_where where = dt_where(p, m->request, m->node);
    bool is_told = where.path && !strcmp(where.path, m->node->path);

    dt_report(p->report, PLAN_CLOCK_RATE, &where, "%s%s%s",
              is_told ? "" : m->node->path, is_told ? "" : ": ",
              describe(p, consumer, r, index));
}

uint32_t dt_stub_clock(struct dt_plan *p, const struct dt_node *consumer,
                       const struct dt_reference *r, size_t index)
{
    const uint8_t *args = dt_property(consumer, r->property)->value +
                          4 * (r->at + 1);
    uint64_t hz = find_rate(p, consumer, r, args, index);
    const struct stub *known = find_stub(p, "clock", r, args);
    struct dt_guest_node *node;
    uint32_t phandle = 0;

    if (!hz && !(known && known->shown.hz) &&
        !is_waived(p, consumer, r, index)) {
        refuse_rate(p, consumer, r, index);
        return 0;
    }
    /* one that was told a rate of its own has a clock of its own */
    if (known && (!hz || known->shown.hz == hz))
        return known->phandle;
    node = add_stub(p, "clock", r, args, hz, &phandle);
    if (!node)
        return 0;
    dt_guest_set_string(&p->guest, node, "compatible", "fixed-clock");
    dt_guest_set_cell(&p->guest, node, "#clock-cells", 0);
    dt_guest_set_cell(&p->guest, node, "clock-frequency", (uint32_t)hz);
    return phandle;
}

uint32_t dt_stub_supply(struct dt_plan *p, const struct dt_reference *r)
{
    static const uint8_t no_args[4];
    const struct stub *known = find_stub(p, "supply", r, no_args);
    struct dt_guest_node *node;
    const char *name = dt_string(r->provider, "regulator-name");
    uint32_t phandle = 0, least = dt_cell_or(r->provider,
                                             "regulator-min-microvolt", 0);

    if (known)
        return known->phandle;
    node = add_stub(p, "supply", r, no_args, 0, &phandle);
    if (!node)
        return 0;
    dt_guest_set_string(&p->guest, node, "compatible", "regulator-fixed");
    dt_guest_set_string(&p->guest, node, "regulator-name",
                        name ? name : r->provider->name);
    /* Linux drivers/regulator/fixed.c wants both, and equal */
    if (least && dt_cell_or(r->provider, "regulator-max-microvolt", 0) ==
        least) {
        dt_guest_set_cell(&p->guest, node, "regulator-min-microvolt", least);
        dt_guest_set_cell(&p->guest, node, "regulator-max-microvolt", least);
    }
    dt_guest_set(&p->guest, node, "regulator-always-on", "", 0);
    return phandle;
}

const struct dt_stub *dt_stubs(struct dt_plan *p)
{
    struct dt_stub *stubs = ARENA_ARRAY(p->arena, struct dt_stub,
                                        p->stubs.count + 1);
    const struct stub *list = p->stubs.entries;
    size_t i;

    for (i = 0; stubs && i < p->stubs.count; i++)
        stubs[i] = list[i].shown;
    p->failed = p->failed || !stubs;
    return stubs;
}

bool dt_has_clock(const struct dt_node *node, const char *name)
{
    const struct dt_property *clocks = dt_property(node, "clocks");
    size_t i;

    for (i = 0; clocks && i < clocks->size_bytes / 4; i++)
        if (is_named(node, name, i))
            return true;
    return false;
}
