/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A piece of work is done again and again, each time with another allocation
 * failing: it gives its result, or an error that is told and leaves neither a
 * descriptor nor a file. With the link of fail-alloc.h.
 */
#ifndef TEST_FAIL_EACH_H
#define TEST_FAIL_EACH_H

#include "tap.h"

#include <dirent.h>
#include <ftw.h>
#include <stdbool.h>

#include "base/report.h"
#include "fail-alloc.h"

struct work {
    const char *name;
    void (*prepare)(void);      /* or NULL; no allocation of its fails */
    /* 0, or -1 with errors; what it opens it closes, too */
    int (*act)(struct report *report);
    bool (*is_right)(void);     /* after success; undoes what was made */
};

static int files_counted;

static int count_file(const char *path, const struct stat *st, int kind,
                      struct FTW *where)
{
    (void)path, (void)st, (void)kind, (void)where;
    files_counted++;
    return 0;
}

/* Of everything below a directory. */
static int count_files(const char *root)
{
    files_counted = 0;
    nftw(root, count_file, 16, FTW_PHYS);
    return files_counted;
}

/* What is wrong with what came of it, or NULL. */
static const char *judge(const struct work *work, const char *root,
                         unsigned long n, bool *failed)
{
    struct report *report = report_new();
    const char *wrong = NULL;
    int fds, files, rc;

    if (work->prepare)
        work->prepare();
    fds = count_files("/proc/self/fd");
    files = count_files(root);
    fail_alloc_at(n);
    rc = work->act(report);
    *failed = fail_alloc_stop();
    if (rc && !*failed)
        wrong = "fails without a reason";
    else if (rc && !report_errors(report))
        wrong = "fails without a word";
    else if (!rc && !work->is_right())
        wrong = "gives another result";
    else if (count_files(root) > files)
        wrong = "leaves a file";
    else if (count_files("/proc/self/fd") != fds)
        wrong = "leaves a descriptor";
    report_free(report);
    return wrong;
}

/* root: below which it leaves nothing. At least so many allocations. */
static void fail_each(const struct work *work, const char *root,
                      unsigned long at_least)
{
    unsigned long n = 0, bad = 0;
    bool failed = true;

    while (failed && n < 20000) {
        const char *wrong = judge(work, root, ++n, &failed);

        if (wrong && ++bad < 10)
            printf("# %s: allocation %lu: %s\n", work->name, n, wrong);
    }
    ok(!bad && n > at_least, "%s: %lu allocations fail, one at a time",
       work->name, n - 1);
}

#endif
