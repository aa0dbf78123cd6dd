/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* oci-reap: run by the monitor, which holds the lock and hands it over. */
#include <stdio.h>
#include <unistd.h>

#include "base/report.h"

#include "block-orphans.h"
#include "commands.h"
#include "reap.h"
#include "run-directory.h"

struct reap_options {
    bool incomplete;
    uint64_t lock_fd;
};

static const struct option_row rows[] = {
    { 0, "incomplete", OPTION_FLAG, offsetof(struct reap_options, incomplete),
      NULL, NULL, "the creation was not completed: remove all of it" },
    { 0, "lock-fd", OPTION_U64, offsetof(struct reap_options, lock_fd), "N",
      NULL, "descriptor that holds the container's lock" },
    { .name = NULL },
};

static int reap(const struct reap_options *options, const char *name,
                struct report *report)
{
    int dir_fd = run_open(name, report), lock_fd = -1, rc = 0;

    if (dir_fd < 0)
        return -1;
    if (!options->lock_fd) {
        lock_fd = run_lock(dir_fd);
        rc = lock_fd < 0 ? container_wait(name, 0) : 0;
    }
    if (!rc && faccessat(dir_fd, "record", F_OK, 0) == 0)
        rc = container_reap(name, dir_fd, report);
    if (!rc && options->incomplete) {
        block_release_orphans(report);
        rc = run_remove(name, report);
    }
    if (lock_fd >= 0)
        close(lock_fd);
    close(dir_fd);
    return rc;
}

/*
 * Not with_report(): the monitor tries again for the code, which is of the
 * reaping alone. A loop device or a hook that failed is told, and that is all.
 */
static int run(const void *opaque, int argc, char **argv)
{
    struct report *report = report_new();
    int rc;

    (void)argc;
    if (!report)
        return XL_OCI_FAILED;
    rc = reap(opaque, argv[0], report);
    print_report(report, false);
    report_free(report);
    return rc ? XL_OCI_FAILED : XL_OCI_OK;
}

const struct command command_reap = {
    .name = "oci-reap",
    .summary = "End a container whose domain has ended",
    .arguments = "NAME",
    .min_args = 1,
    .max_args = 1,
    .options = rows,
    .options_bytes = sizeof(struct reap_options),
    .details = "Run by the monitor.\n",
    .internal = true,
    .no_dry_run = true,
    .run = run,
};
