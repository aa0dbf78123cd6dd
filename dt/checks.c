/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/checks.h"

#define STAGE(id, after, title)
#define CHECK(id, severity, name, title, remedy, explanation) \
    [DT_CHECK_##id] = { name, REPORT_##severity, title, remedy, explanation },
const struct report_check dt_checks[DT_CHECK_COUNT] = {
#include "dt/checks.def"
};
#undef STAGE
#undef CHECK

#define STAGE(id, after, title) [DT_STAGE_##id] = { title, DT_STAGE_##after },
#define CHECK(id, severity, name, title, remedy, explanation)
const struct dt_stage_row dt_stages[DT_STAGE_COUNT] = {
#include "dt/checks.def"
};
#undef STAGE
#undef CHECK

/* Where the rows are in the file. */
#define STAGE(id, after, title) ROW_OF_STAGE_##id,
#define CHECK(id, severity, name, title, remedy, explanation) ROW_OF_##id,
enum {
#include "dt/checks.def"
};
#undef STAGE
#undef CHECK

#define STAGE(id, after, title) ROW_OF_STAGE_##id,
#define CHECK(id, severity, name, title, remedy, explanation)
static const unsigned int stage_rows[DT_STAGE_COUNT] = {
#include "dt/checks.def"
};
#undef STAGE
#undef CHECK

#define STAGE(id, after, title)
#define CHECK(id, severity, name, title, remedy, explanation) ROW_OF_##id,
static const unsigned int check_rows[DT_CHECK_COUNT] = {
#include "dt/checks.def"
};
#undef STAGE
#undef CHECK

enum dt_stage dt_check_stage(enum dt_check_id check)
{
    enum dt_stage stage = DT_STAGE_COUNT - 1;

    while (stage_rows[stage] > check_rows[check])
        stage--;
    return stage;
}

bool dt_check_follows(enum dt_check_id check, enum dt_check_id earlier)
{
    enum dt_stage stage = dt_check_stage(check);

    while (dt_stages[stage].after != DT_STAGE_ANY) {
        stage = dt_stages[stage].after;
        if (stage == dt_check_stage(earlier))
            return true;
    }
    return false;
}
