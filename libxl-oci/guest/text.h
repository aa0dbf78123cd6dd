/* SPDX-License-Identifier: MIT */
/*
 * Text in a fixed buffer. printf would bring musl's floating point formatter,
 * a third of init's size, for a few names and decimal numbers.
 */
#ifndef GUEST_TEXT_H
#define GUEST_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct text {
    char *start;
    char *at;
    char *end; /* the last byte of the buffer, kept for the NUL */
};

/* The text is NUL-terminated after each call; what does not fit is cut. */
void text_start(struct text *text, char *buffer, size_t size_bytes);
void text_put(struct text *text, const char *string);
void text_put_number(struct text *text, int64_t number);
/* As text_put, with '?' for what is not printable ASCII. */
void text_put_printable(struct text *text, const char *string);
size_t text_length(const struct text *text);

/*
 * Takes a decimal number that fits 64 bits from *at and moves *at behind it
 * and one following blank, if any. Returns -1 when there is none.
 */
int take_number(const char **at, uint64_t *number);

#endif
