/* SPDX-License-Identifier: BSD-2-Clause */
/* "Did you mean": the nearest of several names. */
#ifndef XLOCI_BASE_SUGGEST_H
#define XLOCI_BASE_SUGGEST_H

#include <stddef.h>

struct suggestion {
    const char *word;       /* what was typed */
    const char *best;       /* nearest so far; NULL: nothing near */
    size_t distance;
};

/* Starts a search for the neighbour of word. */
struct suggestion suggest_start(const char *word);

/* Considers one candidate. Near is: at most a third of the letters differ
 * (insertions, deletions, replacements, swapped neighbours; case does not
 * count), or the word is the candidate's beginning. */
void suggest_consider(struct suggestion *s, const char *candidate);

/* The same; best becomes shown, a longer form of the candidate. */
void suggest_consider_as(struct suggestion *s, const char *candidate,
                         const char *shown);

#endif
