/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* json.c: what is read, what is refused, and where. */
#include "tap.h"

#include <stdlib.h>
#include <time.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/report.h"
#include "json.h"

static struct arena *arena;
static struct report *report;

static const struct json *parse_bytes(const char *text, size_t size)
{
    report_free(report);
    report = report_new();
    return json_parse(arena, "t.json", text, size, &json_default_limits,
                      report);
}

static const struct json *parse(const char *text)
{
    return parse_bytes(text, strlen(text));
}

/* Refused text: the only diagnostic's check and place. */
static const struct bad_row {
    const char *name, *text;
    size_t size;                /* 0: that of the string */
    const char *check;
    unsigned int line, column;
} bad_rows[] = {
    { "empty", "", 0, "json-syntax", 1, 1 },
    { "blank", " \n ", 0, "json-syntax", 2, 2 },
    { "open object", "{\"a\": 1", 0, "json-syntax", 1, 8 },
    { "open string", "[\"abc", 0, "json-syntax", 1, 6 },
    { "cut word", "[tru", 0, "json-syntax", 1, 2 },
    { "wrong word", "[1,\n truth]", 0, "json-syntax", 2, 2 },
    { "comma before ]", "[1,]", 0, "json-syntax", 1, 4 },
    { "comma before }", "{\"a\":1,}", 0, "json-syntax", 1, 8 },
    { "two commas", "[1,,2]", 0, "json-syntax", 1, 4 },
    { "no comma", "[1 2]", 0, "json-syntax", 1, 4 },
    { "no colon", "{\"a\" 1}", 0, "json-syntax", 1, 6 },
    { "no quotes", "{a: 1}", 0, "json-syntax", 1, 2 },
    { "single quotes", "{'a': 1}", 0, "json-syntax", 1, 2 },
    { "leading zero", "[012]", 0, "json-syntax", 1, 3 },
    { "no fraction", "[1.]", 0, "json-syntax", 1, 4 },
    { "no exponent", "[1e]", 0, "json-syntax", 1, 4 },
    { "plus", "[+1]", 0, "json-syntax", 1, 2 },
    { "NaN", "[NaN]", 0, "json-syntax", 1, 2 },
    { "raw newline", "[\"a\nb\"]", 0, "json-syntax", 1, 4 },
    { "raw tab", "[\"a\tb\"]", 0, "json-syntax", 1, 4 },
    { "bad escape", "[\"\\x\"]", 0, "json-syntax", 1, 4 },
    { "bad hex", "[\"\\u12g4\"]", 0, "json-syntax", 1, 7 },
    { "wrong bracket", "{\"a\": [1}", 0, "json-syntax", 1, 9 },
    { "trailing brace", "{}\n}", 0, "json-trailing", 2, 1 },
    { "trailing value", "{} {}", 0, "json-trailing", 1, 4 },
    { "two numbers", "1 2", 0, "json-trailing", 1, 3 },
    { "C comment", "{ /* c */ }", 0, "json-comment", 1, 3 },
    { "C++ comment", "{}\n// c\n", 0, "json-trailing", 2, 1 },
    { "byte order mark", "\xef\xbb\xbf{}", 0, "json-bom", 1, 1 },
    { "raw NUL", "[\"a\0b\"]", 7, "json-nul", 1, 4 },
    { "NUL after", "{}\0", 3, "json-nul", 1, 3 },
    { "escaped NUL", "[\n\"a\\u0000\"]", 0, "json-nul", 2, 3 },
    { "escaped NUL in key", "{\"\\u0000\":1}", 0, "json-nul", 1, 3 },
    { "high surrogate", "[\"\\ud800\"]", 0, "json-surrogate", 1, 3 },
    { "low surrogate", "[\"a\\udc00\"]", 0, "json-surrogate", 1, 4 },
    { "two highs", "[\"\\ud800\\ud800\"]", 0, "json-surrogate", 1, 3 },
    { "high and letter", "[\"\\ud800\\u0041\"]", 0, "json-surrogate", 1, 3 },
    { "surrogate in key", "{\"\\udfff\":1}", 0, "json-surrogate", 1, 3 },
    { "overlong", "[\"\xc0\x80\"]", 0, "json-utf8", 1, 3 },
    { "overlong 3", "[\"\xe0\x80\x80\"]", 0, "json-utf8", 1, 3 },
    { "raw surrogate", "[\"\xed\xa0\x80\"]", 0, "json-utf8", 1, 3 },
    { "above U+10FFFF", "[\"\xf4\x90\x80\x80\"]", 0, "json-utf8", 1, 3 },
    { "cut sequence", "[\"\xe2\x82", 0, "json-utf8", 1, 3 },
    { "latin1", "[\"\xe9t\xe9\"]", 0, "json-utf8", 1, 3 },
    { "duplicate", "{\"a\":1,\n\"a\":2}", 0, "json-duplicate-key", 2, 5 },
    { "escaped duplicate", "{\"a\":1,\"\\u0061\":2}", 0,
      "json-duplicate-key", 1, 17 },
};

static void test_refusals(void)
{
    const struct bad_row *row = bad_rows;
    const struct diagnostic *d;
    size_t i;

    for (i = 0; i < sizeof(bad_rows) / sizeof(*bad_rows); i++, row++) {
        const struct json *j =
            parse_bytes(row->text, row->size ? row->size : strlen(row->text));

        d = report_first(report);
        if (!ok(!j && d && !d->next && !strcmp(d->check->name, row->check) &&
                d->where.line == row->line && d->where.column == row->column,
                "refused: %s", row->name) && d)
            printf("# %u:%u %s: %s%s\n", d->where.line, d->where.column,
                   d->check->name, d->message, d->next ? " and more" : "");
    }
}

static void test_tree(void)
{
    static const char text[] =
        "{\n  \"a/b~\": [null, true,\n    -1.5e2, \"\\u00e9\\ud83d\\ude00\"],"
        "\n  \"\": {}\n}\n";
    const struct json *j = parse(text), *list, *s;

    ok(j && j->type == JSON_OBJECT && j->count == 2, "object of two");
    list = json_member(j, "a/b~");
    ok(list && list->line == 2 && list->column == 11 && list->count == 4,
       "array with its place");
    s = list->child->next->next->next;
    ok(s->line == 3 && s->column == 13, "place after a number");
    is_str(s->text, "\xc3\xa9\xf0\x9f\x98\x80", "escapes decoded");
    is_str(json_pointer(arena, s), "/a~1b~0/3", "pointer with escapes");
    is_str(json_pointer(arena, j), "", "pointer of the document");
    ok(json_member(j, "") && !json_member(j, "x"), "member by key");
    is_str(list->child->next->next->text, "-1.5e2", "numbers stay text");
    ok(list->child->next->boolean, "true");
}

static const struct number_row {
    const char *text;
    bool is_u64, is_i64;
    uint64_t u64;
    int64_t i64;
} number_rows[] = {
    { "0", true, true, 0, 0 },
    { "-0", true, true, 0, 0 },
    { "1e3", true, true, 1000, 1000 },
    { "1.0", true, true, 1, 1 },
    { "1.5", false, false, 0, 0 },
    { "15e-1", false, false, 0, 0 },
    { "150E-1", true, true, 15, 15 },
    { "1.25e2", true, true, 125, 125 },
    { "0.0005e4", true, true, 5, 5 },
    { "9223372036854775807", true, true, INT64_MAX, INT64_MAX },
    { "9223372036854775808", true, false, 1ull << 63, 0 },
    { "-9223372036854775808", false, true, 0, INT64_MIN },
    { "-9223372036854775809", false, false, 0, 0 },
    { "18446744073709551615", true, false, UINT64_MAX, 0 },
    { "18446744073709551616", false, false, 0, 0 },
    { "1e19", true, false, 10000000000000000000u, 0 },
    { "1e20", false, false, 0, 0 },
    { "0e999999999999999999999", true, true, 0, 0 },
    { "1e999999999999999999999", false, false, 0, 0 },
    { "1e-999999999999999999999", false, false, 0, 0 },
};

static void test_numbers(void)
{
    const struct number_row *row = number_rows;
    size_t i;

    for (i = 0; i < sizeof(number_rows) / sizeof(*number_rows); i++, row++) {
        const struct json *j = parse(row->text);
        uint64_t u = 0;
        int64_t s = 0;

        ok(j && json_to_u64(j, &u) == row->is_u64 && u == row->u64 &&
           json_to_i64(j, &s) == row->is_i64 && s == row->i64,
           "number %s", row->text);
    }
    ok(!json_to_u64(parse("\"1\""), &(uint64_t){ 0 }), "a string is none");
}

static const char *only_check(void)
{
    const struct diagnostic *d = report_first(report);

    return d && !d->next ? d->check->name : "several or none";
}

static char *repeat(const char *unit, size_t times, size_t *size)
{
    struct bytes b = BYTES_INIT;

    while (times--)
        bytes_add_string(&b, unit);
    *size = b.size;
    return (char *)bytes_text(&b);
}

static void test_limits(void)
{
    size_t size;
    char *text = repeat("[", 1 << 20, &size);

    ok(!parse_bytes(text, size), "1 MB of '['");
    is_str(only_check(), "json-too-deep", "one error");
    is_int(report_first(report)->where.column, 65, "at the 65th");
    free(text);
    text = repeat(" ", (4 << 20) + 1, &size);
    ok(!parse_bytes(text, size), "4 MiB and a byte");
    is_str(only_check(), "json-too-large", "one error");
    free(text);
    text = repeat("[],", 200001, &size);
    text[0] = '[';
    text[1] = '1';
    ok(!parse_bytes(text, size), "too many values");
    is_str(only_check(), "json-too-many-values", "one error");
    free(text);
}

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void test_many_keys(void)
{
    struct bytes b = BYTES_INIT;
    double start;
    int i;

    bytes_add_string(&b, "{");
    for (i = 0; i < 100000; i++)
        bytes_printf(&b, "%s\"key-%d\":%d", i ? "," : "", i, i);
    bytes_add_string(&b, "}");
    start = seconds();
    ok(parse(bytes_text(&b)) != NULL, "100,000 members");
    ok(seconds() - start < 5, "in linear time");
    bytes_free(&b);
}

int main(void)
{
    arena = arena_new();
    test_refusals();
    test_tree();
    test_numbers();
    test_limits();
    test_many_keys();
    report_free(report);
    arena_free(arena);
    return done_testing();
}
