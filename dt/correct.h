/* SPDX-License-Identifier: BSD-2-Clause */
/* Correct: makes a tree in which the doctor finds less, and proves it. */
#ifndef DT_CORRECT_H
#define DT_CORRECT_H

#include "dt/doctor.h"

/* Each examines anew what the last one made. One does for all that a tree of
 * Debian's has; the second proves it. */
#define DT_MAX_ROUNDS 8

struct dt_correction {
    const struct dt_checkup *before, *after;
    unsigned int rounds;                /* that changed something */
    /* what changes, against the tree as it was; by node's index */
    struct dt_edit *const *edits;
    size_t n_edits;
    const void *dtb;                    /* the corrected tree */
    size_t dtb_bytes;
    /* the same as an overlay, applied once to try; or why it cannot be */
    const void *overlay;
    size_t overlay_bytes;
    const char *overlay_problem;
};

/*
 * Arguments as for dt_doctor_examine(). When the bytes are no tree, dtb is
 * NULL and before is after. NULL with errors in report: a name is of no
 * device, memory is exhausted, the corrected tree would be larger than a tree
 * may be, or (board-uncorrected) a correction did not take.
 */
const struct dt_correction *dt_correct(struct arena *arena, const char *file,
                                       const void *dtb, size_t size_bytes,
                                       const char *const *devices,
                                       size_t n_devices,
                                       struct report *report);

#endif
