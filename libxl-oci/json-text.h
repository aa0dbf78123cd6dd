/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bytes of a JSON text: encoding and places, without its grammar. */
#ifndef XLOCI_JSON_TEXT_H
#define XLOCI_JSON_TEXT_H

#include <stddef.h>

/* A place in a text; advanced, never moved back. */
struct text_place {
    size_t offset;
    unsigned int line, column;  /* from 1, columns in bytes */
};

#define TEXT_PLACE_START { 0, 1, 1 }

/* Moves the place forward to the offset. */
void text_advance(struct text_place *place, const char *text, size_t offset);

/* Offset of the first byte that is not UTF-8 (RFC 3629: no overlong forms,
 * no surrogates, nothing above U+10FFFF), or size_bytes when all is well. */
size_t text_find_invalid_utf8(const char *text, size_t size_bytes);

/* Offset of the first \u escape that is half of a surrogate pair without its
 * other half, or size_bytes. The escapes must be well-formed. */
size_t text_find_lone_surrogate(const char *text, size_t size_bytes);

/* Offset of the first \u0000, or size_bytes. */
size_t text_find_nul_escape(const char *text, size_t size_bytes);

#endif
