/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices named by their resources: vm.hwConfig. */
#include "plan-order.h"

#include <string.h>

#include "dt/find.h"
#include "dt/host-tree.h"
#include "dt/template.h"

/* Is the device one of those asked for by name? Then the resources that
 * vm.hwConfig lists are its own. */
static bool is_asked_for(const struct order *o, const char *device)
{
    const struct dt_tree *tree = o->p->host->devices->tree;
    struct report *ignored = report_new();
    const struct dt_node *node, *other;
    bool found = false;
    size_t i;

    node = ignored ? dt_find(tree, device, ignored) : NULL;
    for (i = 0; node && i < o->n_requests && !found; i++) {
        other = dt_find(tree, o->requests[i].device, ignored);
        found = other && dt_is_within(node, other);
    }
    report_free(ignored);
    return found;
}

/* at: what all were found by; NULL: what each says itself. */
static void add_found(struct order *o, const struct dt_request *requests,
                      size_t count, const struct json *at)
{
    const struct report_where *where;
    size_t i;

    for (i = 0; i < count && !order_is_full(o); i++) {
        where = &requests[i].where;
        if (!is_asked_for(o, requests[i].device))
            order_add(o, &requests[i], at ? origin_at(o->p, at) :
                      (struct origin){ where->path, where->line,
                                       where->column });
    }
}

static struct report_where element_where(struct planner *p,
                                         const struct json *list,
                                         size_t index)
{
    const struct json *j = list->child;

    while (j && index--)
        j = j->next;
    return planner_where(p, j);
}

static void find_raw(struct order *o)
{
    struct planner *p = o->p;
    const struct spec_vm *vm = &p->spec->vm;
    struct dt_raw_pages *pages = order_allocate(p, vm->n_hw_iomems, sizeof(*pages));
    struct dt_raw_interrupt *irqs = order_allocate(p, vm->hw_irqs.count,
                                             sizeof(*irqs));
    struct dt_raw_path *paths = order_allocate(p, vm->hw_dtdevs.count,
                                         sizeof(*paths));
    const struct dt_raw raw = {
        pages, irqs, paths, vm->n_hw_iomems, vm->hw_irqs.count,
        vm->hw_dtdevs.count,
    };
    size_t i;

    if (!pages || !irqs || !paths)
        return;
    for (i = 0; i < vm->n_hw_iomems; i++) {
        const struct spec_iomem *m = &vm->hw_iomems[i];

        /* config-vm.md "HWConfig Object": without a GFN, the MFN is meant */
        pages[i] = (struct dt_raw_pages){
            m->first_mfn.value, m->nr_mfns.value, m->first_gfn.at ?
            m->first_gfn.value : m->first_mfn.value, planner_where(p, m->at),
        };
    }
    for (i = 0; i < vm->hw_irqs.count; i++)
        irqs[i] = (struct dt_raw_interrupt){
            (uint32_t)vm->hw_irqs.values[i],
            element_where(p, vm->hw_irqs.at, i),
        };
    for (i = 0; i < vm->hw_dtdevs.count; i++)
        paths[i] = (struct dt_raw_path){
            vm->hw_dtdevs.values[i], element_where(p, vm->hw_dtdevs.at, i),
        };
    if (!dt_raw_find(p->arena, p->host->devices, &raw, &o->raw, p->report))
        add_found(o, o->raw.requests, o->raw.n_requests, NULL);
}

/* Errors of the file, where the bundle names it. */
static void tell_file(struct planner *p, const struct report *of_file,
                      const char *pointer)
{
    const struct spec_string *name = &p->spec->vm.hw_device_tree;
    const struct report_where where = planner_where(p, name->at);
    const struct diagnostic *d;

    p->no_memory |= report_is_truncated(of_file) != 0;
    for (d = report_first(of_file); d; d = d->next) {
        const char *node = d->where.path && strcmp(d->where.path, pointer) ?
                           d->where.path : NULL;

        report_add_remedy(p->report, d->check, &where, d->remedy,
                          "%s: %s%s%s", name->value, node ? node : "",
                          node ? ": " : "", d->message);
    }
}

static void read_file(struct order *o, const struct source_fact *fact,
                      const struct json *at)
{
    struct planner *p = o->p;
    struct report *of_file = report_new();
    struct report_where where = planner_where(p, at);

    if (!of_file) {
        p->no_memory = true;
        return;
    }
    o->template = dt_template_read(p->arena, p->host->devices, fact->path,
                                   fact->content, fact->size_bytes,
                                   o->raw.placements, o->raw.n_placements,
                                   &where, of_file);
    tell_file(p, of_file, where.path ? where.path : "");
    report_free(of_file);
    if (o->template)
        add_found(o, o->template->requests, o->template->n_requests, at);
}

static void read_template(struct order *o)
{
    struct planner *p = o->p;
    const struct json *at = p->spec->vm.hw_device_tree.at;
    const struct source_fact *fact = &p->survey->device_tree;

    if (!at)
        return;
    if (fact->kind != SOURCE_FILE || !fact->content) {
        planner_refuse(p, DEVICE_TREE_FILE, at, "\"%s\" is %s",
                       p->spec->vm.hw_device_tree.value,
                       fact->kind == SOURCE_MISSING ? "not there" :
                       fact->kind == SOURCE_OUTSIDE ? "outside the bundle" :
                       fact->kind == SOURCE_FILE ? "too large" :
                                                   "not a regular file");
        return;
    }
    read_file(o, fact, at);
}

void order_hw_config(struct order *o)
{
    find_raw(o);
    read_template(o);
}
