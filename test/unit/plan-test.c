/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Precedence, rounding and arithmetic of the plan; it is pure. */
#include "plan-build.h"
#include "tap.h"

#include "guest/program.h"

static const struct plan_options none = { .uuid = NULL };

static struct made make(const char *text)
{
    return make_with(text, &none);
}

static void test_memory(void)
{
    static const struct { const char *text, *from; uint64_t mib; } rows[] = {
        { HEAD "}", "default: 128 MiB", 128 },
        { HEAD ",\"annotations\":{\"org.xenproject.oci.memory\":\"64M\"}}",
          "/annotations/org.xenproject.oci.memory", 64 },
        { HEAD ",\"annotations\":{\"org.xenproject.oci.memory\":\"64M\"},"
          "\"linux\":{\"resources\":{\"memory\":{\"limit\":67108864}}}}",
          "/linux/resources/memory/limit", 64 + 2 + 32 },
        { HEAD ",\"linux\":{\"resources\":{\"memory\":{\"limit\":67108864}}},"
          "\"vm\":{\"hwConfig\":{\"memory\":25165825}}}",
          "/vm/hwConfig/memory", 25 },
        { HEAD ",\"linux\":{\"resources\":{\"memory\":{\"limit\":-1}}}}",
          "default: 128 MiB", 128 },
        { HEAD ",\"vm\":{\"hwConfig\":{\"memory\":25165824}}}",
          "/vm/hwConfig/memory", 24 },
    };
    struct plan_options option = { .memory_bytes = 48 << 20 };
    struct made m;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        m = make(rows[i].text);
        is_int(m.plan ? (long long)m.plan->memory_kib.value : -1,
               (long long)rows[i].mib << 10, rows[i].from);
        is_str(m.plan ? m.plan->memory_kib.from.field : NULL, rows[i].from,
               "its origin");
        unmake(&m);
    }
    m = make_with(rows[3].text, &option);
    is_int(m.plan ? (long long)m.plan->memory_kib.value : -1, 48 << 10,
           "the option wins");
    ok(has_check(&m, "memory-below-limit"), "a limit out of reach is noted");
    unmake(&m);
    option.memory_bytes = 1;
    m = make_with(rows[0].text, &option);
    ok(!m.plan && has_check(&m, "memory-too-small"), "one byte is refused");
    unmake(&m);
    option.memory_bytes = UINT64_MAX;
    m = make_with(rows[0].text, &option);
    ok(!m.plan && has_check(&m, "memory-too-large"), "2^64-1 is refused");
    unmake(&m);
}

#define CPU(members) HEAD ",\"linux\":{\"resources\":{\"cpu\":{" members "}}}}"

/* The bundle's own kernel and ramdisk count, not ours. */
static void test_own_kernel(void)
{
    static const char text[] = HEAD ",\"vm\":{\"kernel\":{\"path\":\"/k\","
        "\"initrd\":\"/r\"},\"hwConfig\":{\"memory\":67108864}}}";
    static const struct source_fact file = { .kind = SOURCE_FILE,
                                             .path = "/k" };
    struct made m;

    test_survey.kernel = test_survey.initrd = file;
    test_survey.kernel.size_bytes = 40 << 20;
    m = make(text);
    ok(m.plan != NULL, "64 MiB hold a kernel of 40");
    is_str(m.plan ? m.plan->initrd.from.field : NULL, "/vm/kernel/initrd",
           "and its ramdisk");
    unmake(&m);
    test_survey.initrd.size_bytes = 10 << 20;
    m = make(text);
    ok(!m.plan && has_check(&m, "memory-too-small"),
       "but not with a ramdisk of 10 unpacked");
    unmake(&m);
    memset(&test_survey, 0, sizeof(test_survey));
}

static void test_cpus(void)
{
    static const struct {
        const char *text;
        uint64_t vcpus, weight, cap;
    } rows[] = {
        { HEAD "}", 1, 0, 0 },
        { CPU("\"shares\":1024"), 1, 256, 0 },
        { CPU("\"shares\":2"), 1, 1, 0 },
        { CPU("\"shares\":1000000"), 1, 65535, 0 },
        { CPU("\"idle\":1"), 1, 1, 0 },
        { CPU("\"quota\":-1,\"period\":100000"), 1, 0, 0 },
        { CPU("\"quota\":50000"), 1, 0, 50 },
        { CPU("\"quota\":150001,\"period\":100000"), 2, 0, 151 },
        { CPU("\"quota\":1"), 1, 0, 1 },
    };
    struct plan_options option = { .vcpus = 1 };
    struct made m;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        m = make(rows[i].text);
        ok(m.plan && m.plan->vcpus.value == rows[i].vcpus &&
           m.plan->weight.value == rows[i].weight &&
           m.plan->cap.value == rows[i].cap, "vcpus %d weight %d cap %d",
           (int)rows[i].vcpus, (int)rows[i].weight, (int)rows[i].cap);
        unmake(&m);
    }
    m = make_with(rows[7].text, &option);
    ok(m.plan && m.plan->vcpus.value == 1 && m.plan->cap.value == 100,
       "a quota beyond the vCPUs is capped to them");
    unmake(&m);
}

static void test_names(void)
{
    static const char *const bad[] = {
        "", "-x", ".x", "12", "a/b", "a b", "\xc3\xa4",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaaaaaaa",
    };
    struct plan_options option = { .name = "a_.-9" };
    struct made m = make_with(HEAD "}", &option);
    size_t i;

    is_str(m.plan ? m.plan->name.value : NULL, "a_.-9", "a good name");
    unmake(&m);
    m = make(HEAD "}");
    is_str(m.plan ? m.plan->name.value : NULL, "my-bundle",
           "the bundle directory's, made to fit");
    unmake(&m);
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        option.name = bad[i];
        m = make_with(HEAD "}", &option);
        ok(!m.plan && has_check(&m, "container-name-invalid"),
           "bad name %zu", i);
        unmake(&m);
    }
}

static void test_options(void)
{
    struct plan_options option = { .rootfs = "zfs" };
    struct made m = make_with(HEAD "}", &option);

    ok(!m.plan && has_check(&m, "rootfs-mode-unknown"),
       "rootfs-mode-unknown");
    unmake(&m);
    option.rootfs = "ext4";
    option.persist_path = "/p";
    m = make_with(HEAD "}", &option);
    ok(!m.plan && has_check(&m, "option-conflict"), "ext4 has no overlay");
    unmake(&m);
    option.rootfs = NULL;
    m = make_with(HEAD "}", &option);
    ok(m.plan && m.plan->n_disks == 2 && m.plan->disks[1].create &&
       m.plan->disks[1].writable && !m.plan->disks[0].writable,
       "the overlay that survives is the second disk");
    unmake(&m);
}

static void test_parameters(void)
{
    static const struct { const char *parameter; int good; } rows[] = {
        { "nokaslr", 1 }, { "xinit=1", 1 }, { "a=--b", 1 },
        { "init=/x", 0 }, { "rdinit=/x", 0 }, { "a init=/x", 0 },
        { "\\\"init=/x\\\"", 0 }, { "--", 0 }, { "a -- b", 0 },
        { "initrd=1", 0 }, { "oci.x", 0 }, { "a\\nb", 0 },
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[512];
        struct made m;

        snprintf(text, sizeof(text), HEAD ",\"vm\":{\"kernel\":{\"path\":\"\","
                 "\"parameters\":[\"%s\"]}}}", rows[i].parameter);
        m = make(text);
        ok(rows[i].good ? m.plan != NULL :
           !m.plan && has_check(&m, "kernel-parameter-refused"),
           "kernel parameter %s", rows[i].parameter);
        unmake(&m);
    }
}

/* All that is printed of a plan, as one text. */
static const char *whole(const struct made *m, struct bytes *out)
{
    if (!m->plan || plan_format(m->plan, NULL, PLAN_FORMAT_XL, out) ||
        plan_write_payload(m->plan, out))
        return NULL;
    return bytes_text(out);
}

static void test_pure(void)
{
    static const char one[] =
        "{\"ociVersion\":\"1.3.0\",\"hostname\":\"h\","
        "\"root\":{\"path\":\"rootfs\",\"readonly\":true},"
        "\"process\":{\"args\":[\"a\"],\"cwd\":\"/\",\"user\":{\"uid\":1,"
        "\"gid\":2},\"oomScoreAdj\":5}}";
    static const char other[] =
        "{\"process\":{\"oomScoreAdj\":5,\"user\":{\"gid\":2,\"uid\":1},"
        "\"cwd\":\"/\",\"args\":[\"a\"]},\"root\":{\"readonly\":true,"
        "\"path\":\"rootfs\"},\"hostname\":\"h\",\"ociVersion\":\"1.3.0\"}";
    struct made m = make(one), again = make(one), mixed = make(other);
    struct bytes a = BYTES_INIT, b = BYTES_INIT, c = BYTES_INIT;
    struct bytes d = BYTES_INIT;

    ok(whole(&m, &a) && whole(&again, &b) && a.size == b.size &&
       !memcmp(a.data, b.data, a.size), "the same input, the same bytes");
    ok(mixed.plan && !plan_write_payload(mixed.plan, &c) &&
       !plan_write_payload(m.plan, &d) && c.size == d.size &&
       !memcmp(c.data, d.data, c.size),
       "the order of members does not matter to the program");
    bytes_free(&a);
    bytes_free(&b);
    bytes_free(&c);
    bytes_free(&d);
    unmake(&m);
    unmake(&again);
    unmake(&mixed);
}

static unsigned int position(const struct plan *plan, unsigned int opcode)
{
    const struct plan_op *o;
    unsigned int i = 1;

    for (o = plan->ops; o; o = o->next, i++)
        if (o->opcode == opcode)
            return i;
    return 0;
}

#define FILTER "\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\"," \
    "\"syscalls\":[{\"names\":[\"mount\"],\"action\":\"SCMP_ACT_ERRNO\"}]}}"

static void test_order(void)
{
    struct made m = make(HEAD "," FILTER "}");

    ok(m.plan && position(m.plan, PROGRAM_OP_SECCOMP) <
       position(m.plan, PROGRAM_OP_USER), "the filter comes first while the "
       "process may still load it");
    unmake(&m);
    m = make("{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\","
             "\"readonly\":true},\"process\":{\"cwd\":\"/\",\"args\":[\"a\"],"
             "\"noNewPrivileges\":true}," FILTER "}");
    ok(m.plan && position(m.plan, PROGRAM_OP_SECCOMP) ==
       position(m.plan, PROGRAM_OP_EXEC) - 1 &&
       position(m.plan, PROGRAM_OP_NO_NEW_PRIVS) ==
       position(m.plan, PROGRAM_OP_EXEC) - 2, "and last without privileges");
    ok(m.plan && position(m.plan, PROGRAM_OP_ENTER) <
       position(m.plan, PROGRAM_OP_CWD) &&
       position(m.plan, PROGRAM_OP_CWD) <
       position(m.plan, PROGRAM_OP_ROOT_FLAGS),
       "cwd is made before the root becomes read-only");
    unmake(&m);
}

/* What `runc spec` asks for: ambient ones that are not inheritable. */
static void test_ambient(void)
{
    struct made m = make(
        "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\"},"
        "\"process\":{\"cwd\":\"/\",\"args\":[\"a\"],\"capabilities\":{"
        "\"permitted\":[\"CAP_KILL\",\"CAP_CHOWN\"],"
        "\"inheritable\":[\"CAP_KILL\",\"CAP_FOWNER\"],"
        "\"ambient\":[\"CAP_KILL\",\"CAP_CHOWN\",\"CAP_FOWNER\"]}}}");
    const struct plan_op *o = m.plan ? m.plan->ops : NULL;

    while (o && o->opcode != PROGRAM_OP_CAPABILITIES)
        o = o->next;
    ok(o && o->args[4].number == 1 << 5, "only CAP_KILL can be ambient");
    ok(has_check(&m, "spec-ignored-property"), "and that is noted");
    unmake(&m);
}

int main(void)
{
    test_ambient();
    test_memory();
    test_own_kernel();
    test_cpus();
    test_names();
    test_options();
    test_parameters();
    test_pure();
    test_order();
    return done_testing();
}
