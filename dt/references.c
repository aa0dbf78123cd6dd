/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/references.h"

#include <string.h>

#include "base/arena.h"
#include "dt/host-tree.h"

enum match { EXACT, SUFFIX, PREFIX, PINCTRL };

/* In place of the name of a "#...-cells": all that follows is the phandle's. */
#define ALL "*"

/* The properties of Linux drivers/of/property.c that make a supplier; then
 * those of vendors that name a node whose registers or driver the device
 * needs (Linux bindings; all that Debian's trees have often). */
static const struct rule {
    const char *name;
    enum match match;
    const char *cells;          /* NULL: a phandle alone */
    enum dt_need need;
    const char *kind;
} rules[] = {
    { "clocks", EXACT, "#clock-cells", DT_NEED_HOST, "clock" },
    { "power-domains", EXACT, "#power-domain-cells", DT_NEED_HOST,
      "power-domain" },
    { "resets", EXACT, "#reset-cells", DT_NEED_HOST, "reset" },
    { "interconnects", EXACT, "#interconnect-cells", DT_NEED_HOST,
      "interconnect" },
    { "pinctrl-", PINCTRL, NULL, DT_NEED_HOST, "pins" },
    { "-supply", SUFFIX, NULL, DT_NEED_HOST, "supply" },
    { "iommus", EXACT, "#iommu-cells", DT_NEED_IOMMU, "iommu" },
    { "msi-parent", EXACT, "#msi-cells", DT_NEED_MSI, "msi" },
    { "memory-region", EXACT, NULL, DT_NEED_MEMORY, "memory" },
    { "dmas", EXACT, "#dma-cells", DT_NEED_PROVIDER, "dma" },
    { "mboxes", EXACT, "#mbox-cells", DT_NEED_PROVIDER, "mailbox" },
    { "phys", EXACT, "#phy-cells", DT_NEED_PROVIDER, "phy" },
    { "hwlocks", EXACT, "#hwlock-cells", DT_NEED_PROVIDER, "hwlock" },
    { "io-channels", EXACT, "#io-channel-cells", DT_NEED_PROVIDER,
      "io-channel" },
    { "pwms", EXACT, "#pwm-cells", DT_NEED_PROVIDER, "pwm" },
    { "nvmem-cells", EXACT, "#nvmem-cell-cells", DT_NEED_PROVIDER,
      "nvmem" },
    { "gpios", EXACT, "#gpio-cells", DT_NEED_PROVIDER, "gpio" },
    { "gpio", EXACT, "#gpio-cells", DT_NEED_PROVIDER, "gpio" },
    { "-gpios", SUFFIX, "#gpio-cells", DT_NEED_PROVIDER, "gpio" },
    { "-gpio", SUFFIX, "#gpio-cells", DT_NEED_PROVIDER, "gpio" },
    { "phy-handle", EXACT, NULL, DT_NEED_PROVIDER, "phy" },
    { "extcon", EXACT, NULL, DT_NEED_PROVIDER, "connector" },
    { "mux-controls", EXACT, "#mux-control-cells", DT_NEED_PROVIDER, "mux" },
    { "io-backends", EXACT, "#io-backend-cells", DT_NEED_PROVIDER,
      "io-backend" },
    { "mmc-pwrseq", EXACT, NULL, DT_NEED_PROVIDER, "power sequence" },
    { "usb-phy", EXACT, NULL, DT_NEED_PROVIDER, "phy" },
    { "-phandle", SUFFIX, ALL, DT_NEED_PROVIDER, "device" },
    { "-handle", SUFFIX, NULL, DT_NEED_PROVIDER, "device" },
    { "-i2c-bus", SUFFIX, NULL, DT_NEED_PROVIDER, "I2C bus" },
    { "mdio-parent-bus", EXACT, NULL, DT_NEED_PROVIDER, "MDIO bus" },
    { "ptp-timer", EXACT, NULL, DT_NEED_PROVIDER, "timer" },
    { "companion", EXACT, NULL, DT_NEED_PROVIDER, "device" },
    { "syscon", PREFIX, ALL, DT_NEED_PROVIDER, "registers" },
    { "-syscon", SUFFIX, ALL, DT_NEED_PROVIDER, "registers" },
    { "mediatek,syscon", PREFIX, ALL, DT_NEED_PROVIDER, "registers" },
    { "ti,syscon", PREFIX, ALL, DT_NEED_PROVIDER, "registers" },
    { "samsung,syscon", PREFIX, ALL, DT_NEED_PROVIDER, "registers" },
    { "-grf", SUFFIX, ALL, DT_NEED_PROVIDER, "registers" },
    { "rockchip,grf", EXACT, ALL, DT_NEED_PROVIDER, "registers" },
    { "rockchip,usbgrf", EXACT, ALL, DT_NEED_PROVIDER, "registers" },
    { "rockchip,pmu", EXACT, ALL, DT_NEED_PROVIDER, "registers" },
    { "amlogic,canvas", EXACT, ALL, DT_NEED_PROVIDER, "device" },
    { "amlogic,ao-", PREFIX, ALL, DT_NEED_PROVIDER, "registers" },
    { "allwinner,sram", EXACT, ALL, DT_NEED_PROVIDER, "memory" },
    { "fsl,usbmisc", EXACT, ALL, DT_NEED_PROVIDER, "registers" },
    { "fsl,blk-ctrl", EXACT, ALL, DT_NEED_PROVIDER, "registers" },
    { "fsl,stop-mode", EXACT, ALL, DT_NEED_PROVIDER, "registers" },
    { "fsl,fman-ports", EXACT, NULL, DT_NEED_PROVIDER, "device" },
    { "marvell,system-controller", EXACT, ALL, DT_NEED_PROVIDER,
      "registers" },
    { "marvell,usb-misc-reg", EXACT, ALL, DT_NEED_PROVIDER, "registers" },
    { "mediatek,apmixedsys", EXACT, ALL, DT_NEED_PROVIDER, "registers" },
    { "mediatek,auxadc", EXACT, ALL, DT_NEED_PROVIDER, "device" },
    { "mediatek,gce-client-reg", EXACT, ALL, DT_NEED_PROVIDER, "device" },
    { "mediatek,larbs", EXACT, NULL, DT_NEED_PROVIDER, "device" },
    { "mediatek,scp", EXACT, ALL, DT_NEED_PROVIDER, "device" },
    { "mediatek,smi", EXACT, ALL, DT_NEED_PROVIDER, "device" },
    { "qcom,gmu", EXACT, ALL, DT_NEED_PROVIDER, "device" },
    { "qcom,halt-regs", EXACT, ALL, DT_NEED_PROVIDER, "registers" },
    { "qcom,ice", EXACT, ALL, DT_NEED_PROVIDER, "device" },
    { "qcom,qmp", EXACT, ALL, DT_NEED_PROVIDER, "device" },
    { "qcom,rpm-msg-ram", EXACT, ALL, DT_NEED_PROVIDER, "memory" },
    { "qcom,smem-states", EXACT, "#qcom,smem-state-cells", DT_NEED_PROVIDER,
      "device" },
    { "renesas,fcp", EXACT, ALL, DT_NEED_PROVIDER, "device" },
    { "ti,ringacc", EXACT, ALL, DT_NEED_PROVIDER, "device" },
    { "ti,sci", EXACT, ALL, DT_NEED_PROVIDER, "firmware" },
};

/* "pinctrl-0", not "pinctrl-names" */
static bool is_pinctrl(const char *name)
{
    size_t n = strlen("pinctrl-");

    return !strncmp(name, "pinctrl-", n) && name[n] &&
           !name[n + strspn(name + n, "0123456789")];
}

/* Every property of a tree comes here: a letter decides most. */
static bool rule_matches(const struct rule *rule, const char *name, size_t n)
{
    size_t m;

    switch (rule->match) {
    case EXACT:
        return *rule->name == *name && !strcmp(rule->name, name);
    case SUFFIX:
        m = strlen(rule->name);
        return n > m && !strcmp(name + n - m, rule->name);
    case PREFIX:
        return *rule->name == *name &&
               !strncmp(name, rule->name, strlen(rule->name));
    case PINCTRL:
        return is_pinctrl(name);
    }
    return false;
}

static const struct rule *find_rule(const char *name)
{
    size_t n = strlen(name), i;

    for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (rule_matches(&rules[i], name, n))
            return &rules[i];
    return NULL;
}

struct list {
    struct dt_reference *entries;
    size_t count, room;
};

static void read_property(const struct dt_tree *tree, const struct rule *rule,
                          const struct dt_property *p, struct list *list)
{
    size_t at = 0, size = p->size_bytes / 4, n, i;

    while (at < size) {
        struct dt_reference *r = &list->entries[list->count];
        uint32_t phandle = dt_cell(p, at++);

        if (!phandle)           /* an entry left out: Linux of_parse_phandle */
            continue;
        list->count++;
        r->need = rule->need;
        r->kind = rule->kind;
        r->property = p->name;
        r->at = at - 1;
        r->phandle = phandle;
        r->provider = dt_by_phandle(tree, phandle);
        if (!r->provider) {
            r->problem = "a phandle that no node has";
            return;
        }
        n = !rule->cells ? 0 : !strcmp(rule->cells, ALL) ? size - at :
            dt_cell_or(r->provider, rule->cells, 0);
        if (n > size - at) {
            r->problem = "fewer cells than its provider wants";
            return;
        }
        r->n_args = n;
        for (i = 0; i < n && i < 2; i++)
            r->args[i] = dt_cell(p, at + i);
        at += n;
    }
}

int dt_references_read(struct arena *arena, const struct dt_tree *tree,
                       const struct dt_node *node,
                       struct dt_references *references)
{
    struct list list = { NULL, 0, 0 };
    size_t i;

    *references = (struct dt_references){ NULL, 0 };
    /* a GPIO controller's own hogs name lines, not providers */
    if (dt_property(node, "gpio-hog"))
        return 0;
    for (i = 0; i < node->n_properties; i++)
        if (find_rule(node->properties[i].name))
            list.room += node->properties[i].size_bytes / 4;
    if (!list.room)
        return 0;
    list.entries = ARENA_ARRAY(arena, struct dt_reference, list.room);
    if (!list.entries)
        return -1;
    for (i = 0; i < node->n_properties; i++) {
        const struct rule *rule = find_rule(node->properties[i].name);

        if (rule)
            read_property(tree, rule, &node->properties[i], &list);
    }
    references->list = list.entries;
    references->count = list.count;
    return 0;
}
