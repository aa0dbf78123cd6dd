/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads a json tree into structs as the rows say. */
#include "spec-rows.h"

#include <stdarg.h>
#include <string.h>

#include "base/arena.h"
#include "base/report.h"
#include "base/suggest.h"

void spec_fail_remedy(struct reader *r, enum check_id id, const struct json *j,
                      const char *remedy, const char *fmt, ...)
{
    struct report_where where = json_where(r->arena, j);
    const char *message;
    va_list ap;

    va_start(ap, fmt);
    message = arena_vprintf(r->arena, fmt, ap);
    va_end(ap);
    if (!where.path || !message)
        r->out_of_memory = true;
    report_add_remedy(r->report, &xloci_checks[id], &where,
                      remedy ? remedy : xloci_checks[id].remedy, "%s",
                      message ? message : xloci_checks[id].title);
}

void spec_fail(struct reader *r, enum check_id id, const struct json *j,
               const char *fmt, ...)
{
    const char *message;
    va_list ap;

    va_start(ap, fmt);
    message = arena_vprintf(r->arena, fmt, ap);
    va_end(ap);
    if (!message)
        r->out_of_memory = true;
    spec_fail_remedy(r, id, j, NULL, "%s",
                     message ? message : xloci_checks[id].title);
}

void *spec_alloc(struct reader *r, size_t count, size_t size_bytes)
{
    void *p = arena_calloc(r->arena, count, size_bytes);

    if (!p)
        r->out_of_memory = true;
    return p;
}

static void *field(void *base, size_t offset)
{
    return (char *)base + offset;
}

/* --- types ----------------------------------------------------------------*/

static const struct { enum json_type type; const char *what; } kinds[] = {
    [ROW_OBJECT] = { JSON_OBJECT, "an object" },
    [ROW_STRING] = { JSON_STRING, "a string" },
    [ROW_BOOL] = { JSON_BOOLEAN, "true or false" },
    [ROW_U64] = { JSON_NUMBER, "an integer" },
    [ROW_I64] = { JSON_NUMBER, "an integer" },
    [ROW_STRINGS] = { JSON_ARRAY, "an array of strings" },
    [ROW_U64S] = { JSON_ARRAY, "an array of integers" },
    [ROW_PAIRS] = { JSON_OBJECT, "an object whose values are strings" },
    [ROW_ARRAY] = { JSON_ARRAY, "an array of objects" },
    [ROW_CUSTOM_OBJECT] = { JSON_OBJECT, "an object" },
    [ROW_CUSTOM_ARRAY] = { JSON_ARRAY, "an array" },
};

static bool is_type(struct reader *r, const struct json *j,
                    enum json_type type, const char *what)
{
    if (j->type == type)
        return true;
    spec_fail(r, CHECK_SPEC_TYPE, j, "this must be %s, not a %s%s", what,
              j->type == JSON_NULL ? "" : "JSON ", json_type_name(j->type));
    return false;
}

/* --- scalars --------------------------------------------------------------*/

static bool is_integer_in_range(struct reader *r, const struct spec_row *row,
                                const struct json *j, uint64_t *u, int64_t *i)
{
    bool is_u64 = json_to_u64(j, u), is_i64 = json_to_i64(j, i);
    uint64_t max = row->max ? row->max
                   : row->kind == ROW_I64 ? (uint64_t)INT64_MAX : UINT64_MAX;
    int64_t min = row->min;

    if (is_u64 ? *u <= max && (min <= 0 || *u >= (uint64_t)min)
               : is_i64 && *i >= min)
        return true;
    spec_fail(r, CHECK_SPEC_RANGE, j,
              "%.40s is not an integer from %lld to %llu", j->text,
              (long long)min, (unsigned long long)max);
    return false;
}

static bool read_number(struct reader *r, const struct spec_row *row,
                        const struct json *j, void *base)
{
    uint64_t u = 0;
    int64_t i = 0;

    if (!is_integer_in_range(r, row, j, &u, &i))
        return false;
    if (row->at == NOWHERE)
        return true;
    if (row->kind == ROW_U64)
        *(struct spec_u64 *)field(base, row->at) =
            (struct spec_u64){ j, u };
    else
        *(struct spec_i64 *)field(base, row->at) =
            (struct spec_i64){ j, i };
    return true;
}

static void keep_number(const struct spec_row *row, uint64_t number,
                        void *base)
{
    if (row->number_size == sizeof(uint64_t))
        *(uint64_t *)field(base, row->number_at) |= number;
    else if (row->number_size == sizeof(uint32_t))
        *(uint32_t *)field(base, row->number_at) |= (uint32_t)number;
}

static bool is_known_name(struct reader *r, const struct spec_row *row,
                          const struct json *j, const char *name, void *base)
{
    const struct spec_name *found;

    if (!row->names)
        return true;
    found = spec_find_name(row->names, name);
    if (found)
        keep_number(row, found->number, base);
    else
        spec_fail_name(r, row->names, row->names_what, j, name);
    return found != NULL;
}

static bool read_string(struct reader *r, const struct spec_row *row,
                        const struct json *j, void *base)
{
    if (!is_known_name(r, row, j, j->text, base))
        return false;
    if (row->at != NOWHERE)
        *(struct spec_string *)field(base, row->at) =
            (struct spec_string){ j, j->text };
    return true;
}

/* --- lists: `at` is set when all elements are of the type; only those are
 * kept whose names are known -------------------------------------------------*/

const struct json *spec_next_string(const struct json *j)
{
    while (j && j->type != JSON_STRING)
        j = j->next;
    return j;
}

static bool read_strings(struct reader *r, const struct spec_row *row,
                         const struct json *j, void *base)
{
    struct spec_strings list = { NULL, NULL, 0 };
    const struct json *item;
    bool are_strings = true, known = true;

    list.values = spec_alloc(r, j->count + 1, sizeof(*list.values));
    if (!list.values)
        return false;
    for (item = j->child; item; item = item->next) {
        if (!is_type(r, item, JSON_STRING, "a string"))
            are_strings = false;
        else if (!is_known_name(r, row, item, item->text, base))
            known = false;
        else
            list.values[list.count++] = item->text;
    }
    list.at = are_strings ? j : NULL;
    if (row->at != NOWHERE)
        *(struct spec_strings *)field(base, row->at) = list;
    return known;
}

static bool read_numbers(struct reader *r, const struct spec_row *row,
                         const struct json *j, void *base)
{
    struct spec_u64s list = { j, NULL, 0 };
    const struct json *item;
    int64_t ignored = 0;
    bool good = true;

    list.values = spec_alloc(r, j->count, sizeof(*list.values));
    if (!list.values)
        return false;
    for (item = j->child; item; item = item->next)
        good &= is_type(r, item, JSON_NUMBER, "an integer") &&
                is_integer_in_range(r, row, item,
                                    &list.values[list.count++], &ignored);
    if (good && row->at != NOWHERE)
        *(struct spec_u64s *)field(base, row->at) = list;
    return good;
}

static bool read_pairs(struct reader *r, const struct spec_row *row,
                       const struct json *j, void *base)
{
    struct spec_pairs list = { NULL, 0 };
    const struct json *item;

    list.items = spec_alloc(r, j->count, sizeof(*list.items));
    if (!list.items)
        return false;
    for (item = j->child; item; item = item->next)
        if (is_type(r, item, JSON_STRING, "a string"))
            list.items[list.count++] =
                (struct spec_pair){ item, item->key, item->text };
    if (row->at != NOWHERE)
        *(struct spec_pairs *)field(base, row->at) = list;
    return true;
}

static bool read_array(struct reader *r, size_t index, const struct json *j,
                       void *base)
{
    const struct spec_row *row = &spec_rows[index];
    const struct json *item;
    char *items = spec_alloc(r, j->count, row->item_size);
    size_t count = 0;

    if (!items)
        return false;
    for (item = j->child; item; item = item->next) {
        char *to = items + count * row->item_size;

        if (!is_type(r, item, JSON_OBJECT, "an object"))
            continue;
        *(const struct json **)to = item;
        spec_read_members(r, index, item, to);
        count++;
    }
    if (row->at != NOWHERE) {
        *(char **)field(base, row->at) = items;
        *(size_t *)field(base, row->count_at) = count;
    }
    return true;
}

/* --- values ---------------------------------------------------------------*/

static bool read_value(struct reader *r, size_t index, const struct json *j,
                       void *base)
{
    const struct spec_row *row = &spec_rows[index];

    switch (row->kind) {
    case ROW_OBJECT:
        if (row->at != NOWHERE)
            *(const struct json **)field(base, row->at) = j;
        spec_read_members(r, index, j, base);
        return true;
    case ROW_STRING:
        return read_string(r, row, j, base);
    case ROW_BOOL:
        if (row->at != NOWHERE)
            *(struct spec_bool *)field(base, row->at) =
                (struct spec_bool){ j, j->boolean };
        return true;
    case ROW_U64:
    case ROW_I64:
        return read_number(r, row, j, base);
    case ROW_STRINGS:
        return read_strings(r, row, j, base);
    case ROW_U64S:
        return read_numbers(r, row, j, base);
    case ROW_PAIRS:
        return read_pairs(r, row, j, base);
    case ROW_ARRAY:
        return read_array(r, index, j, base);
    case ROW_ANY:
    case ROW_CUSTOM_OBJECT:
    case ROW_CUSTOM_ARRAY:
        return true;
    }
    return true;
}

/* Asks for nothing: what tools write for a property that is not set. */
static bool is_harmless(const struct json *j)
{
    const struct json *child;

    switch (j->type) {
    case JSON_NULL:
        return true;
    case JSON_BOOLEAN:
        return !j->boolean;
    case JSON_NUMBER:
        return !strcmp(j->text, "0");
    case JSON_STRING:
        return !*j->text;
    case JSON_ARRAY:
        return !j->child;
    case JSON_OBJECT:
        for (child = j->child; child; child = child->next)
            if (!is_harmless(child))
                return false;
        return true;
    }
    return false;
}

/* An object of which each member is refused by a row of its own. */
static bool is_judged_below(size_t index)
{
    const char *path = spec_property_rows[index].path;
    size_t length = strlen(path);

    return spec_rows[index].kind == ROW_OBJECT &&
           index + 1 < spec_row_count &&
           !strncmp(spec_property_rows[index + 1].path, path, length) &&
           spec_property_rows[index + 1].path[length] == '/';
}

/* The row after the last one below row `index`. */
static size_t subtree_end(size_t index)
{
    const char *path = spec_property_rows[index].path;
    size_t length = strlen(path), end = index + 1;

    while (end < spec_row_count &&
           !strncmp(spec_property_rows[end].path, path, length) &&
           spec_property_rows[end].path[length] == '/')
        end++;
    return end;
}

/* Rows from `index` to `end` whose values are in base: not those of items. */
static void mark_rows(struct reader *r, size_t index, size_t end, void *base)
{
    while (index < end) {
        const struct spec_row *row = &spec_rows[index];
        struct spec_string *string = NULL;

        if (row->at != NOWHERE)
            spec_mark_faulty(r, field(base, row->at));
        if (row->at != NOWHERE && row->kind == ROW_STRING && row->required)
            string = field(base, row->at);
        if (string && !string->value)
            string->value = "";
        index = row->kind == ROW_OBJECT ? index + 1 : subtree_end(index);
    }
}

static void read_known(struct reader *r, size_t index, const struct json *j,
                       void *base)
{
    const struct spec_row *row = &spec_rows[index];
    const struct spec_property *property = &spec_property_rows[index];

    if (property->fate == SPEC_IGNORED) {
        if (!is_harmless(j))
            spec_fail(r, CHECK_SPEC_IGNORED, j, "ignored: %s",
                      property->how);
        if (row->at == NOWHERE)
            return;
    }
    if (j->type == JSON_NULL) {
        spec_fail(r, CHECK_SPEC_NULL, j, "null is read as \"not given\"");
        return;
    }
    if (row->kind != ROW_ANY &&
        !is_type(r, j, kinds[row->kind].type, kinds[row->kind].what))
        return;
    if (property->fate == SPEC_REFUSED && !row->plan_judges &&
        !is_judged_below(index) && !is_harmless(j)) {
        spec_fail(r, CHECK_SPEC_REFUSED, j, "%s cannot be honoured: %s",
                  j->key, property->how);
        return;
    }
    if (read_value(r, index, j, base) && row->check)
        row->check(r, row, j, base);
}

static void read_member(struct reader *r, size_t index, const struct json *j,
                        void *base)
{
    size_t errors = report_errors(r->report), end = index + 1;

    read_known(r, index, j, base);
    if (report_errors(r->report) == errors)
        return;
    /* nothing below it was read */
    if (spec_rows[index].kind == ROW_OBJECT && j->type != JSON_OBJECT)
        end = subtree_end(index);
    mark_rows(r, index, end, base);
}

/* --- members --------------------------------------------------------------*/

/* Where the key of a direct member starts in the path of row `child` below
 * row `index`, or NULL when it is not a direct member. */
static const char *member_key(size_t index, size_t child)
{
    const char *path = spec_property_rows[child].path;
    const char *key = path + strlen(spec_property_rows[index].path) + 1;

    if (spec_rows[index].kind == ROW_ARRAY)
        key += 2;
    return strchr(key, '/') ? NULL : key;
}

static size_t find_member_row(size_t index, size_t end, const char *key)
{
    size_t i;

    for (i = index + 1; i < end; i++) {
        const char *name = member_key(index, i);

        if (name && !strcmp(name, key))
            return i;
    }
    return end;
}

/* Older or other spellings that programs are known to write. hwconfig is
 * what the specification's Go binding writes. */
static const struct alias {
    const char *object, *alias, *name, *remark;
    bool is_same;               /* read as the property itself */
} aliases[] = {
    { "/vm", "hwconfig", "hwConfig", "", true },
    { "/vm/hwConfig", "memKB", "memory", " (in bytes, not KiB)", false },
    { "/vm/hwConfig", "memKb", "memory", " (in bytes, not KiB)", false },
};

static const struct alias *find_alias(const char *object, const char *key)
{
    size_t i;

    for (i = 0; i < sizeof(aliases) / sizeof(*aliases); i++)
        if (!strcmp(aliases[i].object, object) &&
            !strcmp(aliases[i].alias, key))
            return &aliases[i];
    return NULL;
}

static void note_unknown(struct reader *r, size_t index, size_t end,
                         const struct json *j)
{
    const struct alias *alias =
        find_alias(spec_property_rows[index].path, j->key);
    struct suggestion s = suggest_start(j->key);
    size_t i;

    for (i = index + 1; i < end; i++)
        if (member_key(index, i))
            suggest_consider(&s, member_key(index, i));
    if (alias)
        s.best = alias->name;
    if (s.best)
        spec_fail(r, CHECK_SPEC_UNKNOWN, j,
                  "\"%s\" is not a known property; did you mean \"%s\"%s?",
                  j->key, s.best, alias ? alias->remark : "");
    else
        spec_fail(r, CHECK_SPEC_UNKNOWN, j, "\"%s\" is not a known property",
                  j->key);
}

static void check_required(struct reader *r, size_t index, size_t end,
                           const struct json *object, void *base)
{
    size_t i;

    for (i = index + 1; i < end; i++) {
        const char *key = member_key(index, i);
        const struct json *member;

        if (!key || !spec_rows[i].required)
            continue;
        member = json_member(object, key);
        if (member && member->type != JSON_NULL)
            continue;
        spec_fail(r, CHECK_SPEC_MISSING, object, "\"%s\" is missing", key);
        mark_rows(r, i, i + 1, base);
    }
}

static bool is_equal(const struct json *a, const struct json *b)
{
    const struct json *x, *y;

    if (a->type != b->type || a->count != b->count)
        return false;
    if (a->type == JSON_BOOLEAN)
        return a->boolean == b->boolean;
    if (a->type == JSON_STRING || a->type == JSON_NUMBER)
        return !strcmp(a->text, b->text);
    for (x = a->child, y = b->child; x; x = x->next, y = y->next) {
        const struct json *other = x->key ? json_member(b, x->key) : y;

        if (!other || !is_equal(x, other))
            return false;
    }
    return true;
}

/* The row that a member of another spelling is read by, or end. */
static size_t find_alias_row(struct reader *r, size_t index, size_t end,
                             const struct json *j, void *base)
{
    const struct alias *alias =
        find_alias(spec_property_rows[index].path, j->key);
    const struct json *named;
    size_t row;

    if (!alias || !alias->is_same)
        return end;
    row = find_member_row(index, end, alias->name);
    named = json_member(j->parent, alias->name);
    if (named && !is_equal(j, named)) {
        spec_fail(r, CHECK_SPEC_CONFLICT, j,
                  "\"%s\" differs from \"%s\" at line %u, column %u, which "
                  "is the same property", j->key, named->key, named->line,
                  named->column);
        mark_rows(r, row, subtree_end(row), base);
    }
    return row;
}

/* Of each object; the rest would only repeat the lesson. */
#define MAX_UNKNOWN 20

void spec_read_members(struct reader *r, size_t row, const struct json *object,
                       void *base)
{
    size_t end = subtree_end(row), unknown = 0, i;
    const struct json *j;

    for (j = object->child; j; j = j->next) {
        i = find_member_row(row, end, j->key);
        if (i == end)
            i = find_alias_row(r, row, end, j, base);
        if (i < end)
            read_member(r, i, j, base);
        else if (unknown++ < MAX_UNKNOWN)
            note_unknown(r, row, end, j);
    }
    if (unknown > MAX_UNKNOWN)
        spec_fail(r, CHECK_SPEC_UNKNOWN, object,
                  "%zu more members are not known properties",
                  unknown - MAX_UNKNOWN);
    check_required(r, row, end, object, base);
}

size_t spec_row_index(const char *path)
{
    size_t i = 0;

    while (i < spec_row_count && strcmp(spec_property_rows[i].path, path))
        i++;
    return i;
}
