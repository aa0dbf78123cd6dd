/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What vm.hwConfig may ask for: raw pages, interrupts and streams, which are
 * those of devices, and a partial tree as template. */
#include "tap.h"

#include "dt-order.h"

#include "dt/checks.h"
#include "dt/raw.h"
#include "dt/template.h"

/* --- raw resources ------------------------------------------------------- */

static struct dt_raw_pages iomem;
static struct dt_raw_interrupt irq;
static struct dt_raw_path dtdev;
static struct dt_raw_found found;

static int find_raw(size_t n_iomems, size_t n_irqs, size_t n_dtdevs)
{
    const struct dt_raw raw = { &iomem, &irq, &dtdev, n_iomems, n_irqs,
                                n_dtdevs };

    memset(&found, 0, sizeof(found));
    iomem.where.path = "/iomems/0";
    irq.where.path = "/irqs/0";
    return dt_raw_find(arena, devices, &raw, &found, report);
}

static void raw_iomem(uint64_t mfn, uint64_t count, const char *what)
{
    judge("complex");
    iomem = (struct dt_raw_pages){ mfn, count, DT_ANY_GFN, { 0 } };
    ok(find_raw(1, 0, 0), "%s", what);
    is_str(error_name(), "raw-iomem", "... is none of a device's pages");
    is_str(report_first(report)->where.path, "/iomems/0", "... told where");
}

static void raw_irq(uint32_t intid, const char *what)
{
    judge("complex");
    irq.intid = intid;
    ok(find_raw(0, 1, 0), "%s", what);
    is_str(error_name(), "raw-irq", "... is none of a device's");
}

static void raw_dtdev(const char *path, const char *what)
{
    judge("complex");
    dtdev.path = path;
    ok(find_raw(0, 0, 1), "%s", what);
    is_str(error_name(), "raw-dtdev", "... is none behind an IOMMU");
}

static void test_raw(void)
{
    judge("complex");
    iomem = (struct dt_raw_pages){ 0x89020, 2, 0x5000, { 0 } };
    irq.intid = 35;
    dtdev.path = "/soc/dma@9030000";
    ok(!find_raw(1, 1, 1) && found.n_requests == 3, "three devices");
    is_str(found.requests[0].device, "/soc/serial@9010000", "by interrupt");
    is_str(found.requests[1].device, "/soc/timer@9020000", "by pages");
    is_str(found.requests[2].device, "/soc/dma@9030000", "by path");
    ok(found.n_placements == 1 && found.placements[0].gfn == 0x5000,
       "the wish for a place is kept");
    irq.intid = 40;
    ok(!find_raw(0, 1, 0) && found.n_requests == 1 &&
       !strcmp(found.requests[0].device,
               "/soc/dma@9030000/channel@2000"), "an inner device's");
    order = (struct dt_order){ 0 };
    find_raw(1, 0, 1);
    order.requests = found.requests;
    order.n_requests = found.n_requests;
    order.placements = found.placements;
    order.n_placements = found.n_placements;
    allowances[0].device = "/soc/timer@9020000";
    allowances[0].waived = DT_WAIVE_UNKNOWN_CLOCK_RATE;
    order.allowances = allowances;
    order.n_allowances = 1;
    ok(plan() && plan()->pages[0].gfn == 0x5000 &&
       plan()->pages[1].gfn == 0x5001, "both regions are where it wants");
    raw_iomem(0x89022, 1, "the page after a device");
    raw_iomem(0x89030, 1, "a part of a region");
    raw_iomem(0x89020, 3, "more than a device");
    raw_iomem(0x40000, 1, "a page of nothing");
    raw_iomem(0x89020, 0, "no pages");
    raw_iomem(UINT64_MAX, 2, "pages beyond all");
    raw_irq(31, "a private interrupt");
    raw_irq(200, "an interrupt of nobody");
    raw_irq(UINT32_MAX, "a wild number");
    raw_dtdev("/soc/nothing", "a path of nothing");
    raw_dtdev("/soc/timer@9020000", "a device without iommus");
    raw_dtdev("", "an empty path");
}

/* --- templates ----------------------------------------------------------- */

static const struct dt_template *read_template(const char *host,
                                               const char *name)
{
    const struct report_where where = { .path = "/vm/hwConfig/deviceTree" };

    judge(host);
    if (!ok(compile(name), "%s: dtc accepts the example", name))
        return NULL;
    return dt_template_read(arena, devices, "template.dtb", dtb, dtb_size,
                            NULL, 0, &where, report);
}

static void test_template(void)
{
    const struct dt_template *t = read_template("complex", "template-good");
    const struct dt_passthrough *pt;
    const struct dt_node *node;

    if (!ok(!t && report_errors(report) == 1, "no device at an address"))
        return;
    is_str(error_name(), "template-unmatched", "... is an error");
    is_str(report_first(report)->where.path, "/passthrough/timer@9020000",
           "... at the template's node");
    order = (struct dt_order){ 0 };
    judge("complex");
    compile("template-good");
    {
        const struct report_where where = { .path = "/deviceTree" };
        const struct dt_placement at = { 0x89020, 2, 0x9020, { 0 } };

        t = dt_template_read(arena, devices, "t.dtb", dtb, dtb_size, &at, 1,
                             &where, report);
    }
    if (!ok(t && t->n_requests == 2, "with the place told it is found"))
        return;
    order.template = t;
    pt = plan();
    if (!ok(pt != NULL, "a plan by a template alone"))
        return;
    node = guest_node(pt, "/soc/serial@9010000");
    ok(node && dt_cell_or(node, "current-speed", 0) == 9600 &&
       !strcmp(dt_string(node, "compatible"), "ns16550a"),
       "what it may say is said");
    ok(node && dt_cell(dt_property(node, "interrupts"), 1) == 3 &&
       !dt_property(node, "memory-region") && !dt_property(node, "iommus"),
       "what it may not is the host's, or not there");
    is_int((long long)pt->stubs[0].hz, 48000000, "its clock's rate counts");
    node = guest_node(pt, "/soc/timer@9020000");
    ok(node && dt_is_compatible(node, "generic-uio") &&
       !dt_property(node, "clocks"), "a device for programs by template");
    ok(dt_by_path(merged(pt), "/passthrough/timer-interrupt-1") != NULL,
       "... has a node for its second interrupt");
}

/* A 0 in clocks is an entry left out (Linux of_parse_phandle_with_args()),
 * and counts. */
static void test_template_clocks(void)
{
    const struct report_where where = { .path = "/deviceTree" };
    const struct dt_template *t;

    judge("complex");
    compile_text("/dts-v1/; / { #address-cells = <2>; #size-cells = <2>; "
                 "passthrough { #address-cells = <2>; #size-cells = <2>; "
                 "ref: clock { compatible = \"fixed-clock\"; "
                 "#clock-cells = <0>; clock-frequency = <5000>; }; "
                 "serial { xen,path = \"/soc/serial@9010000\"; "
                 "clocks = <0>, <&ref>, <0>, <&ref>; }; }; };");
    t = dt_template_read(arena, devices, "t.dtb", dtb, dtb_size, NULL, 0,
                         &where, report);
    if (!ok(t && t->n_nodes == 1 && t->nodes[0].n_clock_rates == 2,
            "two rates among four entries"))
        return;
    is_str(t->nodes[0].clock_rates[0].clock, "1", "... of the second");
    is_str(t->nodes[0].clock_rates[1].clock, "3", "... and of the fourth");
}

static void test_template_checks(void)
{
    ok(!read_template("good", "template-shape"), "template-shape: refused");
    is_str(error_name(), "template-shape", "... for that alone");
    ok(!read_template("good", "template-unmatched"),
       "template-unmatched: refused");
    is_str(error_name(), "template-unmatched", "... for that alone");
    ok(!read_template("good", "good"), "a tree without /passthrough");
    is_str(error_name(), "template-shape", "... is none");
    judge("good");
    compile("template-unmatched");
    {
        const struct report_where where = { 0 };

        ok(!dt_template_read(arena, devices, "t.dtb", dtb, dtb_size - 5, NULL,
                             0, &where, report), "one that is cut off");
    }
    is_str(error_name(), "dt-invalid", "... is refused");
}

int main(void)
{
    test_raw();
    test_template();
    test_template_clocks();
    test_template_checks();
    arena_free(arena);
    report_free(report);
    return done_testing();
}
