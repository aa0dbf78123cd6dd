/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes guest programs for the tests of their reader, also wrong ones. */
#ifndef TEST_GUEST_BUILD_H
#define TEST_GUEST_BUILD_H

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "guest/reader.h"

struct build {
    unsigned char bytes[1 << 18];
    uint32_t size_bytes;
    uint32_t op_count;
};

__attribute__((unused))
static void build_store(unsigned char *at, uint64_t value, int size_bytes)
{
    for (; size_bytes--; value >>= 8)
        *at++ = (unsigned char)value;
}

static void build_put(struct build *build, const void *bytes, size_t size)
{
    if (size > sizeof(build->bytes) - build->size_bytes)
        abort();
    if (size)
        memcpy(build->bytes + build->size_bytes, bytes, size);
    build->size_bytes += (uint32_t)size;
}

static void build_number(struct build *build, uint64_t value, int size_bytes)
{
    unsigned char bytes[8];

    build_store(bytes, value, size_bytes);
    build_put(build, bytes, (size_t)size_bytes);
}

static void build_string(struct build *build, const char *string)
{
    build_number(build, strlen(string), 4);
    build_put(build, string, strlen(string) + 1);
}

static void build_vector(struct build *build, char *const *strings)
{
    uint32_t count = 0, i;

    while (strings[count])
        count++;
    build_number(build, count, 4);
    for (i = 0; i < count; i++)
        build_string(build, strings[i]);
}

static void build_begin(struct build *build)
{
    memset(build, 0, sizeof(*build));
    build->size_bytes = PROGRAM_HEADER_BYTES;
}

/*
 * Arguments by the letters of signature: u unsigned int, q uint64_t, s const
 * char *, b const void * and size_t, v char *const * ended by NULL.
 */
static void build_op(struct build *build, uint16_t code, const char *signature,
                     ...)
{
    uint32_t start = build->size_bytes;
    const void *bytes;
    size_t size_bytes;
    va_list ap;

    build_number(build, code, 2);
    build_number(build, 0, 2);
    build_number(build, 0, 4);
    va_start(ap, signature);
    for (; *signature; signature++)
        switch (*signature) {
        case 'u':
            build_number(build, va_arg(ap, unsigned int), 4);
            break;
        case 'q':
            build_number(build, va_arg(ap, uint64_t), 8);
            break;
        case 's':
            build_string(build, va_arg(ap, const char *));
            break;
        case 'b':
            bytes = va_arg(ap, const void *);
            size_bytes = va_arg(ap, size_t);
            build_number(build, size_bytes, 4);
            build_put(build, bytes, size_bytes);
            break;
        case 'v':
            build_vector(build, va_arg(ap, char *const *));
            break;
        default:
            abort();
        }
    va_end(ap);
    build_store(build->bytes + start + 4,
                build->size_bytes - start - PROGRAM_OP_HEADER_BYTES, 4);
    build->op_count++;
}

/* Writes the header; may be called again after a change of the bytes. */
static void build_end(struct build *build)
{
    unsigned char *p = build->bytes;

    memcpy(p, PROGRAM_MAGIC, PROGRAM_MAGIC_BYTES);
    build_store(p + 8, PROGRAM_VERSION, 4);
    build_store(p + 12, build->size_bytes, 4);
    build_store(p + 16, build->op_count, 4);
    build_store(p + 20, crc32_of(p + PROGRAM_HEADER_BYTES,
                                 build->size_bytes - PROGRAM_HEADER_BYTES), 4);
}

#endif
