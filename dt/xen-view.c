/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/xen-view.h"

#include <string.h>

#include "base/arena.h"
#include "dt/find.h"
#include "dt/host-tree.h"

static const char *const gics_v2[] = {
    "arm,cortex-a15-gic", "arm,cortex-a7-gic", "arm,gic-400", NULL,
};

static const char *const timers[] = {
    "arm,armv7-timer", "arm,armv8-timer", NULL,
};

static const char *const smmus[] = {
    "arm,smmu-v1", "arm,smmu-v2", "arm,mmu-400", "arm,mmu-401",
    "arm,mmu-500", NULL,
};

/* drivers/char, as far as it is built for 64 bits */
static const char *const uarts[] = {
    "amlogic,meson-gx-uart", "amlogic,meson-uart", "amlogic,meson6-uart",
    "amlogic,meson8-uart", "amlogic,meson8b-uart", "arm,pl011",
    "arm,sbsa-uart", "brcm,bcm2835-aux-uart", "cdns,uart-r1p12",
    "cdns,uart-r1p8", "fsl,imx8qm-lpuart", "fsl,imx8qxp-lpuart",
    "fsl,s32v234-linflexuart", "marvell,armada-3700-uart", "ns16550",
    "ns16550a", "nxp,s32g2-linflexuart", "nxp,s32g3-linflexuart",
    "renesas,hscif", "renesas,scif", "renesas,scifa", "snps,dw-apb-uart",
    "ti,am654-uart", "ti,omap4-uart", NULL,
};

/* arch/arm/domain_build.c handle_node(): these and what is below */
static const char *const skipped[] = {
    "arm,armv7-timer-mem", "arm,armv8-pmuv3", "arm,cortex-a15-pmu",
    "arm,cortex-a53-edac", "arm,cortex-a7-pmu", "arm,psci", "arm,psci-0.2",
    "arm,psci-1.0", "multiboot,module", "xen,domain",
    "xen,domain-shared-memory-v1", "xen,evtchn-v1", "xen,multiboot-module",
    "xen,xen", NULL,
};

/* arch/arm/platforms: blacklist_dev of 64-bit boards */
static const struct {
    const char *board, *node;
} blacklisted[] = {
    { "allwinner,sun50i-a64", "snps,dw-apb-uart" },
    { "allwinner,sun50i-h5", "snps,dw-apb-uart" },
    { "allwinner,sun50i-h6", "snps,dw-apb-uart" },
    { "arm,vexpress", "arm,cci-400" },
    { "arm,vexpress", "arm,cci-400-pmu" },
    { "arm,vexpress", "arm,hdlcd" },
    { "arm,vexpress", "arm,vexpress-reboot" },
    { "arm,vexpress", "arm,vexpress-reset" },
    { "arm,vexpress", "arm,vexpress-shutdown" },
    { "brcm,bcm2711", "brcm,bcm2835-aux" },
    { "brcm,bcm2711", "brcm,bcm2835-aux-spi" },
    { "brcm,bcm2711", "brcm,bcm2835-pm" },
    { "cavium,thunder-88xx", "cavium,smmu-v2" },
};

bool dt_xen_knows_smmu(const struct dt_node *iommu)
{
    return dt_is_any_compatible(iommu, smmus);
}

static bool is_gic(const struct dt_node *node)
{
    return dt_is_any_compatible(node, gics_v2) ||
           dt_is_compatible(node, "arm,gic-v3");
}

static bool is_blacklisted(const struct dt_xen *xen,
                           const struct dt_node *node)
{
    size_t i;

    for (i = 0; i < sizeof(blacklisted) / sizeof(blacklisted[0]); i++)
        if (dt_is_compatible(node, blacklisted[i].node) &&
            dt_is_compatible(xen->tree->nodes, blacklisted[i].board))
            return true;
    return false;
}

static bool note_private(void *context, const struct dt_xen_line *line)
{
    bool *found = context;

    *found = !line->problem && !line->controller && line->intid >= 16 &&
             line->intid < 32;
    return !*found;
}

/* handle_node(), up to the call of handle_device() */
static bool is_skipped(const struct dt_xen *xen, const struct dt_node *node)
{
    const char *type = dt_string(node, "device_type");
    bool has_private = false;

    if (dt_is_any_compatible(node, skipped) || !strcmp(node->path, "/cpus") ||
        (type && !strcmp(type, "memory")) || is_blacklisted(xen, node) ||
        is_gic(node) || dt_is_any_compatible(node, timers) ||
        node == xen->console || dt_is_any_compatible(node, smmus))
        return true;
    dt_xen_each_line(xen, node, note_private, &has_private);
    return has_private;
}

static void find_xens_own(struct dt_xen *xen)
{
    const struct dt_tree *tree = xen->tree;
    const struct dt_node *chosen = dt_by_path(tree, "/chosen");
    const char *name = chosen ? dt_string(chosen, "stdout-path") : NULL;
    size_t i;

    for (i = 1; i < tree->n_nodes; i++) {
        const struct dt_node *n = &tree->nodes[i];

        if (!xen->gic && is_gic(n) && dt_property(n, "interrupt-controller"))
            xen->gic = n;
        if (!xen->timer && dt_is_any_compatible(n, timers))
            xen->timer = n;
        if (n->enabled && dt_is_any_compatible(n, smmus))
            xen->has_smmu = true;
    }
    xen->is_gic_v3 = xen->gic && dt_is_compatible(xen->gic, "arm,gic-v3");
    xen->stdout_node = name ? dt_follow_alias(tree, name) : NULL;
    if (xen->stdout_node && dt_is_any_compatible(xen->stdout_node, uarts))
        xen->console = xen->stdout_node;
}

const struct dt_xen *dt_xen_view(struct arena *arena,
                                 const struct dt_tree *tree)
{
    struct dt_xen *xen = ARENA_NEW(arena, struct dt_xen);
    bool *handled = ARENA_ARRAY(arena, bool, tree->n_nodes);
    size_t i;

    if (!xen || !handled)
        return NULL;
    xen->tree = tree;
    xen->handled = handled;
    find_xens_own(xen);
    for (i = 0; i < tree->n_nodes; i++) {
        const struct dt_node *n = &tree->nodes[i];

        handled[i] = (!n->parent || handled[n->parent - tree->nodes]) &&
                     !is_skipped(xen, n);
    }
    return xen;
}

bool dt_xen_is_handled(const struct dt_xen *xen, const struct dt_node *node)
{
    return xen->handled[node - xen->tree->nodes];
}
