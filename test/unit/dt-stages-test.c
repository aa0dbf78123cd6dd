/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stages of dt/checks.def: in order, and kept to. What speaks against each
 * device of all examples is of no stage after another that speaks against it.
 * (test/dt/plan-all.c has the same of Debian's trees.) */
#include "tap.h"

#include <glob.h>
#include <stdlib.h>

#include "dt-order.h"

#include "../dt/stages.h"

static void test_table(void)
{
    size_t i, wrong = 0, empty = 0, k;

    for (i = 0; i < DT_STAGE_COUNT; i++) {
        wrong += i ? dt_stages[i].after >= i :
                     dt_stages[i].after != DT_STAGE_ANY;
        for (k = 0; k < DT_CHECK_COUNT &&
             dt_check_stage((enum dt_check_id)k) != i; k++)
            ;
        empty += k == DT_CHECK_COUNT;
    }
    ok(!wrong, "each stage comes after one before it: there is no circle");
    ok(!empty, "each stage has checks");
    for (i = 0; i < DT_CHECK_COUNT; i++)
        for (k = 0; k < DT_CHECK_COUNT; k++)
            wrong += dt_check_follows((enum dt_check_id)i,
                                      (enum dt_check_id)k) &&
                     dt_check_follows((enum dt_check_id)k,
                                      (enum dt_check_id)i);
    ok(!wrong, "no check follows one that follows it");
    ok(dt_check_follows(DT_CHECK_PLAN_CLOCK_RATE, DT_CHECK_DEVICE_DMA) &&
       dt_check_follows(DT_CHECK_DEVICE_DMA, DT_CHECK_INVALID) &&
       dt_check_follows(DT_CHECK_DEVICE_DMA, DT_CHECK_UNREADABLE),
       "checks follow those of all stages before");
    ok(!dt_check_follows(DT_CHECK_DEVICE_DMA, DT_CHECK_DEVICE_REG) &&
       !dt_check_follows(DT_CHECK_DEVICE_DMA, DT_CHECK_OUT_OF_MEMORY) &&
       !dt_check_follows(DT_CHECK_INVALID, DT_CHECK_PLAN_TWICE),
       "... and no others");
}

/* How many diagnostics there were beside another; SIZE_MAX: one was too
 * much. */
static size_t plan_each(const struct dt_tree *tree, unsigned int waived)
{
    size_t i, n = 0;

    for (i = 0; i < devices->count; i++) {
        const char *path = devices->list[i].node->path;
        struct report *told = report_new();
        size_t count;

        ask(1, &path, waived);
        dt_passthrough_plan(arena, devices, &order, told);
        if (out_of_stage(told)) {
            printf("# %s: %s: %s\n", tree->file, path,
                   out_of_stage(told)->check->name);
            report_free(told);
            return SIZE_MAX;
        }
        count = report_count(told, REPORT_ERROR);
        n += count > 1 ? count : 0;
        report_free(told);
    }
    return n;
}

static void test_example(const char *path, size_t *beside)
{
    char name[128];
    const struct dt_tree *tree;
    size_t none, all;

    snprintf(name, sizeof(name), "%.*s", (int)strcspn(path + 8, "."),
             path + 8);
    tree = compile(name) ? load() : NULL;
    devices = tree ? dt_devices_judge(arena, tree, report) : NULL;
    if (!devices)
        return;                 /* an example of what no tree may be */
    none = plan_each(tree, 0);
    all = plan_each(tree, (1u << DT_WAIVER_COUNT) - 1);
    if (ok(none != SIZE_MAX && all != SIZE_MAX, "%s", name))
        *beside += none + all;
}

int main(void)
{
    glob_t found;
    size_t i, beside = 0;

    test_table();
    if (glob("test/dt/*.dts", 0, NULL, &found))
        return 1;
    for (i = 0; i < found.gl_pathc; i++)
        test_example(found.gl_pathv[i], &beside);
    globfree(&found);
    ok(beside > 20, "%zu diagnostics were beside another", beside);
    arena_free(arena);
    report_free(report);
    return done_testing();
}
