/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * plan-all DTB...: plans every device of each tree alone, and prints a line of
 * JSON for each: the plan with its partial tree, or the checks that refuse it.
 * First with what every administrator must say of a tree that is not made for
 * Xen (the mark, DMA); where that is not enough, with all that one may say
 * but of what is shared or disabled, so that most devices have a tree to look
 * at. Each plan is made twice, and is the same to the byte; no check is asked
 * that follows from another (stages.h).
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "dt/host-tree.h"
#include "dt/passthrough.h"
#include "stages.h"
#include "xl-oci/devices.h"

#define FEW (DT_WAIVE_UNMARKED | DT_WAIVE_UNPROTECTED_DMA)
#define MANY (FEW | DT_WAIVE_PARTIAL_PAGE | DT_WAIVE_NEEDED_BY_DOM0 | \
              DT_WAIVE_WITHOUT_PROVIDER | DT_WAIVE_UNKNOWN_CLOCK_RATE)

static unsigned char dtb[DT_MAX_BYTES];

static size_t read_file(const char *name)
{
    int fd = open(name, O_RDONLY);
    ssize_t size = fd < 0 ? -1 : read(fd, dtb, sizeof(dtb));

    if (size < 0)
        err(1, "%s", name);
    close(fd);
    return (size_t)size;
}

static void add_checks(struct bytes *out, const struct report *report)
{
    const struct diagnostic *d;

    bytes_add_string(out, ",\"refused\":[");
    for (d = report_first(report); d; d = d->next) {
        bytes_add_string(out, d == report_first(report) ? "" : ",");
        bytes_add_json_string(out, d->check->name);
    }
    bytes_add_string(out, "]");
}

static void add_plan(struct bytes *out, const struct dt_passthrough *plan)
{
    const unsigned char *p = plan->dtb;
    size_t i;

    bytes_add_string(out, ",\"plan\":");
    devices_plan_json(plan, out);
    bytes_add_string(out, ",\"dtb\":\"");
    for (i = 0; i < plan->dtb_bytes; i++)
        bytes_printf(out, "%02x", p[i]);
    bytes_add_string(out, "\"");
}

/* The same words and bytes as those of a second plan. */
static bool is_repeated(const struct dt_passthrough *plan,
                        const struct dt_passthrough *again)
{
    struct bytes a = BYTES_INIT, b = BYTES_INIT;
    bool same;

    devices_plan_json(plan, &a);
    if (again)
        devices_plan_json(again, &b);
    same = again && !strcmp(bytes_text(&a), bytes_text(&b)) &&
           plan->dtb_bytes == again->dtb_bytes &&
           !memcmp(plan->dtb, again->dtb, plan->dtb_bytes);
    bytes_free(&a);
    bytes_free(&b);
    return same;
}

/* Whether the plan came to be. */
static bool plan_device(const struct dt_devices *devices, const char *path,
                        unsigned int waived, const char *compatible,
                        struct bytes *out)
{
    const struct dt_request request = { .device = path,
                                        .compatible = compatible };
    const struct dt_allowance allowance = { .device = path,
                                            .waived = waived };
    const struct dt_order order = {
        .requests = &request, .n_requests = 1, .allowances = &allowance,
        .n_allowances = 1,
    };
    struct arena *arena = arena_new();
    struct report *report = report_new();
    const struct dt_passthrough *plan =
        dt_passthrough_plan(arena, devices, &order, report);

    if (plan && !is_repeated(plan, dt_passthrough_plan(arena, devices, &order,
                                                       report)))
        errx(1, "%s: another plan the second time", path);
    if (!plan && out_of_stage(report))
        errx(1, "%s: %s follows from another", path,
             out_of_stage(report)->check->name);
    if (plan)
        add_plan(out, plan);
    else
        add_checks(out, report);
    report_free(report);
    arena_free(arena);
    return plan != NULL;
}

static void print_line(struct bytes *out)
{
    const char *text = bytes_text(out);

    if (!text)
        errx(1, "out of memory");
    for (; *text; text++)
        putchar(*text == '\n' ? ' ' : *text);
    putchar('\n');
    bytes_free(out);
}

static void begin_line(struct bytes *out, const char *tree, const char *path,
                       const char *words)
{
    bytes_add_string(out, "{\"tree\":");
    bytes_add_json_string(out, tree);
    bytes_add_string(out, ",\"device\":");
    bytes_add_json_string(out, path);
    bytes_printf(out, ",\"words\":\"%s\"", words);
}

static void plan_tree(const char *name)
{
    struct arena *arena = arena_new();
    struct report *report = report_new();
    const struct dt_tree *tree = dt_tree_load(arena, name, dtb,
                                              read_file(name), report);
    const struct dt_devices *devices =
        tree ? dt_devices_judge(arena, tree, report) : NULL;
    struct bytes out = BYTES_INIT;
    size_t i;

    for (i = 0; devices && i < devices->count; i++) {
        const char *path = devices->list[i].node->path;
        bool planned;

        begin_line(&out, name, path, "few");
        planned = plan_device(devices, path, FEW, NULL, &out);
        bytes_add_string(&out, "}");
        print_line(&out);
        if (planned)
            continue;
        begin_line(&out, name, path, "many");
        plan_device(devices, path, MANY, NULL, &out);
        bytes_add_string(&out, "}");
        print_line(&out);
        begin_line(&out, name, path, "uio");
        plan_device(devices, path, MANY, "generic-uio", &out);
        bytes_add_string(&out, "}");
        print_line(&out);
    }
    if (!devices)
        printf("{\"tree\":\"%s\",\"device\":null}\n", name);
    report_free(report);
    arena_free(arena);
}

int main(int argc, char **argv)
{
    int i;

    for (i = 1; i < argc; i++)
        plan_tree(argv[i]);
    return 0;
}
