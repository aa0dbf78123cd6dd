/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Device trees: each check has a smallest bad example, which has that fault
 * and no other; addresses, interrupts, names; every failing allocation. */
#include "tap.h"

#include <stdlib.h>
#include <unistd.h>

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
    test_names();
    test_endless();
    test_bad_trees();
    test_memory();
    arena_free(arena);
    report_free(report);
    return done_testing();
}
