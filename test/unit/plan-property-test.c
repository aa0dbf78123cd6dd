/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Configurations made at random of fragments that are right: each is planned,
 * twice with the same bytes, with the same bytes of the program in whatever
 * order the members stand, and the guest's reader finds in it what the
 * configuration lists, in its order.
 *
 * PLAN_SEED and PLAN_CONFIGS give other ones, and more.
 */
#include "tap.h"

#include "plan-build.h"

#include "base/bytes.h"
#include "guest/reader.c"
#include "random.h"

#define MAX_ITEMS 8
#define MAX_MEMBERS 12

/* What a list of the configuration must become. */
struct list {
    char items[MAX_ITEMS][64];
    size_t count;
};

struct config {
    struct bytes members[MAX_MEMBERS];  /* "\"root\":{...}" */
    size_t n_members;
    struct list args, env, destinations, sysctls, masked;
    char cwd[64];
};

/* --- fragments ------------------------------------------------------------*/

static struct bytes *add_member(struct config *c, const char *text)
{
    struct bytes *b = &c->members[c->n_members++];

    *b = (struct bytes)BYTES_INIT;
    bytes_add_string(b, text);
    return b;
}

/* prefix, a number that makes it unique, and characters that need care */
static void add_item(struct list *list, const char *prefix, const char *tail)
{
    snprintf(list->items[list->count], sizeof(list->items[0]), "%s%zu%s",
             prefix, list->count, tail);
    list->count++;
}

static const char *any_tail(void)
{
    static const char *const tails[] = {
        "", " ", "\"", "\\", "a b", "\n\t", "\x01", "\xc3\xa9", "=", "$(x)",
        "{}", "\xf0\x9f\x90\xb3", "/",
    };

    return tails[random_below(sizeof(tails) / sizeof(*tails))];
}

static void add_strings(struct bytes *b, const struct list *list)
{
    size_t i;

    bytes_add_string(b, "[");
    for (i = 0; i < list->count; i++) {
        bytes_add_string(b, i ? "," : "");
        bytes_add_json_string(b, list->items[i]);
    }
    bytes_add_string(b, "]");
}

static void make_process(struct config *c)
{
    static const char *const extras[] = {
        "", ",\"user\":{\"uid\":7,\"gid\":8,\"additionalGids\":[9,10]}",
        ",\"noNewPrivileges\":true", ",\"oomScoreAdj\":-5",
        ",\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":0,\"hard\":1}]",
        ",\"capabilities\":{\"bounding\":[\"CAP_KILL\",\"CAP_CHOWN\"],"
        "\"permitted\":[\"CAP_KILL\"],\"effective\":[\"CAP_KILL\"]}",
        ",\"scheduler\":{\"policy\":\"SCHED_FIFO\",\"priority\":9}",
        ",\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":3}",
    };
    struct bytes *b = add_member(c, "\"process\":{\"args\":");
    size_t i, n;

    for (n = 1 + random_below(MAX_ITEMS), i = 0; i < n; i++)
        add_item(&c->args, "a", any_tail());
    for (n = random_below(MAX_ITEMS + 1), i = 0; i < n; i++)
        add_item(&c->env, random_below(2) ? "V=" : "W=\"", any_tail());
    snprintf(c->cwd, sizeof(c->cwd), "/w%s", any_tail());
    add_strings(b, &c->args);
    bytes_add_string(b, ",\"env\":");
    add_strings(b, &c->env);
    bytes_add_string(b, ",\"cwd\":");
    bytes_add_json_string(b, c->cwd);
    bytes_add_string(b,
                     extras[random_below(sizeof(extras) / sizeof(*extras))]);
    bytes_add_string(b, "}");
}

static void make_mounts(struct config *c)
{
    static const char *const rest[] = {
        "\"type\":\"proc\",\"source\":\"proc\"", "\"type\":\"sysfs\"",
        "\"type\":\"tmpfs\",\"options\":[\"nosuid\",\"size=64k\"]",
        "\"type\":\"tmpfs\",\"options\":[\"ro\",\"rprivate\"]",
        "\"type\":\"mqueue\"", "\"type\":\"cgroup\",\"options\":[\"ro\"]",
        "\"type\":\"devpts\",\"options\":[\"newinstance\",\"gid=5\"]",
        "\"type\":\"ramfs\"",
    };
    struct bytes *b = add_member(c, "\"mounts\":[");
    size_t i, n = random_below(MAX_ITEMS + 1);

    for (i = 0; i < n; i++) {
        add_item(&c->destinations, "/m", any_tail());
        bytes_add_string(b, i ? ",{\"destination\":" : "{\"destination\":");
        bytes_add_json_string(b, c->destinations.items[i]);
        bytes_printf(b, ",%s}",
                     rest[random_below(sizeof(rest) / sizeof(*rest))]);
    }
    bytes_add_string(b, "]");
}

static void make_linux(struct config *c)
{
    static const char *const extras[] = {
        "", ",\"resources\":{\"memory\":{\"limit\":67108864},"
        "\"pids\":{\"limit\":99},\"cpu\":{\"quota\":150000,\"shares\":512}}",
        ",\"devices\":[{\"type\":\"c\",\"path\":\"/dev/n\",\"major\":1,"
        "\"minor\":3},{\"type\":\"p\",\"path\":\"/dev/p\"}]",
        ",\"timeOffsets\":{\"monotonic\":{\"secs\":-9,\"nanosecs\":1}}",
        ",\"rootfsPropagation\":\"rslave\"",
        ",\"personality\":{\"domain\":\"LINUX32\"}",
        ",\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{"
        "\"names\":[\"chroot\"],\"action\":\"SCMP_ACT_ERRNO\"}]}",
    };
    struct bytes *b = add_member(c, "\"linux\":{\"namespaces\":["
                                    "{\"type\":\"pid\"},{\"type\":\"ipc\"},"
                                    "{\"type\":\"network\"}],\"sysctl\":{");
    size_t i, n;

    for (n = random_below(MAX_ITEMS + 1), i = 0; i < n; i++) {
        add_item(&c->sysctls, "net/s", "");
        bytes_printf(b, "%s\"%s\":\"%zu\"", i ? "," : "",
                     c->sysctls.items[i], i);
    }
    for (n = random_below(MAX_ITEMS + 1), i = 0; i < n; i++)
        add_item(&c->masked, "/h", any_tail());
    bytes_add_string(b, "},\"maskedPaths\":");
    add_strings(b, &c->masked);
    bytes_add_string(b,
                     extras[random_below(sizeof(extras) / sizeof(*extras))]);
    bytes_add_string(b, "}");
}

static void make_config(struct config *c)
{
    static const char *const optional[] = {
        "\"hostname\":\"h\"", "\"domainname\":\"d\"",
        "\"hooks\":{\"startContainer\":[{\"path\":\"/h\"}]}",
        "\"annotations\":{\"org.xenproject.oci.vcpus\":\"2\",\"a\":\"b\"}",
        "\"vm\":{\"hwConfig\":{\"memory\":134217728}}",
    };
    size_t i;

    memset(c, 0, sizeof(*c));
    add_member(c, "\"ociVersion\":\"1.3.0\"");
    add_member(c, random_below(2) ? "\"root\":{\"path\":\"rootfs\"}" :
               "\"root\":{\"path\":\"rootfs\",\"readonly\":true}");
    make_process(c);
    if (random_below(4))
        make_mounts(c);
    if (random_below(4))
        make_linux(c);
    for (i = 0; i < sizeof(optional) / sizeof(*optional); i++)
        if (random_below(2))
            add_member(c, optional[i]);
}

static void shuffle(struct config *c)
{
    size_t i, k;

    for (i = c->n_members; i > 1; i--) {
        struct bytes last = c->members[i - 1];

        k = random_below((uint32_t)i);
        c->members[i - 1] = c->members[k];
        c->members[k] = last;
    }
}

static struct bytes text_of(struct config *c)
{
    struct bytes text = BYTES_INIT;
    size_t i;

    for (i = 0; i < c->n_members; i++)
        bytes_printf(&text, "%s%s\n", i ? "," : "{",
                     bytes_text(&c->members[i]));
    bytes_add_string(&text, "}");
    return text;
}

static void free_config(struct config *c)
{
    while (c->n_members)
        bytes_free(&c->members[--c->n_members]);
}

/* --- what must be true ----------------------------------------------------*/

/* Are the strings that stand at place `index` of all operations of the code
 * those of the list, in its order? */
static int is_in_program(const struct program *p, uint16_t code,
                         unsigned int index, const struct list *list)
{
    struct op op = { 0 };
    size_t found = 0;
    unsigned int i;

    while (op_next(p, &op)) {
        struct args args = op_args(&op);

        if (op.code != code)
            continue;
        for (i = 0; i < index; i++)
            arg_string(&args);
        if (found == list->count ||
            strcmp(arg_string(&args), list->items[found++]))
            return 0;
    }
    return found == list->count;
}

static int is_vector(struct args *args, const struct list *list)
{
    char **vector = arg_vector(args);
    size_t i;

    for (i = 0; vector && i < list->count && vector[i] &&
         !strcmp(vector[i], list->items[i]); i++)
        ;
    i = vector && i == list->count && !vector[i];
    free(vector);
    return (int)i;
}

/* EXEC is the last of all. */
static int is_exec_right(const struct program *p, const struct config *c)
{
    struct op op = { 0 };
    struct args args;

    if (!op_find(p, &op, PROGRAM_OP_EXEC) || op.index + 1 != p->op_count)
        return 0;
    args = op_args(&op);
    return is_vector(&args, &c->args) && is_vector(&args, &c->env);
}

static int is_program_right(const struct bytes *bytes, const struct config *c)
{
    struct list cwd = { .count = 1 };
    struct program p;
    int at;

    memcpy(cwd.items[0], c->cwd, sizeof(c->cwd));
    return !program_open(&p, bytes->data, bytes->size, &at) &&
           is_exec_right(&p, c) &&
           is_in_program(&p, PROGRAM_OP_CWD, 0, &cwd) &&
           is_in_program(&p, PROGRAM_OP_MOUNT_IN, 1, &c->destinations) &&
           is_in_program(&p, PROGRAM_OP_SYSCTL, 0, &c->sysctls) &&
           is_in_program(&p, PROGRAM_OP_MASK, 0, &c->masked);
}

struct outcome {
    struct bytes program, dry;
    int planned;
};

static struct outcome plan_text(const char *text)
{
    static const struct plan_options options = { .uuid = NULL };
    struct outcome o = { .planned = 0 };
    struct made m = make_with(text, &options);
    struct bytes report = BYTES_INIT;

    o.planned = m.plan && !plan_write_program(m.plan, &o.program) &&
                !plan_format(m.plan, NULL, PLAN_FORMAT_JSON, &o.dry);
    if (!o.planned) {
        report_format_text(m.report, &report);
        printf("# %s\n", report.size ? bytes_text(&report) : "");
        bytes_free(&report);
    }
    unmake(&m);
    return o;
}

static void free_outcome(struct outcome *o)
{
    bytes_free(&o->program);
    bytes_free(&o->dry);
}

static int is_same(const struct bytes *a, const struct bytes *b)
{
    return a->size == b->size && a->size &&
           !memcmp(a->data, b->data, a->size);
}

static int wrong(const char *what, const char *text)
{
    printf("# %s:\n", what);
    for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
        printf("#   %.*s\n", (int)strcspn(text, "\n"), text);
    return 1;
}

static int judge(struct config *c)
{
    struct bytes text = text_of(c), other;
    struct outcome first = plan_text(bytes_text(&text));
    struct outcome again = plan_text(bytes_text(&text)), shuffled;
    int bad = 0;

    shuffle(c);
    other = text_of(c);
    shuffled = plan_text(bytes_text(&other));
    if (!first.planned)
        bad = wrong("not planned", bytes_text(&text));
    else if (!is_same(&first.program, &again.program) ||
             !is_same(&first.dry, &again.dry))
        bad = wrong("another plan the second time", bytes_text(&text));
    else if (!is_same(&first.program, &shuffled.program))
        bad = wrong("another program in this order", bytes_text(&other));
    else if (!is_program_right(&first.program, c))
        bad = wrong("not what the program does", bytes_text(&text));
    free_outcome(&first);
    free_outcome(&again);
    free_outcome(&shuffled);
    bytes_free(&text);
    bytes_free(&other);
    return bad;
}

int main(void)
{
    uint32_t seed = (uint32_t)setting("PLAN_SEED", 2463534242u);
    unsigned long n = setting("PLAN_CONFIGS", 500), i, bad = 0;
    struct config config;

    random_start(seed);
    printf("# %lu configurations, PLAN_SEED=%u\n", n, seed);
    for (i = 0; i < n && bad < 3; i++) {
        make_config(&config);
        bad += (unsigned long)judge(&config);
        free_config(&config);
    }
    ok(n && !bad, "each is planned, and the program does what it lists");
    return done_testing();
}
