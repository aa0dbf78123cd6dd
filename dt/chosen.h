/* SPDX-License-Identifier: BSD-2-Clause */
/* Command lines in a host tree, as Xen finds them (doctor-chosen.c). */
#ifndef DT_CHOSEN_H
#define DT_CHOSEN_H

#include <stdbool.h>
#include <stddef.h>

struct dt_node;
struct dt_tree;

/* A command line in the tree; text is NULL when there is none to be seen. */
struct dt_line_place {
    const struct dt_node *node;
    const char *property, *text;
};

struct dt_line_place dt_xens_line(const struct dt_tree *tree);
struct dt_line_place dt_dom0s_line(const struct dt_tree *tree);

/* Whether the line has the word, alone or with "=" and a value, which is then
 * at *value (of *n bytes, the last one's). Quotes keep spaces in a word. */
bool dt_line_has(const char *line, const char *word, const char **value,
                 size_t *n);

#endif
