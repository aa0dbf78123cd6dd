/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Orders of devices and their plans, for tests. As dt-build.h. */
#ifndef TEST_DT_ORDER_H
#define TEST_DT_ORDER_H

#include "tap.h"

#include "dt-build.h"

#include "dt/layout.h"
#include "dt/passthrough.h"
#include "dt/verify.h"

#define MAX_DEVICES 8

static const struct dt_devices *devices;
static struct dt_request requests[MAX_DEVICES];
static struct dt_allowance allowances[MAX_DEVICES];
static struct dt_order order;

static int judge(const char *name)
{
    const struct dt_tree *tree = compile(name) ? load() : NULL;

    devices = tree ? dt_devices_judge(arena, tree, report) : NULL;
    return ok(devices && !report_first(report), "%s: judged", name);
}

__attribute__((unused))
static void ask(size_t n, const char *const *names, unsigned int waived)
{
    size_t i;

    memset(requests, 0, sizeof(requests));
    memset(allowances, 0, sizeof(allowances));
    for (i = 0; i < n; i++) {
        requests[i].device = names[i];
        allowances[i].device = names[i];
        allowances[i].waived = waived;
    }
    order = (struct dt_order){
        .requests = requests, .n_requests = n, .allowances = allowances,
        .n_allowances = n,
    };
}

static const struct dt_passthrough *plan(void)
{
    return dt_passthrough_plan(arena, devices, &order, report);
}

__attribute__((unused))
static const struct dt_passthrough *plan_of(const char *tree,
                                            const char *device,
                                            unsigned int waived)
{
    const char *names[] = { device };

    if (!judge(tree))
        return NULL;
    ask(1, names, waived);
    return plan();
}

/* The guest's tree, merged as libxl does. */
static const struct dt_tree *merged(const struct dt_passthrough *pt)
{
    size_t bytes = 0;
    const void *fdt = dt_merge(arena, &dt_layout_xen, pt->dtb, &bytes);

    return fdt ? dt_tree_load(arena, "guest", fdt, bytes, report) : NULL;
}

__attribute__((unused))
static const struct dt_node *guest_node(const struct dt_passthrough *pt,
                                        const char *host)
{
    const struct dt_tree *tree = merged(pt);
    size_t i;

    for (i = 0; tree && i < pt->n_granted; i++)
        if (!strcmp(pt->granted[i].host->path, host))
            return dt_by_path(tree, pt->granted[i].guest_path);
    return NULL;
}

#endif
