/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a report on one device keeps to the stages of dt/checks.def. */
#ifndef TEST_DT_STAGES_H
#define TEST_DT_STAGES_H

#include "base/report.h"
#include "dt/checks.h"

static inline enum dt_check_id id_of(const struct diagnostic *d)
{
    return (enum dt_check_id)(d->check - dt_checks);
}

/* A diagnostic that follows from another of the report, which has checks of
 * device trees only; NULL when there is none. */
static inline const struct diagnostic *
out_of_stage(const struct report *told)
{
    const struct diagnostic *d, *e;

    for (d = report_first(told); d; d = d->next)
        for (e = report_first(told); e; e = e->next)
            if (dt_check_follows(id_of(d), id_of(e)))
                return d;
    return NULL;
}

#endif
