/* SPDX-License-Identifier: BSD-2-Clause */
#include "utf8.h"

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

size_t utf8_length(const unsigned char *s, size_t left)
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
