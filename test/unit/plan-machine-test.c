/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the plan refuses because the machine is not as the host's tree says,
 * where no file of a test can say so: host-without-iommu. */
#include "tap.h"

#include "dt-build.h"
#include "plan-build.h"

#define BOARD \
    "/dts-v1/; / { #address-cells = <1>; #size-cells = <1>; " \
    "interrupt-parent = <&gic>; " \
    "gic: gic@8000000 { compatible = \"arm,gic-v3\"; " \
    "reg = <0x8000000 0x10000>; interrupt-controller; " \
    "#interrupt-cells = <3>; }; " \
    "smmu: iommu@9000000 { compatible = \"arm,mmu-500\"; " \
    "reg = <0x9000000 0x10000>; #iommu-cells = <1>; " \
    "#global-interrupts = <1>; interrupts = <0 1 4>, <0 2 4>; }; " \
    "dma@9010000 { compatible = \"example,dma\"; reg = <0x9010000 0x1000>; " \
    "interrupts = <0 3 4>; iommus = <&smmu 7>; xen,passthrough; }; " \
    "rtc@9020000 { compatible = \"arm,pl031\"; reg = <0x9020000 0x1000>; " \
    "interrupts = <0 4 4>; xen,passthrough; }; };"

static struct made plan_of(const char *members)
{
    const struct plan_options none = { 0 };
    char text[512];

    snprintf(text, sizeof(text), HEAD ",\"vm\":{\"hwConfig\":{%s}}}",
             members);
    return make_with(text, &none);
}

static void test_iommu(void)
{
    struct made m = plan_of("\"dtdevs\":[\"/dma@9010000\"]");

    ok(m.plan && m.plan->devices.n_dtdevs == 1, "a device behind an IOMMU");
    unmake(&m);
    test_has_no_iommu = true;
    m = plan_of("\"dtdevs\":[\"/dma@9010000\"]");
    ok(!m.plan && has_check(&m, "host-without-iommu"),
       "... where Xen drives none");
    is_str(report_first(m.report)->where.path, "/vm/hwConfig/dtdevs/0",
           "... told where it is asked for");
    unmake(&m);
    m = plan_of("\"irqs\":[36]");
    ok(m.plan != NULL, "... which another does without");
    unmake(&m);
}

int main(void)
{
    const struct dt_tree *tree = compile_text(BOARD) ? load() : NULL;

    test_devices = tree ? dt_devices_judge(arena, tree, report) : NULL;
    if (!ok(test_devices && !report_first(report), "the board"))
        return done_testing();
    test_iommu();
    arena_free(arena);
    report_free(report);
    return done_testing();
}
