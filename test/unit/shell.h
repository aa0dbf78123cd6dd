/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a test prepares and looks at with the shell. */
#ifndef TEST_UNIT_SHELL_H
#define TEST_UNIT_SHELL_H

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

/* A command, as system(3) returns it. */
__attribute__((format(printf, 1, 2)))
static int run(const char *fmt, ...)
{
    char command[2048];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(command, sizeof(command), fmt, ap);
    va_end(ap);
    return system(command);
}

/* A step without which the test means nothing; it set errno. */
static void must(int rc, const char *what)
{
    if (rc)
        ok(0, "%s: %s", what, strerror(errno));
}

#endif
