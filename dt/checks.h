/* SPDX-License-Identifier: BSD-2-Clause */
/* The named checks of device trees: rows of checks.def. */
#ifndef DT_CHECKS_H
#define DT_CHECKS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/report.h"

#define STAGE(id, after, title)
#define CHECK(id, severity, name, title, remedy, explanation) DT_CHECK_##id,
enum dt_check_id {
#include "dt/checks.def"
    DT_CHECK_COUNT
};
#undef STAGE
#undef CHECK

/* Indexed by enum dt_check_id. */
extern const struct report_check dt_checks[DT_CHECK_COUNT];

#define STAGE(id, after, title) DT_STAGE_##id,
#define CHECK(id, severity, name, title, remedy, explanation)
enum dt_stage {
#include "dt/checks.def"
    DT_STAGE_COUNT
};
#undef STAGE
#undef CHECK

struct dt_stage_row {
    const char *title;
    enum dt_stage after;        /* DT_STAGE_ANY: none, in which order holds
                                 * for nothing */
};

/* Indexed by enum dt_stage. */
extern const struct dt_stage_row dt_stages[DT_STAGE_COUNT];

enum dt_stage dt_check_stage(enum dt_check_id check);

/* Whether the check is asked only where the earlier one found nothing. */
bool dt_check_follows(enum dt_check_id check, enum dt_check_id earlier);

/* report_add() with a check of this table. */
#define dt_report(report, id, where, ...) \
    report_add((report), &dt_checks[DT_CHECK_##id], (where), __VA_ARGS__)

#endif
