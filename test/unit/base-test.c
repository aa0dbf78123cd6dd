/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/arena.h"
#include "base/bytes.h"
#include "base/report.h"
#include "tap.h"

#include <stdint.h>
#include <stdlib.h>

static void test_arena(void)
{
    struct arena *a = arena_new();
    unsigned char *small = arena_alloc(a, 3), *big = arena_alloc(a, 100000);
    unsigned char *after = arena_alloc(a, 3);
    size_t i, sum = 0;

    for (i = 0; i < 100000; i++)
        sum += big[i];
    is_int((long long)sum, 0, "memory is zeroed");
    ok((uintptr_t)small % 16 == 0 && (uintptr_t)after % 16 == 0, "aligned");
    ok(after - small == 16, "a large object does not waste the block in use");
    ok(!arena_alloc(a, (size_t)PTRDIFF_MAX), "absurd size refused");
    ok(!arena_calloc(a, SIZE_MAX / 2, 3), "overflowing product refused");
    is_str(arena_printf(a, "%s-%d", "x", 7), "x-7", "printf");
    is_str(arena_memdup(a, "abc", 2), "ab", "memdup adds a NUL");
    arena_free(a);
    arena_free(NULL);
}

static void test_bytes(void)
{
    struct bytes b = BYTES_INIT;

    is_str(bytes_text(&b), "", "an empty buffer is an empty text");
    bytes_add_u32(&b, 0x04030201);
    bytes_add_u16(&b, 0x0605);
    bytes_align(&b, 4);
    ok(b.size == 8 && !memcmp(b.data, "\1\2\3\4\5\6\0\0", 8),
       "little endian, aligned with zeros");
    b.size = 0;
    bytes_add_json_string(&b, "a\"\\\n\x01z");
    is_str(bytes_text(&b), "\"a\\\"\\\\\\n\\u0001z\"", "JSON escapes");
    b.size = 0;
    bytes_add_json_string(&b, "\xc3\xa4\xe4/\xed\xa0\x80\xc3");
    is_str(bytes_text(&b), "\"\xc3\xa4\\ufffd/\\ufffd\\ufffd\\ufffd\\ufffd\"",
           "what is no UTF-8 is replaced");
    b.size = 0;
    bytes_printf(&b, "%0400d", 7);
    is_int((long long)b.size, 400, "printf longer than the first capacity");
    bytes_free(&b);
    b.failed = true;
    bytes_add_string(&b, "x");
    ok(!b.size && !bytes_text(&b), "failure is sticky");
}

static const struct report_check example = {
    "example-check", REPORT_ERROR, "an example", "do otherwise", "…",
};
static const struct report_check hint = {
    "example-note", REPORT_NOTE, "a note", NULL, "…",
};

static void test_report(void)
{
    struct report *r = report_new();
    struct report_where where = { "b/config.json", 4, 2, "/mounts/0" };
    struct bytes out = BYTES_INIT;

    report_add(r, &example, &where, "bad \"%s\"", "\x1b[2J");
    report_add(r, &hint, NULL, "by the way");
    is_int((long long)report_errors(r), 1, "errors are counted");
    is_int((long long)report_count(r, REPORT_NOTE), 1, "so are notes");
    report_format_text(r, &out);
    is_str(bytes_text(&out),
           "b/config.json:4:2: error: /mounts/0: bad \"\\x1b[2J\""
           " [example-check]\n"
           "    remedy: do otherwise\n"
           "note: by the way [example-note]\n",
           "text form, terminal escapes made visible");
    out.size = 0;
    report_format_json(r, &out);
    is_str(bytes_text(&out),
           "{\"errors\":1,\"warnings\":0,\"diagnostics\":[{\"severity\":"
           "\"error\",\"check\":\"example-check\",\"file\":\"b/config.json\","
           "\"line\":4,\"column\":2,\"path\":\"/mounts/0\",\"message\":"
           "\"bad \\\"\\u001b[2J\\\"\",\"remedy\":\"do otherwise\"},"
           "{\"severity\":\"note\",\"check\":\"example-note\",\"message\":"
           "\"by the way\"}]}\n",
           "JSON form");
    bytes_free(&out);
    report_free(r);
}

int main(void)
{
    test_arena();
    test_bytes();
    test_report();
    return done_testing();
}
