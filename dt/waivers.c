/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/waivers.h"

#include <string.h>

#include "dt/checks.h"

const struct dt_waiver_row dt_waivers[DT_WAIVER_COUNT] = {
#define WAIVER(id, name, title) { name, DT_WAIVE_##id, title },
#define WAIVES(id, check)
#include "dt/waivers.def"
#undef WAIVER
#undef WAIVES
};

static const struct {
    unsigned int bit;
    enum dt_check_id check;
} waives[] = {
#define WAIVER(id, name, title)
#define WAIVES(id, check) { DT_WAIVE_##id, DT_CHECK_##check },
#include "dt/waivers.def"
#undef WAIVER
#undef WAIVES
};

unsigned int dt_waiver_by_name(const char *name, size_t n)
{
    size_t i;

    for (i = 0; i < DT_WAIVER_COUNT; i++)
        if (strlen(dt_waivers[i].name) == n &&
            !memcmp(dt_waivers[i].name, name, n))
            return dt_waivers[i].bit;
    return 0;
}

unsigned int dt_waiver_of(const struct report_check *check)
{
    unsigned int bits = 0;
    size_t i;

    for (i = 0; i < sizeof(waives) / sizeof(waives[0]); i++)
        if (check == &dt_checks[waives[i].check])
            bits |= waives[i].bit;
    return bits;
}
