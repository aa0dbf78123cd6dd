/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/passable-internal.h"

#include <inttypes.h>
#include <string.h>

#include "dt/find.h"
#include "dt/host-tree.h"

/* Xen 4.20 drivers/passthrough/arm/smmu.c arm_smmu_of_match */
static const char *const smmus_driven[] = {
    "arm,smmu-v1", "arm,smmu-v2", "arm,mmu-400", "arm,mmu-401",
    "arm,mmu-500", "cavium,smmu-v2", NULL,
};

bool dt_is_smmu_driven(const struct dt_node *iommu)
{
    return iommu->enabled && dt_is_any_compatible(iommu, smmus_driven);
}

/* Xen 4.20 arch/arm/time.c, and what Xen hides of the interrupt controller */
static const char *const xens_own[] = {
    "arm,armv7-timer", "arm,armv8-timer", "arm,armv7-timer-mem",
    "arm,smmu-v3", "arm,gic-v3-its", "arm,gic-v2m-frame", NULL,
};

static void check_status(struct judge *j, struct dt_device *d)
{
    const char *status = dt_string(d->node, "status");

    if (d->node->enabled)
        return;
    if (status && !strcmp(status, "reserved"))
        dt_refuse(j, d, DT_CHECK_DEVICE_RESERVED, NULL,
                  "its status is \"reserved\"");
    else
        dt_refuse(j, d, DT_CHECK_DEVICE_DISABLED, NULL, "%s",
                  dt_property(d->node, "status") ?
                  "its status is not \"okay\"" :
                  "a node above it is disabled");
}

static void check_mark(struct judge *j, struct dt_device *d)
{
    if (!d->marked)
        dt_refuse(j, d, DT_CHECK_DEVICE_UNMARKED, NULL,
                  "it has no property xen,passthrough");
}

static void check_owner(struct judge *j, struct dt_device *d)
{
    const struct dt_node *n;

    for (n = d->node; n; n = n->parent)
        if (dt_is_gic(n) || dt_is_any_compatible(n, smmus_driven) ||
            dt_is_any_compatible(n, xens_own)) {
            dt_refuse(j, d, DT_CHECK_DEVICE_OF_XEN, n,
                      "Xen itself drives %s", n->path);
            return;
        }
}

static void check_console(struct judge *j, struct dt_device *d)
{
    const struct dt_node *chosen = dt_by_path(j->tree, "/chosen");
    const char *name = chosen ? dt_string(chosen, "stdout-path") : NULL;
    const struct dt_node *console = name ? dt_follow_alias(j->tree, name) :
                                           NULL;

    if (console && dt_is_within(console, d->node))
        dt_refuse(j, d, DT_CHECK_DEVICE_CONSOLE, console,
                  "/chosen/stdout-path names %s", console->path);
}

/* Generic names of nodes that master the bus (Devicetree Specification 2.2.2)
 * and what only such devices have. */
static bool is_dma_capable(const struct dt_node *node, const char **why)
{
    static const char *const names[] = {
        "can", "crypto", "display-controller", "dma-controller", "ethernet",
        "gpu", "mmc", "pcie", "sata", "ufs", "ufshc", "usb", "video-codec",
        "remoteproc", "dma", "pci", "sdhci", "dsp", "npu",
    };
    static const char *const properties[] = {
        "dma-coherent", "dma-ranges", "#dma-cells", "iommu-map",
    };
    size_t i, n = strcspn(node->name, "@");

    for (i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
        if (dt_property(node, properties[i])) {
            *why = properties[i];
            return true;
        }
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strlen(names[i]) == n && !memcmp(names[i], node->name, n)) {
            *why = names[i];
            return true;
        }
    return false;
}

static bool has_iommu(const struct judge *j, const struct dt_node *node)
{
    const struct dt_references *r =
        &j->facts[node - j->tree->nodes].references;
    size_t i;

    for (i = 0; i < r->count; i++)
        if (r->list[i].need == DT_NEED_IOMMU)
            return true;
    return false;
}

static void check_dma(struct judge *j, struct dt_device *d)
{
    bool behind = has_iommu(j, d->node);
    const struct dt_node *n;
    const char *why;

    for (n = d->node; n < d->node->end; n++)
        if (dt_goes_along(n, d->node) && is_dma_capable(n, &why) &&
            !behind && !has_iommu(j, n)) {
            dt_refuse(j, d, DT_CHECK_DEVICE_DMA, n,
                      "%s can write to memory (\"%s\") and no IOMMU is in "
                      "its way", n->path, why);
            return;
        }
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
    else if (!dt_is_any_compatible(r->provider, smmus_driven))
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

        check_mark(j, d);
        check_status(j, d);
        check_owner(j, d);
        check_console(j, d);
        check_dma(j, d);
        for (n = d->node; n < d->node->end; n++) {
            if (!dt_goes_along(n, d->node))
                continue;
            check_regions(j, d, n);
            check_windows(j, d, n);
            check_interrupts(j, d, n);
            check_references(j, d, n);
        }
    }
}
