/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libFuzzer target: any bytes as config.json. Never a crash; a refusal has an
 * error with a place in the text, an acceptance has none; what was accepted
 * can be located again by its pointer. What could be read of it is planned,
 * on a host that has nothing.
 *
 *     make fuzz-json (seeds: test/data)
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/report.h"
#include "json.h"
#include "plan.h"
#include "spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Small enough to be reached, so that the limits are tested too. */
static const struct json_limits limits = {
    .max_bytes = 1 << 16, .max_depth = 16, .max_values = 5000,
};

static void require(int good)
{
    if (!good)
        abort();
}

static void check_tree(struct arena *arena, const struct json *j)
{
    const struct json *child;
    size_t count = 0;
    uint64_t u;
    int64_t i;

    require(j->line && j->column);
    if (j->type == JSON_NUMBER && json_to_u64(j, &u) && json_to_i64(j, &i))
        require((uint64_t)i == u);
    for (child = j->child; child; child = child->next) {
        require(child->parent == j && child->index == count++);
        require(!child->key || json_member(j, child->key) == child);
        check_tree(arena, child);
    }
    require(count == j->count && json_pointer(arena, j) != NULL);
}

static void check_report(const struct report *report, size_t size)
{
    const struct diagnostic *d;
    struct bytes out = BYTES_INIT;

    for (d = report_first(report); d; d = d->next)
        require(d->where.line && d->where.line <= size + 1 &&
                d->where.column <= size + 1 && *d->message);
    report_format_text(report, &out);
    report_format_json(report, &out);
    bytes_free(&out);
}

/* The text is too small for a program that is too large: what would make it
 * so is a string that is missing. */
static void check_plan(struct arena *arena, const struct spec *spec)
{
    static const struct host_facts host = { .bundle_name = "fuzz" };
    static const struct plan_options options = { .name = NULL };
    struct survey survey = {
        .rootfs_fd = -1,
        .mounts = arena_calloc(arena, spec->n_mounts + 1,
                               sizeof(*survey.mounts)),
        .loads = arena_calloc(arena, spec->accelerators.count + 1,
                              sizeof(*survey.loads)),
    };
    struct report *report = report_new();
    const struct diagnostic *d;
    const struct plan *plan;

    require(survey.mounts && survey.loads && report);
    plan = plan_make(arena, spec, &survey, &host, &options, report);
    require(!plan == (report_errors(report) || spec->errors));
    for (d = report_first(report); d; d = d->next)
        require(strcmp(d->check->name, "program-too-large"));
    report_free(report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct report *report = report_new();
    const struct json *j;
    const struct spec *spec = NULL;

    require(arena && report);
    j = json_parse(arena, "fuzz", (const char *)data, size, &limits, report);
    if (j) {
        check_tree(arena, j);
        spec = spec_read(arena, j, NULL, report);
    }
    require((spec && !spec->errors) == !report_errors(report));
    check_report(report, size);
    if (spec) {
        check_plan(arena, spec);
        /* the same text as accelerators.json */
        spec = spec_read(arena, j, j, report);
        require(spec && spec->errors);
        check_report(report, size);
        check_plan(arena, spec);
    }
    report_free(report);
    arena_free(arena);
    return 0;
}
