/* SPDX-License-Identifier: BSD-2-Clause */
#include "bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

void bytes_free(struct bytes *b)
{
    free(b->data);
    *b = (struct bytes)BYTES_INIT;
}

/* Room for extra bytes and a NUL after them; NULL when there is none. */
static char *reserve(struct bytes *b, size_t extra)
{
    size_t need, capacity = b->capacity ? b->capacity : 256;
    char *data;

    if (b->failed)
        return NULL;
    if (__builtin_add_overflow(b->size, extra, &need) ||
        need >= SIZE_MAX / 4) {
        b->failed = true;
        return NULL;
    }
    need++;
    if (need > b->capacity) {
        while (capacity < need)
            capacity *= 2;
        data = realloc(b->data, capacity);
        if (!data) {
            b->failed = true;
            return NULL;
        }
        b->data = data;
        b->capacity = capacity;
    }
    return b->data + b->size;
}

void bytes_add(struct bytes *b, const void *p, size_t size_bytes)
{
    char *to = reserve(b, size_bytes);

    if (!to || !size_bytes)
        return;
    memcpy(to, p, size_bytes);
    b->size += size_bytes;
}

void bytes_add_string(struct bytes *b, const char *s)
{
    bytes_add(b, s, strlen(s));
}

void bytes_add_zeros(struct bytes *b, size_t count)
{
    char *to = reserve(b, count);

    if (!to)
        return;
    memset(to, 0, count);
    b->size += count;
}

static void add_little_endian(struct bytes *b, uint64_t v, unsigned int width)
{
    unsigned char raw[8];
    unsigned int i;

    for (i = 0; i < width; i++)
        raw[i] = (unsigned char)(v >> (8 * i));
    bytes_add(b, raw, width);
}

void bytes_add_u16(struct bytes *b, uint16_t v)
{
    add_little_endian(b, v, 2);
}

void bytes_add_u32(struct bytes *b, uint32_t v)
{
    add_little_endian(b, v, 4);
}

void bytes_add_u64(struct bytes *b, uint64_t v)
{
    add_little_endian(b, v, 8);
}

void bytes_printf(struct bytes *b, const char *fmt, ...)
{
    va_list ap, again;
    int length;
    char *to;

    va_start(ap, fmt);
    va_copy(again, ap);
    length = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (length < 0)
        b->failed = true;
    else if ((to = reserve(b, (size_t)length))) {
        vsnprintf(to, (size_t)length + 1, fmt, again);
        b->size += (size_t)length;
    }
    va_end(again);
}

void bytes_align(struct bytes *b, size_t alignment)
{
    bytes_add_zeros(b, -b->size & (alignment - 1));
}

static void add_json_char(struct bytes *b, unsigned char c)
{
    switch (c) {
    case '"':
        bytes_add(b, "\\\"", 2);
        break;
    case '\\':
        bytes_add(b, "\\\\", 2);
        break;
    case '\n':
        bytes_add(b, "\\n", 2);
        break;
    case '\t':
        bytes_add(b, "\\t", 2);
        break;
    default:
        if (c < 0x20 || c == 0x7f)
            bytes_printf(b, "\\u%04x", c);
        else
            bytes_add(b, &c, 1);
    }
}

void bytes_add_json_string(struct bytes *b, const char *s)
{
    size_t left = strlen(s), length;

    bytes_add(b, "\"", 1);
    for (; left; s += length, left -= length) {
        length = utf8_length((const unsigned char *)s, left);
        if (length == 1) {
            add_json_char(b, (unsigned char)*s);
        } else if (length) {
            bytes_add(b, s, length);
        } else {
            bytes_add_string(b, "\\ufffd");
            length = 1;
        }
    }
    bytes_add(b, "\"", 1);
}

const char *bytes_text(struct bytes *b)
{
    char *end = reserve(b, 0);

    if (!end)
        return NULL;
    *end = '\0';
    return b->data;
}
