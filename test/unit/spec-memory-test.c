/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each allocation of reading a configuration fails once: always the error
 * [out-of-memory] or a truncated report, never a crash, a leak (under ASan) or
 * half a result. */
#include "tap.h"

#include <stdlib.h>

#include "fail-alloc.h"

#include "base/arena.h"
#include "base/bytes.h"
#include "base/report.h"
#include "json.h"
#include "spec.h"

enum outcome { GOOD, REPORTED, NOTHING };

static int is_right(const struct spec *s)
{
    return s->n_mounts == 2 && s->process.args.count == 3 &&
           s->linux_.seccomp.n_rules == 1 && s->extension.vcpus.value == 2 &&
           !strcmp(s->mounts[0].data, "size=64k,mode=755");
}

/* The report says why, or was itself cut short. */
static int names_memory(const struct report *report)
{
    const struct diagnostic *d = report_first(report);

    while (d && strcmp(d->check->name, "out-of-memory"))
        d = d->next;
    return d != NULL || report_is_truncated(report);
}

/* What comes of reading the text; *right: a result that was as it should. */
static enum outcome read_once(const char *text, size_t size, int *right)
{
    struct report *report = report_new();
    struct arena *arena = arena_new();
    enum outcome outcome = NOTHING;
    const struct spec *s = NULL;
    const struct json *j;

    *right = 1;
    if (report && arena) {
        j = json_parse(arena, "f", text, size, &json_default_limits, report);
        s = j ? spec_from_json(arena, j, report) : NULL;
        outcome = s ? GOOD : REPORTED;
        *right = s ? is_right(s) && !report_errors(report)
                   : report_errors(report) > 0 &&
                     (!fail_alloc_happened || names_memory(report));
    }
    arena_free(arena);
    report_free(report);
    return outcome;
}

static char *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "r");
    char *text = calloc(1, 1 << 16);

    *size = f ? fread(text, 1, (1 << 16) - 1, f) : 0;
    if (f)
        fclose(f);
    return text;
}

/* Fails n = 1, 2, ... until none failed; good: what the last run gives. */
static void test_text(const char *name, const char *text, size_t size,
                      enum outcome last)
{
    unsigned long n, wrong = 0, reported = 0;
    enum outcome outcome = NOTHING;
    int right, failed = 1;

    for (n = 1; failed && n < 100000; n++) {
        fail_alloc_at(n);
        outcome = read_once(text, size, &right);
        failed = fail_alloc_stop();
        wrong += !right;
        reported += failed && outcome == REPORTED;
    }
    ok(!wrong && !failed, "%s: %lu allocations, each failed once", name,
       n - 2);
    ok(reported > 0, "%s: failures become reports", name);
    ok(outcome == last, "%s: and without failure it is read", name);
}

/* One allocation per value: large values do not share the arena's blocks. */
static char *make_large(size_t *size)
{
    struct bytes b = BYTES_INIT;
    int i;

    bytes_add_string(&b, "{\"\\u00e9\":[");
    for (i = 0; i < 40; i++) {
        bytes_add_string(&b, i ? ",\"\\n" : "\"\\n");
        while (b.size % 4096)
            bytes_add_string(&b, "x");
        bytes_add_string(&b, "\"");
    }
    bytes_add_string(&b, "],\"linux\":{\"sysctls\":1},\"vm\":3,\"x\":[]}");
    *size = b.size;
    return (char *)bytes_text(&b);
}

int main(void)
{
    size_t size;
    char *text = read_file("test/data/full.json", &size);

    test_text("full.json", text, size, GOOD);
    free(text);
    text = make_large(&size);
    test_text("large and wrong", text, size, REPORTED);
    free(text);
    return done_testing();
}
