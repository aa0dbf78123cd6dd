/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writer of the guest's program and of the payload that carries it. */
#include "guest/program.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "cpio.h"
#include "plan.h"

static const char *const signatures[] = {
#define OP(code, id, name, signature, phase) [code] = signature,
    PROGRAM_OPS(OP)
#undef OP
};

/* IEEE 802.3, as zlib's crc32(). */
static uint32_t crc32_of(const char *bytes, size_t size_bytes)
{
    uint32_t crc = 0xffffffff;
    size_t i;
    int bit;

    for (i = 0; i < size_bytes; i++) {
        crc ^= (unsigned char)bytes[i];
        for (bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

static void put_u32(char *at, uint32_t v)
{
    int i;

    for (i = 0; i < 4; i++)
        at[i] = (char)(v >> 8 * i);
}

static bool add_string(struct bytes *out, const char *s)
{
    size_t length;

    if (!s)
        return false;
    length = strlen(s);
    if (length > PROGRAM_MAX_BYTES)
        return false;
    bytes_add_u32(out, (uint32_t)length);
    bytes_add(out, s, length + 1);
    return true;
}

static bool add_vector(struct bytes *out, const char *const *v)
{
    uint32_t i, count = 0;

    if (!v)
        return false;
    while (v[count])
        if (++count > PROGRAM_MAX_VECTOR)
            return false;
    bytes_add_u32(out, count);
    for (i = 0; i < count; i++)
        if (!add_string(out, v[i]))
            return false;
    return true;
}

static bool add_argument(struct bytes *out, const struct plan_arg *a)
{
    switch (a->kind) {
    case 'u':
        bytes_add_u32(out, (uint32_t)a->number);
        return a->number <= UINT32_MAX;
    case 'q':
        bytes_add_u64(out, a->number);
        return true;
    case 's':
        return add_string(out, a->string);
    case 'b':
        if (a->size_bytes > PROGRAM_MAX_BYTES)
            return false;
        bytes_add_u32(out, (uint32_t)a->size_bytes);
        bytes_add(out, a->string, a->size_bytes);
        return true;
    case 'v':
        return add_vector(out, a->vector);
    default:
        return false;
    }
}

static bool has_signature(const struct plan_op *op)
{
    const char *signature;
    unsigned int i;

    if (op->opcode >= sizeof(signatures) / sizeof(signatures[0]) ||
        !signatures[op->opcode])
        return false;
    signature = signatures[op->opcode];
    for (i = 0; i < op->n_args; i++)
        if (signature[i] != op->args[i].kind)
            return false;       /* also at the signature's end */
    return signature[i] == '\0';
}

static bool add_op(struct bytes *out, const struct plan_op *op)
{
    size_t start = out->size;
    unsigned int i;

    if (!has_signature(op))
        return false;
    bytes_add_u16(out, (uint16_t)op->opcode);
    bytes_add_u16(out, 0);
    bytes_add_u32(out, 0);
    for (i = 0; i < op->n_args; i++)
        if (!add_argument(out, &op->args[i]))
            return false;
    if (out->failed || out->size > PROGRAM_MAX_BYTES)
        return false;
    put_u32(out->data + start + 4,
            (uint32_t)(out->size - start - PROGRAM_OP_HEADER_BYTES));
    return true;
}

int plan_write_program(const struct plan *plan, struct bytes *out)
{
    const struct plan_op *op;
    char *header;
    size_t start = out->size;
    struct bytes program = BYTES_INIT;
    bool good = plan->n_ops <= PROGRAM_MAX_OPS;

    bytes_add_zeros(&program, PROGRAM_HEADER_BYTES);
    for (op = plan->ops; op && good; op = op->next)
        good = add_op(&program, op);
    if (good && !program.failed) {
        header = program.data;
        memcpy(header, PROGRAM_MAGIC, PROGRAM_MAGIC_BYTES);
        put_u32(header + 8, PROGRAM_VERSION);
        put_u32(header + 12, (uint32_t)program.size);
        put_u32(header + 16, (uint32_t)plan->n_ops);
        put_u32(header + 20, crc32_of(header + PROGRAM_HEADER_BYTES,
                                      program.size - PROGRAM_HEADER_BYTES));
        bytes_add(out, program.data, program.size);
    }
    out->failed |= program.failed;
    good = good && !out->failed && out->size > start;
    bytes_free(&program);
    return good ? 0 : -1;
}

int plan_write_payload(const struct plan *plan, struct bytes *out)
{
    struct bytes program = BYTES_INIT;
    struct cpio archive;
    char path[sizeof(PROGRAM_FILES_DIR) + 24];
    size_t i;

    if (plan_write_program(plan, &program)) {
        bytes_free(&program);
        return -1;
    }
    cpio_begin(&archive, out);
    cpio_add_file(&archive, PROGRAM_PATH + 1, 0400, program.data,
                  program.size);
    if (plan->n_files)
        cpio_add_directory(&archive, PROGRAM_FILES_DIR + 1, 0700);
    for (i = 0; i < plan->n_files; i++) {
        snprintf(path, sizeof(path), "%s/%zu", PROGRAM_FILES_DIR + 1, i);
        cpio_add_file(&archive, path, plan->files[i].mode,
                      plan->files[i].content, plan->files[i].size_bytes);
    }
    cpio_end(&archive);
    bytes_free(&program);
    return out->failed ? -1 : 0;
}
