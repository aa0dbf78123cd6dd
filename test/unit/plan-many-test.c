/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A bundle's partial tree that names very many devices of the host: all that
 * dt/ takes are planned, and one more is an error, never left out. */
#include "tap.h"

#include <stdio.h>

#include <libfdt.h>

#include "plan-build.h"

#include "dt/host-tree.h"
#include "dt/passable.h"
#include "dt/passthrough.h"

#define TREE_BYTES (256 << 10)

static char host_dtb[TREE_BYTES], guest_dtb[TREE_BYTES];
static struct arena *arena;
static struct report *report;

static void cells(void *fdt, const char *name, size_t n, const uint32_t *cells)
{
    fdt32_t value[8];
    size_t i;

    for (i = 0; i < n; i++)
        value[i] = cpu_to_fdt32(cells[i]);
    fdt_property(fdt, name, value, (int)(4 * n));
}

static void begin_bus(void *fdt, const char *name)
{
    fdt_begin_node(fdt, name);
    fdt_property_u32(fdt, "#address-cells", 1);
    fdt_property_u32(fdt, "#size-cells", 1);
    if (*name)
        fdt_property(fdt, "ranges", "", 0);
}

static void begin_tree(void *fdt)
{
    fdt_create(fdt, TREE_BYTES);
    fdt_finish_reservemap(fdt);
    begin_bus(fdt, "");
}

/* n devices, as the host has them or as a bundle's tree names them. */
static void add_devices(void *fdt, size_t n, int is_host)
{
    char name[32], path[64];
    size_t i;

    for (i = 0; i < n; i++) {
        const uint32_t reg[] = { 0x10000000 + 0x2000 * (uint32_t)i, 0x1000 };

        snprintf(name, sizeof(name), "rtc@%x", reg[0]);
        snprintf(path, sizeof(path), "/%s", name);
        fdt_begin_node(fdt, name);
        fdt_property_string(fdt, "compatible", "arm,pl031");
        cells(fdt, "reg", 2, reg);
        if (is_host)
            fdt_property(fdt, "xen,passthrough", "", 0);
        else
            fdt_property_string(fdt, "xen,path", path);
        fdt_end_node(fdt);
    }
}

static void make_trees(size_t n)
{
    begin_tree(host_dtb);
    add_devices(host_dtb, n, 1);
    fdt_end_node(host_dtb);
    fdt_finish(host_dtb);
    begin_tree(guest_dtb);
    begin_bus(guest_dtb, "passthrough");
    add_devices(guest_dtb, n, 0);
    fdt_end_node(guest_dtb);
    fdt_end_node(guest_dtb);
    fdt_finish(guest_dtb);
}

static struct made plan_of(size_t n)
{
    const struct plan_options none = { 0 };
    const struct dt_tree *tree;

    arena_free(arena);
    report_free(report);
    arena = arena_new();
    report = report_new();
    make_trees(n);
    tree = dt_tree_load(arena, "host.dtb", host_dtb,
                        fdt_totalsize(host_dtb), report);
    test_devices = tree ? dt_devices_judge(arena, tree, report) : NULL;
    ok(test_devices && test_devices->count == n, "%zu devices", n);
    test_survey.device_tree.kind = SOURCE_FILE;
    test_survey.device_tree.path = "guest.dtb";
    test_survey.device_tree.content = guest_dtb;
    test_survey.device_tree.size_bytes = fdt_totalsize(guest_dtb);
    return make_with(HEAD ",\"vm\":{\"hwConfig\":"
                     "{\"deviceTree\":\"guest.dtb\"}}}", &none);
}

static void test_all(size_t n)
{
    struct made m = plan_of(n);
    char last[64];

    snprintf(last, sizeof(last), "/rtc@%zx", 0x10000000 + 0x2000 * (n - 1));
    if (!ok(m.plan && !report_errors(m.report), "... are planned"))
        printf("# %s\n", report_first(m.report) ?
               report_first(m.report)->message : "no plan");
    ok(m.plan && m.plan->devices.count == n, "... all of them");
    is_str(m.plan ? m.plan->devices.list[n - 1].device : "", last,
           "... to the last");
    unmake(&m);
}

int main(void)
{
    struct made m;

    test_all(64);
    test_all(100);
    test_all(DT_MAX_REQUESTS);
    m = plan_of(DT_MAX_REQUESTS + 1);
    ok(has_check(&m, "plan-too-large"), "... are refused");
    unmake(&m);
    arena_free(arena);
    report_free(report);
    return done_testing();
}
