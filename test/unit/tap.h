/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Test Anything Protocol for the C tests; include in exactly one .c each. */
#ifndef TEST_TAP_H
#define TEST_TAP_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int tap_count, tap_failed;

__attribute__((format(printf, 2, 3), unused))
static int ok(int good, const char *fmt, ...)
{
    va_list ap;

    printf("%sok %d - ", good ? "" : "not ", ++tap_count);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    putchar('\n');
    if (!good)
        tap_failed++;
    fflush(stdout);
    return good;
}

__attribute__((unused))
static int is_str(const char *got, const char *want, const char *name)
{
    int good = got && want ? !strcmp(got, want) : got == want;

    if (!ok(good, "%s", name))
        printf("#   got:  %s\n#   want: %s\n", got ? got : "(null)",
               want ? want : "(null)");
    return good;
}

__attribute__((unused))
static int is_int(long long got, long long want, const char *name)
{
    int good = got == want;

    if (!ok(good, "%s", name))
        printf("#   got:  %lld\n#   want: %lld\n", got, want);
    return good;
}

/* The test's exit status; prints the plan. */
__attribute__((unused))
static int done_testing(void)
{
    printf("1..%d\n", tap_count);
    return tap_failed ? 1 : 0;
}

#endif
