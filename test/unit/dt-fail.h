/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Failing allocations of what reads a device tree. As dt-build.h, and with the
 * link of fail-alloc.h. */
#ifndef TEST_DT_FAIL_H
#define TEST_DT_FAIL_H

#include "tap.h"

#include "dt-build.h"
#include "fail-alloc.h"

/* make() is done again and again on what was compiled, each time with another
 * allocation failing: it gives NULL and one error, dt-out-of-memory. */
static void fail_each_allocation(const void *(*make)(void))
{
    unsigned long n, wrong = 0;
    int failed = 1;

    for (n = 1; failed && n < 10000; n++) {
        const void *made;

        begin();
        fail_alloc_at(n);
        made = make();
        failed = fail_alloc_stop();
        wrong += failed ? made != NULL || !report_errors(report) :
                          !made || report_errors(report) > 0;
        if (error_name() && strcmp(error_name(), "dt-out-of-memory"))
            wrong++;
    }
    ok(n > 20, "%lu allocations fail, one at a time", n - 2);
    is_int((long long)wrong, 0, "each is dt-out-of-memory");
}

#endif
