/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libFuzzer target: any bytes as a host device tree, and the same bytes as a
 * bundle's template. Never a crash; a refusal has an error, an acceptance
 * none; what was accepted is consistent. Devices are planned, alone and
 * together, with every waiver: a plan was verified, so plan-unverified is a
 * fault. The doctor corrects the tree: what comes of it loads as the tree did,
 * and a second correction changes nothing.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/report.h"
#include "dt/correct.h"
#include "dt/find.h"
#include "dt/host-tree.h"
#include "dt/checks.h"
#include "dt/passable.h"
#include "dt/passthrough.h"
#include "dt/raw.h"
#include "dt/template.h"

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

#define MAX_PLANNED 4

/* The plan for an order; its errors are its own. */
static void plan(const struct dt_devices *devices,
                 const struct dt_order *order)
{
    struct arena *arena = arena_new();
    struct report *report = report_new();
    const struct dt_passthrough *pt;
    const struct diagnostic *d;
    size_t i;

    require(arena && report);
    pt = dt_passthrough_plan(arena, devices, order, report);
    require(!pt == (report_errors(report) > 0));
    for (d = report_first(report); d; d = d->next)
        require(d->check != &dt_checks[DT_CHECK_PLAN_UNVERIFIED]);
    for (i = 0; pt && i < pt->n_pages; i++)
        require(pt->pages[i].count && pt->pages[i].gfn != pt->pages[i].mfn);
    report_free(report);
    arena_free(arena);
}

static void plan_some(const struct dt_devices *devices,
                      const struct dt_template *template)
{
    static const char *const compatible[] = { NULL, "generic-uio" };
    struct dt_request requests[MAX_PLANNED] = { { .device = NULL } };
    struct dt_allowance allowances[MAX_PLANNED] = { { .device = NULL } };
    struct dt_order order = { .requests = requests,
                              .allowances = allowances };
    size_t i, n = 0;

    for (i = 0; i < devices->count && n < MAX_PLANNED; i++) {
        requests[n].device = devices->list[i].node->path;
        requests[n].compatible = compatible[n & 1];
        requests[n].merge = n & 1;
        allowances[n].device = requests[n].device;
        allowances[n++].waived = (1u << DT_WAIVER_COUNT) - 1;
        order.n_requests = order.n_allowances = n;
        plan(devices, &order);
    }
    order.n_requests = 0;
    order.template = template;
    plan(devices, &order);
}

/* The devices by their pages and interrupts. */
static void find_raw(struct arena *arena, const struct dt_devices *devices)
{
    struct dt_raw_pages pages = { 0, 1, DT_ANY_GFN, { 0 } };
    struct dt_raw_interrupt line = { 34, { 0 } };
    const struct dt_raw raw = { &pages, &line, NULL, 1, 1, 0 };
    struct dt_raw_found found;
    struct report *report = report_new();
    int rc;

    require(report != NULL);
    if (devices->count) {
        const struct dt_node *n = devices->list[0].node;
        const struct dt_regions *r =
            &devices->facts[n - devices->tree->nodes].regions;

        if (r->count)
            pages.mfn = r->list[0].address / DT_PAGE_BYTES;
    }
    rc = dt_raw_find(arena, devices, &raw, &found, report);
    require(!rc == !report_errors(report));
    report_free(report);
}

static const struct dt_template *
read_template(struct arena *arena, const struct dt_devices *devices,
              const uint8_t *data, size_t size)
{
    const struct report_where where = { .path = "/" };
    struct report *report = report_new();
    const struct dt_template *template;

    require(report != NULL);
    template = dt_template_read(arena, devices, "template", data, size, NULL,
                                0, &where, report);
    require(!template == (report_errors(report) > 0));
    report_free(report);
    return template;
}

static const struct dt_correction *correct(struct arena *arena,
                                           const void *data, size_t size,
                                           struct report *report)
{
    const struct dt_correction *c =
        dt_correct(arena, "fuzz", data, size, NULL, 0, report);

    require(!c == (report_errors(report) > 0));
    require(!c || !c->dtb || !c->after->n_correctable);
    return c;
}

static void check_correction(const uint8_t *data, size_t size, int loads)
{
    struct arena *arena = arena_new();
    struct report *report = report_new();
    const struct dt_correction *c, *again;

    require(arena && report);
    c = correct(arena, data, size, report);
    require(!c || !loads || c->dtb);
    if (c && c->dtb) {
        require(!c->rounds == !c->n_edits);
        again = correct(arena, c->dtb, c->dtb_bytes, report);
        require(again && !again->rounds &&
                again->dtb_bytes == c->dtb_bytes &&
                !memcmp(again->dtb, c->dtb, c->dtb_bytes));
        require(loads == (dt_tree_load(arena, "fixed", c->dtb, c->dtb_bytes,
                                       report) != NULL));
    }
    report_free(report);
    arena_free(arena);
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
        if (devices) {
            check_devices(devices);
            find_raw(arena, devices);
            plan_some(devices, read_template(arena, devices, data, size));
        }
        check_tree(tree, report);
    }
    check_correction(data, size, tree != NULL);
    report_free(report);
    arena_free(arena);
    return 0;
}
