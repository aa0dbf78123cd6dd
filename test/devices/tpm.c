/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tpm: drives a memory-mapped TPM 2.0 that is a UIO device, at locality 0 (TCG
 * PC Client Platform TPM Profile, "FIFO interface"): reads who made it, and
 * sixteen random bytes, twice.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define UIO "/dev/uio0"
#define MAP_BYTES 0x1000

#define ACCESS 0x000
#define ACCESS_REQUEST 0x02
#define ACCESS_ACTIVE 0x20
#define STATUS 0x018
#define STATUS_READY 0x40
#define STATUS_GO 0x20
#define STATUS_DATA 0x10
#define FIFO 0x024
#define VENDOR 0xf00

#define RANDOM_BYTES 16
#define HEADER_BYTES 10         /* tag, size, code */

static volatile uint8_t *tpm;

static void fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static void wait_for(unsigned int at, uint8_t bit, const char *what)
{
    int tries;

    for (tries = 0; tries < 20000; tries++) {
        if (tpm[at] & bit)
            return;
        usleep(1000);
    }
    fail(what);
}

/* The size of the answer. */
static size_t ask(const uint8_t *command, size_t size, uint8_t *answer,
                  size_t capacity)
{
    size_t i, total = HEADER_BYTES;

    tpm[STATUS] = STATUS_READY;
    wait_for(STATUS, STATUS_READY, "not ready");
    for (i = 0; i < size; i++)
        tpm[FIFO] = command[i];
    tpm[STATUS] = STATUS_GO;
    wait_for(STATUS, STATUS_DATA, "no answer");
    for (i = 0; i < total && i < capacity; i++) {
        answer[i] = tpm[FIFO];
        if (i == HEADER_BYTES - 1)
            total = (size_t)answer[4] << 8 | answer[5];
    }
    tpm[STATUS] = STATUS_READY;
    return i;
}

static void read_random(uint8_t *bytes)
{
    static const uint8_t command[] = {
        0x80, 0x01, 0, 0, 0, 12, 0, 0, 0x01, 0x7b, 0, RANDOM_BYTES,
    };
    uint8_t answer[64];
    size_t i, size = ask(command, sizeof(command), answer, sizeof(answer));

    if (size != HEADER_BYTES + 2 + RANDOM_BYTES || answer[9])
        fail("TPM2_GetRandom failed");
    memcpy(bytes, answer + HEADER_BYTES + 2, RANDOM_BYTES);
    printf("random");
    for (i = 0; i < RANDOM_BYTES; i++)
        printf(" %02x", bytes[i]);
    printf("\n");
}

int main(void)
{
    static const uint8_t startup[] = {
        0x80, 0x01, 0, 0, 0, 12, 0, 0, 0x01, 0x44, 0, 0,
    };
    uint8_t first[RANDOM_BYTES], second[RANDOM_BYTES], answer[64];
    int fd = open(UIO, O_RDWR);

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (fd < 0)
        fail(UIO);
    tpm = mmap(NULL, MAP_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (tpm == MAP_FAILED)
        fail("mmap");
    printf("vendor and device 0x%08x\n",
           *(volatile uint32_t *)(tpm + VENDOR));
    tpm[ACCESS] = ACCESS_REQUEST;
    wait_for(ACCESS, ACCESS_ACTIVE, "no locality");
    /* who was there before may have done it: no error then */
    ask(startup, sizeof(startup), answer, sizeof(answer));
    read_random(first);
    read_random(second);
    tpm[ACCESS] = ACCESS_ACTIVE;
    return memcmp(first, second, RANDOM_BYTES) ? 0 : 1;
}
