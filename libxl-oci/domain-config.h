/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libxl_domain_config of a plan: the only library code that knows libxl's
 * types. */
#ifndef XLOCI_DOMAIN_CONFIG_H
#define XLOCI_DOMAIN_CONFIG_H

struct plan;
struct plan_artifacts;
struct libxl_domain_config;
struct libxl__ctx;

/*
 * Fills config (which it initialises) from plan and artifacts. ctx may be
 * NULL off Xen as long as plan names no CPU affinity and one vCPU map can be
 * made without it. Returns 0, or -1 when memory is exhausted (config is
 * disposed). The caller calls libxl_domain_config_dispose().
 * Fields: xen-facts "Fields to set"; libxl_types.idl of Xen 4.17 and 4.20.
 */
int domain_config_fill(struct libxl__ctx *ctx, const struct plan *plan,
                       const struct plan_artifacts *artifacts,
                       struct libxl_domain_config *config);

#endif
