/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What all shares of one domain together may take of Dom0. */
#include "tap.h"

#include "xl-oci/9p/budget.h"
#include "xl-oci/9p/server.h"
#include "xl-oci/share-backend.h"

#define MANY UINT64_C(9223372036854775807)      /* as systemd sets it */
#define GIB_KIB (UINT64_C(1) << 20)

static const struct p9_host large = { 64 * GIB_KIB, MANY };

static uint64_t descriptors_of(const struct p9_budget *b)
{
    const struct p9_settings settings = {
        .fid_max = b->fid_max, .open_max = b->open_max,
    };

    return p9_server_descriptors(&settings);
}

static void test_one(void)
{
    struct p9_budget b = p9_budget_of(&large, 1);

    is_int(b.fid_max, 65536, "one share has all fids");
    is_int(b.open_max, 5120, "and its open files");
    is_int((long long)b.memory_more, 32 << 20, "and 32 MiB");
}

/* As docs/threat-model.md says. */
static void test_together(void)
{
    uint64_t most_fids = 0, most_descriptors = 0, most_memory = 0;
    unsigned int n;
    bool enough = true;

    for (n = 1; n <= SHARES_MAX; n++) {
        struct p9_budget b = p9_budget_of(&large, n);

        if (n * b.fid_max > most_fids)
            most_fids = n * b.fid_max;
        if (n * descriptors_of(&b) > most_descriptors)
            most_descriptors = n * descriptors_of(&b);
        if (n * b.memory_more > most_memory)
            most_memory = n * b.memory_more;
        /* our kernel keeps 1,024 files open on each */
        enough &= b.open_max >= 1280 && b.fid_max >= 5000;
    }
    is_int((long long)most_fids, 65536, "all shares together: 65,536 fids");
    is_int((long long)most_descriptors, 93948,
           "all shares together: 93,948 descriptors");
    ok(most_memory <= 120 << 20, "all shares together: 120 MiB to work with");
    ok(enough, "each has enough");
}

static void test_small_hosts(void)
{
    struct p9_budget b = p9_budget_of(&(struct p9_host){ GIB_KIB / 2, MANY },
                                      1);

    is_int(b.fid_max, 43690, "no more than an eighth of Dom0's memory");
    ok(b.fid_max * 3 / 2 <= GIB_KIB / 2 / 8, "at 1.5 KiB each");
    is_int(p9_budget_of(&(struct p9_host){ GIB_KIB / 2, MANY }, 4).fid_max,
           10922, "of all shares together");
    b = p9_budget_of(&(struct p9_host){ GIB_KIB, 52000 }, 2);
    ok(2 * descriptors_of(&b) <= 26000 + 2 * 64 && b.fid_max > 6000,
       "no more than half of the open files that Dom0 can have");
    b = p9_budget_of(&(struct p9_host){ 0, 0 }, SHARES_MAX);
    is_int(b.fid_max, 1024, "with little, a share can work");
    is_int(b.open_max, 1280, "and have files open");
}

static void test_this_host(void)
{
    struct p9_host host = { 0, 0 };

    p9_host_read(&host);
    ok(host.memory_kib > 1024 && host.memory_kib < MANY / 1024,
       "this host's memory is known");
    ok(host.file_max > 1024, "and the size of its table");
}

int main(void)
{
    test_one();
    test_together();
    test_small_hosts();
    test_this_host();
    return done_testing();
}
