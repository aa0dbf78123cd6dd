/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Growing byte buffer with a sticky error: every writer (JSON, cpio, program,
 * xl.cfg) appends to one and looks at the error once, at the end.
 */
#ifndef XLOCI_BASE_BYTES_H
#define XLOCI_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
    char *data;      /* NULL while empty; NUL-terminated by bytes_text() */
    size_t size;     /* bytes written */
    size_t capacity;
    bool failed;     /* memory was exhausted: all later writes do nothing */
};

#define BYTES_INIT { NULL, 0, 0, false }

/* Frees the buffer and makes it empty and usable again. */
void bytes_free(struct bytes *b);

void bytes_add(struct bytes *b, const void *p, size_t size_bytes);
void bytes_add_string(struct bytes *b, const char *s);
void bytes_add_zeros(struct bytes *b, size_t count);
void bytes_add_u16(struct bytes *b, uint16_t v); /* little endian */
void bytes_add_u32(struct bytes *b, uint32_t v); /* little endian */
void bytes_add_u64(struct bytes *b, uint64_t v); /* little endian */
void bytes_printf(struct bytes *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Zero bytes up to the next multiple of alignment (a power of two). */
void bytes_align(struct bytes *b, size_t alignment);

/* s as a JSON string with its quotes. A byte that is no UTF-8, as a path may
 * have, becomes U+FFFD: what is written is always JSON. */
void bytes_add_json_string(struct bytes *b, const char *s);

/* The content with a NUL byte after it; NULL when a write failed. */
const char *bytes_text(struct bytes *b);

#endif
