/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans of passing devices through: what comes of a good tree, each check
 * with its smallest bad example, sets of devices, the verifier, the guest's
 * map, every failing allocation. */
#include "tap.h"

#include <stdlib.h>
#include <unistd.h>

#include <libfdt.h>

#include "dt-order.h"
#include "fail-alloc.h"

#include "dt/checks.h"
#include "dt/find.h"

#define EVERYTHING ((1u << DT_WAIVER_COUNT) - 1)

static void test_good(void)
{
    const struct dt_passthrough *pt = plan_of("good", "dut", 0);
    const struct dt_node *node;

    if (!ok(pt && !report_first(report), "good: a plan without a word"))
        return;
    ok(pt->n_pages == 1 && pt->pages[0].mfn == 0x9010 &&
       pt->pages[0].gfn == 0x4100 && pt->pages[0].count == 1,
       "its page, in the first free place");
    ok(pt->n_lines == 1 && pt->lines[0].intid == 34 &&
       pt->lines[0].flags == 4, "its interrupt");
    ok(!pt->n_dtdevs && !pt->n_stubs && !pt->n_waived, "nothing else");
    node = guest_node(pt, "/rtc@9010000");
    ok(node && !strcmp(node->path, "/passthrough/rtc@4100000") &&
       dt_is_compatible(node, "arm,pl031"), "its node");
    ok(node && !dt_property(node, "xen,passthrough"), "not for Xen");
    ask(0, NULL, 0);
    pt = plan();
    ok(pt && !pt->dtb && !pt->n_pages, "nothing asked, nothing given");
}

static void test_complex(void)
{
    const char *const names[] = { "serial0", "timer", "dma0" };
    struct dt_clock_rate rate = { "baud", 48000000 }, index = { "0", 1000 };
    const struct dt_passthrough *pt, *again;
    const struct dt_node *node;

    if (!judge("complex"))
        return;
    ask(3, names, 0);
    ok(!plan() && report_errors(report) == 2, "two rates are not known");
    is_str(report_first(report)->check->name, "plan-clock-rate", "... both");
    ok(strstr(report_first(report)->message, "(baud)") != NULL,
       "... by the clock's name");
    judge("complex");
    requests[0].clock_rates = &rate;
    requests[1].clock_rates = &index;
    requests[0].n_clock_rates = requests[1].n_clock_rates = 1;
    pt = plan();
    if (!ok(pt != NULL, "given the rates there is a plan"))
        return;
    again = plan();
    ok(again && again->dtb_bytes == pt->dtb_bytes &&
       !memcmp(again->dtb, pt->dtb, pt->dtb_bytes), "the same each time");
    ok(pt->n_dtdevs == 1 && !strcmp(pt->dtdevs[0].path,
                                    "/soc/dma@9030000"), "one stream");
    is_int((long long)pt->n_lines, 6, "all interrupts");
    is_int((long long)pt->n_stubs, 5, "clocks and supply have stubs");
    is_int((long long)pt->stubs[0].hz, 48000000, "the rate that was given");
    is_int((long long)pt->stubs[1].hz, 12000000, "one by a factor");
    is_int((long long)pt->stubs[2].hz, 100000000, "one that is assigned");
    node = guest_node(pt, "/soc/serial@9010000");
    ok(node && dt_property(node, "vcc-supply") &&
       dt_property(node, "reg-shift") && dt_property(node, "example,text") &&
       dt_property(node, "example,numbers") &&
       dt_property(node, "clock-names"), "what the driver needs is there");
    ok(node && !dt_property(node, "resets") &&
       !dt_property(node, "reset-names") &&
       !dt_property(node, "power-domains") &&
       !dt_property(node, "pinctrl-0") &&
       !dt_property(node, "pinctrl-names") &&
       !dt_property(node, "example,unknown") &&
       !dt_property(node, "example,second") &&
       !dt_property(node, "local-mac-address"), "the rest is not");
    node = guest_node(pt, "/soc/dma@9030000/channel@2000");
    ok(node && dt_property(node, "dmas") && node->parent->address_cells == 2,
       "what is within the device stays");
}

/* A cascaded controller, and an interrupt past it. */
static void test_cascade(void)
{
    const struct dt_passthrough *pt = plan_of("complex", "dma0", 0);
    const struct dt_node *node =
        pt ? guest_node(pt, "/soc/dma@9030000/gate@1000/user") : NULL;
    const struct dt_node *gate = node ? node->parent : NULL;

    ok(gate && dt_cell_or(node, "interrupt-parent", 0) == gate->phandle &&
       dt_property(node, "interrupts")->size_bytes == 8,
       "a controller within the device keeps its users");
    ok(gate && !dt_property(gate, "interrupt-parent"),
       "... and is the GIC's");
}

static void test_set(void)
{
    const char *const both[] = { "dut", "/other" };

    ok(!plan_of("device-page-shared", "dut", 0), "one of two in a page");
    is_str(error_name(), "device-page-shared", "... may not go alone");
    ok(strstr(report_first(report)->remedy, "/other@9010800") != NULL,
       "... and is told with whom");
    judge("device-page-shared");
    ask(2, both, DT_WAIVE_UNMARKED | DT_WAIVE_PARTIAL_PAGE);
    ok(plan() != NULL, "... but with the other");
    judge("device-interrupt-shared");
    ask(2, both, DT_WAIVE_UNMARKED);
    ok(plan() != NULL, "two with one interrupt together");
    judge("device-needed");
    ask(1, both, DT_WAIVE_NEEDED_BY_DOM0);
    ok(plan() != NULL, "one that Dom0 needs, with the administrator's word");
    ok(plan() && plan()->n_waived == 1, "... which is in the plan");
}

/* The reference stays, and Xen has no streams to assign. */
static void test_own_iommu(void)
{
    const char *const both[] = { "dut", "mmu" };
    const struct dt_passthrough *pt;
    const struct dt_node *node;

    judge("own-iommu");
    ask(2, both, DT_WAIVE_UNPROTECTED_DMA);
    pt = plan();
    node = pt ? guest_node(pt, "/codec@9010000") : NULL;
    ok(node && dt_property(node, "iommus") && !pt->n_dtdevs,
       "a device and an IOMMU that is its own");
}

/* What nobody may waive, alone or with all else. */
static void test_not_waivable(void)
{
    static const char *const names[] = {
        "device-of-xen", "device-console", "device-reg", "device-reserved",
        "device-interrupt", "device-interrupt-private",
        "device-interrupt-extended", "device-msi", "device-memory-region",
        "device-reference", "device-over-memory", "device-interrupt-shared",
        "device-stream-shared",
    };
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        ok(!plan_of(names[i], "dut", EVERYTHING), "%s: no plan", names[i]);
        ok(report_errors(report) >= 1 &&
           !strcmp(report_first(report)->check->name, names[i]),
           "... for that");
    }
}

/* Nor what is of others by what is within it, or in its pages. */
static void test_kept(void)
{
    size_t i;

    for (i = 0; i < N_OWNED; i++) {
        ok(!plan_of(owned[i].name, "dut", EVERYTHING), "%s: no plan",
           owned[i].name);
        is_str(error_name(), owned[i].check, "... for that alone");
    }
}

/* A bundle that wants UIO does without drivers of other devices, never without
 * what keeps the device apart. */
static void test_uio_needs(void)
{
    static const char *const kept[] = {
        "device-memory-region", "device-smmu", "uio-dmas",
    };
    const char *const dut[] = { "dut" };
    size_t i;

    judge("device-dependency");
    ask(1, dut, 0);
    requests[0].compatible = "generic-uio";
    ok(plan() != NULL, "UIO does without a provider");
    for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        judge(kept[i]);
        ask(1, dut, 0);
        requests[0].compatible = "generic-uio";
        ok(!plan(), "UIO: %s holds", kept[i]);
        is_str(error_name(), !strcmp(kept[i], "uio-dmas") ?
               "device-dependency" : kept[i], "... by its check");
    }
}

static void test_waivers(void)
{
    size_t i;

    for (i = 0; i < DT_WAIVER_COUNT; i++) {
        const char *name = dt_waivers[i].name;

        ok(dt_waiver_by_name(name, strlen(name)) == 1u << i &&
           *dt_waivers[i].title, "waiver %s", name);
    }
    ok(!dt_waiver_by_name("unmarke", 7), "no other name is one");
    ok(plan_of("device-page-partial", "dut", DT_WAIVE_PARTIAL_PAGE) != NULL,
       "a part of a page, with the administrator's word");
    ok(plan_of("device-disabled", "dut", DT_WAIVE_DISABLED) != NULL,
       "a disabled device, with it");
    ok(plan_of("device-dma-unknown", "dut", DT_WAIVE_NO_DMA) != NULL,
       "one of unknown kind, with its word that it has no DMA");
    ok(!plan_of("device-dma", "dut", DT_WAIVE_NO_DMA),
       "... which does not help one that has");
    ok(!plan_of("own-iommu", "dut", 0), "an IOMMU of the guest's own ...");
    ok(plan_of("device-smmu", "dut", DT_WAIVE_UNPROTECTED_DMA) &&
       !plan()->n_dtdevs, "DMA past an SMMU that Xen does not drive");
}

/* Rates that are none: the device's own wish, which Dom0 does not apply, and
 * one that a cell cannot hold. */
static void test_rates(void)
{
    static const char *const names[] = { "assigned-by-device", "fast-clock" };
    size_t i;

    for (i = 0; i < 2; i++) {
        ok(!plan_of(names[i], "dut", 0), "%s: no plan", names[i]);
        is_str(error_name(), "plan-clock-rate", "... the rate is not known");
    }
}

/* --- smallest bad examples of plans -------------------------------------- */

static void refused(const char *name)
{
    ok(!plan(), "%s: no plan", name);
    is_str(error_name(), name, "... for that alone");
}

static void test_plan_checks(void)
{
    const char *const twice[] = { "dut", "/rtc@9010000" };
    const struct dt_clock_rate rate = { "nosuch", 5 };
    const struct dt_placement over_ram = { 0x9010, 1, 0x40000, { 0 } };
    static const char *const simple[] = {
        "plan-no-device", "plan-clock-rate", "plan-dma-ranges",
        "plan-trigger", "plan-no-room",
    };
    size_t i;

    for (i = 0; i < sizeof(simple) / sizeof(simple[0]); i++) {
        judge(simple[i]);
        ask(1, twice, 0);
        refused(simple[i]);
    }
    judge("good");
    ask(2, twice, 0);
    refused("plan-twice");
    judge("good");
    requests[1].merge = true;
    ok(plan() != NULL, "... unless it may");
    ask(1, twice, 0);
    requests[0].clock_rates = &rate;
    requests[0].n_clock_rates = 1;
    refused("plan-clock-unknown");
    judge("good");
    ask(1, twice, 0);
    order.placements = &over_ram;
    order.n_placements = 1;
    refused("plan-placement");
    judge("good");
    order.n_placements = 0;
    order.n_requests = 257;
    refused("plan-too-large");
}

static void test_placement(void)
{
    const char *const names[] = { "dut" };
    struct dt_placement wish = { 0x9010, 1, 0x9010, { .path = "/iomems/0" } };
    const struct dt_passthrough *pt;

    judge("good");
    ask(1, names, 0);
    order.placements = &wish;
    order.n_placements = 1;
    pt = plan();
    ok(pt && pt->pages[0].gfn == 0x9010, "a place that the bundle wants");
    wish.gfn = 0x3001;
    ok(!plan(), "not over the interrupt controller");
    is_str(report_first(report)->where.path, "/iomems/0", "... told where");
    judge("good");
    wish = (struct dt_placement){ 0x9010, 2, 0x5000, { 0 } };
    refused("plan-placement");
    judge("good");
    wish = (struct dt_placement){ 0x9010, 1, UINT64_MAX / 4096 + 1, { 0 } };
    refused("plan-placement");
    judge("good");
    wish = (struct dt_placement){ 0x9010, 1, UINT64_C(1) << 28, { 0 } };
    refused("plan-placement");
}

/* Two wishes for one page, which need not be of one element. */
static void test_two_places(void)
{
    const char *const names[] = { "dut" };
    struct dt_placement wishes[] = {
        { 0x9010, 1, 0x5000, { 0 } }, { 0x9010, 1, 0x6000, { 0 } },
    };

    judge("good");
    ask(1, names, 0);
    order.placements = wishes;
    order.n_placements = 2;
    refused("plan-placement");
    judge("good");
    wishes[1].gfn = 0x5000;
    ok(plan() && plan()->pages[0].gfn == 0x5000, "the same wish twice");
}

static void test_verify(void)
{
    const struct dt_passthrough *pt = plan_of("good", "dut", 0);
    struct dt_passthrough changed = *pt;
    struct dt_pages pages = pt->pages[0];
    struct dt_line line = pt->lines[0];

    ok(!dt_verify(arena, devices, &dt_layout_xen, pt, report),
       "a plan is verified");
    pages.gfn = 0x40000;
    changed.pages = &pages;
    ok(dt_verify(arena, devices, &dt_layout_xen, &changed, report),
       "not one over RAM");
    is_str(report_first(report)->check->name, "plan-unverified",
           "... by its check");
    pages = pt->pages[0];
    pages.count = 2;
    ok(dt_verify(arena, devices, &dt_layout_xen, &changed, report),
       "not one with a page after the device");
    changed.pages = pt->pages;
    changed.lines = &line;
    line.flags = 1;
    ok(dt_verify(arena, devices, &dt_layout_xen, &changed, report),
       "not one with another trigger");
    changed.lines = pt->lines;
    changed.dtb_bytes -= 4;
    ok(dt_verify(arena, devices, &dt_layout_xen, &changed, report),
       "not one that is cut off");
}

/* What is given must be nobody else's, whoever said so. */
static void test_verify_owners(void)
{
    const struct dt_passthrough *pt = plan_of("good", "dut", 0);
    struct dt_passthrough changed = *pt;
    struct dt_granted granted = pt->granted[0];
    struct dt_pages pages[2];

    granted.host = granted.device =
        dt_by_path(devices->tree, "/interrupt-controller@8000000");
    changed.granted = &granted;
    ok(dt_verify(arena, devices, &dt_layout_xen, &changed, report),
       "not one with the interrupt controller");
    ok(strstr(report_first(report)->message, "Xen's") != NULL,
       "... for that: %s", report_first(report)->message);
    pt = plan_of("page-of-gic", "/interrupt-controller", EVERYTHING);
    ok(!pt, "no plan has it");
    pt = plan_of("good", "dut", 0);     /* in another arena than before */
    changed = *pt;
    pages[0] = (struct dt_pages){ 0x8000, 0x5000, 1, pt->granted[0].host };
    pages[1] = pt->pages[0];
    changed.pages = pages;
    changed.n_pages = 2;
    ok(dt_verify(arena, devices, &dt_layout_xen, &changed, report),
       "not one with a page of it");
}

/* Phandles from 65000 on are libxl's: the guest's are others, and a tree that
 * has one is not let through. */
static void test_reserved_phandles(void)
{
    static char copy[65536];
    const struct dt_passthrough *pt = plan_of("reserved-phandles", "dut", 0);
    const struct dt_node *node =
        pt ? guest_node(pt, "/rtc@9010000") : NULL;
    struct dt_passthrough changed;
    const struct diagnostic *d;
    int at;

    if (!ok(node && node->phandle && node->phandle < 65000 &&
            dt_property(node, "companion") &&
            dt_cell_or(node, "companion", 0) < 65000,
            "phandles of libxl are not the guest's"))
        return;
    changed = *pt;
    memcpy(copy, pt->dtb, pt->dtb_bytes);
    at = fdt_path_offset(copy, node->path);
    ok(!fdt_setprop_inplace_u32(copy, at, "phandle", 65001),
       "a partial tree with 65001");
    changed.dtb = copy;
    ok(dt_verify(arena, devices, &dt_layout_xen, &changed, report),
       "... is not let through");
    for (d = report_first(report); d &&
         strcmp(d->message, "a phandle that is libxl's"); d = d->next)
        ;
    ok(d != NULL, "... for that");
}

/* --- PCI and UIO --------------------------------------------------------- */

static void test_bridge(void)
{
    const struct dt_passthrough *pt =
        plan_of("bridge", "dut", DT_WAIVE_UNPROTECTED_DMA);
    const struct dt_node *node = pt ? guest_node(pt, "/pcie@10000000") : NULL;
    const struct dt_property *p;

    if (!ok(node != NULL, "a PCI host bridge"))
        return;
    is_int((long long)pt->n_pages, 3, "its registers and two windows");
    is_int((long long)pt->n_lines, 4, "its four INTx");
    p = dt_property(node, "ranges");
    ok(p && p->size_bytes == 2 * 28 && dt_cell(p, 0) == 0x1000000 &&
       dt_cell(p, 7) == 0x2000000 && dt_cell(p, 9) == 0x20000000,
       "bus addresses stay, the window that has no room is out");
    p = dt_property(node, "interrupt-map");
    ok(p && p->size_bytes == 4 * 32 && dt_cell(p, 4) == 65000 &&
       dt_cell(p, 6) == 3, "INTx lead to the guest's GIC");
    ok(!dt_property(node, "msi-map"), "no messages");
    requests[0].compatible = "generic-uio";
    pt = plan();
    node = pt ? guest_node(pt, "/pcie@10000000") : NULL;
    p = node ? dt_property(node, "reg") : NULL;
    ok(p && p->size_bytes == 3 * 16 && !dt_property(node, "ranges"),
       "for programs: all of it is reg");
    p = node ? dt_property(node, "interrupts") : NULL;
    ok(p && p->size_bytes == 4 * 12, "... and interrupts");
    ok(node && dt_by_path(merged(pt), "/passthrough/pcie-interrupt-3"),
       "... each with a node that serves it");
}

/* dtc's unit_address_vs_reg, simple_bus_reg */
static void test_inner_bus(void)
{
    const struct dt_passthrough *pt = plan_of("inner-bus", "dut", 0);
    const struct dt_node *node =
        pt ? guest_node(pt, "/sram@9010000/muram@10000") : NULL;
    const struct dt_property *p;
    char name[40];

    if (!ok(node != NULL, "a bus without registers inside a device"))
        return;
    p = dt_property(node, "ranges");
    ok(p && p->size_bytes == 24 && dt_cell(p, 1) == dt_cell(p, 3) &&
       dt_cell(p, 5) == 0x1000, "... maps what is on it");
    snprintf(name, sizeof(name), "muram@%x", p ? dt_cell(p, 1) : 0);
    is_str(node->name, name, "... and is named by that");
}

/* --- the layout ---------------------------------------------------------- */

static uint64_t constant(const char *name)
{
    char line[256], word[64];
    uint64_t value = 0;
    FILE *f = fopen("/usr/include/xen/arch-arm.h", "r");

    snprintf(word, sizeof(word), "#define %s ", name);
    while (f && fgets(line, sizeof(line), f))
        if (!strncmp(line, word, strlen(word)) && strstr(line, "(0x"))
            value = strtoull(strstr(line, "(0x") + 1, NULL, 16);
    if (f)
        fclose(f);
    return value;
}

static void taken(const char *base, const char *size)
{
    uint64_t a = constant(base), n = constant(size);

    ok(a && n && dt_layout_taken(&dt_layout_xen, a, 1) &&
       dt_layout_taken(&dt_layout_xen, a + n - 1, 1), "%s is taken", base);
}

static void test_layout(void)
{
    size_t i;

    for (i = 0; i < dt_layout_xen.n_free; i++)
        ok(!dt_layout_taken(&dt_layout_xen, dt_layout_xen.free[i].address,
                            dt_layout_xen.free[i].size_bytes),
           "free: %s", dt_layout_xen.free[i].what);
    if (access("/usr/include/xen/arch-arm.h", R_OK)) {
        ok(1, "# SKIP Xen's public headers are not installed");
        return;
    }
    taken("GUEST_VIRTIO_MMIO_BASE", "GUEST_VIRTIO_MMIO_SIZE");
    taken("GUEST_GICD_BASE", "GUEST_GICD_SIZE");
    taken("GUEST_GICC_BASE", "GUEST_GICC_SIZE");
    taken("GUEST_GICV3_GICD_BASE", "GUEST_GICV3_GICD_SIZE");
    taken("GUEST_GICV3_GICR0_BASE", "GUEST_GICV3_GICR0_SIZE");
    taken("GUEST_ACPI_BASE", "GUEST_ACPI_SIZE");
    taken("GUEST_PL011_BASE", "GUEST_PL011_SIZE");
    taken("GUEST_GNTTAB_BASE", "GUEST_GNTTAB_SIZE");
    taken("GUEST_MAGIC_BASE", "GUEST_MAGIC_SIZE");
    taken("GUEST_RAM0_BASE", "GUEST_RAM0_SIZE");
    taken("GUEST_RAM1_BASE", "GUEST_RAM1_SIZE");
}

/* --- memory -------------------------------------------------------------- */

static void test_memory(void)
{
    const char *const names[] = { "serial0", "timer", "dma0" };
    unsigned long n, wrong = 0;
    int failed = 1;

    compile("complex");
    ask(3, names, DT_WAIVE_UNKNOWN_CLOCK_RATE);
    for (n = 1; failed && n < 20000; n++) {
        const struct dt_passthrough *pt;

        devices = dt_devices_judge(arena, load(), report);
        fail_alloc_at(n);
        pt = plan();
        failed = fail_alloc_stop();
        wrong += failed ? pt != NULL || !report_errors(report) :
                          !pt || report_errors(report) > 0;
    }
    ok(n > 100 && n < 20000, "%lu allocations fail, one at a time", n - 2);
    is_int((long long)wrong, 0, "each is an error, none a half plan");
}

int main(void)
{
    test_good();
    test_complex();
    test_cascade();
    test_set();
    test_own_iommu();
    test_waivers();
    test_not_waivable();
    test_kept();
    test_uio_needs();
    test_plan_checks();
    test_placement();
    test_two_places();
    test_rates();
    test_verify();
    test_verify_owners();
    test_reserved_phandles();
    test_bridge();
    test_inner_bus();
    test_layout();
    test_memory();
    arena_free(arena);
    report_free(report);
    return done_testing();
}
