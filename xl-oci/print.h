/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Output of the commands. */
#ifndef XL_OCI_PRINT_H
#define XL_OCI_PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct bytes;

/*
 * Writes what was gathered in b to standard output and frees b. Returns
 * XL_OCI_OK, or XL_OCI_FAILED with a message when memory or the output
 * failed.
 */
int print_bytes(struct bytes *b);

/*
 * Bytes from a guest or a bundle, made harmless for a terminal: what could
 * be a control sequence is written as \xNN. Lines, tabs and "\r\n" are kept
 * when multiline, else escaped as well. *last is the previous byte, 0 at the
 * start, so that a stream may come in pieces.
 */
void print_add_safe(struct bytes *out, const char *p, size_t size_bytes,
                    bool multiline, unsigned char *last);

/* The same for one string on one line. */
void print_add_safe_string(struct bytes *out, const char *s);

#endif
