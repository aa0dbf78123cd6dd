/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The named checks of the library and the programs: rows of checks.def. */
#ifndef XLOCI_CHECKS_H
#define XLOCI_CHECKS_H

#include <stddef.h>

#include "base/report.h"

enum check_id {
#define CHECK(id, severity, name, title, remedy, explanation) CHECK_##id,
#include "checks.def"
#undef CHECK
    CHECK_COUNT
};

/* Indexed by enum check_id. */
extern const struct report_check xloci_checks[CHECK_COUNT];

/* Row by name; NULL when there is none. */
const struct report_check *check_by_name(const char *name);

/* report_add() with a check of this table. */
#define report_check(report, id, where, ...) \
    report_add((report), &xloci_checks[CHECK_##id], (where), __VA_ARGS__)
#define report_check_remedy(report, id, where, remedy, ...) \
    report_add_remedy((report), &xloci_checks[CHECK_##id], (where), \
                      (remedy), __VA_ARGS__)

#endif
