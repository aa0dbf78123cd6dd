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
    const struct claim *claim = NULL;

    if (write(file, text, sizeof(text) - 1) == (ssize_t)sizeof(text) - 1)
        claim = claim_file_read(arena, "old");
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
    struct claim own = {
        .holder = "one", .pages = pages, .n_pages = 2, .interrupts = lines,
        .n_interrupts = 1, .dtdevs = paths, .n_dtdevs = 1, .nodes = nodes,
        .n_nodes = 1, .stubs = stubs, .n_stubs = 1,
    };
    struct report *report = report_new();
    const struct claim *all = NULL;
    int fd = make_directory("one"), other_fd = make_directory("two");
    int damaged_fd = make_directory("zero");

    ok(fd >= 0 && !claim_file_write(fd, &own, report), "a claim is written");
    ok(write(openat(damaged_fd, "claim", O_CREAT | O_WRONLY, 0600), "{", 1)
       == 1, "a damaged one");
    ok(!ledger_containers(arena, &all, report) && all && !all->next,
       "the one that can be read is found");
    if (all) {
        is_str(all->holder, "one", "its holder");
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
    snprintf(command, sizeof(command), "rm -rf %s", root);
    if (system(command))
        return 1;
    arena_free(arena);
    return done_testing();
}
