/* SPDX-License-Identifier: BSD-2-Clause */
/* What ends Xen's making of Dom0 (arch/arm/device.c handle_device()). */
#include "dt/doctor-internal.h"

#include <inttypes.h>

#include "base/arena.h"

struct user {
    const struct dt_node *node;     /* NULL: nobody yet */
    const struct dt_property *property;
    size_t flags_at;
    uint32_t type;
    bool is_xens;
};

struct lines {
    struct doctor *d;
    struct user *users;             /* by INTID */
    const struct dt_node *node;     /* that is looked at */
    size_t i;                       /* of its interrupts */
    size_t limit;
    bool is_xens;
};

static void check_addresses(struct doctor *d, const struct dt_node *node)
{
    const struct dt_property *p;
    size_t i, n = dt_xen_n_addresses(node, &p);
    uint64_t address, size_bytes;
    struct dt_finding *f;

    for (i = 0; i < n; i++) {
        const char *problem = dt_xen_address(node, i, &address, &size_bytes);

        if (!problem)
            continue;
        f = dt_doctor_say(d, DT_CHECK_BOARD_ADDRESS, node,
                          "Xen cannot read entry %zu of its %s%s: %s", i,
                          p->name, node->enabled ? "" :
                          ", though it is disabled", problem);
        dt_doctor_silence(d, f, node, p->name);
        return;
    }
}

static void check_windows(struct doctor *d, const struct dt_node *node)
{
    const char *problem = dt_xen_windows(node);
    struct dt_finding *f;

    if (!problem)
        return;
    f = dt_doctor_say(d, DT_CHECK_BOARD_ADDRESS, node,
                      "Xen cannot read its windows: %s", problem);
    dt_doctor_silence(d, f, node, "ranges");
}

/* Two triggers of one interrupt: Xen takes the first that it reads, and gives
 * up at the other. What is certain is only that a disabled device does without
 * and that a trigger of 0 means none. Whether the node's other interrupts are
 * still worth a look. */
static bool refuse_trigger(struct lines *l, const struct dt_xen_line *line,
                           const struct user *first)
{
    struct doctor *d = l->d;
    struct dt_finding *f =
        dt_doctor_say(d, DT_CHECK_BOARD_TRIGGER, l->node,
                      "its interrupt %" PRIu32 " has trigger %" PRIu32
                      ", but %" PRIu32 " in %s, which Xen reads before",
                      line->intid, line->type, first->type,
                      first->node->path);

    if (!l->node->enabled) {
        dt_doctor_silence(d, f, l->node, line->property->name);
        return false;
    }
    if (!first->is_xens && !first->node->enabled)
        dt_doctor_silence(d, f, first->node, first->property->name);
    else if (!line->type && line->flags_at)
        dt_doctor_set_cell(d, f, l->node, line->property->name,
                           line->flags_at,
                           dt_cell(line->property, line->flags_at) |
                           first->type);
    else if (!first->type && first->flags_at)
        dt_doctor_set_cell(d, f, first->node, first->property->name,
                           first->flags_at,
                           dt_cell(first->property, first->flags_at) |
                           line->type);
    return f && f->correctable;
}

/* create_dom0(): no domain has more, however many the GIC has. */
static bool is_beyond_dom0(const struct lines *l,
                           const struct dt_xen_line *line)
{
    return line->intid >= DT_XEN_DOMAIN_INTIDS && !l->is_xens &&
           !dt_property(l->node, "xen,passthrough");
}

static void refuse_number(struct lines *l, const struct dt_xen_line *line)
{
    struct dt_finding *f =
        dt_doctor_say(l->d, DT_CHECK_BOARD_INTERRUPT, l->node,
                      "its interrupt %" PRIu32 " is beyond the %d that Xen "
                      "gives Dom0%s", line->intid, DT_XEN_DOMAIN_INTIDS,
                      l->node->enabled ? "" : ", though it is disabled");

    dt_doctor_silence(l->d, f, l->node, line->property->name);
}

static void refuse_xens(struct lines *l, const struct dt_xen_line *line,
                        const struct user *first)
{
    struct dt_finding *f =
        dt_doctor_say(l->d, DT_CHECK_BOARD_INTERRUPT_OF_XEN, l->node,
                      "its interrupt %" PRIu32 " is also that of %s, which "
                      "Xen drives", line->intid, first->node->path);

    if (!l->node->enabled)
        dt_doctor_silence(l->d, f, l->node, line->property->name);
}

static bool take(void *context, const struct dt_xen_line *line)
{
    struct lines *l = context;
    struct dt_finding *f;
    struct user *first;

    if (l->i++ == l->limit)
        return false;
    if (line->problem) {
        f = l->is_xens ? NULL :
            dt_doctor_say(l->d, DT_CHECK_BOARD_INTERRUPT, l->node,
                          "Xen cannot read interrupt %zu of its %s%s: %s",
                          l->i - 1, line->property->name,
                          l->node->enabled ? "" : ", though it is disabled",
                          line->problem);
        dt_doctor_silence(l->d, f, l->node, line->property->name);
        return false;
    }
    if (line->controller)
        return true;
    if (is_beyond_dom0(l, line)) {
        refuse_number(l, line);
        return false;
    }
    first = &l->users[line->intid];
    if (!first->node) {
        *first = (struct user){ l->node, line->property, line->flags_at,
                                line->type, l->is_xens };
        return true;
    }
    if (first->type != line->type)
        return refuse_trigger(l, line, first);
    if (first->is_xens && !l->is_xens &&
        !dt_property(l->node, "xen,passthrough")) {
        refuse_xens(l, line, first);
        return false;
    }
    return true;
}

static void look(struct lines *l, const struct dt_node *node, bool is_xens,
                 size_t limit)
{
    l->node = node;
    l->i = 0;
    l->limit = limit;
    l->is_xens = is_xens;
    dt_xen_each_line(l->d->xen, node, take, l);
    if (!is_xens && dt_xen_is_bridge(node)) {
        l->i = 0;
        dt_xen_each_map_line(l->d->xen, node, take, l);
    }
}

/* What Xen has set up before it makes Dom0. */
static void look_at_xens(struct lines *l)
{
    const struct dt_xen *xen = l->d->xen;
    size_t i;

    if (xen->gic)
        look(l, xen->gic, true, 1);
    if (xen->timer)
        look(l, xen->timer, true, SIZE_MAX);
    if (xen->console)
        look(l, xen->console, true, 1);
    for (i = 0; i < xen->tree->n_nodes; i++)
        if (xen->tree->nodes[i].enabled &&
            dt_xen_knows_smmu(&xen->tree->nodes[i]))
            look(l, &xen->tree->nodes[i], true, SIZE_MAX);
}

void dt_doctor_dom0(struct doctor *d)
{
    struct lines l = { .d = d };
    size_t i;

    l.users = ARENA_ARRAY(d->arena, struct user, DT_XEN_INTIDS);
    if (!l.users) {
        d->failed = true;
        return;
    }
    look_at_xens(&l);
    for (i = 0; i < d->tree->n_nodes; i++) {
        const struct dt_node *node = &d->tree->nodes[i];

        if (!dt_xen_is_handled(d->xen, node))
            continue;
        look(&l, node, false, SIZE_MAX);
        check_addresses(d, node);
        if (dt_xen_is_bridge(node))
            check_windows(d, node);
    }
}

/* Where the two differ Xen's SMMU driver takes a device for none of its. */
static void check_iommus(struct doctor *d, const struct dt_node *node)
{
    const struct dt_references *r =
        &d->devices->facts[node - d->tree->nodes].references;
    const struct dt_node *first = NULL;
    size_t i;

    for (i = 0; i < r->count; i++) {
        const struct dt_node *iommu = r->list[i].provider;

        if (r->list[i].need != DT_NEED_IOMMU || !iommu || !iommu->enabled)
            continue;
        if (!dt_xen_knows_smmu(iommu)) {
            dt_doctor_say(d, DT_CHECK_BOARD_IOMMU, node,
                          "Xen drives an SMMU, but not its %s", iommu->path);
            return;
        }
        if (first && first != iommu) {
            dt_doctor_say(d, DT_CHECK_BOARD_IOMMU, node,
                          "it is behind both %s and %s", first->path,
                          iommu->path);
            return;
        }
        first = iommu;
    }
}

void dt_doctor_iommus(struct doctor *d)
{
    size_t i;

    for (i = 0; d->xen->has_smmu && i < d->tree->n_nodes; i++) {
        const struct dt_node *node = &d->tree->nodes[i];

        if (dt_xen_is_handled(d->xen, node) &&
            !dt_property(node, "xen,passthrough"))
            check_iommus(d, node);
    }
}
