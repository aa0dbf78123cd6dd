/* SPDX-License-Identifier: MIT */
/*
 * Reads the program (program.h): checks all of it first, then hands out its
 * operations. Pure: memory in, memory out. Strings and bytes point into the
 * program, which must outlive them.
 */
#ifndef GUEST_READER_H
#define GUEST_READER_H

#include <stddef.h>
#include <stdint.h>

#include "program.h"

struct program {
    const unsigned char *bytes;
    uint32_t size_bytes;
    uint32_t op_count;
};

struct op {
    const unsigned char *args; /* NULL: before the first operation */
    uint32_t size_bytes;
    uint32_t index;
    uint16_t code;
};

/* A walk over the arguments of a checked operation. */
struct args {
    const unsigned char *at;
    const unsigned char *end;
};

/*
 * Checks bytes as program.h lays down. Returns NULL and sets program, or
 * returns what is wrong and sets *op_index to the operation at fault, -1 when
 * it is the header.
 */
const char *program_open(struct program *program, const void *bytes,
                         size_t size_bytes, int *op_index);

/* Moves to the next operation; returns 0 behind the last. Start with {0}. */
int op_next(const struct program *program, struct op *op);
/* Moves to the first operation of that code; returns 0 if there is none. */
int op_find(const struct program *program, struct op *op, uint16_t code);

/* NULL for a code that program.h does not have. */
const char *op_name(uint16_t code);

struct args op_args(const struct op *op);
uint32_t arg_u32(struct args *args);
uint64_t arg_u64(struct args *args);
const char *arg_string(struct args *args);
const unsigned char *arg_bytes(struct args *args, uint32_t *size_bytes);
/* A vector as execve(2) takes it, to be freed; NULL: out of memory. */
char **arg_vector(struct args *args);

uint32_t crc32_of(const void *bytes, size_t size_bytes);

#endif
