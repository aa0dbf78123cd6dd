/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each allocation of planning and writing fails once: an error, never a
 * crash, a leak (under ASan) or half a result. */
#include "tap.h"

#include <stdlib.h>

#include "fail-alloc.h"

#include "plan-build.h"

#include <libxl.h>

#include "domain-config.h"

static const char text[] =
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
static size_t once(unsigned long n, int *right)
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

int main(void)
{
    unsigned long n, wrong = 0;
    size_t full, size;
    int right, failed;

    full = once(0, &right);
    fail_alloc_stop();
    ok(full > 1000 && right, "a payload of %zu bytes", full);
    for (n = 1; n < 100000; n++) {
        size = once(n, &right);
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
    return done_testing();
}
