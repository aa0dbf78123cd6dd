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

bool order_is_full(const struct order *o)
{
    return o->n_requests == ORDER_ROOM;
}

void order_add(struct order *o, const struct dt_request *request,
               struct origin from)
{
    if (order_is_full(o))
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

/* The driver is told one name on the kernel's command line. name: or NULL. */
static void keep_uio_name(struct planner *p, const char *name,
                          const struct json *at)
{
    struct plan_devices *d = &p->plan->devices;

    if (!name || !dt_is_uio_name(name))
        return;
    if (d->uio_name && strcmp(d->uio_name, name))
        planner_refuse(p, ACCELERATOR_INVALID, at,
                       "another accelerator is \"%s\" already; all that "
                       "uio_pdrv_genirq serves must have one name",
                       d->uio_name);
    d->uio_name = name;
    d->uio_from = origin_at(p, at);
}

static void keep_uio_names(struct planner *p)
{
    const struct spec_accelerators *all = &p->spec->accelerators;
    size_t i;

    for (i = 0; i < all->count; i++)
        if (all->items[i].compatible.at)
            keep_uio_name(p, all->items[i].compatible.value,
                          all->items[i].compatible.at);
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
            .compatible = got->granted[i].compatible,
            .from = o->causes[r],
        };
        if (!o->requests[r].compatible)
            keep_uio_name(o->p, got->granted[i].compatible,
                          o->p->spec->vm.hw_device_tree.at);
        if (r < all->count) {
            d->list[d->count].name = all->items[r].name;
            d->list[d->count].kind = all->items[r].kind.value;
            d->list[d->count].load = all->items[r].load.value;
        }
        d->count++;
    }
}

/* --- checks --------------------------------------------------------------*/

static void check_loads(struct planner *p)
{
    const struct spec_accelerators *all = &p->spec->accelerators;
    const struct spec *s = p->spec;
    size_t i;

    if (p->survey->has_errors || is_faulty(p, &s->root_path) ||
        is_faulty(p, &s->vm.image_path))
        return;                 /* there is no root to look into */
    for (i = 0; i < all->count; i++)
        if (all->items[i].load.at && !is_faulty(p, &all->items[i].load) &&
            p->survey->loads[i].kind != SOURCE_FILE)
            planner_refuse(p, ACCELERATOR_LOAD_MISSING,
                           all->items[i].load.at,
                           "\"%s\" is not a file of the root file system",
                           all->items[i].load.value);
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
    if (p->no_memory)
        return;                 /* what is missing must not be planned */
    order = (struct dt_order){
        .requests = o->requests, .n_requests = o->n_requests,
        .allowances = host->allowances, .n_allowances = host->n_allowances,
        .placements = o->raw.placements,
        .n_placements = o->raw.n_placements, .template = o->template,
    };
    got = dt_passthrough_plan(p->arena, host->devices, &order, p->report);
    if (!got || report_errors(p->report) != errors)
        return;
    order_check_machine(o, got);
    tell_waived(o, got);
    keep_devices(o, got);
    if (o->n_requests)
        keep_resources(o, got);
}

/* One device may be what another asks for, so all must be known. */
static bool are_all_known(const struct planner *p)
{
    const struct spec_accelerators *all = &p->spec->accelerators;
    const struct spec_vm *vm = &p->spec->vm;
    size_t i;

    for (i = 0; i < all->count; i++)
        if (is_faulty(p, &all->items[i].device) ||
            is_faulty(p, &all->items[i].compatible) ||
            is_faulty(p, &all->items[i].clock_rates))
            return false;
    return !is_faulty(p, all) && !is_faulty(p, &vm->hw_iomems) &&
           !is_faulty(p, &vm->hw_irqs) && !is_faulty(p, &vm->hw_dtdevs) &&
           !is_faulty(p, &vm->hw_device_tree);
}

void plan_accelerators(struct planner *p)
{
    const struct spec *spec = p->spec;
    struct order o = { .p = p };
    const struct json *at;

    if (!spec_has_devices(spec))
        return;
    check_loads(p);
    plan_check_nodes(p);
    keep_uio_names(p);
    at = spec->accelerators.count ? spec->accelerators.items[0].at :
                                     spec->vm.at;
    if (p->host->devices_have_errors)
        return;
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
    if (!are_all_known(p))
        return;
    o.requests = order_allocate(p, ORDER_ROOM, sizeof(*o.requests));
    o.causes = order_allocate(p, ORDER_ROOM, sizeof(*o.causes));
    if (o.requests && o.causes)
        plan_order(&o);
}
