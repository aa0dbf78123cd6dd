/* SPDX-License-Identifier: MIT */
#include "text.h"

void text_start(struct text *text, char *buffer, size_t size_bytes)
{
    text->start = text->at = buffer;
    text->end = buffer + size_bytes - 1;
    *text->at = '\0';
}

void text_put(struct text *text, const char *string)
{
    while (*string && text->at < text->end)
        *text->at++ = *string++;
    *text->at = '\0';
}

void text_put_printable(struct text *text, const char *string)
{
    for (; *string && text->at < text->end; string++)
        *text->at++ = *string >= ' ' && *string <= '~' ? *string : '?';
    *text->at = '\0';
}

void text_put_number(struct text *text, int64_t number)
{
    char digits[24];
    char *at = digits + sizeof(digits) - 1;
    uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;

    *at = '\0';
    do {
        *--at = (char)('0' + rest % 10);
    } while (rest /= 10);
    if (number < 0)
        *--at = '-';
    text_put(text, at);
}

size_t text_length(const struct text *text)
{
    return (size_t)(text->at - text->start);
}

int take_number(const char **at, uint64_t *number)
{
    const char *p = *at;
    uint64_t value = 0;

    if (*p < '0' || *p > '9')
        return -1;
    for (; *p >= '0' && *p <= '9'; p++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value))
            return -1;
    if (*p == ' ')
        p++;
    *at = p;
    *number = value;
    return 0;
}
