/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Device trees: each check has a smallest bad example, which has that fault
 * and no other; addresses, interrupts, names; every failing allocation. */
#include "tap.h"

#include <stdlib.h>
#include <unistd.h>

#include <libfdt.h>

#include "dt-fail.h"

#include "dt/checks.h"
#include "dt/find.h"

static const struct dt_device *judge(const struct dt_tree *tree,
                                     const struct dt_devices **devices)
{
    const struct dt_node *dut = dt_find(tree, "dut", report);
    size_t i;

    *devices = dt_devices_judge(arena, tree, report);
    for (i = 0; *devices && i < (*devices)->count; i++)
        if ((*devices)->list[i].node == dut)
            return &(*devices)->list[i];
    return NULL;
}

static const struct dt_reason *find_reason(const struct dt_device *d,
                                           const char *check)
{
    const struct dt_reason *r;

    for (r = d->reasons; r && strcmp(r->check->name, check); r = r->next)
        ;
    return r;
}

/* More ways to be one that nobody may give: by what is within, by what is in
 * the page, by Xen's command line; and to lack a mark. */
static void test_owner(const struct owned *example)
{
    const struct dt_devices *devices;
    const struct dt_tree *tree = compile(example->name) ? load() : NULL;
    const struct dt_device *d = tree ? judge(tree, &devices) : NULL;

    ok(d && find_reason(d, example->check), "%s: %s", example->name,
       example->check);
}

static void test_owners(void)
{
    static const struct owned unmarked = { "below-unmarked",
                                           "device-unmarked" };
    size_t i;

    for (i = 0; i < N_OWNED; i++)
        test_owner(&owned[i]);
    test_owner(&unmarked);
}

/* What can write to memory is found by each of its signs; what no sign and no
 * table tells of is not free of it either. */
static void test_dma(void)
{
    static const struct {
        const char *node, *kind, *check;
    } kinds[] = {
        { "x", "generic-ahci", "device-dma" },
        { "x", "generic-xhci", "device-dma" },
        { "x", "snps,dwc3", "device-dma" },
        { "x", "virtio,mmio", "device-dma" },
        { "mixer", "arm,pl031", "device-dma" },
        { "vpu", "arm,pl031", "device-dma" },
        { "serial", "example,uart", "device-dma-unknown" },
        { "serial", "example,uart\", \"ns16550a", NULL },
        { "rtc", "arm,pl031", NULL },
    };
    const struct dt_devices *devices;
    char text[512];
    size_t i;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const struct dt_tree *tree;
        const struct dt_device *d;

        snprintf(text, sizeof(text), "/dts-v1/; / { #address-cells = <1>; "
                 "#size-cells = <1>; aliases { dut = &dut; }; "
                 "dut: %s@9010000 { compatible = \"%s\"; "
                 "reg = <0x9010000 0x1000>; xen,passthrough; }; };",
                 kinds[i].node, kinds[i].kind);
        tree = compile_text(text) ? load() : NULL;
        d = tree ? judge(tree, &devices) : NULL;
        is_str(d && d->reasons ? d->reasons->check->name : NULL,
               kinds[i].check, kinds[i].kind);
    }
}

static void test_device_check(const char *name)
{
    const struct dt_device *d = NULL;
    const struct dt_devices *devices;
    const struct dt_tree *tree;

    if (!ok(compile(name), "%s: dtc accepts the example", name))
        return;
    tree = load();
    d = tree ? judge(tree, &devices) : NULL;
    if (!ok(d && d->reasons, "%s: the device is refused", name))
        return;
    is_str(d->reasons->check->name, name, "... for that");
    ok(!d->reasons->next, "... alone: %s", d->reasons->next ?
       d->reasons->next->message : "no other fault");
}

static void test_device_checks(void)
{
    size_t i;

    for (i = 0; i < DT_CHECK_COUNT; i++)
        if (!strncmp(dt_checks[i].name, "device-", 7))
            test_device_check(dt_checks[i].name);
}

static void test_good(void)
{
    const struct dt_devices *devices = NULL;
    const struct dt_tree *tree;
    const struct dt_device *d;

    compile("good");
    tree = load();
    d = tree ? judge(tree, &devices) : NULL;
    ok(d && !d->reasons && d->marked, "good: may be passed through");
    ok(devices && devices->count == 2, "... the GIC is a device too");
    ok(devices && devices->list[0].reasons, "... which may not");
    ok(!report_first(report), "... no diagnostic");
}

static void test_nexus(void)
{
    const struct dt_devices *devices = NULL;
    const struct dt_tree *tree;
    const struct dt_device *d;
    const struct dt_facts *f;

    compile("nexus");
    tree = load();
    d = tree ? judge(tree, &devices) : NULL;
    if (!ok(d != NULL, "nexus: the device is found"))
        return;
    f = &devices->facts[d->node - tree->nodes];
    is_int((long long)f->regions.count, 1, "one region");
    is_int((long long)f->regions.list[0].address, 0x90103000,
           "translated through both buses");
    is_int((long long)f->regions.list[0].size_bytes, 0x1000, "its size");
    is_int((long long)f->interrupts.count, 1, "one interrupt");
    ok(!f->interrupts.list[0].problem, "resolved");
    is_int(f->interrupts.list[0].intid, 73, "by its row of the map");
    is_int(f->interrupts.list[0].flags, 1, "with that row's flags");
    ok(!d->reasons, "it may be passed through");
}

static void test_names(void)
{
    const struct dt_tree *tree;

    compile("dt-node-ambiguous");
    tree = load();
    ok(dt_find(tree, "/rtc@9010000", report) &&
       dt_find(tree, "dut", report) && dt_find(tree, "gic", report) &&
       dt_find(tree, "/interrupt-controller", report) &&
       !report_first(report), "path, alias, label, path without unit");
    ok(!dt_find(tree, "/rtc", report), "a path that fits two");
    is_str(error_name(), "dt-node-ambiguous", "... is ambiguous");
    tree = load();
    ok(!dt_find(tree, "/rtc@901000", report), "a misspelt path");
    is_str(error_name(), "dt-node-unknown", "... is unknown");
    ok(strstr(report_first(report)->message,
              "did you mean /rtc@9010000?") != NULL, "... has a neighbour");
}

static void found(const char *pattern, const char *path)
{
    const struct dt_tree *tree = load();
    const struct dt_node *node = dt_find(tree, pattern, report);

    is_str(node ? node->path : error_name(), path, pattern);
}

static void test_patterns(void)
{
    char many[200];
    size_t i;

    compile("nexus");
    found("/outer@*/bus@*/timer@[0-9]000", "/outer@80000000/bus@200100000/"
          "timer@3000");
    found("/outer@80000000/*/timer@300?", "/outer@80000000/bus@200100000/"
          "timer@3000");
    found("/outer@80000000/*/timer@[!0-2]*", "/outer@80000000/bus@200100000/"
          "timer@3000");
    found("/outer@*00*/bus@*", "/outer@80000000/bus@200100000");
    found("/*/timer@3000", "dt-node-unknown");
    found("/*timer@3000", "dt-node-unknown");
    found("/outer@80000000?bus@200100000", "dt-node-unknown");
    found("/outer@80000000[/]bus@200100000", "dt-node-unknown");
    found("/outer@[", "dt-node-unknown");
    found("/outer@[8-", "dt-node-unknown");
    compile("dt-node-ambiguous");
    found("/rtc@90*", "dt-node-ambiguous");
    ok(strstr(report_first(report)->message, "/rtc@9010000, /rtc@9020000") !=
       NULL, "... lists them: %s", report_first(report)->message);
    found("clash", "dt-node-ambiguous");
    for (i = 0; i + 2 < sizeof(many); i += 2)
        memcpy(many + i, "*0", 2);
    many[0] = '/';
    strcpy(many + i, "x");
    alarm(20);
    found(many, "dt-node-unknown");
    alarm(0);
}

static void put(size_t at, uint32_t v)
{
    dtb[at] = v >> 24;
    dtb[at + 1] = v >> 16;
    dtb[at + 2] = v >> 8;
    dtb[at + 3] = v;
}

static uint32_t get(size_t at)
{
    return (uint32_t)dtb[at] << 24 | dtb[at + 1] << 16 | dtb[at + 2] << 8 |
           dtb[at + 3];
}

/* As many bytes of structure as dtb holds: depth levels of "a". */
static void make_deep(unsigned int depth)
{
    size_t at = 56 + 16, i;

    memset(dtb, 0, sizeof(dtb));
    for (i = 0; i < depth; i++) {
        put(at, 1);
        dtb[at + 4] = i ? 'a' : 0;
        at += 8;
    }
    for (i = 0; i < depth; i++, at += 4)
        put(at, 2);
    put(at, 9);
    dtb_size = at + 4;
    put(0, 0xd00dfeed);
    put(4, dtb_size);
    put(8, 72);             /* structure */
    put(12, dtb_size);      /* strings: none */
    put(16, 40);            /* reservations: none */
    put(20, 17);
    put(24, 16);
    put(36, dtb_size - 72);
}

/* A map of 680 rows whose last but one leads on; end: to the GIC. */
static void add_map(void *fdt, uint32_t phandle, int end)
{
    fdt32_t map[680 * 5];
    size_t i, n = 0;

    for (i = 0; i < 680; i++) {
        map[n++] = cpu_to_fdt32(i == 678 ? 7 : 1000 + (uint32_t)i);
        map[n++] = cpu_to_fdt32(end ? 1 : phandle + 1);
        map[n++] = cpu_to_fdt32(end ? 0 : 7);
        if (end) {
            map[n++] = cpu_to_fdt32(5);
            map[n++] = cpu_to_fdt32(4);
        }
        if (end && n > 2000)
            break;
    }
    map[end ? n - 5 : 0] = cpu_to_fdt32(end ? 7 : 999);
    fdt_property_u32(fdt, "phandle", phandle);
    fdt_property_u32(fdt, "#interrupt-cells", 1);
    fdt_property_u32(fdt, "#address-cells", 0);
    fdt_property(fdt, "interrupt-map", map, (int)(4 * n));
}

static void add_node(void *fdt, const char *kind, unsigned int number)
{
    char name[32];

    snprintf(name, sizeof(name), "%s%u", kind, number);
    fdt_begin_node(fdt, name);
}

/* Seven maps in a row, and n nodes with 200 interrupts each. */
static void make_maps(unsigned int n)
{
    fdt32_t lines[200];
    unsigned int i;

    for (i = 0; i < 200; i++)
        lines[i] = cpu_to_fdt32(7);
    fdt_create(dtb, DT_MAX_BYTES);
    fdt_finish_reservemap(dtb);
    fdt_begin_node(dtb, "");
    fdt_property_u32(dtb, "interrupt-parent", 100);
    fdt_begin_node(dtb, "gic");
    fdt_property_string(dtb, "compatible", "arm,gic-v3");
    fdt_property(dtb, "interrupt-controller", "", 0);
    fdt_property_u32(dtb, "#interrupt-cells", 3);
    fdt_property_u32(dtb, "phandle", 1);
    fdt_end_node(dtb);
    for (i = 0; i < 7; i++) {
        add_node(dtb, "nexus", i);
        add_map(dtb, 100 + i, i == 6);
        fdt_end_node(dtb);
    }
    for (i = 0; i < n; i++) {
        add_node(dtb, "device", i);
        fdt_property(dtb, "interrupts", lines, sizeof(lines));
        fdt_end_node(dtb);
    }
    fdt_end_node(dtb);
    fdt_finish(dtb);
    dtb_size = fdt_totalsize(dtb);
}

/* Rows that are looked at multiply; what one tree may cost does not. */
static void test_map_of_maps(void)
{
    const struct dt_devices *devices;
    const struct dt_tree *tree;

    make_maps(1);
    tree = load();
    devices = tree ? dt_devices_judge(arena, tree, report) : NULL;
    ok(devices && !devices->facts[tree->n_nodes - 1].interrupts.list[199]
       .problem, "seven maps in a row are followed");
    make_maps(20);
    tree = load();
    ok(tree && !dt_devices_judge(arena, tree, report),
       "... but not for very many interrupts");
    is_str(error_name(), "dt-too-large", "... which are too many");
}

/* libfdt 1.6.1 goes round and round where a length wraps its offset. */
static void test_endless(void)
{
    static const uint32_t lengths[] = {
        0xfffffff4, 0xfffffff0, 0xffffffff, 0x80000000, 0x7fffffff, 0x10000,
    };
    size_t at, i;

    compile("good");
    at = get(8);
    while (get(at) != 3)
        at += 4;
    alarm(20);                  /* a tree that does not end, ends the test */
    for (i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
        put(at + 4, lengths[i]);
        ok(!load(), "a property of %#x bytes", (unsigned int)lengths[i]);
        is_str(error_name(), "dt-invalid", "... is refused");
    }
    alarm(0);
}

static void test_bad_trees(void)
{
    size_t whole, accepted = 0, at;
    const struct dt_tree *tree;

    compile("good");
    whole = dtb_size;
    for (dtb_size = 0; dtb_size < whole; dtb_size++)
        accepted += load() != NULL || !error_name() ||
                    strcmp(error_name(), "dt-invalid");
    is_int((long long)accepted, 0, "each truncation is dt-invalid");
    dtb_size = whole;
    put(20, 3);
    put(24, 3);
    ok(!load(), "version 3, at which libfdt 1.6.1 crashes");
    is_str(error_name(), "dt-invalid", "... is refused");
    compile("device-interrupt");
    for (at = get(8); at + 16 <= dtb_size; at += 4)
        if (get(at) == 3 && get(at + 4) == 4 && get(at + 12) == 2 &&
            !strcmp((char *)dtb + get(12) + get(at + 8), "phandle"))
            put(at + 12, 1);
    ok(!load(), "two nodes of one phandle");
    is_str(error_name(), "dt-phandle-duplicate", "... are refused");
    make_deep(2);
    put(16, dtb_size - 4);
    ok(!load(), "memory reservations without end");
    is_str(error_name(), "dt-invalid", "... are refused");
    make_deep(DT_MAX_DEPTH + 1);
    ok((tree = load()) != NULL && tree->n_nodes == DT_MAX_DEPTH + 1,
       "as deep as may be");
    make_deep(DT_MAX_DEPTH + 2);
    ok(!load(), "one deeper");
    is_str(error_name(), "dt-too-large", "... is refused");
    make_deep(60000);
    ok(!load(), "60000 levels");
    is_str(error_name(), "dt-too-large", "... are refused");
    dtb_size = DT_MAX_BYTES + 1;
    ok(!load(), "more than 1 MiB");
    is_str(error_name(), "dt-too-large", "... is refused");
}

static const void *judge_all(void)
{
    const struct dt_tree *tree =
        dt_tree_load(arena, "board.dtb", dtb, dtb_size, report);

    return tree ? dt_devices_judge(arena, tree, report) : NULL;
}

static void test_memory(void)
{
    compile("device-stream-shared");
    fail_each_allocation(judge_all);
}

int main(void)
{
    test_good();
    test_nexus();
    test_device_checks();
    test_owners();
    test_dma();
    test_names();
    test_patterns();
    test_map_of_maps();
    test_endless();
    test_bad_trees();
    test_memory();
    arena_free(arena);
    report_free(report);
    return done_testing();
}
