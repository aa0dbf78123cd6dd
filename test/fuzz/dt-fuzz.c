/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libFuzzer target: any bytes as a host device tree. Never a crash; a refusal
 * has an error, an acceptance none; what was accepted is consistent.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/report.h"
#include "dt/find.h"
#include "dt/host-tree.h"
#include "dt/passable.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int good)
{
    if (!good)
        abort();
}

static void check_tree(const struct dt_tree *tree, struct report *report)
{
    size_t i;

    for (i = 0; i < tree->n_nodes; i++) {
        const struct dt_node *n = &tree->nodes[i];

        require(n->end > n && n->end <= tree->nodes + tree->n_nodes);
        require(!n->parent || dt_is_within(n, n->parent));
        require(dt_by_path(tree, n->path) == n);
        require(!n->phandle || dt_by_phandle(tree, n->phandle) == n);
    }
    dt_find(tree, "dut", report);
    dt_find(tree, "/rtc", report);
}

static void check_devices(const struct dt_devices *devices)
{
    size_t i, k;

    for (i = 0; i < devices->count; i++) {
        const struct dt_node *n = devices->list[i].node;
        const struct dt_regions *r =
            &devices->facts[n - devices->tree->nodes].regions;

        require(r->count || r->problem);
        for (k = 0; k < r->count; k++)
            require(r->list[k].size_bytes && r->list[k].size_bytes - 1 <=
                    UINT64_MAX - r->list[k].address);
        require(devices->list[i].reasons ||
                (n->enabled && devices->list[i].marked));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct report *report = report_new();
    const struct dt_tree *tree;
    const struct dt_devices *devices;

    require(arena && report);
    tree = dt_tree_load(arena, "fuzz", data, size, report);
    require(!tree == (report_errors(report) > 0));
    if (tree) {
        devices = dt_devices_judge(arena, tree, report);
        require(!devices == (report_errors(report) > 0));
        if (devices)
            check_devices(devices);
        check_tree(tree, report);
    }
    report_free(report);
    arena_free(arena);
    return 0;
}
