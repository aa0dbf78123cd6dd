/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the host writes, the guest's reader reads; what it would refuse, the
 * host does not write. */
#include "tap.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "guest/reader.c"
#include "plan.h"

static const char *const words[] = { "sh", "", "\xff a\n\"", NULL };
static const char *const nothing[] = { NULL };

static struct plan_op ops[8];

/* Links the first count operations. */
static struct plan plan_of(size_t count)
{
    struct plan plan = { .ops = ops, .n_ops = count };
    size_t i;

    for (i = 0; i < count; i++)
        ops[i].next = i + 1 < count ? &ops[i + 1] : NULL;
    return plan;
}

static void set_ops(void)
{
    memset(ops, 0, sizeof(ops));
    ops[0] = (struct plan_op){ .opcode = PROGRAM_OP_SEED, .n_args = 1,
        .args = { { .kind = 'b', .string = "a\0b", .size_bytes = 3 } } };
    ops[1] = (struct plan_op){ .opcode = PROGRAM_OP_MOUNT, .n_args = 5,
        .args = { { .kind = 's', .string = "x" },
                  { .kind = 's', .string = "" },
                  { .kind = 's', .string = "t" },
                  { .kind = 'q', .number = 0x8877665544332211 },
                  { .kind = 's', .string = "d" } } };
    ops[2] = (struct plan_op){ .opcode = PROGRAM_OP_START, .n_args = 1,
        .args = { { .kind = 'q' } } };
    ops[3] = (struct plan_op){ .opcode = PROGRAM_OP_ROOT, .n_args = 2,
        .args = { { .kind = 's', .string = "/root" }, { .kind = 'q' } } };
    ops[4] = (struct plan_op){ .opcode = PROGRAM_OP_ENTER };
    ops[5] = (struct plan_op){ .opcode = PROGRAM_OP_UMASK, .n_args = 1,
        .args = { { .kind = 'u', .number = 0xffffffff } } };
    ops[6] = (struct plan_op){ .opcode = PROGRAM_OP_EXEC, .n_args = 2,
        .args = { { .kind = 'v', .vector = words },
                  { .kind = 'v', .vector = nothing } } };
}

static int next_is(const struct program *p, struct op *op, unsigned int code)
{
    return ok(op_next(p, op) && op->code == code, "%s",
              op_name((uint16_t)code));
}

static void test_identity(void)
{
    struct plan plan;
    struct bytes out = BYTES_INIT;
    struct program p;
    struct op op = { 0 };
    struct args args;
    const unsigned char *bytes;
    uint32_t n;
    int index;
    char **v;

    set_ops();
    plan = plan_of(7);
    is_int(plan_write_program(&plan, &out), 0, "written");
    is_str(program_open(&p, out.data, out.size, &index), NULL, "accepted");
    next_is(&p, &op, PROGRAM_OP_SEED);
    args = op_args(&op);
    bytes = arg_bytes(&args, &n);
    ok(n == 3 && !memcmp(bytes, "a\0b", 3), "bytes");
    next_is(&p, &op, PROGRAM_OP_MOUNT);
    args = op_args(&op);
    is_str(arg_string(&args), "x", "string");
    is_str(arg_string(&args), "", "empty string");
    is_str(arg_string(&args), "t", "string");
    ok(arg_u64(&args) == 0x8877665544332211, "64 bits");
    op_next(&p, &op);
    op_next(&p, &op);
    next_is(&p, &op, PROGRAM_OP_ENTER);
    next_is(&p, &op, PROGRAM_OP_UMASK);
    args = op_args(&op);
    ok(arg_u32(&args) == 0xffffffff, "32 bits");
    next_is(&p, &op, PROGRAM_OP_EXEC);
    args = op_args(&op);
    v = arg_vector(&args);
    is_str(v[0], "sh", "argv[0]");
    is_str(v[1], "", "argv[1]");
    is_str(v[2], words[2], "argv[2]");
    ok(!v[3], "argv ends");
    free(v);
    ok(!op_next(&p, &op), "the end");
    bytes_free(&out);
}

static int refused(size_t count)
{
    struct plan plan = plan_of(count);
    struct bytes out = BYTES_INIT;
    int rc = plan_write_program(&plan, &out);
    int good = rc == -1 && !out.size && !out.failed;

    bytes_free(&out);
    return good;
}

static void test_refusals(void)
{
    const char **many = calloc(PROGRAM_MAX_VECTOR + 2, sizeof(*many));
    char *long_string = malloc(PROGRAM_MAX_BYTES + 1);
    size_t i;

    set_ops();
    ops[1].args[3].kind = 'u';
    ok(refused(7), "an argument of another kind");
    set_ops();
    ops[1].n_args = 4;
    ok(refused(7), "an argument too few");
    set_ops();
    ops[1].n_args = 6;
    ops[1].args[5].kind = 's';
    ok(refused(7), "an argument too many");
    set_ops();
    ops[1].opcode = 31;
    ok(refused(7), "an unknown operation");
    set_ops();
    ops[5].args[0].number = 1ull << 32;
    ok(refused(7), "a number that does not fit");
    set_ops();
    ops[1].args[0].string = NULL;
    ok(refused(7), "a string that is not there");
    set_ops();
    for (i = 0; i <= PROGRAM_MAX_VECTOR; i++)
        many[i] = "";
    ops[6].args[1].vector = many;
    ok(refused(7), "a list too long");
    set_ops();
    memset(long_string, 'x', PROGRAM_MAX_BYTES);
    long_string[PROGRAM_MAX_BYTES] = '\0';
    ops[1].args[0].string = long_string;
    ok(refused(7), "a program too large");
    free(many);
    free(long_string);
}

static unsigned long field(const char *entry, int index)
{
    char digits[9] = { 0 };

    memcpy(digits, entry + 6 + 8 * index, 8);
    return strtoul(digits, NULL, 16);
}

/* The name of the entry at *at, its content; moves *at to the next. */
static const char *next_entry(const struct bytes *archive, size_t *at,
                              const char **content, size_t *size)
{
    const char *entry = archive->data + *at;
    size_t start = (*at + 110 + field(entry, 11) + 3) & ~(size_t)3;

    *content = archive->data + start;
    *size = field(entry, 6);
    *at = (start + *size + 3) & ~(size_t)3;
    return memcmp(entry, "070701", 6) || *at > archive->size ? NULL
                                                             : entry + 110;
}

static void test_payload(void)
{
    struct plan_file files[] = {
        { .content = "hello", .size_bytes = 5, .mode = 0640 },
        { .content = "", .size_bytes = 0, .mode = 0444 },
    };
    struct bytes out = BYTES_INIT;
    struct program p;
    struct plan plan;
    const char *content;
    size_t at = 0, size;
    int index;

    set_ops();
    plan = plan_of(7);
    plan.files = files;
    plan.n_files = 2;
    is_int(plan_write_payload(&plan, &out), 0, "payload written");
    ok(out.size % 4 == 0, "a multiple of four bytes");
    is_str(next_entry(&out, &at, &content, &size), "program", "program");
    is_str(program_open(&p, content, size, &index), NULL, "and it is one");
    is_str(next_entry(&out, &at, &content, &size), "files", "directory");
    is_int((long long)field(out.data + at, 1), 0100640, "mode of a file");
    is_str(next_entry(&out, &at, &content, &size), "files/0", "a file");
    ok(size == 5 && !memcmp(content, "hello", 5), "its content");
    is_str(next_entry(&out, &at, &content, &size), "files/1", "an empty one");
    is_str(next_entry(&out, &at, &content, &size), "TRAILER!!!", "trailer");
    ok(at == out.size, "nothing behind it");
    bytes_free(&out);
}

int main(void)
{
    test_identity();
    test_refusals();
    test_payload();
    return done_testing();
}
