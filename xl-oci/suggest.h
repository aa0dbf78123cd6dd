/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* "Did you mean": the nearest of several names. */
#ifndef XL_OCI_SUGGEST_H
#define XL_OCI_SUGGEST_H

#include <stddef.h>

struct suggestion {
    const char *word;       /* what was typed */
    const char *best;       /* nearest so far; NULL: nothing near */
    size_t distance;
};

/* Starts a search for the neighbour of word. */
struct suggestion suggest_start(const char *word);

/* Considers one candidate. Near is: at most a third of the letters differ
 * (insertions, deletions, replacements, swapped neighbours), or the word is
 * the candidate's beginning. */
void suggest_consider(struct suggestion *s, const char *candidate);

#endif
