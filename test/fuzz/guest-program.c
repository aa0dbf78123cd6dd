/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libFuzzer target: whatever bytes the reader of the guest's program is given,
 * it neither leads outside them nor hands out an operation it has not checked.
 * The header's size and CRC are made right, else only they would be tested.
 */
#include <stdlib.h>
#include <string.h>

#include "guest/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const signatures[] = {
#define OP(code, id, name, signature, phase) [code] = signature,
    PROGRAM_OPS(OP)
#undef OP
};

static void store_u32(unsigned char *at, uint32_t value)
{
    int i;

    for (i = 0; i < 4; i++, value >>= 8)
        at[i] = (unsigned char)value;
}

static void walk_args(const struct op *op)
{
    const char *type = signatures[op->code];
    struct args args = op_args(op);
    const unsigned char *bytes;
    volatile unsigned char sink;
    uint32_t size_bytes;
    char **vector, **at;

    for (; *type; type++)
        switch (*type) {
        case 'u':
            arg_u32(&args);
            break;
        case 'q':
            arg_u64(&args);
            break;
        case 's':
            sink = (unsigned char)strlen(arg_string(&args));
            break;
        case 'b':
            bytes = arg_bytes(&args, &size_bytes);
            while (size_bytes)
                sink = bytes[--size_bytes];
            break;
        default:
            vector = arg_vector(&args);
            for (at = vector; at && *at; at++)
                sink = (unsigned char)strlen(*at);
            free(vector);
        }
    (void)sink;
    if (args.at != args.end)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char *copy = malloc(size ? size : 1);
    struct program program;
    struct op op = { 0 };
    int op_index;

    if (size)
        memcpy(copy, data, size);
    if (size >= PROGRAM_HEADER_BYTES) {
        store_u32(copy + 12, (uint32_t)size);
        store_u32(copy + 20, crc32_of(copy + PROGRAM_HEADER_BYTES,
                                      size - PROGRAM_HEADER_BYTES));
    }
    if (!program_open(&program, copy, size, &op_index)) {
        while (op_next(&program, &op))
            walk_args(&op);
        if (op.index + 1 != program.op_count)
            abort();
    }
    free(copy);
    return 0;
}
