/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "json-text.h"

#include <string.h>

#include "base/utf8.h"

void text_advance(struct text_place *place, const char *text, size_t offset)
{
    for (; place->offset < offset; place->offset++) {
        if (text[place->offset] == '\n') {
            place->line++;
            place->column = 1;
        } else {
            place->column++;
        }
    }
}

size_t text_find_invalid_utf8(const char *text, size_t size_bytes)
{
    size_t i = 0, length;

    while (i < size_bytes) {
        length = utf8_length((const unsigned char *)text + i, size_bytes - i);
        if (!length)
            return i;
        i += length;
    }
    return size_bytes;
}

static unsigned int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned int)(c - '0');
    return (unsigned int)((c | 0x20) - 'a') + 10;
}

/* Offset of the next backslash at or after i, or size. */
static size_t next_escape(const char *text, size_t i, size_t size)
{
    const char *at = i < size ? memchr(text + i, '\\', size - i) : NULL;

    return at ? (size_t)(at - text) : size;
}

/* The code unit of a \uXXXX at i, or -1 when another thing is there. */
static int code_unit(const char *text, size_t i, size_t size)
{
    if (size - i < 6 || text[i] != '\\' || text[i + 1] != 'u')
        return -1;
    return (int)(hex_digit(text[i + 2]) << 12 | hex_digit(text[i + 3]) << 8 |
                 hex_digit(text[i + 4]) << 4 | hex_digit(text[i + 5]));
}

static int is_high_surrogate(int unit)
{
    return unit >= 0xd800 && unit <= 0xdbff;
}

static int is_low_surrogate(int unit)
{
    return unit >= 0xdc00 && unit <= 0xdfff;
}

size_t text_find_lone_surrogate(const char *text, size_t size_bytes)
{
    size_t i = next_escape(text, 0, size_bytes);

    while (i < size_bytes) {
        int unit = code_unit(text, i, size_bytes);
        size_t length = unit < 0 ? 2 : 6;

        if (is_low_surrogate(unit))
            return i;
        if (is_high_surrogate(unit)) {
            if (!is_low_surrogate(code_unit(text, i + 6, size_bytes)))
                return i;
            length = 12;
        }
        i = next_escape(text, i + length, size_bytes);
    }
    return size_bytes;
}

size_t text_find_nul_escape(const char *text, size_t size_bytes)
{
    size_t i = next_escape(text, 0, size_bytes);

    while (i < size_bytes) {
        int unit = code_unit(text, i, size_bytes);

        if (!unit)
            return i;
        i = next_escape(text, i + (unit < 0 ? 2 : 6), size_bytes);
    }
    return size_bytes;
}
