/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/passable-internal.h"

#include <inttypes.h>
#include <string.h>

#include "dt/host-tree.h"

/* Of what is reserved, passable-owner.c tells. */
static void check_status(struct judge *j, struct dt_device *d)
{
    enum dt_check_id why;

    if (d->node->enabled ||
        (dt_is_kept(&j->index, j->tree, d->node, &why) &&
         why == DT_CHECK_DEVICE_RESERVED))
        return;
    dt_refuse(j, d, DT_CHECK_DEVICE_DISABLED, NULL, "%s",
              dt_property(d->node, "status") ?
              "its status is not \"okay\"" : "a node above it is disabled");
}

/* Xen 4.20 arch/arm/device.c handle_device(), 4.17 domain_build.c: each node
 * is looked at by itself, so that Dom0 has the pages and interrupts of one
 * without the mark, whatever the node above it says. */
static void check_mark(struct judge *j, struct dt_device *d,
                       const struct dt_node *n)
{
    const struct dt_facts *f = &j->facts[n - j->tree->nodes];
    bool has_line = false;
    size_t i;

    if (dt_property(n, "xen,passthrough"))
        return;
    for (i = 0; i < f->interrupts.count; i++)
        has_line |= !f->interrupts.list[i].problem;
    if (n == d->node)
        dt_refuse(j, d, DT_CHECK_DEVICE_UNMARKED, NULL,
                  "it has no property xen,passthrough");
    else if (f->regions.count || has_line)
        dt_refuse(j, d, DT_CHECK_DEVICE_UNMARKED, n,
                  "%s has no property xen,passthrough, and goes along",
                  n->path);
}

static bool is_whole_pages(uint64_t address, uint64_t size_bytes)
{
    return !(address % DT_PAGE_BYTES) && !(size_bytes % DT_PAGE_BYTES);
}

/* What a PCI host bridge forwards is the device's as its reg is. */
static void check_windows(struct judge *j, struct dt_device *d,
                          const struct dt_node *n)
{
    const struct dt_facts *f = &j->facts[n - j->tree->nodes];
    size_t i;

    for (i = 0; i < f->n_windows; i++) {
        const struct dt_range *w = &f->windows[i];

        if (w->problem)
            dt_refuse(j, d, DT_CHECK_DEVICE_REG, n, "%s: ranges: %s",
                      n->path, w->problem);
        else if (!is_whole_pages(w->address, w->size_bytes))
            dt_refuse(j, d, DT_CHECK_DEVICE_PAGE_PARTIAL, n,
                      "%s: ranges: 0x%" PRIx64 "+0x%" PRIx64
                      " is not whole pages", n->path, w->address,
                      w->size_bytes);
    }
}

static void check_regions(struct judge *j, struct dt_device *d,
                          const struct dt_node *n)
{
    const struct dt_regions *r = &j->facts[n - j->tree->nodes].regions;
    size_t i;

    if (r->problem)
        dt_refuse(j, d, DT_CHECK_DEVICE_REG, n, "%s: %s", n->path,
                  r->problem);
    for (i = 0; i < r->count; i++)
        if (!is_whole_pages(r->list[i].address, r->list[i].size_bytes)) {
            dt_refuse(j, d, DT_CHECK_DEVICE_PAGE_PARTIAL, n,
                      "%s: 0x%" PRIx64 "+0x%" PRIx64 " is not whole pages",
                      n->path, r->list[i].address, r->list[i].size_bytes);
            return;
        }
}

/* Whether it is an SPI, or goes to a controller that goes along, which is no
 * business of the host's. */
static bool check_line(struct judge *j, struct dt_device *d,
                       const struct dt_node *n,
                       const struct dt_interrupt *line, size_t i)
{
    if (!line->problem && line->kind == DT_SPI)
        return true;
    if (line->problem && line->controller &&
        dt_property(line->controller, "interrupt-controller") &&
        dt_is_inside(j, line->controller, d->node))
        return true;
    if (line->problem)
        dt_refuse(j, d, DT_CHECK_DEVICE_INTERRUPT, line->controller,
                  "%s: interrupt %zu leads to %s%s%s", n->path, i,
                  line->problem, line->controller ? ": " : "",
                  line->controller ? line->controller->path : "");
    else
        dt_refuse(j, d, line->kind == DT_ESPI ?
                  DT_CHECK_DEVICE_INTERRUPT_EXTENDED :
                  DT_CHECK_DEVICE_INTERRUPT_PRIVATE, n,
                  "%s: interrupt %zu is %s %" PRIu32, n->path, i,
                  dt_interrupt_kind_name(line->kind), line->number);
    return false;
}

static void check_interrupts(struct judge *j, struct dt_device *d,
                             const struct dt_node *n)
{
    const struct dt_facts *f = &j->facts[n - j->tree->nodes];
    size_t i;

    for (i = 0; i < f->interrupts.count; i++)
        if (!check_line(j, d, n, &f->interrupts.list[i], i))
            return;
    for (i = 0; i < f->n_map_rows; i++)
        if (!check_line(j, d, n, &f->map_rows[i].line, i))
            return;
}

static void check_iommu(struct judge *j, struct dt_device *d,
                        const struct dt_node *n,
                        const struct dt_reference *r)
{
    if (!r->provider->enabled)
        dt_refuse(j, d, DT_CHECK_DEVICE_SMMU, r->provider,
                  "%s: its IOMMU %s is disabled",
                  n->path, r->provider->path);
    else if (!dt_is_smmu_driven(r->provider))
        dt_refuse(j, d, DT_CHECK_DEVICE_SMMU, r->provider,
                  "%s: Xen does not drive its IOMMU %s", n->path,
                  r->provider->path);
}

static void check_reference(struct judge *j, struct dt_device *d,
                            const struct dt_node *n,
                            const struct dt_reference *r)
{
    if (r->problem) {
        dt_refuse(j, d, DT_CHECK_DEVICE_REFERENCE, n,
                  "%s: %s holds %s (0x%x)",
                  n->path, r->property, r->problem, r->phandle);
        return;
    }
    if (dt_is_inside(j, r->provider, d->node))
        return;
    switch (r->need) {
    case DT_NEED_HOST:
        break;
    case DT_NEED_IOMMU:
        check_iommu(j, d, n, r);
        break;
    case DT_NEED_MSI:
        /* what is behind it has INTx as well */
        if (dt_is_pci_host(n) && j->facts[n - j->tree->nodes].n_map_rows)
            break;
        dt_refuse(j, d, DT_CHECK_DEVICE_MSI, r->provider,
                  "%s: it sends messages to %s",
                  n->path, r->provider->path);
        break;
    case DT_NEED_MEMORY:
        dt_refuse(j, d, DT_CHECK_DEVICE_MEMORY_REGION, r->provider,
                  "%s: it uses %s",
                  n->path, r->provider->path);
        break;
    case DT_NEED_PROVIDER:
        /* UIO has no driver that would call the other's: the device may do
         * nothing, but no harm; a DMA engine would do it in its stead */
        if (d->is_uio && strcmp(r->kind, "dma"))
            break;
        dt_refuse(j, d, DT_CHECK_DEVICE_DEPENDENCY, r->provider,
                  "%s: %s is %s, which stays in Dom0", n->path, r->property,
                  r->provider->path);
        break;
    }
}

static void check_references(struct judge *j, struct dt_device *d,
                             const struct dt_node *n)
{
    const struct dt_references *r =
        &j->facts[n - j->tree->nodes].references;
    size_t i;

    for (i = 0; i < r->count; i++)
        check_reference(j, d, n, &r->list[i]);
}

void dt_judge_alone(struct judge *j)
{
    size_t i;

    for (i = 0; i < j->n_devices && !j->failed; i++) {
        struct dt_device *d = &j->devices[i];
        const struct dt_node *n;

        check_status(j, d);
        dt_judge_owner(j, d);
        dt_judge_dma(j, d);
        for (n = d->node; n < d->node->end; n++) {
            if (!dt_goes_along(n, d->node))
                continue;
            check_mark(j, d, n);
            check_regions(j, d, n);
            check_windows(j, d, n);
            check_interrupts(j, d, n);
            check_references(j, d, n);
        }
    }
}
