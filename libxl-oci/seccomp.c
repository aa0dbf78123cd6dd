/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one file that knows libseccomp. */
#include "seccomp-filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "checks.h"
#include "json.h"
#include "spec.h"

#define INSTRUCTION_BYTES 8u
#define MAX_INSTRUCTIONS 4096u      /* linux: BPF_MAXINSNS */

struct compiler {
    struct arena *arena;
    const struct spec *whole;
    const struct spec_seccomp *spec;
    struct report *report;
    scmp_filter_ctx ctx;
    uint32_t default_action;
    bool failed;
};

#define refuse(c, at, ...) do { \
    struct report_where where_ = json_where((c)->arena, (at)); \
    report_check((c)->report, SECCOMP_INVALID, &where_, __VA_ARGS__); \
    (c)->failed = true; \
} while (0)

static const struct { const char *name; uint32_t action; } actions[] = {
    { "SCMP_ACT_KILL", SCMP_ACT_KILL_THREAD },
    { "SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD },
    { "SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS },
    { "SCMP_ACT_TRAP", SCMP_ACT_TRAP },
    { "SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0) },
    { "SCMP_ACT_TRACE", SCMP_ACT_TRACE(0) },
    { "SCMP_ACT_ALLOW", SCMP_ACT_ALLOW },
    { "SCMP_ACT_LOG", SCMP_ACT_LOG },
};

static const struct { const char *name; enum scmp_compare op; } operators[] = {
    { "SCMP_CMP_NE", SCMP_CMP_NE },
    { "SCMP_CMP_LT", SCMP_CMP_LT },
    { "SCMP_CMP_LE", SCMP_CMP_LE },
    { "SCMP_CMP_EQ", SCMP_CMP_EQ },
    { "SCMP_CMP_GE", SCMP_CMP_GE },
    { "SCMP_CMP_GT", SCMP_CMP_GT },
    { "SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ },
};

static const struct { const char *name; uint32_t flag; } flags[] = {
    /* one thread loads the filter: nothing to synchronise */
    { "SECCOMP_FILTER_FLAG_TSYNC", 0 },
    { "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
    { "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* errno_ret is the data of ERRNO and TRACE; EPERM when it is absent (OCI
 * config-linux.md "Seccomp"). */
static uint32_t action_of(struct compiler *c, const struct spec_string *name,
                          const struct spec_u64 *errno_ret)
{
    uint32_t data = errno_ret->at ? (uint32_t)errno_ret->value & 0xffff
                                  : EPERM;
    size_t i;

    for (i = 0; i < COUNT(actions); i++)
        if (name->value && !strcmp(name->value, actions[i].name))
            break;
    if (i == COUNT(actions)) {
        refuse(c, name->at ? name->at : c->spec->at,
               "\"%s\" is not an action that a guest can take",
               name->value ? name->value : "");
        return SCMP_ACT_ALLOW;
    }
    if (actions[i].action == SCMP_ACT_ERRNO(0) ||
        actions[i].action == SCMP_ACT_TRACE(0))
        return actions[i].action | data;
    return actions[i].action;
}

static uint32_t flags_of(struct compiler *c)
{
    const struct spec_strings *names = &c->spec->flags;
    uint32_t sum = 0;
    size_t i, k;

    for (i = 0; i < names->count; i++) {
        for (k = 0; k < COUNT(flags); k++)
            if (!strcmp(names->values[i], flags[k].name))
                break;
        if (k < COUNT(flags))
            sum |= flags[k].flag;
        else
            refuse(c, names->at, "\"%s\" needs a listener, which the guest "
                   "does not have", names->values[i]);
    }
    return sum;
}

static struct scmp_arg_cmp compare_of(struct compiler *c,
                                      const struct spec_seccomp_arg *a)
{
    struct scmp_arg_cmp cmp = {
        .arg = (unsigned int)a->index.value, .op = SCMP_CMP_EQ,
        .datum_a = a->value.value, .datum_b = a->value_two.value,
    };
    size_t i;

    for (i = 0; i < COUNT(operators); i++)
        if (a->op.value && !strcmp(a->op.value, operators[i].name))
            break;
    if (i == COUNT(operators) || a->index.value > 5)
        refuse(c, a->at, "the comparison is not one that seccomp knows");
    else
        cmp.op = operators[i].op;
    return cmp;
}

static void add(struct compiler *c, const struct spec_seccomp_rule *rule,
                uint32_t action, int number, const struct scmp_arg_cmp *args,
                unsigned int n_args)
{
    int rc = seccomp_rule_add_array(c->ctx, action, number, n_args, args);

    /* EEXIST: the same rule twice; EDOM: not a system call of this machine */
    if (rc < 0 && rc != -EEXIST && rc != -EDOM)
        refuse(c, rule->at, "libseccomp refuses the rule: %s", strerror(-rc));
}

/* Several conditions on one argument are alternatives, as in runc: libseccomp
 * takes at most one per argument and rule. */
static bool has_repeated_argument(const struct spec_seccomp_rule *rule)
{
    size_t i, k;

    for (i = 0; i < rule->n_args; i++)
        for (k = 0; k < i; k++)
            if (rule->args[i].index.value == rule->args[k].index.value)
                return true;
    return false;
}

static void add_call(struct compiler *c, const struct spec_seccomp_rule *rule,
                     uint32_t action, const char *name)
{
    int number = seccomp_syscall_resolve_name(name);
    struct scmp_arg_cmp args[6];
    size_t i;

    if (number == __NR_SCMP_ERROR)
        return;                 /* newer than libseccomp, or nobody's */
    if (has_repeated_argument(rule)) {
        for (i = 0; i < rule->n_args; i++) {
            args[0] = compare_of(c, &rule->args[i]);
            add(c, rule, action, number, args, 1);
        }
        return;
    }
    if (rule->n_args > COUNT(args)) {
        refuse(c, rule->at, "a system call has six arguments");
        return;
    }
    for (i = 0; i < rule->n_args; i++)
        args[i] = compare_of(c, &rule->args[i]);
    add(c, rule, action, number, args, (unsigned int)rule->n_args);
}

static bool is_rule_faulty(const struct compiler *c,
                           const struct spec_seccomp_rule *rule)
{
    return spec_is_faulty(c->whole, &rule->action) ||
           spec_is_faulty(c->whole, &rule->names) ||
           spec_is_faulty(c->whole, &rule->args);
}

static void add_rule(struct compiler *c, const struct spec_seccomp_rule *rule)
{
    uint32_t action;
    size_t i;

    if (is_rule_faulty(c, rule))
        return;
    action = action_of(c, &rule->action, &rule->errno_ret);
    if (action == c->default_action)
        return;                 /* libseccomp refuses what changes nothing */
    for (i = 0; i < rule->names.count; i++)
        add_call(c, rule, action, rule->names.values[i]);
}

/* Only the guest's architecture: the build machine's is out, and a kernel
 * without 32-bit processes needs no other. */
static bool choose_architecture(struct compiler *c)
{
    if (seccomp_arch_native() == SCMP_ARCH_AARCH64)
        return true;
    return !seccomp_arch_add(c->ctx, SCMP_ARCH_AARCH64) &&
           !seccomp_arch_remove(c->ctx, SCMP_ARCH_NATIVE);
}

static bool export(struct compiler *c, struct seccomp_filter *filter)
{
    int fd = memfd_create("seccomp", MFD_CLOEXEC);
    struct stat st;
    char *program = NULL;
    bool good;

    if (fd < 0)
        return false;
    good = !seccomp_export_bpf(c->ctx, fd) && !fstat(fd, &st) &&
           (program = arena_alloc(c->arena, (size_t)st.st_size + 1)) &&
           pread(fd, program, (size_t)st.st_size, 0) == st.st_size;
    close(fd);
    if (!good)
        return false;
    filter->program = program;
    filter->size_bytes = (size_t)st.st_size;
    return true;
}

static void compile(struct compiler *c, struct seccomp_filter *filter)
{
    const struct spec_seccomp *s = c->spec;
    size_t i;

    if (!choose_architecture(c)) {
        refuse(c, s->at, "libseccomp does not know arm64");
        return;
    }
    for (i = 0; i < s->n_rules; i++)
        add_rule(c, &s->rules[i]);
    filter->flags = flags_of(c);
    if (c->failed)
        return;
    if (!export(c, filter))
        refuse(c, s->at, "the filter could not be written: out of memory");
    else if (filter->size_bytes > MAX_INSTRUCTIONS * INSTRUCTION_BYTES)
        refuse(c, s->at, "%zu instructions exceed the kernel's %u",
               filter->size_bytes / INSTRUCTION_BYTES, MAX_INSTRUCTIONS);
}

bool seccomp_compile(struct arena *arena, const struct spec *spec,
                     struct seccomp_filter *filter, struct report *report)
{
    const struct spec_seccomp *s = &spec->linux_.seccomp;
    struct compiler c = {
        .arena = arena, .whole = spec, .spec = s, .report = report,
    };

    memset(filter, 0, sizeof(*filter));
    if (spec_is_faulty(spec, &s->default_action))
        return false;
    c.default_action = action_of(&c, &s->default_action,
                                 &s->default_errno_ret);
    if (c.failed)
        return false;
    c.ctx = seccomp_init(c.default_action);
    if (!c.ctx) {
        refuse(&c, s->at, "libseccomp refuses the default action");
        return false;
    }
    compile(&c, filter);
    seccomp_release(c.ctx);
    return !c.failed;
}
