/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guest's reader takes what program.h allows and nothing else. */
#include "guest/ops.h"
#include "guest-build.h"
#include "tap.h"

static struct build build;
static char *const words[] = { (char *)"sh", (char *)"", (char *)"a b\n",
                               NULL };
static char *const none[] = { NULL };

/* Exactly so large: a sanitizer sees a read past the end. */
static const char *open_copy(const unsigned char *bytes, size_t size_bytes,
                             int *op_index)
{
    unsigned char *copy = malloc(size_bytes ? size_bytes : 1);
    struct program program;
    const char *wrong;

    memcpy(copy, bytes, size_bytes);
    wrong = program_open(&program, copy, size_bytes, op_index);
    free(copy);
    return wrong;
}

static void put_head(void)
{
    build_begin(&build);
    build_op(&build, PROGRAM_OP_SEED, "b", "0123456789", (size_t)10);
    build_op(&build, PROGRAM_OP_MOUNT, "sssqs", "proc", "/p", "proc",
             (uint64_t)5, "");
    build_op(&build, PROGRAM_OP_STDIO, "uuu", PROGRAM_STDIO_STDIN, 0u, 0u);
}

static void put_started(void)
{
    put_head();
    build_op(&build, PROGRAM_OP_START, "q", (uint64_t)0);
}

static void put_root(void)
{
    build_op(&build, PROGRAM_OP_ROOT, "sq", "/root", (uint64_t)0);
}

static void put_tail(void)
{
    build_op(&build, PROGRAM_OP_ENTER, "");
    build_op(&build, PROGRAM_OP_RLIMIT, "uqq", 7u, UINT64_MAX,
             (uint64_t)1 << 40);
    build_op(&build, PROGRAM_OP_EXEC, "vv", words, none);
    build_end(&build);
}

static void put_good(void)
{
    put_head();
    build_op(&build, PROGRAM_OP_START, "q", (uint64_t)0x20000000);
    put_root();
    put_tail();
}

static void test_crc(void)
{
    is_int(crc32_of("123456789", 9), 0xcbf43926, "CRC-32 of the check string");
    is_int(crc32_of("", 0), 0, "CRC-32 of nothing");
}

static void test_values(void)
{
    struct program program;
    struct op op = { 0 };
    struct args args;
    uint32_t size_bytes;
    int op_index;
    char **vector;

    put_good();
    is_str(program_open(&program, build.bytes, build.size_bytes, &op_index),
           NULL, "a good program is taken");
    ok(op_next(&program, &op) && op.code == PROGRAM_OP_SEED && !op.index,
       "its first operation");
    args = op_args(&op);
    ok(!memcmp(arg_bytes(&args, &size_bytes), "0123456789", 10) &&
       size_bytes == 10, "bytes");
    ok(op_next(&program, &op) && op.index == 1, "its second operation");
    args = op_args(&op);
    is_str(arg_string(&args), "proc", "a string");
    arg_string(&args);
    arg_string(&args);
    is_int((long long)arg_u64(&args), 5, "a 64-bit number");
    is_str(arg_string(&args), "", "an empty string");
    is_str(arg_string(&args), "", "nothing behind the arguments");
    ok(op_find(&program, &op, PROGRAM_OP_RLIMIT), "an operation is found");
    args = op_args(&op);
    is_int(arg_u32(&args), 7, "a 32-bit number");
    ok(arg_u64(&args) == UINT64_MAX && arg_u64(&args) == (uint64_t)1 << 40,
       "large numbers");
    ok(op_find(&program, &op, PROGRAM_OP_EXEC), "exec is found");
    args = op_args(&op);
    vector = arg_vector(&args);
    ok(!strcmp(vector[0], "sh") && !*vector[1] && !strcmp(vector[2], "a b\n") &&
       !vector[3], "a vector");
    free(vector);
    ok(!op_next(&program, &op), "nothing behind the last");
    ok(!op_find(&program, &op, PROGRAM_OP_CGROUP), "what is not there");
}

static void test_truncated(void)
{
    uint32_t size, taken = 0;
    int op_index;

    put_good();
    for (size = 0; size < build.size_bytes; size++)
        taken += !open_copy(build.bytes, size, &op_index);
    is_int(taken, 0, "no truncated program is taken");

    /* The same with a header that agrees: the operations must notice. */
    taken = 0;
    for (size = PROGRAM_HEADER_BYTES; ; size++) {
        put_good();
        if (size >= build.size_bytes)
            break;
        build.size_bytes = size;
        build_end(&build);
        taken += !open_copy(build.bytes, size, &op_index);
    }
    is_int(taken, 0, "nor with a header made for the shorter one");
}

static void test_flipped(void)
{
    uint32_t bit, taken = 0;
    int op_index;

    put_good();
    for (bit = 0; bit < build.size_bytes * 8; bit++) {
        build.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        taken += !open_copy(build.bytes, build.size_bytes, &op_index);
        build.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    is_int(taken, 0, "no program with a flipped bit is taken");
}

/* Every byte of the operations becomes 0xff under a right CRC: what is still
 * taken must be readable without leading outside (sanitizers look). */
static void test_lying_lengths(void)
{
    unsigned char saved;
    uint32_t i, refused = 0;
    int op_index;

    put_good();
    for (i = PROGRAM_HEADER_BYTES; i < build.size_bytes; i++) {
        saved = build.bytes[i];
        build.bytes[i] = 0xff;
        build_end(&build);
        refused += open_copy(build.bytes, build.size_bytes, &op_index) != NULL;
        build.bytes[i] = saved;
    }
    ok(refused > 100, "lengths, codes and terminators are checked (%u)",
       refused);
}

static void refuse(const char *want, int want_index, const char *name)
{
    int op_index;
    const char *wrong;

    build_end(&build);
    wrong = open_copy(build.bytes, build.size_bytes, &op_index);
    is_str(wrong, want, name);
    is_int(op_index, want_index, "  at that operation");
}

static void test_order(void)
{
    put_head();
    put_root();
    refuse("an operation of the container before start", 3, "root first");

    put_good();
    build_op(&build, PROGRAM_OP_UMASK, "u", 0u);
    refuse("an operation behind exec", 8, "an operation behind exec");

    put_started();
    build_op(&build, PROGRAM_OP_HOSTNAME, "s", "x");
    refuse("an operation of the guest behind start", 4, "late hostname");

    put_started();
    build_op(&build, PROGRAM_OP_START, "q", (uint64_t)0);
    refuse("an operation of the guest behind start", 4, "two starts");

    put_started();
    build_op(&build, PROGRAM_OP_MASK, "s", "/x");
    refuse("an operation that belongs between root and enter", 4,
           "mask without root");

    put_started();
    put_root();
    build_op(&build, PROGRAM_OP_EXEC, "vv", words, none);
    refuse("an operation that belongs behind enter", 5, "exec before enter");

    put_started();
    put_root();
    build_op(&build, PROGRAM_OP_ENTER, "");
    refuse("no exec", -1, "no exec");

    put_head();
    build_op(&build, PROGRAM_OP_STDIO, "uuu", 0u, 0u, 0u);
    refuse("an operation that may come once comes again", 3, "two stdio");
}

static void test_content(void)
{
    put_head();
    build_op(&build, PROGRAM_OP_START, "q", (uint64_t)1);
    put_root();
    put_tail();
    refuse("flags that are no namespaces", 3, "an unknown namespace");

    build_begin(&build);
    build_op(&build, PROGRAM_OP_STDIO, "uuu", PROGRAM_STDIO_TERMINAL, 24u,
             80u);
    build_op(&build, PROGRAM_OP_START, "q", (uint64_t)0);
    put_root();
    put_tail();
    refuse("a terminal without a console", -1, "a terminal without a console");

    put_head();
    build_op(&build, PROGRAM_OP_CLOCK_OFFSET, "uqu", 1u, (uint64_t)5, 0u);
    build_op(&build, PROGRAM_OP_START, "q", (uint64_t)0);
    refuse("clock offsets without a time namespace", 4, "a lone offset");

    put_head();
    build_op(&build, PROGRAM_OP_ID_MAP, "uuuu", 0u, 0u, 0u, 1u);
    build_op(&build, PROGRAM_OP_START, "q", (uint64_t)0);
    refuse("id maps without a user namespace", 4, "a lone id map");

    put_started();
    build_op(&build, PROGRAM_OP_GROUPS, "b", "12345", (size_t)5);
    refuse("group ids are cut short", 4, "a piece of a group id");

    put_started();
    build_op(&build, PROGRAM_OP_SECCOMP, "ub", 0u, "", (size_t)0);
    refuse("the filter's size is wrong", 4, "an empty filter");

    put_started();
    put_root();
    build_op(&build, PROGRAM_OP_ENTER, "");
    build_op(&build, PROGRAM_OP_EXEC, "vv", none, none);
    refuse("no argv[0]", 6, "exec of nothing");
}

static void test_form(void)
{
    put_head();
    build_op(&build, 9999, "");
    refuse("an unknown operation", 3, "an unknown operation");

    put_head();
    build_op(&build, PROGRAM_OP_HOSTNAME, "s", "a b");
    build.bytes[build.size_bytes - 3] = '\0';
    refuse("a string has a NUL inside or none behind it", 3,
           "a NUL in a string");

    put_head();
    build_op(&build, PROGRAM_OP_LOOPBACK, "u", 0u);
    refuse("bytes are left behind the arguments", 3, "too many arguments");

    put_started();
    build_op(&build, PROGRAM_OP_EXEC, "u", 0xffffffffu);
    refuse("a vector is too long", 4, "a vector too long");

    put_good();
    build_put(&build, "", 1);
    refuse("bytes are left behind the last operation", -1, "a byte too many");
}

/* Whatever the reader takes, init can execute. */
static void test_functions(void)
{
    static const struct { uint16_t code; unsigned char phase; } ops[] = {
#define OP(code, id, name, signature, phase) { code, PROGRAM_PHASE_##phase },
        PROGRAM_OPS(OP)
#undef OP
    };
    unsigned int i, missing = 0;
    uint16_t code;

    for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        code = ops[i].code;
        if (ops[i].phase == PROGRAM_PHASE_GUEST)
            missing += !guest_op(code) && code != PROGRAM_OP_START;
        else
            missing += !container_op(code) && !process_op(code);
    }
    is_int(missing, 0, "each operation has its function");
}

int main(void)
{
    test_crc();
    test_values();
    test_truncated();
    test_flipped();
    test_lying_lengths();
    test_order();
    test_content();
    test_form();
    test_functions();
    return done_testing();
}
