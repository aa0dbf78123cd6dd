/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arena: memory that is freed all at once.
 *
 * Every object of the library owns one arena; every pointer reachable from
 * the object dies with it. Allocation failure is sticky-free: the function
 * returns NULL and the caller reports "out of memory" (tests fail the n-th
 * allocation for every n).
 */
#ifndef XLOCI_BASE_ARENA_H
#define XLOCI_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena;

/* A new, empty arena, or NULL when memory is exhausted. */
struct arena *arena_new(void);

/* Frees the arena and all that was allocated from it. NULL is allowed. */
void arena_free(struct arena *a);

/*
 * size_bytes zeroed bytes, aligned for any object, valid until arena_free().
 * NULL when memory is exhausted or size_bytes exceeds PTRDIFF_MAX.
 */
void *arena_alloc(struct arena *a, size_t size_bytes);

/* count * size_bytes zeroed bytes; NULL on overflow of the product too. */
void *arena_calloc(struct arena *a, size_t count, size_t size_bytes);

/* A copy of size_bytes bytes at p, with a NUL byte added after them. */
void *arena_memdup(struct arena *a, const void *p, size_t size_bytes);

/* A copy of the NUL-terminated string s. */
char *arena_strdup(struct arena *a, const char *s);

/* A formatted string. NULL when memory is exhausted. */
char *arena_printf(struct arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, count) \
    ((type *)arena_calloc((a), (count), sizeof(type)))

#endif
