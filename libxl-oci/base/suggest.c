/* SPDX-License-Identifier: BSD-2-Clause */
#include "suggest.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define MAX_LETTERS 127

static size_t min(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool is_same(char a, char b)
{
    return !strncasecmp(&a, &b, 1);
}

/* Optimal string alignment: Levenshtein with swapped neighbours. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t rows[3][MAX_LETTERS + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2], *spare;
    size_t len_a = strlen(a), len_b = strlen(b), i, j;

    for (j = 0; j <= len_b; j++)
        above[j] = j;
    for (i = 1; i <= len_a; i++) {
        row[0] = i;
        for (j = 1; j <= len_b; j++) {
            row[j] = above[j - 1] + !is_same(a[i - 1], b[j - 1]);
            row[j] = min(row[j], min(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && is_same(a[i - 1], b[j - 2]) &&
                is_same(a[i - 2], b[j - 1]))
                row[j] = min(row[j], before[j - 2] + 1);
        }
        spare = before;
        before = above;
        above = row;
        row = spare;
    }
    return above[len_b];
}

struct suggestion suggest_start(const char *word)
{
    return (struct suggestion){ .word = word, .best = NULL, .distance = 0 };
}

void suggest_consider_as(struct suggestion *s, const char *candidate,
                         const char *shown)
{
    size_t letters = strlen(s->word), distance;

    if (!letters || letters > MAX_LETTERS || strlen(candidate) > MAX_LETTERS)
        return;
    distance = edit_distance(s->word, candidate);
    if (letters >= 3 && !strncasecmp(candidate, s->word, letters))
        distance = distance ? 1 : 0;
    /* nothing in common is no suggestion */
    if (distance > (letters + 2) / 3 || distance >= strlen(candidate))
        return;
    if (!s->best || distance < s->distance) {
        s->best = shown;
        s->distance = distance;
    }
}

void suggest_consider(struct suggestion *s, const char *candidate)
{
    suggest_consider_as(s, candidate, candidate);
}
