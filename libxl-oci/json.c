/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON text to tree with yajl's streaming parser. yajl alone is too lenient
 * for input that others write: it keeps duplicate keys, lets overlong UTF-8
 * and lone surrogates pass and hands out strings with NUL bytes; all of that
 * is refused here. It also never checks its allocations: see pool_alloc().
 */
#include "json.h"

#include <setjmp.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/arena.h"
#include "checks.h"
#include "json-text.h"
#include "json-tree.h"

const struct json_limits json_default_limits = {
    .max_bytes = 4u << 20,
    .max_depth = 64,
    .max_values = 200000,
};

struct parser {
    struct arena *arena;        /* of the tree */
    struct arena *scratch;      /* of yajl, freed when the parse ends */
    struct report *report;
    const struct json_limits *limits;
    const char *file, *text;
    size_t size;
    yajl_handle yajl;
    bool finishing;             /* yajl reads its own " " after the text */
    struct text_place place;    /* of the current token's first byte */
    size_t end;                 /* offset after the last token seen */
    struct json *root, *open;   /* the innermost array or object */
    struct json *last;          /* its last child */
    const char *key;
    struct text_place key_place;
    size_t depth, values;
    jmp_buf out_of_memory;
};

/* --- memory for yajl -------------------------------------------------------*/

/*
 * yajl 2.1 uses what its allocator returns unseen, so a failed allocation
 * must not return: it jumps back to json_parse(). Nothing leaks, because all
 * that yajl holds is in the scratch arena.
 */
static void *pool_alloc(void *ctx, size_t size)
{
    struct parser *p = ctx;
    size_t *block = arena_alloc(p->scratch, size + 2 * sizeof(size_t));

    if (!block)
        longjmp(p->out_of_memory, 1);
    block[0] = size;
    return block + 2;
}

static void *pool_realloc(void *ctx, void *old, size_t size)
{
    size_t old_size = old ? ((size_t *)old)[-2] : 0;
    void *new = pool_alloc(ctx, size);

    if (old_size)
        memcpy(new, old, old_size < size ? old_size : size);
    return new;
}

static void pool_free(void *ctx, void *p)
{
    (void)ctx;
    (void)p;
}

static void *tree_alloc(struct parser *p, const void *bytes, size_t size)
{
    void *copy = arena_memdup(p->arena, bytes, size);

    if (!copy)
        longjmp(p->out_of_memory, 1);
    return copy;
}

/* --- places ---------------------------------------------------------------*/

static struct report_where where_is(const struct parser *p, size_t offset)
{
    struct text_place place = p->place;

    if (offset < place.offset)
        place = (struct text_place)TEXT_PLACE_START;
    text_advance(&place, p->text, offset < p->size ? offset : p->size);
    return (struct report_where){
        .file = p->file, .line = place.line, .column = place.column,
    };
}

#define fail_at(p, offset, id, ...) do { \
        struct report_where where_ = where_is((p), (offset)); \
        report_check((p)->report, id, &where_, __VA_ARGS__); \
    } while (0)

/* What may stand between two tokens that yajl calls back for. */
static size_t skip_separators(const struct parser *p, size_t offset)
{
    while (offset < p->size && strchr(" \t\r\n,:", p->text[offset]))
        offset++;
    return offset;
}

/* Moves the parser's place to the token that yajl just read. */
static void enter_token(struct parser *p)
{
    text_advance(&p->place, p->text, skip_separators(p, p->end));
    p->end = p->finishing ? p->size : yajl_get_bytes_consumed(p->yajl);
}

/* --- values ---------------------------------------------------------------*/

static bool is_within_limits(struct parser *p)
{
    if (++p->values <= p->limits->max_values)
        return true;
    fail_at(p, p->place.offset, JSON_TOO_MANY_VALUES,
            "more than %zu values", p->limits->max_values);
    return false;
}

static struct json *add_value(struct parser *p, enum json_type type)
{
    struct json *j = ARENA_NEW(p->arena, struct json);

    if (!j)
        longjmp(p->out_of_memory, 1);
    j->type = type;
    j->file = p->file;
    j->line = p->place.line;
    j->column = p->place.column;
    j->key = p->key;
    p->key = NULL;
    j->parent = p->open;
    if (!p->open)
        p->root = j;
    else {
        j->index = p->open->count++;
        if (p->last)
            p->last->next = j;
        else
            p->open->child = j;
    }
    p->last = j;
    return j;
}

/* The string token at the place, quotes included, has a sane content. */
static bool is_sane_string(struct parser *p)
{
    const char *raw = p->text + p->place.offset;
    size_t size = p->end - p->place.offset, bad;

    bad = text_find_nul_escape(raw, size);
    if (bad < size) {
        fail_at(p, p->place.offset + bad, JSON_NUL,
                "a string holds \\u0000, which no path, argument or name "
                "can hold");
        return false;
    }
    bad = text_find_lone_surrogate(raw, size);
    if (bad < size) {
        fail_at(p, p->place.offset + bad, JSON_SURROGATE,
                "\"%.6s\" is half of a surrogate pair", raw + bad);
        return false;
    }
    return true;
}

static int on_null(void *ctx)
{
    struct parser *p = ctx;

    enter_token(p);
    if (!is_within_limits(p))
        return 0;
    add_value(p, JSON_NULL);
    return 1;
}

static int on_boolean(void *ctx, int value)
{
    struct parser *p = ctx;

    enter_token(p);
    if (!is_within_limits(p))
        return 0;
    add_value(p, JSON_BOOLEAN)->boolean = value;
    return 1;
}

static int on_number(void *ctx, const char *text, size_t size)
{
    struct parser *p = ctx;

    enter_token(p);
    if (!is_within_limits(p))
        return 0;
    add_value(p, JSON_NUMBER)->text = tree_alloc(p, text, size);
    return 1;
}

static int on_string(void *ctx, const unsigned char *text, size_t size)
{
    struct parser *p = ctx;

    enter_token(p);
    if (!is_within_limits(p) || !is_sane_string(p))
        return 0;
    add_value(p, JSON_STRING)->text = tree_alloc(p, text, size);
    return 1;
}

static int on_key(void *ctx, const unsigned char *text, size_t size)
{
    struct parser *p = ctx;

    enter_token(p);
    if (!is_sane_string(p))
        return 0;
    p->key = tree_alloc(p, text, size);
    return 1;
}

static int open_container(struct parser *p, enum json_type type)
{
    enter_token(p);
    if (p->depth == p->limits->max_depth) {
        fail_at(p, p->place.offset, JSON_TOO_DEEP,
                "nested more than %zu levels deep", p->limits->max_depth);
        return 0;
    }
    if (!is_within_limits(p))
        return 0;
    p->depth++;
    p->open = add_value(p, type);
    p->last = NULL;
    return 1;
}

static int close_container(struct parser *p)
{
    enter_token(p);
    p->depth--;
    p->last = p->open;
    /* the tree is written here only, through the one non-const path */
    p->open = (struct json *)p->open->parent;
    return 1;
}

static int on_start_object(void *ctx)
{
    return open_container(ctx, JSON_OBJECT);
}

static int on_start_array(void *ctx)
{
    return open_container(ctx, JSON_ARRAY);
}

static int on_end_object(void *ctx)
{
    struct parser *p = ctx;
    int r = json_check_duplicates(p->scratch, p->open, p->report);

    if (r < 0)
        longjmp(p->out_of_memory, 1);
    return close_container(p);
}

static int on_end_array(void *ctx)
{
    return close_container(ctx);
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_map_key = on_key,
    .yajl_start_map = on_start_object,
    .yajl_end_map = on_end_object,
    .yajl_start_array = on_start_array,
    .yajl_end_array = on_end_array,
};

/* --- errors ---------------------------------------------------------------*/

/* Where the mistake is, told by what yajl has consumed when it stops. */
enum mistake_place {
    AT_TOKEN,       /* the token after the last good one */
    AT_CONSUMED,    /* the byte that yajl did not take any more */
};

/* yajl's words (yajl_lex.c, yajl_parser.c), found by a part of each. */
static const struct syntax_error {
    const char *yajl;
    enum mistake_place place;
    enum check_id check;
    const char *message;
} syntax_errors[] = {
    { "comment found", AT_TOKEN, CHECK_JSON_COMMENT,
      "JSON has no comments" },
    { "trailing garbage", AT_TOKEN, CHECK_JSON_TRAILING,
      "something follows the end of the document" },
    { "before a character which it may not", AT_CONSUMED, CHECK_JSON_SYNTAX,
      "a backslash in a string must be followed by one of \"\\/bfnrtu" },
    { "invalid character inside string", AT_CONSUMED, CHECK_JSON_SYNTAX,
      "a string holds a raw control character (a line break or tab is "
      "written \\n or \\t), or its closing quote is missing" },
    { "non-hex", AT_CONSUMED, CHECK_JSON_SYNTAX,
      "\\u in a string must be followed by four hexadecimal digits" },
    { "invalid char in json", AT_TOKEN, CHECK_JSON_SYNTAX,
      "this cannot start a JSON value (names and strings need double "
      "quotes)" },
    { "invalid string in json", AT_TOKEN, CHECK_JSON_SYNTAX,
      "not one of the words null, true, false" },
    { "after the decimal point", AT_CONSUMED, CHECK_JSON_SYNTAX,
      "a digit is missing after the decimal point" },
    { "after the exponent", AT_CONSUMED, CHECK_JSON_SYNTAX,
      "a digit is missing in the exponent" },
    { "after the minus sign", AT_CONSUMED, CHECK_JSON_SYNTAX,
      "a digit is missing after the minus sign" },
    { "unallowed token", AT_TOKEN, CHECK_JSON_SYNTAX,
      "a value is expected here (is there a comma too many?)" },
    { "invalid object key", AT_TOKEN, CHECK_JSON_SYNTAX,
      "a member's name in double quotes is expected here (is there a comma "
      "too many?)" },
    { "separated by a colon", AT_TOKEN, CHECK_JSON_SYNTAX,
      "a ':' is missing between the member's name and its value" },
    { "inside map, I expect", AT_TOKEN, CHECK_JSON_SYNTAX,
      "',' or '}' is expected here" },
    { "array element, I expect", AT_TOKEN, CHECK_JSON_SYNTAX,
      "',' or ']' is expected here" },
};

static void report_unfinished(struct parser *p)
{
    struct report_where where = where_is(p, p->size);

    if (p->open)
        report_check(p->report, JSON_SYNTAX, &where,
                     "the document ends before the %s that starts at line "
                     "%u, column %u is closed", json_type_name(p->open->type),
                     p->open->line, p->open->column);
    else if (skip_separators(p, 0) == p->size)
        report_check(p->report, JSON_SYNTAX, &where,
                     "the document is empty");
    else
        report_check(p->report, JSON_SYNTAX, &where,
                     "the document ends in the middle of a value");
}

/* After the last good token; a separator in the wrong place, which yajl has
 * just consumed, is the token itself. */
static size_t token_offset(const struct parser *p, size_t consumed)
{
    size_t start = skip_separators(p, p->end);

    if (consumed > p->end && start >= consumed &&
        strchr(",:", p->text[consumed - 1]))
        return consumed - 1;
    return start;
}

static void report_syntax(struct parser *p)
{
    size_t consumed = p->finishing ? p->size
                                   : yajl_get_bytes_consumed(p->yajl);
    const char *words = (const char *)yajl_get_error(p->yajl, 0, NULL, 0);
    const struct syntax_error *e = syntax_errors;
    size_t i, token = token_offset(p, consumed);

    for (i = 0; i < sizeof(syntax_errors) / sizeof(*e); i++, e++) {
        if (strstr(words, e->yajl)) {
            struct report_where where =
                where_is(p, e->place == AT_TOKEN ? token : consumed);

            report_add(p->report, &xloci_checks[e->check], &where, "%s",
                       e->message);
            return;
        }
    }
    if (strstr(words, "premature EOF"))
        report_unfinished(p);
    else
        fail_at(p, token, JSON_SYNTAX, "%.*s", (int)strcspn(words, "\n"),
                words);
}

/* --- the whole ------------------------------------------------------------*/

/* What can be said of the bytes before any grammar. */
static bool is_readable_text(struct parser *p)
{
    const char *nul;
    size_t bad;

    if (p->size > p->limits->max_bytes) {
        fail_at(p, 0, JSON_TOO_LARGE, "%zu bytes; at most %zu are read",
                p->size, p->limits->max_bytes);
        return false;
    }
    if (p->size >= 3 && !memcmp(p->text, "\xef\xbb\xbf", 3)) {
        fail_at(p, 0, JSON_BOM, "the file starts with a byte order mark");
        return false;
    }
    nul = p->size ? memchr(p->text, '\0', p->size) : NULL;
    if (nul) {
        fail_at(p, (size_t)(nul - p->text), JSON_NUL,
                "the file holds a NUL byte");
        return false;
    }
    bad = text_find_invalid_utf8(p->text, p->size);
    if (bad < p->size) {
        fail_at(p, bad, JSON_UTF8, "byte 0x%02x is not part of valid UTF-8",
                (unsigned char)p->text[bad]);
        return false;
    }
    return true;
}

static void run_yajl(struct parser *p)
{
    yajl_alloc_funcs memory = { pool_alloc, pool_realloc, pool_free, p };
    size_t errors = report_errors(p->report);
    yajl_status status;

    p->yajl = yajl_alloc(&callbacks, &memory, p);
    status = yajl_parse(p->yajl, (const unsigned char *)p->text, p->size);
    if (status == yajl_status_ok) {
        p->finishing = true;
        status = yajl_complete_parse(p->yajl);
    }
    if (status == yajl_status_error ||
        (status == yajl_status_client_canceled &&
         report_errors(p->report) == errors))
        report_syntax(p);
    yajl_free(p->yajl);
}

const struct json *json_parse(struct arena *arena, const char *file,
                              const char *bytes, size_t size_bytes,
                              const struct json_limits *limits,
                              struct report *report)
{
    struct report_where where = { .file = file };
    size_t errors = report_errors(report);
    struct parser p = {
        .arena = arena,
        .report = report,
        .limits = limits,
        .file = file,
        .text = bytes,
        .size = size_bytes,
        .place = TEXT_PLACE_START,
    };

    if (!is_readable_text(&p))
        return NULL;
    p.scratch = arena_new();
    p.file = arena_strdup(arena, file);
    if (!p.scratch || !p.file || setjmp(p.out_of_memory))
        report_check(report, OUT_OF_MEMORY, &where,
                     "memory is exhausted while reading");
    else
        run_yajl(&p);
    arena_free(p.scratch);
    return report_errors(report) == errors ? p.root : NULL;
}
