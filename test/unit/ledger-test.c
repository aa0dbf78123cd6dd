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
        { { 10, 2 }, { 12, 1 }, NULL },
        { { 10, 2 }, { 9, 1 }, NULL },
        { { 10, 2 }, { 11, 1 }, "page 0xb" },
        { { 10, 2 }, { 9, 2 }, "page 0xa" },
        { { 10, 9 }, { 12, 1 }, "page 0xc" },
        { { 12, 1 }, { 10, 9 }, "page 0xc" },
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

static void test_files(void)
{
    struct claim_pages pages[] = { { 0x9010, 1 }, { UINT64_MAX - 1, 1 } };
    uint32_t lines[] = { 34 };
    const char *paths[] = { "/soc/dma@\"x\"" };
    struct claim own = {
        .holder = "one", .pages = pages, .n_pages = 2, .interrupts = lines,
        .n_interrupts = 1, .dtdevs = paths, .n_dtdevs = 1,
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
    snprintf(command, sizeof(command), "rm -rf %s", root);
    if (system(command))
        return 1;
    arena_free(arena);
    return done_testing();
}
