/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "json-text.h"

#include <string.h>

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

/* RFC 3629 section 4: the first byte fixes the length and the range of the
 * second byte; all further bytes are 80..BF. */
static const struct utf8_row {
    unsigned char first_min, first_max, second_min, second_max, length;
} utf8_rows[] = {
    { 0x00, 0x7f, 0x00, 0x00, 1 },
    { 0xc2, 0xdf, 0x80, 0xbf, 2 },
    { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
    { 0xe1, 0xec, 0x80, 0xbf, 3 },
    { 0xed, 0xed, 0x80, 0x9f, 3 },
    { 0xee, 0xef, 0x80, 0xbf, 3 },
    { 0xf0, 0xf0, 0x90, 0xbf, 4 },
    { 0xf1, 0xf3, 0x80, 0xbf, 4 },
    { 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

/* Length of the sequence at s, or 0 when it is not one. */
static size_t utf8_length(const unsigned char *s, size_t left)
{
    const struct utf8_row *row = utf8_rows;
    const struct utf8_row *end =
        utf8_rows + sizeof(utf8_rows) / sizeof(*utf8_rows);
    size_t i;

    while (row < end && (s[0] < row->first_min || s[0] > row->first_max))
        row++;
    if (row == end || row->length > left)
        return 0;
    if (row->length > 1 &&
        (s[1] < row->second_min || s[1] > row->second_max))
        return 0;
    for (i = 2; i < row->length; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    return row->length;
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
