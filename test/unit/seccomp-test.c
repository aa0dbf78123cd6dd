/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The compiled filter, run as the kernel would, for arm64's call numbers. */
#include "tap.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/report.h"
#include "json.h"
#include "seccomp-filter.h"
#include "spec.h"

/* numbers of asm-generic/unistd.h, which arm64 uses */
#define ARM64_mkdirat 34
#define ARM64_mount 40
#define ARM64_read 63
#define ARM64_exit 93
#define ARM64_personality 92
#define ARM64_clone 220

static uint32_t load(const struct seccomp_data *data, uint32_t offset)
{
    uint32_t v;

    if (offset > sizeof(*data) - sizeof(v))
        abort();
    memcpy(&v, (const char *)data + offset, sizeof(v));
    return v;
}

/* The subset of classic BPF that libseccomp writes (linux: net/core/filter.c,
 * seccomp_check_filter()). */
static uint32_t run(const struct seccomp_filter *f,
                    const struct seccomp_data *data)
{
    const struct sock_filter *code = (const void *)f->program;
    size_t pc, n = f->size_bytes / sizeof(*code);
    uint32_t a = 0;

    for (pc = 0; pc < n; pc++) {
        const struct sock_filter *i = &code[pc];
        int taken;

        switch (i->code) {
        case BPF_LD | BPF_W | BPF_ABS:
            a = load(data, i->k);
            continue;
        case BPF_RET | BPF_K:
            return i->k;
        case BPF_JMP | BPF_JA:
            pc += i->k;
            continue;
        case BPF_ALU | BPF_AND | BPF_K:
            a &= i->k;
            continue;
        case BPF_JMP | BPF_JEQ | BPF_K:
            taken = a == i->k;
            break;
        case BPF_JMP | BPF_JGT | BPF_K:
            taken = a > i->k;
            break;
        case BPF_JMP | BPF_JGE | BPF_K:
            taken = a >= i->k;
            break;
        default:
            printf("# unknown instruction 0x%x\n", i->code);
            return 0xdeadbeef;
        }
        pc += taken ? i->jt : i->jf;
    }
    return 0xdeadbeef;
}

static uint32_t call(const struct seccomp_filter *f, int number, uint64_t arg0)
{
    struct seccomp_data data = { .nr = number, .arch = AUDIT_ARCH_AARCH64 };

    data.args[0] = arg0;
    return run(f, &data);
}

static struct arena *arena;
static struct report *report;

/* The filter of "linux": {"seccomp": text}; program NULL when refused. */
static struct seccomp_filter compile(const char *text)
{
    const char *config = arena_printf(arena,
        "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"},"
        "\"linux\":{\"seccomp\":%s}}", text);
    const struct json *j = json_parse(arena, "f", config, strlen(config),
                                      &json_default_limits, report);
    const struct spec *s = j ? spec_from_json(arena, j, report) : NULL;
    struct seccomp_filter filter = { 0, NULL, 0 };

    if (s && !seccomp_compile(arena, s, &filter, report))
        filter.program = NULL;
    return filter;
}

static void test_rules(void)
{
    struct seccomp_filter f = compile(
        "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,"
        "\"architectures\":[\"SCMP_ARCH_X86_64\"],"
        "\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"],\"syscalls\":["
        "{\"names\":[\"read\",\"exit\",\"no_such_call\",\"open\"],"
        "\"action\":\"SCMP_ACT_ALLOW\"},"
        "{\"names\":[\"mount\"],\"action\":\"SCMP_ACT_ERRNO\"},"
        "{\"names\":[\"mkdirat\"],\"action\":\"SCMP_ACT_ERRNO\","
        "\"errnoRet\":38},"
        "{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_ALLOW\","
        "\"args\":[{\"index\":0,\"value\":4294967295,"
        "\"op\":\"SCMP_CMP_EQ\"},{\"index\":0,\"value\":8,"
        "\"op\":\"SCMP_CMP_EQ\"}]},"
        "{\"names\":[\"clone\"],\"action\":\"SCMP_ACT_ALLOW\","
        "\"args\":[{\"index\":0,\"value\":2114060288,\"valueTwo\":0,"
        "\"op\":\"SCMP_CMP_MASKED_EQ\"}]}]}");
    struct seccomp_data native = { .nr = ARM64_read,
                                   .arch = AUDIT_ARCH_X86_64 };

    if (!ok(f.program != NULL, "compiled"))
        return;
    is_int(f.flags, SECCOMP_FILTER_FLAG_LOG, "flags");
    is_int(call(&f, ARM64_read, 0), SECCOMP_RET_ALLOW, "read");
    is_int(call(&f, ARM64_exit, 0), SECCOMP_RET_ALLOW, "exit");
    is_int(call(&f, ARM64_mount, 0), SECCOMP_RET_ERRNO | 1,
           "EPERM where no number is given");
    is_int(call(&f, ARM64_mkdirat, 0), SECCOMP_RET_ERRNO | 38,
           "what equals the default stays the default");
    is_int(call(&f, 5000, 0), SECCOMP_RET_ERRNO | 38, "the default");
    is_int(call(&f, ARM64_personality, 8), SECCOMP_RET_ALLOW,
           "one of two values of one argument");
    is_int(call(&f, ARM64_personality, 0xffffffff), SECCOMP_RET_ALLOW,
           "the other");
    is_int(call(&f, ARM64_personality, 9), SECCOMP_RET_ERRNO | 38, "neither");
    is_int(call(&f, ARM64_clone, 0x11), SECCOMP_RET_ALLOW, "masked");
    is_int(call(&f, ARM64_clone, 0x10000000), SECCOMP_RET_ERRNO | 38,
           "a namespace flag");
    ok(run(&f, &native) == SECCOMP_RET_KILL_THREAD,
       "another architecture is killed");
}

static void test_actions(void)
{
    static const struct { const char *name; uint32_t value; } rows[] = {
        { "KILL", SECCOMP_RET_KILL_THREAD },
        { "KILL_THREAD", SECCOMP_RET_KILL_THREAD },
        { "KILL_PROCESS", SECCOMP_RET_KILL_PROCESS },
        { "TRAP", SECCOMP_RET_TRAP },
        { "ERRNO", SECCOMP_RET_ERRNO | 1 },
        { "TRACE", SECCOMP_RET_TRACE | 1 },
        { "LOG", SECCOMP_RET_LOG },
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct seccomp_filter f = compile(arena_printf(arena,
            "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":"
            "[\"mount\"],\"action\":\"SCMP_ACT_%s\"}]}", rows[i].name));

        ok(f.program && call(&f, ARM64_mount, 0) == rows[i].value &&
           call(&f, ARM64_read, 0) == SECCOMP_RET_ALLOW, "%s", rows[i].name);
    }
}

int main(void)
{
    arena = arena_new();
    report = report_new();
    test_rules();
    test_actions();
    is_int((long long)report_errors(report), 0, "no errors so far");
    ok(!compile("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":"
                "[\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"]}").program &&
       report_errors(report), "a flag that needs a listener is refused");
    arena_free(arena);
    report_free(report);
    return done_testing();
}
