/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of the doctor share. */
#ifndef DT_DOCTOR_INTERNAL_H
#define DT_DOCTOR_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dt/checks.h"
#include "dt/chosen.h"
#include "dt/doctor.h"
#include "dt/host-tree.h"
#include "dt/passable.h"
#include "dt/xen-view.h"

struct doctor {
    struct arena *arena;
    const struct dt_tree *tree;
    const struct dt_xen *xen;
    const struct dt_devices *devices;
    const void *fdt;                    /* of tree, for its reservations */
    const bool *wanted;                 /* devices that are marked or named,
                                         * by their place in devices->list */
    struct dt_edit **edits;             /* by node's index */
    struct dt_finding *first, **end;
    bool failed;                        /* memory was exhausted */
};

/* A finding at a node, or NULL for the tree; NULL when memory is exhausted.
 * Its remedy is the check's own. */
struct dt_finding *dt_doctor_say(struct doctor *d, enum dt_check_id id,
                                 const struct dt_node *node,
                                 const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Mends the finding (NULL: does nothing) by giving the property a value. */
void dt_doctor_set(struct doctor *d, struct dt_finding *f,
                   const struct dt_node *node, const char *property,
                   const void *value, size_t size_bytes);

/* The value that the property has with the edits so far; NULL: none. */
const struct dt_property *dt_doctor_now(struct doctor *d,
                                        const struct dt_node *node,
                                        const char *property,
                                        struct dt_property *room);

/* The same by one cell of the value that the property has. */
void dt_doctor_set_cell(struct doctor *d, struct dt_finding *f,
                        const struct dt_node *node, const char *property,
                        size_t at, uint32_t value);

/* The same for a node that Xen cannot read: it reads nothing of the property
 * any more, and Dom0 does not use the device. */
void dt_doctor_silence(struct doctor *d, struct dt_finding *f,
                       const struct dt_node *node, const char *property);

/* The parts, in their order. */
void dt_doctor_gic(struct doctor *d);
void dt_doctor_dom0(struct doctor *d);
void dt_doctor_iommus(struct doctor *d);
void dt_doctor_chosen(struct doctor *d);
void dt_doctor_reserved(struct doctor *d);
void dt_doctor_devices(struct doctor *d);

#endif
