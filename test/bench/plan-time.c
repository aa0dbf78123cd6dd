/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * plan-time ROUNDS BUNDLE...: the median time from a bundle's directory to its
 * complete libxl_domain_config and payload, all but the images, in one process.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <libxl.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "domain-config.h"
#include "xl-oci/load.h"

static double now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void make_all(const char *path)
{
    const struct plan_options options = { .uuid = NULL };
    static const char *const paths[] = { "/a", "/b", "/c", "/d", "/e", "/f" };
    struct plan_artifacts artifacts = { .disk_paths = paths,
                                        .ramdisk_path = "/r" };
    struct bytes payload = BYTES_INIT;
    libxl_domain_config config;
    struct loaded loaded;

    if (load_bundle(&loaded, path, &options))
        errx(1, "%s has errors: see xl-oci check", path);
    if (loaded.plan->n_disks > sizeof(paths) / sizeof(*paths))
        errx(1, "%s has too many disks for this program", path);
    if (plan_write_payload(loaded.plan, &payload) ||
        domain_config_fill(NULL, loaded.plan, &artifacts, &config))
        errx(1, "%s: out of memory", path);
    libxl_domain_config_dispose(&config);
    bytes_free(&payload);
    loaded_close(&loaded);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    int rounds = argc > 2 ? atoi(argv[1]) : 0, i, n;
    double *ms = calloc(rounds > 0 ? (size_t)rounds : 1, sizeof(*ms));

    if (rounds < 1 || !ms)
        errx(2, "usage: plan-time ROUNDS BUNDLE...");
    for (i = 2; i < argc; i++) {
        for (n = 0; n < rounds; n++) {
            double start = now_ms();

            make_all(argv[i]);
            ms[n] = now_ms() - start;
        }
        qsort(ms, (size_t)rounds, sizeof(*ms), compare);
        printf("%.3f %s\n", ms[rounds / 2], argv[i]);
    }
    free(ms);
    return 0;
}
