/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Chance that can be repeated, for tests of models and properties. */
#ifndef TEST_RANDOM_H
#define TEST_RANDOM_H

#include <stdint.h>
#include <stdlib.h>

static uint32_t random_state = 1;

/* seed 0 is as good as another */
static void random_start(uint32_t seed)
{
    random_state = seed ? seed : 1;
}

/* xorshift, Marsaglia 2003 */
static uint32_t random_below(uint32_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state % limit;
}

/* A number of the environment, for longer runs and other seeds. */
static unsigned long setting(const char *name, unsigned long standard)
{
    const char *value = getenv(name);

    return value && *value ? strtoul(value, NULL, 10) : standard;
}

#endif
