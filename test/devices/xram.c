/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xram UIO write|check SEED: fills the accelerator memory (XRAM) of a Versal
 * with numbers that follow from SEED and reads them back; or only checks that
 * they are there.
 */
#include <string.h>

#include "uio.h"

#define XRAM_BYTES (4u << 20)

/* Marsaglia's xorshift32: no word is as that before it. */
static uint32_t next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static void fill(volatile uint32_t *words, uint32_t seed)
{
    uint32_t i;

    for (i = 0; i < XRAM_BYTES / 4; i++)
        words[i] = next(&seed);
}

static uint32_t count_wrong(volatile uint32_t *words, uint32_t seed)
{
    uint32_t i, wrong = 0;

    for (i = 0; i < XRAM_BYTES / 4; i++)
        if (words[i] != next(&seed))
            wrong++;
    return wrong;
}

int main(int argc, char **argv)
{
    uint32_t seed, wrong;
    struct uio uio;

    if (argc != 4)
        return 2;
    uio = uio_open(argv[1], XRAM_BYTES);
    seed = (uint32_t)strtoul(argv[3], NULL, 0);
    if (!strcmp(argv[2], "write")) {
        printf("before: %u wrong\n", count_wrong(uio.registers, seed));
        fill(uio.registers, seed);
    }
    wrong = count_wrong(uio.registers, seed);
    printf("%s: %u words, %u wrong\n", argv[2], XRAM_BYTES / 4, wrong);
    return wrong ? 1 : 0;
}
