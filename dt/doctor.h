/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Doctor: what keeps a board from working under Xen with devices passed
 * through, as far as its device tree tells; and the changes of properties
 * that mend it (dt/correct.h makes them). What the tree does not tell it
 * cannot see: command lines of the boot loader, registers, firmware, what
 * Dom0's drivers do.
 */
#ifndef DT_DOCTOR_H
#define DT_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct dt_tree;
struct report;
struct report_check;

/* A property that is to have another value. An overlay can say the same, so
 * nothing is ever removed: a property without bytes has Xen read nothing. */
struct dt_edit {
    size_t node;                /* index in the tree */
    const char *path, *property;
    void *value;
    size_t size_bytes;
    struct dt_edit *next;       /* of the same node */
};

struct dt_finding {
    const struct report_check *check;
    const char *path;           /* NULL: the tree as a whole */
    const char *message, *remedy;
    bool correctable;           /* the edits mend it */
    const struct dt_finding *next;
};

struct dt_checkup {
    const struct dt_finding *findings;
    size_t n_findings, n_errors, n_correctable;
    /* NULL: the bytes are no tree, which is a finding; nothing else was
     * looked at then */
    const struct dt_tree *tree;
    /* of each node by index, all findings' together */
    struct dt_edit *const *edits;
};

/*
 * Looks at the tree for all guests' sake and for that of the devices: those
 * that it marks xen,passthrough, and those named. Trees that dt_tree_load()
 * refuses are looked at as far as possible, and the refusal is a finding.
 * NULL with errors in report when a name is of no device or memory is
 * exhausted.
 */
const struct dt_checkup *dt_doctor_examine(struct arena *arena,
                                           const char *file, const void *dtb,
                                           size_t size_bytes,
                                           const char *const *devices,
                                           size_t n_devices,
                                           struct report *report);

#endif
