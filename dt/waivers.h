/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waivers: reasons against passing a device through that the administrator
 * may declare void for one device; rows of waivers.def. All other checks hold
 * for everyone: what breaks them cannot work, or breaks the isolation of
 * guests who have no say.
 */
#ifndef DT_WAIVERS_H
#define DT_WAIVERS_H

#include <stddef.h>

enum dt_waiver_id {
#define WAIVER(id, name, title) DT_WAIVER_INDEX_##id,
#define WAIVES(id, check)
#include "dt/waivers.def"
#undef WAIVER
#undef WAIVES
    DT_WAIVER_COUNT
};

/* The bits of struct dt_allowance. */
enum dt_waiver {
#define WAIVER(id, name, title) \
    DT_WAIVE_##id = 1u << DT_WAIVER_INDEX_##id,
#define WAIVES(id, check)
#include "dt/waivers.def"
#undef WAIVER
#undef WAIVES
};

struct dt_waiver_row {
    const char *name;           /* in settings and on command lines */
    unsigned int bit;
    const char *title;          /* one line for lists and manuals */
};

/* DT_WAIVER_COUNT rows, in the order of the bits. */
extern const struct dt_waiver_row dt_waivers[DT_WAIVER_COUNT];

struct report_check;

/* The bit of that name, 0 when there is none. name need not end at n. */
unsigned int dt_waiver_by_name(const char *name, size_t n);

/* The bits of which each waives the check, 0 when none does. */
unsigned int dt_waiver_of(const struct report_check *check);

#endif
