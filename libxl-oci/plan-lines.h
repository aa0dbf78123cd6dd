/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines of a plan's domain configuration, in the names and the order of
 * xl.cfg(5), for every format of the dry run. */
#ifndef XLOCI_PLAN_LINES_H
#define XLOCI_PLAN_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "plan.h"

struct plan_line {
    const char *key;
    const char *value;          /* as text, without quotes */
    bool is_number;
    struct origin from;
};

/* Lines in arena; the disks are not among them. NULL: out of memory. */
const struct plan_line *plan_lines(struct arena *arena,
                                   const struct plan *plan,
                                   const struct plan_artifacts *artifacts,
                                   size_t *count);

/* An element of a list of xl.cfg(5): iomem, irqs, dtdev. */
struct plan_item {
    const char *list, *value;
    const char *host;           /* path of the node in the host's tree */
    struct origin from;
};

/* In arena, list by list. NULL: out of memory. */
const struct plan_item *plan_items(struct arena *arena,
                                   const struct plan *plan, size_t *count);

/* Where the disk is: its artifact, or what it will be built from. */
const char *plan_disk_path(struct arena *arena, const struct plan *plan,
                           const struct plan_artifacts *artifacts,
                           size_t index);

const char *plan_opcode_name(unsigned int opcode);

#endif
