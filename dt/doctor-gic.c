/* SPDX-License-Identifier: BSD-2-Clause */
/* What ends Xen's start: its interrupt controller and timer (arch/arm/gic-v2.c
 * gicv2_dt_init(), gic-v3.c gicv3_dt_init(), time.c). */
#include "dt/doctor-internal.h"

#include <inttypes.h>

#define KIB 1024u
#define ALIASED (128 * KIB)     /* 64 KiB for each page of 4 KiB */
#define TOP (60 * KIB)          /* from here the two pages are neighbours */

enum frame { GICD, GICC, GICH, GICV, FRAMES };

struct frames {
    uint64_t address[FRAMES], size[FRAMES];
};

static bool read_frames(struct doctor *d, struct frames *f)
{
    static const char *const names[FRAMES] = {
        "GICD", "GICC", "GICH", "GICV",
    };
    size_t i;

    for (i = 0; i < FRAMES; i++) {
        const char *problem = dt_xen_address(d->xen->gic, i, &f->address[i],
                                             &f->size[i]);

        if (!problem && f->address[i] % DT_PAGE_BYTES)
            problem = "it is not at a page's beginning";
        if (!problem)
            continue;
        dt_doctor_say(d, DT_CHECK_BOARD_GIC, d->xen->gic,
                      "entry %zu of its reg (%s): %s", i, names[i], problem);
        return false;
    }
    return true;
}

/* Moves a frame in reg up by a number of bytes, and gives it another size. */
static bool set_frame(struct doctor *d, struct dt_finding *f,
                      const struct dt_node *gic, size_t i, uint32_t up,
                      uint32_t size_bytes)
{
    const struct dt_property *reg = dt_property(gic, "reg");
    size_t na = dt_xen_address_cells(gic), ns = dt_xen_size_cells(gic), k;
    size_t at = i * (na + ns);
    uint64_t sum = (uint64_t)dt_cell(reg, at + na - 1) + up;

    if (sum > UINT32_MAX && (na < 2 || dt_cell(reg, at + na - 2) ==
                                       UINT32_MAX))
        return false;
    dt_doctor_set_cell(d, f, gic, "reg", at + na - 1, (uint32_t)sum);
    if (sum > UINT32_MAX)
        dt_doctor_set_cell(d, f, gic, "reg", at + na - 2,
                           dt_cell(reg, at + na - 2) + 1);
    for (k = 0; k < ns; k++)
        dt_doctor_set_cell(d, f, gic, "reg", at + na + k,
                           k + 1 == ns ? size_bytes : 0);
    return true;
}

/* Whether another frame begins in the two pages from the frame's base on. */
static bool has_room(const struct frames *f, enum frame frame)
{
    size_t i;

    for (i = 0; i < FRAMES; i++)
        if (f->address[i] > f->address[frame] &&
            f->address[i] - f->address[frame] < 8 * KIB)
            return false;
    return true;
}

static void check_alias(struct doctor *d, const struct frames *f)
{
    const struct dt_node *gic = d->xen->gic;
    struct dt_finding *finding;

    if (f->size[GICC] != ALIASED || f->size[GICV] != ALIASED)
        return;
    finding = dt_doctor_say(d, DT_CHECK_BOARD_GIC_ALIAS, gic,
                            "GICC and GICV have 128 KiB: Xen takes each page "
                            "for repeated over 64 KiB only if the ID "
                            "register, which no tree tells, is a GIC-400's");
    /* only for the part whose integration guide has this layout */
    if (dt_is_compatible(gic, "arm,gic-400") &&
        set_frame(d, finding, gic, GICC, TOP, 8 * KIB))
        set_frame(d, finding, gic, GICV, TOP, 8 * KIB);
}

static void check_sizes(struct doctor *d, const struct frames *f)
{
    const struct dt_node *gic = d->xen->gic;
    uint64_t gicc = f->size[GICC], gicv = f->size[GICV];
    struct dt_finding *finding;

    if (gicc < 8 * KIB) {
        gicc = 8 * KIB;
        /* PLATFORM_QUIRK_GIC_64K_STRIDE */
        if (dt_is_compatible(d->tree->nodes, "apm,xgene-storm"))
            gicc = gicv = ALIASED;
    }
    if (gicc == gicv) {
        check_alias(d, f);
        return;
    }
    finding = dt_doctor_say(d, DT_CHECK_BOARD_GIC, gic,
                            "GICC has 0x%" PRIx64 " bytes%s and GICV 0x%"
                            PRIx64 ": Xen wants both alike", f->size[GICC],
                            f->size[GICC] < 8 * KIB ?
                            ", which Xen takes for 0x2000," : "", gicv);
    if (gicc == 8 * KIB && gicv < 64 * KIB && has_room(f, GICV))
        set_frame(d, finding, gic, GICV, 0, 8 * KIB);
}

/* Counts interrupts that can be read. */
static bool count(void *context, const struct dt_xen_line *line)
{
    size_t *n = context;

    *n += !line->problem && !line->controller;
    return !line->problem && !line->controller;
}

static void check_maintenance(struct doctor *d)
{
    size_t n = 0;

    dt_xen_each_line(d->xen, d->xen->gic, count, &n);
    if (!n)
        dt_doctor_say(d, DT_CHECK_BOARD_GIC, d->xen->gic,
                      "it has no maintenance interrupt");
}

static void check_v3(struct doctor *d)
{
    const struct dt_node *gic = d->xen->gic;
    uint64_t address, size_bytes;
    uint32_t i, n = dt_cell_or(gic, "#redistributor-regions", 1);

    for (i = 0; i <= n; i++) {
        const char *problem = dt_xen_address(gic, i, &address, &size_bytes);

        /* gicv3_ioremap_distributor() */
        if (!problem && !i && address % DT_PAGE_BYTES)
            problem = "it is not at a page's beginning";
        if (!problem)
            continue;
        dt_doctor_say(d, DT_CHECK_BOARD_GIC, gic,
                      "entry %" PRIu32 " of its reg (%s): %s", i,
                      i ? "redistributors" : "distributor", problem);
        return;
    }
}

static void check_timer(struct doctor *d)
{
    const struct dt_node *timer = d->xen->timer;
    size_t n = 0;

    if (!timer) {
        dt_doctor_say(d, DT_CHECK_BOARD_TIMER, NULL,
                      "no node is an architected timer");
        return;
    }
    dt_xen_each_line(d->xen, timer, count, &n);
    if (n < 4)
        dt_doctor_say(d, DT_CHECK_BOARD_TIMER, timer,
                      "it has %zu of the interrupts that Xen wants: secure, "
                      "physical, virtual, hypervisor", n);
}

void dt_doctor_gic(struct doctor *d)
{
    struct frames frames;

    if (!d->xen->gic) {
        dt_doctor_say(d, DT_CHECK_BOARD_GIC, NULL,
                      "no node is a GIC that Xen drives");
        return;
    }
    if (d->xen->is_gic_v3)
        check_v3(d);
    else if (read_frames(d, &frames))
        check_sizes(d, &frames);
    check_maintenance(d);
    check_timer(d);
}
