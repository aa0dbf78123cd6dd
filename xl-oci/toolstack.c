/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "toolstack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checks.h"
#include "command.h"
#include "domain.h"
#include "log-capture.h"
#include "xenstore-probe.h"

/* xl.c: libxl reaps its own children only, as this program has others. */
static const libxl_childproc_hooks child_hooks = {
    .chldowner = libxl_sigchld_owner_libxl_always_selective_reap,
};

static bool host_is_ready(struct report *report)
{
    if (access("/dev/xen/privcmd", R_OK | W_OK) &&
        access("/proc/xen/privcmd", R_OK | W_OK)) {
        report_check(report, XEN_UNAVAILABLE, NULL, "%s",
                     errno == EACCES ? "no right to use /dev/xen/privcmd" :
                     "/dev/xen/privcmd is not there");
        return false;
    }
    if (xenstore_is_alive())
        return true;
    report_check(report, XENSTORE_UNAVAILABLE, NULL, "no xenstored answers");
    return false;
}

/*
 * The one that was closed last. To free libxl's context ends its xenstore
 * thread by pthread_cancel(3), for which glibc loads libgcc_s: a tenth of the
 * time that a destruction takes, for a program that ends next.
 */
static struct toolstack *kept;

static void dispose(struct toolstack *ts)
{
    if (!ts)
        return;
    if (ts->ctx)
        libxl_ctx_free(ts->ctx);
    xl_conf_dispose(&ts->conf);
    log_capture_free(ts->log);
    free(ts);
}

static struct toolstack *open_new(struct report *report)
{
    struct toolstack *ts = calloc(1, sizeof(*ts));

    if (ts)
        ts->log = log_capture_new(globals.verbose, globals.timestamps);
    if (!ts || !ts->log) {
        report_check(report, HOST_RESOURCES, NULL, "out of memory");
    } else if (!xl_conf_read(&ts->conf, report)) {
        if (!libxl_ctx_alloc(&ts->ctx, LIBXL_VERSION, 0,
                             log_capture_logger(ts->log))) {
            libxl_childproc_setmode(ts->ctx, &child_hooks, NULL);
            return ts;
        }
        toolstack_report_log(ts, report);
        report_check(report, XEN_UNAVAILABLE, NULL, "libxl cannot be used");
    }
    dispose(ts);
    return NULL;
}

struct toolstack *toolstack_open(struct report *report)
{
    struct toolstack *ts = kept;

    if (!host_is_ready(report))
        return NULL;
    kept = NULL;
    return ts ? ts : open_new(report);
}

void toolstack_close(struct toolstack *ts)
{
    if (kept)
        dispose(ts);
    else
        kept = ts;
}

void toolstack_report_log(struct toolstack *ts, struct report *report)
{
    log_capture_report(ts->log, report);
}

int toolstack_unpause(struct toolstack *ts, uint32_t domid,
                      struct report *report)
{
    int rc = libxl_domain_unpause(ts->ctx, domid, NULL);

    if (!rc)
        return 0;
    toolstack_report_log(ts, report);
    report_check(report, DOMAIN_START, NULL,
                 "domain %u cannot be unpaused (libxl error %d)", domid, rc);
    return -1;
}
