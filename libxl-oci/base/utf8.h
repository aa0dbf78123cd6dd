/* SPDX-License-Identifier: BSD-2-Clause */
/* UTF-8 as RFC 3629 defines it. */
#ifndef XLOCI_BASE_UTF8_H
#define XLOCI_BASE_UTF8_H

#include <stddef.h>

/* Length of the sequence at s, of which left bytes (at least one) can be
 * read, or 0 when it is not one. */
size_t utf8_length(const unsigned char *s, size_t left);

#endif
