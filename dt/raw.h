/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Raw: devices named by their resources, as vm.hwConfig of the OCI runtime
 * specification does (config-vm.md, "Hardware configuration"): pages,
 * interrupts and paths. Turned into requests, so that they undergo the same
 * judgement as devices named by path.
 */
#ifndef DT_RAW_H
#define DT_RAW_H

#include "dt/passthrough.h"

struct dt_raw_pages {
    uint64_t mfn, count, gfn;       /* gfn may be DT_ANY_GFN */
    struct report_where where;
};

struct dt_raw_interrupt {
    uint32_t intid;                 /* as Xen counts: SPI + 32 */
    struct report_where where;
};

struct dt_raw_path {
    const char *path;               /* of the host tree */
    struct report_where where;
};

struct dt_raw {
    const struct dt_raw_pages *iomems;
    const struct dt_raw_interrupt *irqs;
    const struct dt_raw_path *dtdevs;
    size_t n_iomems, n_irqs, n_dtdevs;
};

struct dt_raw_found {
    /* each device once, in the order of the tree; where is that of the first
     * item that led there */
    const struct dt_request *requests;
    size_t n_requests;
    /* of the iomems that have a gfn */
    const struct dt_placement *placements;
    size_t n_placements;
};

/*
 * The devices that the items belong to. Any one item of a device suffices:
 * the plan then has all of the device. Errors, each at its item's where:
 * raw-iomem (no region of a device is exactly these pages), raw-irq (below 32
 * or of no enabled device), raw-dtdev (no such node, or one without iommus).
 * 0, or -1 with errors in report.
 */
int dt_raw_find(struct arena *arena, const struct dt_devices *devices,
                const struct dt_raw *raw, struct dt_raw_found *found,
                struct report *report);

#endif
