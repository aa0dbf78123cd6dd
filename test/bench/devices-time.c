/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * devices-time DTB...: per tree, the time to read and judge all devices (the
 * table of oci-devices), the mean and the longest time of a device's plan,
 * and the memory that both take, with every waiver.
 */
#include <err.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/report.h"
#include "dt/host-tree.h"
#include "dt/passthrough.h"

#define ROUNDS 5

static unsigned char dtb[DT_MAX_BYTES];

static double now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static size_t in_use(void)
{
    struct mallinfo2 m = mallinfo2();

    return m.uordblks + m.hblkhd;
}

struct figures {
    double judge_ms, mean_ms, most_ms;
    size_t most_bytes, devices, nodes;
};

/* The shortest of some rounds: what else runs here is none of its doing. */
static double plan_ms(const struct dt_devices *devices, const char *path,
                      size_t *bytes)
{
    const struct dt_request request = { .device = path };
    const struct dt_allowance allowance = {
        .device = path, .waived = (1u << DT_WAIVER_COUNT) - 1,
    };
    const struct dt_order order = {
        .requests = &request, .n_requests = 1, .allowances = &allowance,
        .n_allowances = 1,
    };
    double best = 1e9, begun;
    int i;

    for (i = 0; i < ROUNDS; i++) {
        struct arena *arena = arena_new();
        struct report *report = report_new();

        begun = now_ms();
        dt_passthrough_plan(arena, devices, &order, report);
        if (now_ms() - begun < best)
            best = now_ms() - begun;
        *bytes = in_use();
        report_free(report);
        arena_free(arena);
    }
    return best;
}

static void measure(const char *name, struct figures *f)
{
    int fd = open(name, O_RDONLY);
    ssize_t size = fd < 0 ? -1 : read(fd, dtb, sizeof(dtb));
    size_t before = in_use(), bytes, i;
    struct arena *arena = arena_new();
    struct report *report = report_new();
    const struct dt_devices *devices;
    const struct dt_tree *tree;
    double begun = now_ms(), ms;

    if (size < 0)
        err(1, "%s", name);
    close(fd);
    tree = dt_tree_load(arena, name, dtb, (size_t)size, report);
    devices = tree ? dt_devices_judge(arena, tree, report) : NULL;
    if (!devices)
        errx(1, "%s: refused", name);
    *f = (struct figures){ .judge_ms = now_ms() - begun,
                           .devices = devices->count,
                           .nodes = tree->n_nodes };
    for (i = 0; i < devices->count; i++) {
        ms = plan_ms(devices, devices->list[i].node->path, &bytes);
        f->mean_ms += ms / (double)devices->count;
        if (ms > f->most_ms)
            f->most_ms = ms;
        if (bytes - before > f->most_bytes)
            f->most_bytes = bytes - before;
    }
    report_free(report);
    arena_free(arena);
}

int main(int argc, char **argv)
{
    int i;

    for (i = 1; i < argc; i++) {
        struct figures f;

        measure(argv[i], &f);
        printf("%zu nodes, %zu devices: table %.2f ms, plan %.3f ms (at most "
               "%.3f), %zu KiB\n", f.nodes, f.devices, f.judge_ms, f.mean_ms,
               f.most_ms, f.most_bytes / 1024);
    }
    return 0;
}
