/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain.h"

#include <time.h>

#include "checks.h"
#include "disk-nodes.h"
#include "toolstack.h"

#define GONE_TIMEOUT_MS 10000
#define GONE_STEP_MS 5

static int poll_gone(struct xen_handle *xen, const char *uuid,
                     struct report *report)
{
    const struct timespec step = { .tv_nsec = GONE_STEP_MS * 1000000l };
    struct domain_state state;
    int waited_ms;

    for (waited_ms = 0; waited_ms <= GONE_TIMEOUT_MS;
         waited_ms += GONE_STEP_MS) {
        if (xen_find(xen, uuid, &state, report))
            return -1;
        if (state.life == DOMAIN_ABSENT)
            return 0;
        nanosleep(&step, NULL);
    }
    report_check(report, DOMAIN_DESTROY, NULL,
                 "domain %d is still dying after %d s: something in Dom0 holds "
                 "its memory", state.domid, GONE_TIMEOUT_MS / 1000);
    return -1;
}

/* Xen frees a domain when the last reference to its pages is gone. */
static int wait_gone(const char *uuid, struct report *report)
{
    struct xen_handle *xen = xen_open(report);
    int rc = xen ? poll_gone(xen, uuid, report) : -1;

    xen_close(xen);
    return rc;
}

int toolstack_destroy(struct toolstack *ts, const char *uuid,
                      struct report *report)
{
    struct domain_state state;
    int rc;

    if (domain_find(uuid, &state, report))
        return -1;
    if (state.life == DOMAIN_ABSENT)
        return 0;
    if (state.life != DOMAIN_DYING) {
        if (state.life == DOMAIN_SHUTDOWN ||
            !libxl_domain_pause(ts->ctx, (uint32_t)state.domid, NULL))
            disk_nodes_remove((uint32_t)state.domid);
        rc = libxl_domain_destroy(ts->ctx, (uint32_t)state.domid, NULL);
        /* somebody else may have been quicker: what counts is the end */
        if (rc && (domain_find(uuid, &state, report) ||
                   state.life == DOMAIN_ALIVE ||
                   state.life == DOMAIN_SHUTDOWN)) {
            toolstack_report_log(ts, report);
            report_check(report, DOMAIN_DESTROY, NULL,
                         "domain %d: libxl error %d", state.domid, rc);
            return -1;
        }
    }
    return wait_gone(uuid, report);
}

int domain_destroy(const char *uuid, struct report *report)
{
    struct domain_state state;
    struct toolstack *ts;
    int rc;

    if (domain_find(uuid, &state, report))
        return -1;
    if (state.life == DOMAIN_ABSENT)
        return 0;
    ts = toolstack_open(report);
    if (!ts)
        return -1;
    rc = toolstack_destroy(ts, uuid, report);
    toolstack_close(ts);
    return rc;
}
