/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the two readers of accelerators share: annotations
 * (spec-accelerator.c) and accelerators.json (spec-side-file.c). */
#ifndef XLOCI_SPEC_ACCELERATOR_H
#define XLOCI_SPEC_ACCELERATOR_H

#include "spec-rows.h"

#define MAX_ACCELERATORS 64u

/* Takes the value into a field of a; false when it has not the row's form. */
typedef bool take_value(struct reader *r, struct spec_accelerator *a,
                        void *to, const struct json *at, const char *text);

/* Paths of the guest's /dev; a may be NULL. */
take_value accelerator_take_nodes;
#define ACCELERATOR_NODES_FORM \
    "paths below /dev such as /dev/uio0, separated by spaces"

/* Values are text; where accelerators.json has an array, its elements are
 * joined by spaces, as an annotation would have them. */
struct accelerator_row {
    const char *annotation;     /* "" is the accelerator itself */
    const char *member;
    bool is_list;
    size_t at;
    take_value *take;
    const char *form;
};

#define ACCELERATOR_ROW_COUNT 6
extern const struct accelerator_row accelerator_rows[ACCELERATOR_ROW_COUNT];

bool accelerator_is_name(const char *s, size_t length);
/* Not empty, without spaces or control characters. */
bool accelerator_is_plain(const char *text);

/* NULL when there is none. */
struct spec_accelerator *accelerator_find(struct reader *r, const char *name);
/* NULL with an error. name NULL: it has none. */
struct spec_accelerator *accelerator_add(struct reader *r, const char *name,
                                         const struct json *at);

/* Reads a value as the row says; errors are reported. */
void accelerator_take(struct reader *r, const struct accelerator_row *row,
                      struct spec_accelerator *a, const struct json *at,
                      const char *text);

void accelerator_fail_form(struct reader *r,
                           const struct accelerator_row *row,
                           const struct json *at, const char *text);
/* A property that no row has; is_member: of accelerators.json. */
void accelerator_fail_unknown(struct reader *r, const struct json *j,
                              const char *key, bool is_member);

#endif
