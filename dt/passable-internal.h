/* SPDX-License-Identifier: BSD-2-Clause */
/* What passable*.c share. */
#ifndef DT_PASSABLE_INTERNAL_H
#define DT_PASSABLE_INTERNAL_H

#include "dt/checks.h"
#include "dt/passable.h"

#define DT_MAX_ITEMS 16384u

struct judge {
    struct arena *arena;
    const struct dt_tree *tree;
    struct dt_facts *facts;
    struct dt_device *devices;
    struct dt_device **device_of;       /* by a node's index; NULL: none */
    size_t n_devices, n_spans, n_lines, n_references;
    bool failed;                        /* memory is exhausted */
};

/* Adds a reason to those of the device. */
void dt_refuse(struct judge *j, struct dt_device *device,
               enum dt_check_id check, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* RAM, or a part of it that is reserved. */
bool dt_is_memory(const struct dt_node *node);

/* Reasons that a device and what is below it have in themselves. */
void dt_judge_alone(struct judge *j);

/* Reasons that come from other nodes: what is shared, who needs it. */
void dt_judge_together(struct judge *j);

#endif
