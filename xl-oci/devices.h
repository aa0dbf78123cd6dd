/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What oci-devices shows: devices of a host tree, and plans for them. */
#ifndef XL_OCI_DEVICES_H
#define XL_OCI_DEVICES_H

#include "dt/passable.h"
#include "dt/passthrough.h"

struct arena;
struct bytes;
struct claim;

/* What is known of a host beside its tree. */
struct devices_host {
    const struct claim *claims;         /* holders.h: who holds what; or NULL */
    const struct dt_allowance *allowances;      /* device_allow */
    size_t n_allowances;
    bool is_dom0s;                      /* the tree is Dom0's own */
    const struct dt_node *const *allowed;       /* devices_find_allowed() */
};

/* The node of each allowance; NULL for a name that the tree does not have,
 * which is told where something is planned. For the two below. false when
 * memory is exhausted. */
bool devices_find_allowed(struct arena *arena, const struct dt_tree *tree,
                          struct devices_host *host);

void devices_add_text(const struct dt_devices *devices,
                      const struct dt_device *device,
                      const struct devices_host *host, struct bytes *out);
void devices_add_json(const struct dt_devices *devices,
                      const struct dt_device *device,
                      const struct devices_host *host, struct bytes *out);

/* Options that hold for all devices of a command line; each may be NULL. */
struct devices_words {
    const char *allow;          /* "unmarked,partial-page" */
    const char *compatible;
    const char *clocks;         /* "apb_pclk=24000000,1=100" */
};

/* An order for the devices of argv, with what the host's administrator allows.
 * 0, or -1 with *unknown the word that is wrong, NULL when memory is
 * exhausted. */
int devices_order(struct arena *arena, int argc, char **argv,
                  const struct devices_words *words,
                  const struct devices_host *host, struct dt_order *order,
                  const char **unknown);

void devices_plan_text(const struct dt_passthrough *plan, struct bytes *out);
void devices_plan_json(const struct dt_passthrough *plan, struct bytes *out);

/* What a picture of the tree shows beside the tree. */
struct devices_drawing {
    const struct claim *claims;         /* holders.h, or NULL */
    const struct claim *planned;        /* what a plan would claim, or NULL */
    const struct dt_node *const *named; /* nodes to show in any case */
    size_t n_named;
    bool all;                           /* every node, none only counted */
};

/* As SVG. 0, or -1 when memory is exhausted. */
int devices_draw(struct arena *arena, const struct dt_devices *devices,
                 const struct devices_drawing *chosen, struct bytes *out);

#endif
