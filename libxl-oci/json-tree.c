/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading a JSON tree: members, pointers, numbers. */
#include "json.h"

#include <string.h>

#include "base/arena.h"
#include "base/report.h"

static const char *const type_names[] = {
    [JSON_NULL] = "null",
    [JSON_BOOLEAN] = "boolean",
    [JSON_NUMBER] = "number",
    [JSON_STRING] = "string",
    [JSON_ARRAY] = "array",
    [JSON_OBJECT] = "object",
};

const char *json_type_name(enum json_type type)
{
    return type_names[type];
}

const struct json *json_member(const struct json *j, const char *key)
{
    const struct json *child;

    if (!j || j->type != JSON_OBJECT)
        return NULL;
    for (child = j->child; child; child = child->next)
        if (!strcmp(child->key, key))
            return child;
    return NULL;
}

/* Bytes of the decimal number n. */
static size_t decimal_length(size_t n)
{
    size_t length = 1;

    while (n /= 10)
        length++;
    return length;
}

/* Bytes of j's reference token with its slash (RFC 6901 section 3). */
static size_t token_length(const struct json *j)
{
    const char *s;
    size_t length = 1;

    if (!j->key)
        return length + decimal_length(j->index);
    for (s = j->key; *s; s++)
        length += *s == '~' || *s == '/' ? 2 : 1;
    return length;
}

static void write_token(const struct json *j, char *to)
{
    const char *s;
    size_t i, n;

    *to++ = '/';
    if (!j->key) {
        for (n = j->index, i = decimal_length(n); i--; n /= 10)
            to[i] = (char)('0' + n % 10);
        return;
    }
    for (s = j->key; *s; s++) {
        if (*s == '~' || *s == '/') {
            *to++ = '~';
            *to++ = *s == '~' ? '0' : '1';
        } else {
            *to++ = *s;
        }
    }
}

const char *json_pointer(struct arena *arena, const struct json *j)
{
    const struct json *up;
    size_t length = 0;
    char *pointer;

    for (up = j; up->parent; up = up->parent)
        length += token_length(up);
    pointer = arena_alloc(arena, length + 1);
    if (!pointer)
        return NULL;
    for (up = j; up->parent; up = up->parent) {
        length -= token_length(up);
        write_token(up, pointer + length);
    }
    return pointer;
}

struct report_where json_where(struct arena *arena, const struct json *j)
{
    return (struct report_where){
        .file = j->file,
        .line = j->line,
        .column = j->column,
        .path = json_pointer(arena, j),
    };
}

/* A number's text taken apart: sign, the digits of integer and fraction, and
 * how many of them stand before the decimal point after scaling. */
struct decimal {
    bool negative;
    const char *integer, *fraction;
    size_t integer_length, fraction_length;
    long exponent;
};

#define EXPONENT_LIMIT 100000000L

static struct decimal split_decimal(const char *s)
{
    struct decimal d = { .negative = *s == '-' };
    bool down;

    d.integer = s + d.negative;
    d.integer_length = strspn(d.integer, "0123456789");
    s = d.integer + d.integer_length;
    d.fraction = s;
    if (*s == '.') {
        d.fraction = s + 1;
        d.fraction_length = strspn(d.fraction, "0123456789");
        s = d.fraction + d.fraction_length;
    }
    if (*s == 'e' || *s == 'E') {
        down = s[1] == '-';
        for (s += 1 + (s[1] == '-' || s[1] == '+'); *s; s++)
            if (d.exponent < EXPONENT_LIMIT)
                d.exponent = d.exponent * 10 + (*s - '0');
        if (down)
            d.exponent = -d.exponent;
    }
    return d;
}

static unsigned int decimal_digit(const struct decimal *d, size_t i)
{
    char c = i < d->integer_length ? d->integer[i]
                                   : d->fraction[i - d->integer_length];

    return (unsigned int)(c - '0');
}

/* The magnitude, when it is an integer of 64 bits. */
static bool decimal_to_u64(const struct decimal *d, uint64_t *magnitude)
{
    size_t digits = d->integer_length + d->fraction_length, i;
    long point = (long)d->integer_length + d->exponent;
    uint64_t value = 0;

    for (i = 0; i < digits; i++) {
        unsigned int digit = decimal_digit(d, i);

        if ((long)i >= point) {
            if (digit)
                return false;
        } else if (__builtin_mul_overflow(value, 10, &value) ||
                   __builtin_add_overflow(value, digit, &value)) {
            return false;
        }
    }
    /* zeros that only the exponent writes; a zero stays one */
    for (; value && (long)i < point; i++)
        if (__builtin_mul_overflow(value, 10, &value))
            return false;
    *magnitude = value;
    return true;
}

bool json_to_u64(const struct json *j, uint64_t *value)
{
    struct decimal d;
    uint64_t magnitude;

    if (j->type != JSON_NUMBER)
        return false;
    d = split_decimal(j->text);
    if (!decimal_to_u64(&d, &magnitude) || (d.negative && magnitude))
        return false;
    *value = magnitude;
    return true;
}

bool json_to_i64(const struct json *j, int64_t *value)
{
    struct decimal d;
    uint64_t magnitude;

    if (j->type != JSON_NUMBER)
        return false;
    d = split_decimal(j->text);
    if (!decimal_to_u64(&d, &magnitude) ||
        magnitude > (uint64_t)INT64_MAX + d.negative)
        return false;
    *value = d.negative ? (int64_t)-magnitude : (int64_t)magnitude;
    return true;
}
