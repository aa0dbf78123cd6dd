/* SPDX-License-Identifier: BSD-2-Clause */
#include "arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 8192
#define ALIGN alignof(max_align_t)

struct block {
    struct block *next;
    size_t used, size;
    alignas(max_align_t) unsigned char bytes[];
};

struct arena {
    struct block *blocks;
};

struct arena *arena_new(void)
{
    return calloc(1, sizeof(struct arena));
}

void arena_free(struct arena *a)
{
    struct block *b, *next;

    if (!a)
        return;
    for (b = a->blocks; b; b = next) {
        next = b->next;
        free(b);
    }
    free(a);
}

static struct block *add_block(struct arena *a, size_t need)
{
    size_t size = need > BLOCK_BYTES / 4 ? need : BLOCK_BYTES;
    struct block *b;

    if (size > PTRDIFF_MAX - sizeof(*b))
        return NULL;
    b = calloc(1, sizeof(*b) + size);
    if (!b)
        return NULL;
    b->size = size;
    /* A large object gets a block of its own, put behind the one in use, so
     * that the room left there is not lost. */
    if (a->blocks && size == need) {
        b->next = a->blocks->next;
        a->blocks->next = b;
    } else {
        b->next = a->blocks;
        a->blocks = b;
    }
    return b;
}

void *arena_alloc(struct arena *a, size_t size_bytes)
{
    struct block *b = a->blocks;
    size_t need;
    void *p;

    if (size_bytes > PTRDIFF_MAX - ALIGN)
        return NULL;
    need = (size_bytes + ALIGN - 1) / ALIGN * ALIGN;
    if (!need)
        need = ALIGN;
    if (!b || b->size - b->used < need)
        b = add_block(a, need);
    if (!b)
        return NULL;
    p = b->bytes + b->used;
    b->used += need;
    return p;
}

void *arena_calloc(struct arena *a, size_t count, size_t size_bytes)
{
    size_t total;

    if (__builtin_mul_overflow(count, size_bytes, &total))
        return NULL;
    return arena_alloc(a, total);
}

void *arena_memdup(struct arena *a, const void *p, size_t size_bytes)
{
    char *copy;

    if (size_bytes == SIZE_MAX)
        return NULL;
    copy = arena_alloc(a, size_bytes + 1);
    if (copy && size_bytes)
        memcpy(copy, p, size_bytes);
    return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return arena_memdup(a, s, strlen(s));
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
    va_list again;
    int length;
    char *s;

    va_copy(again, ap);
    length = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    if (length < 0)
        return NULL;
    s = arena_alloc(a, (size_t)length + 1);
    if (s)
        vsnprintf(s, (size_t)length + 1, fmt, ap);
    return s;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    char *s;

    va_start(ap, fmt);
    s = arena_vprintf(a, fmt, ap);
    va_end(ap);
    return s;
}
