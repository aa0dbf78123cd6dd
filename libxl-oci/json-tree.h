/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks on a JSON tree while it is made; private to json*.c. */
#ifndef XLOCI_JSON_TREE_H
#define XLOCI_JSON_TREE_H

struct arena;
struct json;
struct report;

/*
 * Reports each member of the object whose key an earlier member has.
 * Returns -1 when memory is exhausted, else 0.
 */
int json_check_duplicates(struct arena *scratch, const struct json *object,
                          struct report *report);

#endif
