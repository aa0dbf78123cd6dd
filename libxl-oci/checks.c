/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checks.h"

#include <string.h>

const struct report_check xloci_checks[CHECK_COUNT] = {
#define CHECK(id, severity, name, title, remedy, explanation) \
    [CHECK_##id] = { name, REPORT_##severity, title, remedy, explanation },
#include "checks.def"
#undef CHECK
};

const struct report_check *check_by_name(const char *name)
{
    size_t i;

    for (i = 0; i < CHECK_COUNT; i++)
        if (!strcmp(xloci_checks[i].name, name))
            return &xloci_checks[i];
    return NULL;
}
