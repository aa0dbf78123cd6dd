/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Is the machine as the host's tree says? Dom0's own tree tells, which Xen
 * made of the one that it was booted with: every node of a device is there
 * with the properties that its pages and interrupts come from, as they were
 * (xen/arch/arm/domain_build.c handle_node() and write_properties(): out of a
 * device's nodes only iommus and xen,passthrough are taken, and the latter
 * turns status into "disabled"). What its kernel drives sysfs tells, and Xen
 * whether it has an IOMMU.
 */
#include "plan-order.h"

#include <string.h>

#include "base/arena.h"
#include "dt/address.h"
#include "dt/host-tree.h"

static const char *const copied[] = {
    "compatible", "reg", "ranges", "interrupts", "interrupt-parent",
    "interrupts-extended", "interrupt-map",
};

static bool is_same_value(const struct dt_node *a, const struct dt_node *b,
                          const char *name)
{
    const struct dt_property *x = dt_property(a, name);
    const struct dt_property *y = dt_property(b, name);

    if (!x || !y)
        return !x && !y;
    return x->size_bytes == y->size_bytes &&
           !memcmp(x->value, y->value, x->size_bytes);
}

/* Through the buses above, which have no pages and are not compared. */
static bool is_at_same_place(struct planner *p, const struct dt_node *host,
                             const struct dt_node *dom0)
{
    const struct dt_devices *devices = p->host->devices;
    const struct dt_regions *a =
        &devices->facts[host - devices->tree->nodes].regions;
    struct dt_regions b;
    size_t i;

    if (dt_regions_read(p->arena, dom0, &b)) {
        p->no_memory = true;
        return true;
    }
    for (i = 0; i < a->count && i < b.count; i++)
        if (a->list[i].address != b.list[i].address ||
            a->list[i].size_bytes != b.list[i].size_bytes)
            return false;
    return a->count == b.count;
}

/* Xen says so of each marked node, whatever it is below. */
static bool is_left_alone(const struct dt_node *dom0)
{
    const char *status = dt_string(dom0, "status");

    return status && !strcmp(status, "disabled");
}

/* What is wrong with Dom0's node at the path of one of a device, or NULL. */
static const char *mismatch(struct planner *p, const struct dt_node *host,
                            const struct dt_node *dom0)
{
    size_t i;

    if (!dom0)
        return "Dom0's own tree has no such node";
    for (i = 0; i < sizeof(copied) / sizeof(copied[0]); i++)
        if (!is_same_value(host, dom0, copied[i]))
            return planner_printf(p, "\"%s\" is another in Dom0's own tree",
                                  copied[i]);
    if (!is_at_same_place(p, host, dom0))
        return "the buses above put it elsewhere in Dom0's own tree";
    if (dt_property(host, "xen,passthrough") && !is_left_alone(dom0))
        return "Dom0 has the device: the tree that Xen was booted with does "
               "not mark it";
    return NULL;
}

static const struct report_where *asked_at(const struct order *o,
                                           const struct dt_granted *granted)
{
    return &o->requests[granted->request].where;
}

/* One word for each device: what is wrong first. */
static void check_tree(struct order *o, const struct dt_passthrough *got)
{
    const struct dt_tree *dom0 = o->p->host->dom0_tree;
    const struct dt_node *told = NULL;
    size_t i;

    for (i = 0; dom0 && i < got->n_granted; i++) {
        const struct dt_node *node = got->granted[i].host;
        const char *wrong = got->granted[i].device == told ? NULL :
            mismatch(o->p, node, dt_by_path(dom0, node->path));

        if (!wrong)
            continue;
        told = got->granted[i].device;
        report_check(o->p->report, HOST_TREE_MISMATCH,
                     asked_at(o, &got->granted[i]), "%s: %s", node->path,
                     wrong);
    }
}

/* Only of what is not marked; of the rest Dom0's kernel sees it disabled. */
static void check_drivers(struct order *o, const struct dt_passthrough *got)
{
    const struct host_driver *d;
    size_t i;

    for (i = 0; i < got->n_granted; i++)
        for (d = o->p->host->drivers; d; d = d->next)
            if (!strcmp(d->node, got->granted[i].host->path))
                report_check_remedy(o->p->report, DEVICE_DRIVEN,
                                    asked_at(o, &got->granted[i]), d->unbind,
                                    "%s: Dom0's kernel drives it (%s)",
                                    d->node, d->name);
}

/* The node that is of a dtdev is one that is granted. */
static void check_iommu(struct order *o, const struct dt_passthrough *got)
{
    size_t i, k;

    if (!o->p->host->has_no_iommu)
        return;
    for (i = 0; i < got->n_dtdevs; i++)
        for (k = 0; k < got->n_granted; k++)
            if (got->granted[k].host == got->dtdevs[i].host)
                report_check(o->p->report, HOST_WITHOUT_IOMMU,
                             asked_at(o, &got->granted[k]),
                             "%s: its streams cannot be given to a domain: "
                             "Xen drives no IOMMU", got->dtdevs[i].path);
}

void order_check_machine(struct order *o, const struct dt_passthrough *got)
{
    check_tree(o, got);
    check_drivers(o, got);
    check_iommu(o, got);
}
