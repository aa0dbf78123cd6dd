/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Passthrough: from the devices that are asked for to all that a guest needs
 * to have them - pages, interrupts, streams of the IOMMU, and the partial
 * device tree that libxl merges into the guest's (xl.cfg(5) device_tree=,
 * libxl_arm.c copy_partial_fdt()) - or to every reason why not.
 *
 * Pure: same input, same bytes; no I/O, no Xen. Everything returned lives in
 * the arena given; every node pointer is one of the host tree, which must
 * live as long. Inputs are read during the call only, except that strings of
 * requests may be referred to by the result.
 */
#ifndef DT_PASSTHROUGH_H
#define DT_PASSTHROUGH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/report.h"
#include "dt/layout.h"
#include "dt/passable.h"
#include "dt/waivers.h"

#define DT_MAX_REQUESTS 256     /* of an order, and of its template */

struct arena;
struct dt_template;

/* --- what is asked for -------------------------------------------------- */

/* The rate of a clock that the host tree does not tell. */
struct dt_clock_rate {
    const char *clock;      /* of clock-names, or a decimal index into clocks */
    uint64_t hz;            /* 1..4294967295, as clock-frequency is a cell */
};

/*
 * One device, with all below it that is not disabled. To name a device twice,
 * or one and another below it, is an error unless the later one has `merge`.
 */
struct dt_request {
    const char *device;             /* path, alias or label: dt_find() */
    struct report_where where;      /* who asks, for diagnostics */
    /*
     * Replaces the node's own; NULL: keep. A name of dt_is_uio_name() makes
     * the node, and what is below it, one that Linux's uio_pdrv_genirq can
     * serve: xl-oci-bundle(5), ACCELERATORS.
     */
    const char *compatible;
    const struct dt_clock_rate *clock_rates;
    size_t n_clock_rates;
    bool merge;                     /* only sees to it that it is there */
};

/* The administrator's word on one device (and what goes along with it).
 * Several for one device add up. A device that is not requested is no error,
 * one that the tree does not have is. */
struct dt_allowance {
    const char *device;             /* path, alias or label */
    unsigned int waived;            /* bits of enum dt_waiver */
    struct report_where where;
};

#define DT_ANY_GFN UINT64_MAX

/* Host pages that are to be at a certain place of the guest. Must be whole
 * regions of a requested device; the place must be free in the layout. */
struct dt_placement {
    uint64_t mfn, count, gfn;       /* pages of 4096 bytes */
    struct report_where where;
};

struct dt_order {
    const struct dt_request *requests;
    size_t n_requests;
    const struct dt_allowance *allowances;
    size_t n_allowances;
    const struct dt_placement *placements;
    size_t n_placements;
    const struct dt_template *template; /* NULL: none; requests its devices */
    const struct dt_layout *layout;     /* NULL: &dt_layout_xen */
};

/* --- what comes of it --------------------------------------------------- */

/* A host node that the guest has. */
struct dt_granted {
    const struct dt_node *host;
    const struct dt_node *device;   /* the requested node that it is of */
    size_t request;                 /* index of that request */
    const char *guest_path;         /* in the partial tree: /passthrough/... */
    /* of the requested node: the compatible that the request, or else first
     * that the template, says; NULL: the host's */
    const char *compatible;
};

/* For libxl's iomem: count pages from mfn on at gfn. Sorted by mfn, disjoint
 * there and in the guest. */
struct dt_pages {
    uint64_t mfn, gfn, count;
    const struct dt_node *host;     /* whose reg (or, PCI, ranges) they are */
};

/* For libxl's irqs. Sorted by intid, each once. Always SPIs. */
struct dt_line {
    uint32_t intid;                 /* as Xen and libxl count: SPI + 32 */
    uint32_t flags;                 /* trigger, the host's */
    const struct dt_node *host;
};

/* For libxl's dtdevs. Each node once, in the order of the host tree. */
struct dt_dtdev {
    const char *path;               /* the host's */
    const struct dt_node *host;
};

/* What stands in the guest for a provider that stays with the host. */
struct dt_stub {
    const struct dt_node *provider;
    const char *kind;               /* "clock" or "supply" */
    const char *guest_path;
    uint64_t hz;                    /* 0 for a supply */
};

/* A property (or node: property NULL) of the host that the guest is not
 * told of, and why. */
struct dt_drop {
    const struct dt_node *host;
    const char *property;
    const char *reason;
};

/* A reason against the device that the administrator waived. */
struct dt_waived {
    const struct dt_node *device;
    const struct report_check *check;
    const char *message;
};

struct dt_passthrough {
    const struct dt_granted *granted;
    const struct dt_pages *pages;
    const struct dt_line *lines;
    const struct dt_dtdev *dtdevs;
    const struct dt_stub *stubs;
    const struct dt_drop *dropped;
    const struct dt_waived *waived;
    size_t n_granted, n_pages, n_lines, n_dtdevs, n_stubs, n_dropped,
           n_waived;
    const void *dtb;                /* the partial tree, for device_tree= */
    size_t dtb_bytes;
};

/*
 * Plans to pass all requested devices through to one guest. The result was
 * read back and verified (dt/verify.h). NULL with every error found in
 * report: the devices are judged as a set, so what they share among
 * themselves is fine and what they share with others is not. Nothing
 * requested gives a result without anything, dtb NULL.
 */
const struct dt_passthrough *
dt_passthrough_plan(struct arena *arena, const struct dt_devices *devices,
                    const struct dt_order *order, struct report *report);

/* "generic-uio", or a name that ends in "-uio"; of letters, digits and
 * ",+-._" alone, as it goes to the guest's command line. */
bool dt_is_uio_name(const char *compatible);

#endif
