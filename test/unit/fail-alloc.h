/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Makes the n-th allocation fail, be it of the C library, in one of its
 * functions, or from an arena (which asks the C library only once in 8 KiB).
 * Include in exactly one .c of
 * a test whose link has FAIL_ALLOC_LDFLAGS of the Makefile (--wrap of what is
 * defined here); libraries outside of the test's program are not reached.
 *
 *     for (n = 1; ; n++) {
 *         fail_alloc_at(n);
 *         result = function_under_test();
 *         failed = fail_alloc_stop();
 *         ... result is an error, or right ...
 *         if (!failed)
 *             break;
 *     }
 */
#ifndef TEST_FAIL_ALLOC_H
#define TEST_FAIL_ALLOC_H

#include <dirent.h>
#include <errno.h>
#include <search.h>
#include <stdarg.h>
#include <stddef.h>

struct arena;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);

void *__real_reallocarray(void *p, size_t count, size_t size);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t max);
DIR *__real_fdopendir(int fd);
void *__real_tsearch(const void *key, void **root, comparison_fn_t compare);
void *__wrap_reallocarray(void *p, size_t count, size_t size);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t max);
DIR *__wrap_fdopendir(int fd);
void *__wrap_tsearch(const void *key, void **root, comparison_fn_t compare);

void *__real_arena_alloc(struct arena *a, size_t size);
void *__real_arena_calloc(struct arena *a, size_t count, size_t size);
void *__real_arena_memdup(struct arena *a, const void *p, size_t size);
char *__real_arena_strdup(struct arena *a, const char *s);
char *__real_arena_vprintf(struct arena *a, const char *fmt, va_list ap);
void *__wrap_arena_alloc(struct arena *a, size_t size);
void *__wrap_arena_calloc(struct arena *a, size_t count, size_t size);
void *__wrap_arena_memdup(struct arena *a, const void *p, size_t size);
char *__wrap_arena_strdup(struct arena *a, const char *s);
char *__wrap_arena_vprintf(struct arena *a, const char *fmt, va_list ap);

/* 0: none will fail; n: the n-th from now */
static unsigned long fail_alloc_countdown;
static int fail_alloc_happened;

static int fail_alloc_now(void)
{
    if (!fail_alloc_countdown || --fail_alloc_countdown)
        return 0;
    fail_alloc_happened = 1;
    errno = ENOMEM;
    return 1;
}

void *__wrap_malloc(size_t size)
{
    return fail_alloc_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fail_alloc_now() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *p, size_t size)
{
    return fail_alloc_now() ? NULL : __real_realloc(p, size);
}

void *__wrap_reallocarray(void *p, size_t count, size_t size)
{
    return fail_alloc_now() ? NULL : __real_reallocarray(p, count, size);
}

char *__wrap_strdup(const char *s)
{
    return fail_alloc_now() ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t max)
{
    return fail_alloc_now() ? NULL : __real_strndup(s, max);
}

DIR *__wrap_fdopendir(int fd)
{
    return fail_alloc_now() ? NULL : __real_fdopendir(fd);
}

void *__wrap_tsearch(const void *key, void **root, comparison_fn_t compare)
{
    return fail_alloc_now() ? NULL : __real_tsearch(key, root, compare);
}

void *__wrap_arena_alloc(struct arena *a, size_t size)
{
    return fail_alloc_now() ? NULL : __real_arena_alloc(a, size);
}

void *__wrap_arena_calloc(struct arena *a, size_t count, size_t size)
{
    return fail_alloc_now() ? NULL : __real_arena_calloc(a, count, size);
}

void *__wrap_arena_memdup(struct arena *a, const void *p, size_t size)
{
    return fail_alloc_now() ? NULL : __real_arena_memdup(a, p, size);
}

char *__wrap_arena_strdup(struct arena *a, const char *s)
{
    return fail_alloc_now() ? NULL : __real_arena_strdup(a, s);
}

char *__wrap_arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
    return fail_alloc_now() ? NULL : __real_arena_vprintf(a, fmt, ap);
}

static void fail_alloc_at(unsigned long n)
{
    fail_alloc_countdown = n;
    fail_alloc_happened = 0;
}

/* Whether an allocation failed since fail_alloc_at(). */
static int fail_alloc_stop(void)
{
    fail_alloc_countdown = 0;
    return fail_alloc_happened;
}

#endif
