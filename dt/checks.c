/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/checks.h"

const struct report_check dt_checks[DT_CHECK_COUNT] = {
#define CHECK(id, severity, name, title, remedy, explanation) \
    [DT_CHECK_##id] = { name, REPORT_##severity, title, remedy, explanation },
#include "dt/checks.def"
#undef CHECK
};
