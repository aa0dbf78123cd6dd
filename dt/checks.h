/* SPDX-License-Identifier: BSD-2-Clause */
/* The named checks of device trees: rows of checks.def. */
#ifndef DT_CHECKS_H
#define DT_CHECKS_H

#include <stddef.h>

#include "base/report.h"

enum dt_check_id {
#define CHECK(id, severity, name, title, remedy, explanation) DT_CHECK_##id,
#include "dt/checks.def"
#undef CHECK
    DT_CHECK_COUNT
};

/* Indexed by enum dt_check_id. */
extern const struct report_check dt_checks[DT_CHECK_COUNT];

/* report_add() with a check of this table. */
#define dt_report(report, id, where, ...) \
    report_add((report), &dt_checks[DT_CHECK_##id], (where), __VA_ARGS__)

#endif
