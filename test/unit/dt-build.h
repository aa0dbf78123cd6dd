/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Device trees for tests: test/dt/NAME.dts by dtc, loaded and judged. Include
 * in exactly one .c of a test. */
#ifndef TEST_DT_BUILD_H
#define TEST_DT_BUILD_H

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/report.h"
#include "dt/host-tree.h"
#include "dt/passable.h"

static unsigned char dtb[DT_MAX_BYTES + 16];
static size_t dtb_size;
static struct arena *arena;
static struct report *report;

static void begin(void)
{
    arena_free(arena);
    report_free(report);
    arena = arena_new();
    report = report_new();
}

/* test/dt/NAME.dts by dtc into dtb; false when it cannot be. */
static int compile(const char *name)
{
    char command[256];
    FILE *f;

    snprintf(command, sizeof(command),
             "dtc -q -@ -I dts -O dtb test/dt/%s.dts 2>/dev/null", name);
    f = popen(command, "r");
    dtb_size = f ? fread(dtb, 1, sizeof(dtb), f) : 0;
    return f && !pclose(f) && dtb_size > 0;
}

__attribute__((unused))
static const struct dt_tree *load(void)
{
    begin();
    return dt_tree_load(arena, "board.dtb", dtb, dtb_size, report);
}

/* The one error's check. */
static const char *error_name(void)
{
    const struct diagnostic *d = report_first(report);

    return d && !d->next ? d->check->name : NULL;
}

#endif
