/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices of the host: what the bundle asks for, as annotations,
 * accelerators.json and vm.hwConfig say it, becomes one order to dt/, whose
 * judgement stands.
 */
#include "plan-order.h"

#include <string.h>

#include "dt/host-tree.h"

void *order_allocate(struct planner *p, size_t count, size_t size_bytes)
{
    void *memory = arena_calloc(p->arena, count + 1, size_bytes);

    p->no_memory |= !memory;
    return memory;
}

/* --- the order -----------------------------------------------------------*/

static const struct dt_clock_rate *
clock_rates(struct planner *p, const struct spec_accelerator *a)
{
    struct dt_clock_rate *rates = order_allocate(p, a->n_clock_rates,
                                           sizeof(*rates));
    size_t i;

    for (i = 0; rates && i < a->n_clock_rates; i++)
        rates[i] = (struct dt_clock_rate){
            a->clock_rates[i].clock, a->clock_rates[i].hz,
        };
    return rates;
}

void order_add(struct order *o, const struct dt_request *request,
               struct origin from)
{
    if (o->n_requests == o->room)
        return;
    o->requests[o->n_requests] = *request;
    o->causes[o->n_requests++] = from;
}

static void add_accelerators(struct order *o)
{
    const struct spec_accelerators *all = &o->p->spec->accelerators;
    size_t i;

    for (i = 0; i < all->count; i++) {
        const struct spec_accelerator *a = &all->items[i];
        const struct dt_request request = {
            .device = a->device.value,
            .where = planner_where(o->p, a->device.at),
            .compatible = a->compatible.value,
            .clock_rates = clock_rates(o->p, a),
            .n_clock_rates = a->n_clock_rates,
        };

        order_add(o, &request, origin_at(o->p, a->device.at));
    }
}

/* --- what came of it -----------------------------------------------------*/

/* What asked for a node, or for a part of it. */
static struct origin cause_of(const struct order *o,
                              const struct dt_passthrough *got,
                              const struct dt_node *host)
{
    size_t i;

    for (i = 0; i < got->n_granted; i++)
        if (got->granted[i].host == host)
            return o->causes[got->granted[i].request];
    return o->causes[0];
}

static void keep_resources(struct order *o, const struct dt_passthrough *got)
{
    struct plan_devices *d = &o->p->plan->devices;
    size_t i;

    d->pages = order_allocate(o->p, got->n_pages, sizeof(*d->pages));
    d->interrupts = order_allocate(o->p, got->n_lines, sizeof(*d->interrupts));
    d->dtdevs = order_allocate(o->p, got->n_dtdevs, sizeof(*d->dtdevs));
    if (!d->pages || !d->interrupts || !d->dtdevs)
        return;
    for (i = 0; i < got->n_pages; i++)
        d->pages[d->n_pages++] = (struct plan_pages){
            got->pages[i].mfn, got->pages[i].gfn, got->pages[i].count,
            got->pages[i].host->path, cause_of(o, got, got->pages[i].host),
        };
    for (i = 0; i < got->n_lines; i++)
        d->interrupts[d->n_interrupts++] = (struct plan_interrupt){
            got->lines[i].intid, got->lines[i].host->path,
            cause_of(o, got, got->lines[i].host),
        };
    for (i = 0; i < got->n_dtdevs; i++)
        d->dtdevs[d->n_dtdevs++] = (struct plan_dtdev){
            got->dtdevs[i].path, cause_of(o, got, got->dtdevs[i].host),
        };
    d->dtb = got->dtb;
    d->dtb_bytes = got->dtb_bytes;
    d->passed = got;
}

static void keep_devices(struct order *o, const struct dt_passthrough *got)
{
    const struct spec_accelerators *all = &o->p->spec->accelerators;
    struct plan_devices *d = &o->p->plan->devices;
    size_t i, r;

    d->list = order_allocate(o->p, o->n_requests, sizeof(*d->list));
    for (i = 0; d->list && i < got->n_granted; i++) {
        if (got->granted[i].host != got->granted[i].device)
            continue;
        r = got->granted[i].request;
        d->list[d->count] = (struct plan_accelerator){
            .device = got->granted[i].host->path,
            .compatible = o->requests[r].compatible,
            .from = o->causes[r],
        };
        if (r < all->count) {
            d->list[d->count].name = all->items[r].name;
            d->list[d->count].kind = all->items[r].kind.value;
            d->list[d->count].load = all->items[r].load.value;
        }
        d->count++;
    }
}

/* The driver is told one name on the kernel's command line. */
static void keep_uio_name(struct planner *p)
{
    const struct spec_accelerators *all = &p->spec->accelerators;
    struct plan_devices *d = &p->plan->devices;
    size_t i;

    for (i = 0; i < all->count; i++) {
        const struct spec_string *name = &all->items[i].compatible;

        if (!name->at || !dt_is_uio_name(name->value))
            continue;
        if (d->uio_name && strcmp(d->uio_name, name->value))
            planner_refuse(p, ACCELERATOR_INVALID, name->at,
                           "another accelerator is \"%s\" already; all that "
                           "uio_pdrv_genirq serves must have one name",
                           d->uio_name);
        d->uio_name = name->value;
        d->uio_from = origin_at(p, name->at);
    }
}

/* --- checks --------------------------------------------------------------*/

static void check_loads(struct planner *p)
{
    const struct spec_accelerators *all = &p->spec->accelerators;
    size_t i;

    for (i = 0; i < all->count; i++)
        if (all->items[i].load.at &&
            p->survey->loads[i].kind != SOURCE_FILE)
            planner_refuse(p, ACCELERATOR_LOAD_MISSING,
                           all->items[i].load.at,
                           "\"%s\" is not a file of the root file system",
                           all->items[i].load.value);
}

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

/* What is wrong with Dom0's node at the path of a device, or NULL. */
static const char *mismatch(const struct dt_node *host,
                            const struct dt_node *dom0)
{
    if (!dom0)
        return "Dom0's own tree has no such node";
    if (!is_same_value(host, dom0, "compatible"))
        return "\"compatible\" is another in Dom0's own tree";
    if (!is_same_value(host, dom0, "reg"))
        return "\"reg\" is another in Dom0's own tree";
    if (dt_property(host, "xen,passthrough") && dom0->enabled)
        return "Dom0 has the device: the tree that Xen was booted with does "
               "not mark it";
    return NULL;
}

/* Xen copies nodes into Dom0's tree as they are (domain_build.c
 * handle_node()), and disables those with xen,passthrough. */
static void check_machine(struct order *o, const struct dt_passthrough *got)
{
    const struct dt_tree *dom0 = o->p->host->dom0_tree;
    struct report_where where;
    size_t i;

    for (i = 0; dom0 && i < got->n_granted; i++) {
        const struct dt_node *node = got->granted[i].host;
        const char *wrong = node != got->granted[i].device ? NULL :
                            mismatch(node, dt_by_path(dom0, node->path));

        if (!wrong)
            continue;
        where = o->requests[got->granted[i].request].where;
        report_check(o->p->report, HOST_TREE_MISMATCH, &where, "%s: %s",
                     node->path, wrong);
    }
}

static void tell_waived(struct order *o, const struct dt_passthrough *got)
{
    size_t i, k;

    for (i = 0; i < got->n_waived; i++)
        for (k = 0; k < got->n_granted; k++)
            if (got->granted[k].host == got->waived[i].device) {
                size_t r = got->granted[k].request;

                report_check(o->p->report, DEVICE_ALLOWED,
                             &o->requests[r].where,
                             "%s: device_allow passes over [%s]",
                             got->waived[i].device->path,
                             got->waived[i].check->name);
            }
}

static void plan_order(struct order *o)
{
    struct planner *p = o->p;
    const struct host_facts *host = p->host;
    size_t errors = report_errors(p->report);
    const struct dt_passthrough *got;
    struct dt_order order;

    add_accelerators(o);
    order_hw_config(o);
    order = (struct dt_order){
        .requests = o->requests, .n_requests = o->n_requests,
        .allowances = host->allowances, .n_allowances = host->n_allowances,
        .placements = o->raw.placements,
        .n_placements = o->raw.n_placements, .template = o->template,
    };
    got = dt_passthrough_plan(p->arena, host->devices, &order, p->report);
    if (!got || report_errors(p->report) != errors)
        return;
    check_machine(o, got);
    tell_waived(o, got);
    keep_devices(o, got);
    if (o->n_requests)
        keep_resources(o, got);
}

void plan_accelerators(struct planner *p)
{
    const struct spec *spec = p->spec;
    const struct spec_vm *vm = &spec->vm;
    /* the three lists; a template can name no more than what it holds */
    size_t room = spec->accelerators.count + vm->n_hw_iomems +
                  vm->hw_irqs.count + vm->hw_dtdevs.count + 64;
    struct order o = { .p = p, .room = room };
    const struct json *at;

    if (!spec_has_devices(spec))
        return;
    check_loads(p);
    plan_check_nodes(p);
    keep_uio_name(p);
    at = spec->accelerators.count ? spec->accelerators.items[0].at : vm->at;
    if (!p->host->devices) {
        planner_refuse(p, HOST_TREE_ABSENT, at,
                       "the container needs a device, and no device tree of "
                       "the host is known");
        return;
    }
    if (p->host->devices_are_dom0s)
        planner_refuse(p, HOST_TREE_OF_DOM0, at,
                       "the host's devices are taken from Dom0's own tree, "
                       "%s", p->host->devices->tree->file);
    o.requests = order_allocate(p, room, sizeof(*o.requests));
    o.causes = order_allocate(p, room, sizeof(*o.causes));
    if (o.requests && o.causes)
        plan_order(&o);
}
