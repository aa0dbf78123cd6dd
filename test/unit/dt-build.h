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

/* Devices named "dut" that are others' by what is within them, by what is in
 * their pages, or by Xen's command line. */
__attribute__((unused))
static const struct owned {
    const char *name, *check;
} owned[] = {
    { "holds-smmu", "device-of-xen" },
    { "holds-its", "device-of-xen" },
    { "holds-reserved", "device-reserved" },
    { "holds-memory", "device-over-memory" },
    { "page-of-gic", "device-of-xen" },
    { "page-of-console", "device-console" },
    { "page-of-reserved", "device-reserved" },
    { "console-by-dtuart", "device-console" },
};
#define N_OWNED (sizeof(owned) / sizeof(owned[0]))

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

static int compile_by(const char *command)
{
    FILE *f = popen(command, "r");

    dtb_size = f ? fread(dtb, 1, sizeof(dtb), f) : 0;
    return f && !pclose(f) && dtb_size > 0;
}

/* test/dt/NAME.dts by dtc into dtb; false when it cannot be. */
__attribute__((unused))
static int compile(const char *name)
{
    char command[256];

    snprintf(command, sizeof(command),
             "dtc -q -@ -I dts -O dtb test/dt/%s.dts 2>/dev/null", name);
    return compile_by(command);
}

/* The same of a text without "'". */
__attribute__((unused))
static int compile_text(const char *text)
{
    char command[1024];

    snprintf(command, sizeof(command),
             "printf '%%s' '%s' | dtc -q -@ -I dts -O dtb 2>/dev/null", text);
    return compile_by(command);
}

__attribute__((unused))
static const struct dt_tree *load(void)
{
    begin();
    return dt_tree_load(arena, "board.dtb", dtb, dtb_size, report);
}

/* The one error's check. */
__attribute__((unused))
static const char *error_name(void)
{
    const struct diagnostic *d = report_first(report);

    return d && !d->next ? d->check->name : NULL;
}

#endif
