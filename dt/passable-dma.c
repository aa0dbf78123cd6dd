/* SPDX-License-Identifier: BSD-2-Clause */
/* DMA: whether a device can write to memory that is not the guest's. */
#include "dt/passable-internal.h"

#include <string.h>

#include "dt/host-tree.h"

static const struct row {
    const char *name, *reason;
} properties[] = {
#define DMA_PROPERTY(name, reason) { name, reason },
#define DMA_NAME(name, reason)
#define DMA_KIND(name, reason)
#define DMA_FREE(name, reason)
#include "dt/dma.def"
#undef DMA_PROPERTY
}, names[] = {
#undef DMA_NAME
#define DMA_PROPERTY(name, reason)
#define DMA_NAME(name, reason) { name, reason },
#include "dt/dma.def"
#undef DMA_NAME
}, kinds[] = {
#undef DMA_KIND
#define DMA_NAME(name, reason)
#define DMA_KIND(name, reason) { name, reason },
#include "dt/dma.def"
#undef DMA_KIND
}, free_kinds[] = {
#undef DMA_FREE
#define DMA_KIND(name, reason)
#define DMA_FREE(name, reason) { name, reason },
#include "dt/dma.def"
};

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static const struct row *find_compatible(const struct dt_node *node,
                                         const struct row *rows, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        if (dt_is_compatible(node, rows[i].name))
            return &rows[i];
    return NULL;
}

/* What tells that the node masters the bus; NULL: nothing does. */
static const char *sign_of_dma(const struct dt_node *node)
{
    size_t i, n = strcspn(node->name, "@");
    const struct row *kind;

    for (i = 0; i < COUNT(properties); i++)
        if (dt_property(node, properties[i].name))
            return properties[i].name;
    for (i = 0; i < COUNT(names); i++)
        if (strlen(names[i].name) == n && !memcmp(names[i].name, node->name, n))
            return names[i].name;
    kind = find_compatible(node, kinds, COUNT(kinds));
    return kind ? kind->name : NULL;
}

/* One that goes along confines nothing: the guest has it. Of one that Xen
 * does not drive check_iommu() tells. */
static bool has_iommu(const struct judge *j, const struct dt_device *d,
                      const struct dt_node *node)
{
    const struct dt_references *r =
        &j->facts[node - j->tree->nodes].references;
    size_t i;

    for (i = 0; i < r->count; i++)
        if (r->list[i].need == DT_NEED_IOMMU && r->list[i].provider &&
            !dt_is_inside(j, r->list[i].provider, d->node))
            return true;
    return false;
}

static void check_node(struct judge *j, struct dt_device *d,
                       const struct dt_node *n)
{
    const char *why = sign_of_dma(n);
    enum dt_check_id kept;

    if (has_iommu(j, d, d->node) || has_iommu(j, d, n))
        return;
    if (why)
        dt_refuse(j, d, DT_CHECK_DEVICE_DMA, n,
                  "%s can write to memory (\"%s\") and no IOMMU is in "
                  "its way", n->path, why);
    /* what has no registers of its own is a part of what is above it, and of
     * what is nobody's to give more need not be known */
    else if (!dt_is_kept(&j->index, j->tree, n, &kept) &&
             j->facts[n - j->tree->nodes].regions.count &&
             !find_compatible(n, free_kinds, COUNT(free_kinds)))
        dt_refuse(j, d, DT_CHECK_DEVICE_DMA_UNKNOWN, n,
                  "whether %s can write to memory is not known, and no "
                  "IOMMU is in its way", n->path);
}

void dt_judge_dma(struct judge *j, struct dt_device *d)
{
    const struct dt_node *n;

    for (n = d->node; n < d->node->end; n++)
        if (dt_goes_along(n, d->node))
            check_node(j, d, n);
}
