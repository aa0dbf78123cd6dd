/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each allocation of planning and writing fails once: an error, never a
 * crash, a leak (under ASan) or half a result. */
#include "tap.h"

#include <stdlib.h>

#include "fail-alloc.h"

#include "plan-build.h"

#include <libxl.h>

#include "domain-config.h"

static const char good_text[] =
    "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\"},"
    "\"hostname\":\"h\",\"process\":{\"cwd\":\"/\",\"args\":[\"a\",\"b\"],"
    "\"user\":{\"uid\":1,\"gid\":2,\"additionalGids\":[3,4]},"
    "\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":0,\"hard\":1}]},"
    "\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\"},"
    "{\"destination\":\"/tmp\",\"type\":\"tmpfs\",\"options\":[\"ro\"]}],"
    "\"hooks\":{\"startContainer\":[{\"path\":\"/h\"}]},"
    "\"annotations\":{\"a\":\"b\"},"
    "\"linux\":{\"maskedPaths\":[\"/m\"],\"readonlyPaths\":[\"/r\"],"
    "\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},"
    "{\"type\":\"ipc\"}],"
    "\"sysctl\":{\"net.x\":\"1\"},\"resources\":{\"cpu\":{\"cpus\":\"0\"},"
    "\"memory\":{\"limit\":9000000},\"unified\":{\"cpu.weight\":\"1\"}}}}";

/* Wrong at each stage, so that there never is a plan. */
static const char faulty_text[] =
    "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\"},"
    "\"process\":{\"cwd\":\"x\",\"args\":[1,\"b\"],\"user\":7,"
    "\"rlimits\":[{\"type\":\"RLIMIT_X\"}],\"terminal\":true},"
    "\"mounts\":[{\"destination\":1,\"type\":2,\"options\":3},"
    "{\"source\":\"/gone\",\"options\":[\"bind\"]},"
    "{\"destination\":\"/z\",\"type\":\"zfs\"}],"
    "\"hooks\":{\"startContainer\":[{}]},"
    "\"annotations\":{\"org.xenproject.oci.memory\":\"x\"},"
    "\"vm\":7,\"linux\":{\"devices\":[{}],\"namespaces\":[{}],"
    "\"seccomp\":{\"syscalls\":[{}]},\"resources\":{\"cpu\":7}}}";

/* The whole configuration, or an error with nothing left to free. */
static int config_is_right(const struct plan *plan)
{
    static const char *const paths[] = { "/a", "/b", "/c" };
    const struct plan_artifacts artifacts = {
        paths, "/ramdisk", NULL,
    };
    libxl_domain_config config;
    int right;

    if (domain_config_fill(NULL, plan, &artifacts, &config))
        return fail_alloc_happened;
    right = config.num_disks == (int)plan->n_disks &&
            config.c_info.name && config.b_info.kernel &&
            config.b_info.ramdisk && config.b_info.cmdline &&
            config.disks[0].pdev_path && config.disks[0].vdev;
    libxl_domain_config_dispose(&config);
    return right;
}

/* What came of it: 0 nothing, with an error; else the payload's size. */
static size_t once(const char *text, unsigned long n, int *right)
{
    static const struct plan_options options = { .uuid = NULL };
    struct bytes payload = BYTES_INIT, dry = BYTES_INIT;
    struct made m;
    size_t size = 0;
    int rc;

    fail_alloc_at(n);
    m = make_with(text, &options);
    *right = m.plan || !m.report || !m.arena || report_errors(m.report) ||
             fail_alloc_happened;
    if (m.plan) {
        rc = plan_write_payload(m.plan, &payload);
        *right &= !rc || fail_alloc_happened;
        size = rc ? 0 : payload.size;
        rc = plan_format(m.plan, NULL, PLAN_FORMAT_JSON, &dry);
        *right &= !rc || fail_alloc_happened;
        rc = plan_format(m.plan, NULL, PLAN_FORMAT_TEXT, &dry);
        *right &= !rc || fail_alloc_happened;
        *right &= config_is_right(m.plan);
    }
    bytes_free(&payload);
    bytes_free(&dry);
    unmake(&m);
    return size;
}

static void test_text(const char *text, size_t full)
{
    unsigned long n, wrong = 0;
    int right, failed;
    size_t size;

    for (n = 1; n < 100000; n++) {
        size = once(text, n, &right);
        failed = fail_alloc_stop();
        if (!right || (size && size != full)) {
            wrong++;
            printf("# allocation %lu: %zu bytes\n", n, size);
        }
        if (!failed)
            break;
    }
    is_int((long long)wrong, 0, "an error or the whole payload, every time");
    ok(n > 100 && n < 100000, "%lu allocations failed, one by one", n - 1);
}

int main(void)
{
    size_t full;
    int right;

    full = once(good_text, 0, &right);
    fail_alloc_stop();
    ok(full > 1000 && right, "a payload of %zu bytes", full);
    test_text(good_text, full);
    ok(!once(faulty_text, 0, &right) && right, "errors, and no payload");
    fail_alloc_stop();
    test_text(faulty_text, 0);
    return done_testing();
}
