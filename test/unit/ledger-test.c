/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Claims: compared, and kept in run directories. */
#include "tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/report.h"
#include "dt/passthrough.h"
#include "plan.h"
#include "xl-oci/claim-file.h"
#include "xl-oci/ledger.h"
#include "xl-oci/run-directory.h"

static struct arena *arena;
static char root[] = "/tmp/ledger-test.XXXXXX";

static struct claim of_pages(struct claim_pages *pages, size_t n)
{
    return (struct claim){ .pages = pages, .n_pages = n };
}

static void test_pages(void)
{
    static const struct {
        struct claim_pages a, b;
        const char *common;
    } rows[] = {
        { { 10, 2, 0 }, { 12, 1, 0 }, NULL },
        { { 10, 2, 0 }, { 9, 1, 0 }, NULL },
        { { 10, 2, 0 }, { 11, 1, 0 }, "page 0xb" },
        { { 10, 2, 0 }, { 9, 2, 0 }, "page 0xa" },
        { { 10, 9, 0 }, { 12, 1, 0 }, "page 0xc" },
        { { 12, 1, 0 }, { 10, 9, 0 }, "page 0xc" },
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct claim_pages x = rows[i].a, y = rows[i].b;
        struct claim a = of_pages(&x, 1), b = of_pages(&y, 1);
        const char *common = claim_overlap(arena, &a, &b);

        ok(rows[i].common ? common && !strcmp(common, rows[i].common) :
           !common, "pages %zu: %s", i, common ? common : "none");
    }
}

static void test_others(void)
{
    uint32_t lines[] = { 34, 39 };
    const char *paths[] = { "/soc/dma" };
    struct claim a = { .interrupts = lines, .n_interrupts = 2 };
    struct claim b = { .interrupts = lines + 1, .n_interrupts = 1 };
    struct claim c = { .dtdevs = paths, .n_dtdevs = 1 };

    is_str(claim_overlap(arena, &a, &b), "interrupt 39", "an interrupt");
    is_str(claim_overlap(arena, &c, &c), "the streams of /soc/dma",
           "streams");
    ok(!claim_overlap(arena, &a, &c), "nothing in common");
}

static int make_directory(const char *name)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%s", root, name);
    return mkdir(path, 0700) ? -1 : open(path, O_DIRECTORY | O_RDONLY);
}

/* One that was written before claims told more than what is compared. */
static void test_old_file(void)
{
    static const char text[] = "{\"pages\":[[7,1]],\"interrupts\":[40],"
                               "\"dtdevs\":[],\"nodes\":[[\"/a\"],7],"
                               "\"stubs\":[[\"clock\",\"/b\",\"/c\"]]}";
    int fd = make_directory("old");
    int file = openat(fd, "claim", O_CREAT | O_WRONLY, 0600);
    struct report *report = report_new();
    struct claim *claim = NULL;

    if (write(file, text, sizeof(text) - 1) == (ssize_t)sizeof(text) - 1)
        is_int(claim_file_read(arena, "old", &claim, report), 0, "read");
    report_free(report);
    ok(claim && claim->n_pages == 1 && claim->pages[0].gfn == CLAIM_NO_GFN &&
       claim->n_interrupts == 1, "a claim of before");
    ok(claim && !claim->n_nodes && !claim->n_stubs,
       "what is damaged of what is only shown is left out");
    close(file);
    ledger_release(fd);
    close(fd);
}

static void test_files(void)
{
    struct claim_pages pages[] = {
        { 0x9010, 1, 0x4100 }, { UINT64_MAX - 1, 1, CLAIM_NO_GFN },
    };
    struct claim_node nodes[] = { { "/rtc", "/passthrough/rtc" } };
    struct claim_stub stubs[] = {
        { "clock", "/osc", "/passthrough/clock-1", UINT64_MAX },
    };
    uint32_t lines[] = { 34 };
    const char *paths[] = { "/soc/dma@\"x\"" };
    const char *annotations[] = { NULL };
    struct claim own = {
        .holder = "one", .pages = pages, .n_pages = 2, .interrupts = lines,
        .n_interrupts = 1, .dtdevs = paths, .n_dtdevs = 1, .nodes = nodes,
        .n_nodes = 1, .stubs = stubs, .n_stubs = 1,
    };
    struct report *report = report_new();
    const struct claim *all = NULL;
    struct container_record record = {
        .name = "one", .uuid = "6b6eb1b8-2e7f-4c0c-9a39-0d6d0d8f4a11",
        .bundle = "/bundle", .annotations = annotations,
    };
    int fd = make_directory("one"), other_fd = make_directory("two");
    int damaged_fd = make_directory("zero");

    ok(fd >= 0 && !claim_file_write(fd, &own, report), "a claim is written");
    ok(write(openat(damaged_fd, "claim", O_CREAT | O_WRONLY, 0600), "{", 1)
       == 1, "a damaged one");
    ok(!ledger_containers(arena, &all, report) && all && !all->next,
       "the one that can be read is found");
    ok(all && !all->uuid, "without a record it stands for no domain");
    ok(!record_write(fd, &record, report), "its record");
    ok(!ledger_containers(arena, &all, report) && all, "found again");
    if (all) {
        is_str(all->holder, "one", "its holder");
        is_str(all->uuid, record.uuid, "the UUID of its domain");
        ok(all->n_pages == 2 && all->pages[1].mfn == UINT64_MAX - 1,
           "its pages");
        is_str(all->dtdevs[0], paths[0], "its streams");
        ok(all->pages[0].gfn == 0x4100 && all->pages[1].gfn == CLAIM_NO_GFN,
           "where they are in the guest");
        ok(all->n_nodes == 1 && !strcmp(all->nodes[0].guest, nodes[0].guest),
           "its nodes");
        ok(all->n_stubs == 1 && all->stubs[0].hz == UINT64_MAX &&
           !strcmp(all->stubs[0].host, "/osc"), "its clocks");
        ok(ledger_holder(all, 0x900f, 2) == all &&
           !ledger_holder(all, 0x9011, 1), "who has a page");
    }
    ledger_release(fd);
    ok(!ledger_containers(arena, &all, report) && !all, "released");
    ok(!report_errors(report), "no errors");
    close(fd);
    close(other_fd);
    close(damaged_fd);
    report_free(report);
}

/* --- creations -------------------------------------------------------------*/

/* None that libxl keeps the configuration of, and which are asked about. */
static const struct claim *known;
__typeof__(ledger_domains) __wrap_ledger_domains;
int __wrap_ledger_domains(struct arena *of, struct toolstack *ts,
                          const struct claim *containers,
                          const struct claim **claims, struct report *report)
{
    (void)of, (void)ts, (void)report;
    known = containers;
    *claims = NULL;
    return 0;
}

static unsigned int reads;
__typeof__(claim_file_read) __real_claim_file_read, __wrap_claim_file_read;
int __wrap_claim_file_read(struct arena *of, const char *name,
                           struct claim **claim, struct report *report)
{
    reads++;
    return __real_claim_file_read(of, name, claim, report);
}

static const struct dt_pages passed_pages[] = {
    { .mfn = 0x9010, .gfn = 0x4100, .count = 8 },
};
static const struct dt_passthrough passed = {
    .pages = passed_pages, .n_pages = 1,
};
static struct plan_pages planned_pages[] = {
    { 0x9010, 0x4100, 8, "/soc/dma", { .field = "/annotations" } },
};
static struct plan_accelerator accelerator;
static const struct plan_devices devices = {
    .list = &accelerator, .count = 1, .pages = planned_pages, .n_pages = 1,
    .passed = &passed,
};

/* Nobody attends to it, and it never was a container: no record. */
static void make_stale(unsigned int i)
{
    struct claim_pages page = { 0x9010 + i, 1, CLAIM_NO_GFN };
    struct claim claim = { .holder = "stale", .pages = &page, .n_pages = 1 };
    struct report *report = report_new();
    char name[32];
    int fd;

    snprintf(name, sizeof(name), "stale-%u", i);
    fd = make_directory(name);
    ok(fd >= 0 && !claim_file_write(fd, &claim, report) &&
       !close(openat(fd, "lock", O_CREAT | O_WRONLY, 0600)), "%s", name);
    close(fd);
    report_free(report);
}

static void test_creation(void)
{
    static const char uuid[] = "6b6eb1b8-2e7f-4c0c-9a39-0d6d0d8f4a12";
    struct ledger_order order = {
        .name = "new", .uuid = uuid, .devices = &devices, .file = "file",
    };
    struct report *report = report_new();
    const struct claim *all;
    int fd = make_directory("new");
    unsigned int i;

    for (i = 0; i < 8; i++)
        make_stale(i);
    is_int(ledger_claim(arena, NULL, &order, fd, report), 0,
           "many stale holders are all recovered");
    ok(!report_first(report), "... without a word: %s",
       report_first(report) ? report_first(report)->message : "");
    ok(!ledger_containers(arena, &all, report) && all && !all->next &&
       !strcmp(all->holder, "new"), "one claim is left");
    ledger_release(fd);
    reads = 0;
    is_int(ledger_claim(arena, NULL, &order, fd, report), 0, "claimed again");
    i = reads;
    known = NULL;
    is_int(ledger_confirm(arena, NULL, &order, report), 0, "confirmed");
    ok(known && !strcmp(known->uuid, uuid), "its own domain is known then");
    is_int(reads, i, "claims are not read again for it");
    is_int(i, 5, "each was read once");
    ledger_release(fd);
    close(fd);
    report_free(report);
}

int main(void)
{
    char command[128];

    arena = arena_new();
    if (!arena || !mkdtemp(root) || setenv("XL_OCI_RUN_ROOT", root, 1))
        return 1;
    test_pages();
    test_others();
    test_files();
    test_old_file();
    test_creation();
    snprintf(command, sizeof(command), "rm -rf %s", root);
    if (system(command))
        return 1;
    arena_free(arena);
    return done_testing();
}
