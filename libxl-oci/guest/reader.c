/* SPDX-License-Identifier: MIT */
#include "reader.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

#define NAMESPACES (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | \
                    CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | \
                    CLONE_NEWNET | CLONE_NEWTIME)

/* The kernel's own limit, BPF_MAXINSNS of linux/bpf_common.h. */
#define FILTER_MAX_INSTRUCTIONS 4096u
#define FILTER_INSTRUCTION_BYTES 8u

struct op_kind {
    const char *name;
    const char *signature;
    unsigned char phase;
};

static const struct op_kind kinds[] = {
#define OP(code, id, name, signature, phase) \
    [code] = { name, signature, PROGRAM_PHASE_##phase },
    PROGRAM_OPS(OP)
#undef OP
};

static const struct op_kind *find_kind(uint16_t code)
{
    if (code >= sizeof(kinds) / sizeof(kinds[0]) || !kinds[code].name)
        return NULL;
    return &kinds[code];
}

const char *op_name(uint16_t code)
{
    const struct op_kind *kind = find_kind(code);

    return kind ? kind->name : NULL;
}

uint32_t crc32_of(const void *bytes, size_t size_bytes)
{
    /* IEEE 802.3, reflected, four bits at a time: a table of 64 bytes. */
    static const uint32_t table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
        0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
        0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    const unsigned char *p = bytes;
    uint32_t crc = 0xffffffff;

    while (size_bytes--) {
        crc ^= *p++;
        crc = table[crc & 15] ^ (crc >> 4);
        crc = table[crc & 15] ^ (crc >> 4);
    }
    return ~crc;
}

static uint16_t load_u16(const unsigned char *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t load_u32(const unsigned char *p)
{
    return load_u16(p) | (uint32_t)load_u16(p + 2) << 16;
}

/* Moves behind size_bytes; returns where they were, NULL when past the end. */
static const unsigned char *take(struct args *args, size_t size_bytes)
{
    const unsigned char *at = args->at;

    if ((size_t)(args->end - at) < size_bytes)
        return NULL;
    args->at += size_bytes;
    return at;
}

static const char *check_bytes(struct args *args, size_t extra_bytes,
                               const unsigned char **bytes, uint32_t *length)
{
    const unsigned char *p = take(args, 4);

    if (!p)
        return "arguments are cut short";
    *length = load_u32(p);
    *bytes = take(args, *length + extra_bytes);
    return *bytes ? NULL : "a length leads beyond the arguments";
}

static const char *check_string(struct args *args)
{
    const unsigned char *bytes;
    uint32_t length;
    const char *wrong = check_bytes(args, 1, &bytes, &length);

    if (wrong)
        return wrong;
    if (memchr(bytes, '\0', (size_t)length + 1) != bytes + length)
        return "a string has a NUL inside or none behind it";
    return NULL;
}

static const char *check_vector(struct args *args)
{
    const unsigned char *p = take(args, 4);
    const char *wrong;
    uint32_t count;

    if (!p)
        return "arguments are cut short";
    count = load_u32(p);
    if (count > PROGRAM_MAX_VECTOR)
        return "a vector is too long";
    while (count--)
        if ((wrong = check_string(args)))
            return wrong;
    return NULL;
}

static const char *check_argument(struct args *args, char type)
{
    const unsigned char *bytes;
    uint32_t length;

    switch (type) {
    case 'u':
        return take(args, 4) ? NULL : "arguments are cut short";
    case 'q':
        return take(args, 8) ? NULL : "arguments are cut short";
    case 's':
        return check_string(args);
    case 'b':
        return check_bytes(args, 0, &bytes, &length);
    default:
        return check_vector(args);
    }
}

static const char *check_signature(const struct op *op, const char *signature)
{
    struct args args = op_args(op);
    const char *wrong;

    for (; *signature; signature++)
        if ((wrong = check_argument(&args, *signature)))
            return wrong;
    return args.at == args.end ? NULL : "bytes are left behind the arguments";
}

/* What a signature cannot say. The operation's arguments have been checked. */
static const char *check_content(const struct op *op)
{
    struct args args = op_args(op);
    uint32_t size_bytes;

    switch (op->code) {
    case PROGRAM_OP_START:
        if (arg_u64(&args) & ~(uint64_t)NAMESPACES)
            return "flags that are no namespaces";
        return NULL;
    case PROGRAM_OP_GROUPS:
        arg_bytes(&args, &size_bytes);
        return size_bytes % 4 ? "group ids are cut short" : NULL;
    case PROGRAM_OP_SECCOMP:
        arg_u32(&args);
        arg_bytes(&args, &size_bytes);
        if (!size_bytes || size_bytes % FILTER_INSTRUCTION_BYTES ||
            size_bytes / FILTER_INSTRUCTION_BYTES > FILTER_MAX_INSTRUCTIONS)
            return "the filter's size is wrong";
        return NULL;
    case PROGRAM_OP_EXEC:
        return arg_u32(&args) ? NULL : "no argv[0]";
    case PROGRAM_OP_HOOK:
        arg_string(&args);
        return arg_u32(&args) ? NULL : "no argv[0]";
    default:
        return NULL;
    }
}

/* How often each operation came so far, to check the order of the next. */
struct order {
    uint32_t seen[sizeof(kinds) / sizeof(kinds[0])];
    uint32_t stdio_flags;
};

static int needs_root(uint16_t code)
{
    return code >= PROGRAM_OP_BIND && code <= PROGRAM_OP_ENTER &&
           code != PROGRAM_OP_SYSCTL && code != PROGRAM_OP_HOOK;
}

static int needs_enter(uint16_t code)
{
    return code == PROGRAM_OP_HOOK || code == PROGRAM_OP_ROOT_FLAGS ||
           code == PROGRAM_OP_CWD || code == PROGRAM_OP_EXEC;
}

static int is_single(uint16_t code)
{
    return code == PROGRAM_OP_START || code == PROGRAM_OP_ROOT ||
           code == PROGRAM_OP_ENTER || code == PROGRAM_OP_STDIO ||
           code == PROGRAM_OP_CGROUP || code == PROGRAM_OP_CONSOLE;
}

static const char *check_start(const struct order *order, const struct op *op)
{
    struct args args = op_args(op);
    uint64_t namespaces = arg_u64(&args);

    if (order->seen[PROGRAM_OP_CLOCK_OFFSET] && !(namespaces & CLONE_NEWTIME))
        return "clock offsets without a time namespace";
    if (order->seen[PROGRAM_OP_ID_MAP] && !(namespaces & CLONE_NEWUSER))
        return "id maps without a user namespace";
    return NULL;
}

static const char *check_order(struct order *order, const struct op *op)
{
    const uint32_t *seen = order->seen;
    struct args args = op_args(op);

    if (kinds[op->code].phase == PROGRAM_PHASE_GUEST) {
        if (seen[PROGRAM_OP_START])
            return "an operation of the guest behind start";
    } else if (!seen[PROGRAM_OP_START]) {
        return "an operation of the container before start";
    }
    if (seen[PROGRAM_OP_EXEC])
        return "an operation behind exec";
    if (is_single(op->code) && seen[op->code])
        return "an operation that may come once comes again";
    if (needs_root(op->code) &&
        (!seen[PROGRAM_OP_ROOT] || seen[PROGRAM_OP_ENTER]))
        return "an operation that belongs between root and enter";
    if (needs_enter(op->code) && !seen[PROGRAM_OP_ENTER])
        return "an operation that belongs behind enter";
    if (op->code == PROGRAM_OP_STDIO)
        order->stdio_flags = arg_u32(&args);
    if (op->code == PROGRAM_OP_CONSOLE &&
        !(order->stdio_flags & PROGRAM_STDIO_TERMINAL))
        return "a console without a terminal";
    order->seen[op->code]++;
    return op->code == PROGRAM_OP_START ? check_start(order, op) : NULL;
}

static const char *check_end(const struct order *order)
{
    if (!order->seen[PROGRAM_OP_EXEC])
        return "no exec";
    if ((order->stdio_flags & PROGRAM_STDIO_TERMINAL) &&
        !order->seen[PROGRAM_OP_CONSOLE])
        return "a terminal without a console";
    return NULL;
}

/* Sets op to the one at p, whose arguments must end before end. */
static const char *load_op(struct op *op, const unsigned char *p,
                           const unsigned char *end)
{
    if (end - p < PROGRAM_OP_HEADER_BYTES)
        return "the program ends within an operation";
    op->code = load_u16(p);
    op->size_bytes = load_u32(p + 4);
    op->args = p + PROGRAM_OP_HEADER_BYTES;
    if (op->size_bytes > (size_t)(end - op->args))
        return "the program ends within an operation";
    if (load_u16(p + 2))
        return "a reserved field is not zero";
    return NULL;
}

static const char *check_op(struct order *order, const struct op *op)
{
    const struct op_kind *kind = find_kind(op->code);
    const char *wrong;

    if (!kind)
        return "an unknown operation";
    if ((wrong = check_signature(op, kind->signature)) ||
        (wrong = check_content(op)))
        return wrong;
    return check_order(order, op);
}

static const char *check_ops(const struct program *program, int *op_index)
{
    const unsigned char *p = program->bytes + PROGRAM_HEADER_BYTES;
    const unsigned char *end = program->bytes + program->size_bytes;
    struct order order = { { 0 }, 0 };
    struct op op = { 0 };
    const char *wrong;

    for (; op.index < program->op_count; op.index++) {
        *op_index = (int)op.index;
        if ((wrong = load_op(&op, p, end)) || (wrong = check_op(&order, &op)))
            return wrong;
        p = op.args + op.size_bytes;
    }
    *op_index = -1;
    if (p != end)
        return "bytes are left behind the last operation";
    return check_end(&order);
}

const char *program_open(struct program *program, const void *bytes,
                         size_t size_bytes, int *op_index)
{
    const unsigned char *p = bytes;
    struct program candidate;
    const char *wrong;

    *op_index = -1;
    if (size_bytes < PROGRAM_HEADER_BYTES)
        return "too short for a header";
    if (memcmp(p, PROGRAM_MAGIC, PROGRAM_MAGIC_BYTES))
        return "not a program";
    if (load_u32(p + 8) != PROGRAM_VERSION)
        return "made for another version of init";
    if (size_bytes > PROGRAM_MAX_BYTES || load_u32(p + 12) != size_bytes)
        return "its size differs from its header";
    candidate.bytes = p;
    candidate.size_bytes = (uint32_t)size_bytes;
    candidate.op_count = load_u32(p + 16);
    if (candidate.op_count > PROGRAM_MAX_OPS)
        return "too many operations";
    if (load_u32(p + 20) != crc32_of(p + PROGRAM_HEADER_BYTES,
                                     size_bytes - PROGRAM_HEADER_BYTES))
        return "its CRC is wrong";
    if ((wrong = check_ops(&candidate, op_index)))
        return wrong;
    *program = candidate;
    return NULL;
}

int op_next(const struct program *program, struct op *op)
{
    const unsigned char *p = program->bytes + PROGRAM_HEADER_BYTES;
    uint32_t index = 0;

    if (op->args) {
        p = op->args + op->size_bytes;
        index = op->index + 1;
    }
    if (index >= program->op_count ||
        load_op(op, p, program->bytes + program->size_bytes))
        return 0;
    op->index = index;
    return 1;
}

int op_find(const struct program *program, struct op *op, uint16_t code)
{
    memset(op, 0, sizeof(*op));
    while (op_next(program, op))
        if (op->code == code)
            return 1;
    return 0;
}

struct args op_args(const struct op *op)
{
    return (struct args){ op->args, op->args + op->size_bytes };
}

uint32_t arg_u32(struct args *args)
{
    const unsigned char *p = take(args, 4);

    return p ? load_u32(p) : 0;
}

uint64_t arg_u64(struct args *args)
{
    uint64_t low = arg_u32(args);

    return low | (uint64_t)arg_u32(args) << 32;
}

const unsigned char *arg_bytes(struct args *args, uint32_t *size_bytes)
{
    *size_bytes = arg_u32(args);
    return take(args, *size_bytes);
}

const char *arg_string(struct args *args)
{
    uint32_t length = arg_u32(args);
    const unsigned char *string = take(args, (size_t)length + 1);

    return string ? (const char *)string : "";
}

char **arg_vector(struct args *args)
{
    uint32_t count = arg_u32(args);
    char **vector = malloc(((size_t)count + 1) * sizeof(*vector));
    uint32_t i;

    if (!vector)
        return NULL;
    for (i = 0; i < count; i++)
        vector[i] = (char *)(uintptr_t)arg_string(args);
    vector[count] = NULL;
    return vector;
}
