/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The doctor: each check has a smallest bad example, in which it finds that
 * and nothing else; what it corrects is gone afterwards, also by the overlay;
 * trees that are refused; every failing allocation. */
#include "tap.h"

#include <libfdt.h>

#include "dt-fail.h"

#include "dt/checks.h"
#include "dt/correct.h"

static const struct dt_correction *correct(const char *device)
{
    begin();
    return dt_correct(arena, "board.dtb", dtb, dtb_size, &device,
                      device != NULL, report);
}

static const struct dt_property *property(const struct dt_checkup *checkup,
                                          const char *path, const char *name)
{
    const struct dt_node *node = dt_by_path(checkup->tree, path);

    return node ? dt_property(node, name) : NULL;
}

/* The overlay on the tree as it was, by libfdt. */
static int overlay_does_it(const struct dt_correction *c)
{
    static char base[DT_MAX_BYTES], overlay[DT_MAX_BYTES];
    const char *argument = NULL;
    const struct dt_checkup *checkup;

    if (!c->overlay || c->overlay_problem ||
        fdt_open_into(dtb, base, sizeof(base)))
        return 0;
    memcpy(overlay, c->overlay, c->overlay_bytes);
    if (fdt_overlay_apply(base, overlay))
        return 0;
    checkup = dt_doctor_examine(arena, "board.dtb", base, sizeof(base),
                                &argument, 0, report);
    return checkup && checkup->n_findings == c->after->n_findings;
}

static const char *const by_hand[] = {
    "board-console", "board-iommu", "board-iommu-off", "board-module",
    "board-reserved", "board-timer", NULL,
};

static int is_by_hand(const char *name)
{
    const char *const *p = by_hand;

    while (*p && strcmp(*p, name))
        p++;
    return *p != NULL;
}

static void test_check(const char *name)
{
    const struct dt_correction *c, *again;
    const struct dt_finding *f;
    size_t left = is_by_hand(name);

    if (!ok(compile(name), "%s: dtc accepts the example", name))
        return;
    c = correct(NULL);
    if (!ok(c && c->before->findings && !report_errors(report),
            "%s: something is found", name))
        return;
    f = c->before->findings;
    is_str(f->check->name, name, "... namely that");
    ok(!f->next, "... alone: %s", f->next ? f->next->message : "nothing else");
    is_int(f->correctable, !left, "... correctable or not");
    is_int((long long)c->after->n_findings, (long long)left,
           "... what is left");
    ok(overlay_does_it(c), "... with the overlay too");
    again = dt_correct(arena, "board.dtb", c->dtb, c->dtb_bytes, NULL, 0,
                       report);
    ok(again && !again->rounds && again->dtb_bytes == c->dtb_bytes &&
       !memcmp(again->dtb, c->dtb, c->dtb_bytes),
       "... and nothing is to be corrected then");
}

static void test_checks(void)
{
    size_t i;

    for (i = 0; i < DT_CHECK_COUNT; i++)
        if (!strncmp(dt_checks[i].name, "board-", 6) &&
            i != DT_CHECK_BOARD_UNCORRECTED)
            test_check(dt_checks[i].name);
}

static void test_good(void)
{
    const struct dt_correction *c;

    compile("board-good");
    c = correct(NULL);
    ok(c && !c->before->findings, "a good board: %s", c &&
       c->before->findings ? c->before->findings->message : "nothing found");
    ok(c && !c->rounds && c->dtb_bytes == dtb_size &&
       !memcmp(c->dtb, dtb, dtb_size), "... its tree stays, byte by byte");
}

static void test_gic(void)
{
    static const uint8_t want[] = {
        0, 0, 0, 0, 0xff, 0xff, 0, 0,    0, 0, 0, 0, 0, 0, 0x10, 0,
        0, 0, 0, 1, 0, 0, 0x70, 0,       0, 0, 0, 0, 0, 0, 0x20, 0,
        0, 0, 0, 1, 0, 2, 0, 0,          0, 0, 0, 0, 0, 0, 0x20, 0,
        0, 0, 0, 1, 0, 4, 0xf0, 0,       0, 0, 0, 0, 0, 0, 0x20, 0,
    };
    const struct dt_correction *c;
    const struct dt_property *reg;

    compile("board-gic-alias");
    c = correct(NULL);
    reg = c ? property(c->after, "/interrupt-controller@8000000", "reg") :
              NULL;
    ok(reg && reg->size_bytes == sizeof(want) &&
       !memcmp(reg->value, want, sizeof(want)),
       "GICC and GICV 60 KiB on, with the carry");
}

static void test_line(void)
{
    const struct dt_correction *c;
    const struct dt_property *line;

    compile("board-clock");
    c = correct(NULL);
    line = c ? property(c->after, "/chosen", "xen,dom0-bootargs") : NULL;
    is_str(line ? (const char *)line->value : NULL, "clk_ignore_unused "
           "console=hvc0 xclk_ignore_unused -- clk_ignore_unused",
           "the word is the kernel's, and whole");
    compile("board-power");
    c = correct(NULL);
    line = c ? property(c->after, "/chosen", "xen,dom0-bootargs") : NULL;
    is_str(line ? (const char *)line->value : NULL, "pd_ignore_unused",
           "... also where there was none");
}

static void test_devices(void)
{
    const struct dt_correction *c;

    compile("device-unmarked");
    c = correct("dut");
    ok(c && property(c->after, "/rtc@9010000", "xen,passthrough") &&
       !property(c->before, "/rtc@9010000", "xen,passthrough"),
       "a device that is named is marked");
    compile("device-smmu");
    c = correct(NULL);
    ok(c && !strcmp(dt_string(dt_by_path(c->after->tree, "/iommu@a000000"),
                              "status"), "okay"),
       "the SMMU of one that is marked is enabled");
    compile("good");
    c = correct("rtx");
    ok(!c, "no such device");
    is_str(error_name(), "dt-node-unknown", "... by its check");
    c = correct("/aliases");
    ok(!c, "a node that is no device");
    is_str(error_name(), "dt-node-unknown", "... by its check");
}

static void set(const char *path, const char *name, const void *value,
                int size_bytes)
{
    fdt_open_into(dtb, dtb, DT_MAX_BYTES);
    fdt_setprop(dtb, fdt_path_offset(dtb, path), name, value, size_bytes);
    dtb_size = fdt_totalsize(dtb);
}

/* Board-trigger with both devices enabled. */
static void test_triggers(void)
{
    static const uint8_t none[] = {
        0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 1, 0,
        0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0,
    }, want[] = {
        0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 1, 4,
        0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 4,
    };
    const struct dt_correction *c;
    const struct dt_property *lines;

    compile("board-trigger");
    set("/core@10001000", "status", "okay", 5);
    c = correct(NULL);
    ok(c && c->before->n_errors == 1 && !c->before->n_correctable &&
       c->after->n_errors == 1, "which of two triggers is right, none tells");
    set("/core@10001000", "interrupts", none, sizeof(none));
    c = correct(NULL);
    is_int(c ? (long long)c->before->n_correctable : -1, 2,
           "interrupts without a trigger");
    is_int(c ? c->rounds : 0, 1, "... have those of the others in one round");
    lines = c ? property(c->after, "/core@10001000", "interrupts") : NULL;
    ok(lines && lines->size_bytes == sizeof(want) &&
       !memcmp(lines->value, want, sizeof(want)), "... and else their flags");
}

/* Numbers up to 959 can be Dom0's, up to 987 the GIC's. */
static void test_numbers(void)
{
    uint8_t lines[] = { 0, 0, 0, 0, 0, 0, 3, 0xbf, 0, 0, 0, 4 };
    const struct dt_correction *c;

    compile("board-interrupt");
    set("/core@10000000", "interrupts", lines, sizeof(lines));
    c = correct(NULL);
    ok(c && !c->before->findings, "the last interrupt that Dom0 can have");
    lines[7]++;
    set("/core@10000000", "interrupts", lines, sizeof(lines));
    c = correct(NULL);
    ok(c && c->before->n_findings == 1, "one more");
    is_str(c && c->before->findings ? c->before->findings->check->name : "",
           "board-interrupt", "... is found");
    ok(c && c->before->n_correctable == 1 && !c->after->findings,
       "... and corrected");
    set("/core@10000000", "xen,passthrough", "", 0);
    c = correct(NULL);
    ok(c && !property(c->after, "/core@10000000", "status"),
       "a guest's device keeps it");
}

/* A board that works, but for one property. */
static void test_one_wrong(const char *path, const char *name,
                           const void *value, int size_bytes,
                           const char *check)
{
    const struct dt_correction *c;

    compile("board-good");
    set(path, name, value, size_bytes);
    c = correct(NULL);
    ok(c && c->before->n_findings == 1 && !c->before->n_correctable,
       "%s of %s: one finding", name, path);
    is_str(c && c->before->findings ? c->before->findings->check->name : "",
           check, "... namely that");
}

static void test_distributor(void)
{
    static const uint8_t within_page[] = {
        0, 0, 0, 0, 0x08, 0, 0x08, 0,    0, 0, 0, 0, 0, 1, 0, 0,
        0, 0, 0, 0, 0x08, 0x0a, 0, 0,    0, 0, 0, 0, 0, 0xf6, 0, 0,
    };

    test_one_wrong("/interrupt-controller@8000000", "reg", within_page,
                   sizeof(within_page), "board-gic");
}

/* The kernel of board-good is at 0x50000000, 16 MiB long. */
static void test_chosen(void)
{
    static const uint8_t its_end[] = {
        0, 0, 0, 0, 0x50, 0xff, 0xf0, 0, 0, 0, 0, 0, 0, 0, 0x20, 0,
    };

    test_one_wrong("/reserved-memory/one@70000000", "reg", its_end,
                   sizeof(its_end), "board-reserved");
    test_one_wrong("/serial@9000000", "interrupts", "", 0, "board-console");
}

/* A path without a unit address, where another node has one. */
static void test_no_overlay(void)
{
    const struct dt_correction *c;

    compile("board-interrupt");
    fdt_open_into(dtb, dtb, DT_MAX_BYTES);
    fdt_set_name(dtb, fdt_path_offset(dtb, "/core@10000000"), "rtc");
    dtb_size = fdt_totalsize(dtb);
    c = correct(NULL);
    ok(c && !c->after->n_errors && c->dtb, "a path that boot loaders take for "
       "another: the tree is corrected");
    ok(c && c->overlay_problem, "... and that no overlay can say it, known");
}

/* A second node of the GIC's phandle. */
static void break_phandle(void)
{
    int gic = fdt_path_offset(dtb, "/interrupt-controller@8000000");
    int clocks = fdt_path_offset(dtb, "/clock-controller@b000000");
    const uint32_t *phandle = fdt_getprop(dtb, gic, "phandle", NULL);

    fdt_setprop_inplace(dtb, clocks, "phandle", phandle, 4);
}

static void test_refused(void)
{
    const struct dt_correction *c;

    compile("board-good");
    break_phandle();
    c = correct(NULL);
    ok(c && c->dtb && c->before->tree, "two nodes of one phandle");
    is_str(c && c->before->findings ? c->before->findings->check->name : "",
           "dt-phandle-duplicate", "... are found");
    ok(c && !c->before->findings->correctable && c->after->n_errors,
       "... and left");
    dtb_size = 100;
    c = correct(NULL);
    ok(c && !c->dtb && !c->before->tree && c->before->n_errors == 1,
       "what is no tree is a finding");
    is_str(c ? c->before->findings->check->name : "", "dt-invalid",
           "... by its check");
}

static const void *correct_all(void)
{
    return dt_correct(arena, "board.dtb", dtb, dtb_size, NULL, 0, report);
}

static void test_memory(void)
{
    compile("board-clock");
    fail_each_allocation(correct_all);
}

int main(void)
{
    test_good();
    test_checks();
    test_gic();
    test_line();
    test_devices();
    test_triggers();
    test_numbers();
    test_chosen();
    test_distributor();
    test_no_overlay();
    test_refused();
    test_memory();
    arena_free(arena);
    report_free(report);
    return done_testing();
}
