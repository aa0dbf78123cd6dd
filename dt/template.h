/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Template: a partial device tree that came with a bundle
 * (vm.hwConfig.deviceTree). Its bytes are hostile and never reach libxl; what
 * they may say of a device is read here and emitted anew:
 *
 *   - compatible, and the properties of the table in template.c, which hold
 *     no references and no resources: they replace the host's;
 *   - the rate of a clock, by a fixed-clock of the template.
 *
 * Pages, interrupts and everything else come from the host tree.
 */
#ifndef DT_TEMPLATE_H
#define DT_TEMPLATE_H

#include "dt/passthrough.h"

struct dt_tree;

/* What the template says of one device. */
struct dt_template_node {
    const struct dt_node *host;         /* of the host tree */
    const struct dt_node *node;         /* of the template's own */
    const struct dt_clock_rate *clock_rates;
    size_t n_clock_rates;
};

struct dt_template {
    const struct dt_tree *tree;
    const struct dt_template_node *nodes;   /* in the template's order */
    size_t n_nodes;
    /* the devices among them, as requests: asked for where the template is */
    const struct dt_request *requests;
    size_t n_requests;
};

/*
 * Reads a template: every bound of dt_tree_load() holds; it must have
 * /passthrough, and no memory, hypervisor, cpus or psci node anywhere. A child
 * of /passthrough (at any depth) is of the host node that its xen,path names,
 * or else of the device that has its first reg, a guest address that
 * placements turn into the host's where one covers it. One that has a reg and
 * matches no device, or two devices, is an error; one without, such as a
 * clock, is read for what refers to it.
 * NULL with errors in report: file is their file, and where no node of the
 * template is to blame, where->path their path. where is also that of the
 * template's requests.
 */
const struct dt_template *
dt_template_read(struct arena *arena, const struct dt_devices *devices,
                 const char *file, const void *dtb, size_t dtb_bytes,
                 const struct dt_placement *placements, size_t n_placements,
                 const struct report_where *where, struct report *report);

#endif
