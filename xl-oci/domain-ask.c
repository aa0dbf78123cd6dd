/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What commands ask of Xen and xenstore without libxl. */
#include "domain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenstore.h>

#include "checks.h"
#include "guest/program.h"
#include "xenstore-probe.h"

struct xen_handle {
    xc_interface *xc;
    xentoollog_logger_stdiostream *quiet;
};

void xen_close(struct xen_handle *xen)
{
    if (!xen)
        return;
    if (xen->xc)
        xc_interface_close(xen->xc);
    if (xen->quiet)
        xtl_logger_destroy((xentoollog_logger *)xen->quiet);
    free(xen);
}

struct xen_handle *xen_open(struct report *report)
{
    static const char *const devices[] = {
        "/dev/xen/privcmd", "/proc/xen/privcmd",
    };
    struct xen_handle *xen;

    if (access(devices[0], F_OK) && access(devices[1], F_OK)) {
        report_check(report, XEN_UNAVAILABLE, NULL,
                     "neither %s nor %s is there", devices[0], devices[1]);
        return NULL;
    }
    xen = calloc(1, sizeof(*xen));
    if (!xen) {
        report_check(report, HOST_RESOURCES, NULL, "out of memory");
        return NULL;
    }
    xen->quiet = xtl_createlogger_stdiostream(stderr, XTL_CRITICAL, 0);
    xen->xc = xc_interface_open((xentoollog_logger *)xen->quiet,
                                (xentoollog_logger *)xen->quiet, 0);
    if (xen->xc)
        return xen;
    report_check(report, XEN_UNAVAILABLE, NULL,
                 "Xen's control interface cannot be opened: %s",
                 strerror(errno));
    xen_close(xen);
    return NULL;
}

int xen_find(struct xen_handle *xen, const char *uuid,
             struct domain_state *state, struct report *report)
{
    unsigned char bytes[16];
    int rc;

    memset(state, 0, sizeof(*state));
    state->domid = -1;
    if (domain_uuid_parse(uuid, bytes)) {
        report_check(report, CONTAINER_RECORD, NULL,
                     "\"%s\" is not a UUID", uuid);
        return -1;
    }
    rc = domain_find_with(xen->xc, bytes, state);
    if (rc)
        report_check(report, XEN_UNAVAILABLE, NULL,
                     "Xen does not list its domains: %s", strerror(errno));
    return rc;
}

int domain_find(const char *uuid, struct domain_state *state,
                struct report *report)
{
    struct xen_handle *xen = xen_open(report);
    int rc;

    if (!xen)
        return -1;
    rc = xen_find(xen, uuid, state, report);
    xen_close(xen);
    return rc;
}

static struct xs_handle *open_xenstore(struct report *report)
{
    struct xs_handle *xs = NULL;

    if (!xenstore_is_alive())
        report_check(report, XENSTORE_UNAVAILABLE, NULL,
                     "no xenstored answers");
    else if (!(xs = xs_open(0)))
        report_check(report, XENSTORE_UNAVAILABLE, NULL,
                     "xenstore cannot be opened: %s", strerror(errno));
    return xs;
}

/* The number at the start of a node; missing: 0. Guest's bytes: bounded. */
static unsigned long read_sequence(struct xs_handle *xs, const char *path)
{
    unsigned int size = 0;
    char *text = xs_read(xs, XBT_NULL, path, &size);
    unsigned long value = 0;

    if (text && size && size <= XS_GUEST_MAX_BYTES)
        value = strtoul(text, NULL, 10);
    free(text);
    return value;
}

/* Two senders at once must not take the same sequence number. */
static bool write_signal(struct xs_handle *xs, const char *path, int signal)
{
    char value[64];
    xs_transaction_t t;
    bool ok;

    do {
        unsigned int size = 0;
        unsigned long last = 0;
        char *text;

        t = xs_transaction_start(xs);
        if (t == XBT_NULL)
            return false;
        text = xs_read(xs, t, path, &size);
        if (text)
            last = strtoul(text, NULL, 10);
        free(text);
        snprintf(value, sizeof(value), "%lu %d", last + 1, signal);
        ok = xs_write(xs, t, path, value, (unsigned int)strlen(value));
        if (!ok) {
            xs_transaction_end(xs, t, true);
            return false;
        }
    } while (!xs_transaction_end(xs, t, false) && errno == EAGAIN);
    return ok;
}

int domain_send_signal(int domid, int signal, struct report *report)
{
    struct xs_handle *xs = open_xenstore(report);
    char path[64];
    int rc = 0;

    if (!xs)
        return -1;
    snprintf(path, sizeof(path), "/local/domain/%d/" XS_HOST_SIGNAL, domid);
    if (!write_signal(xs, path, signal)) {
        report_check(report, DOMAIN_SIGNAL, NULL, "%s: %s", path,
                     strerror(errno));
        rc = -1;
    }
    xs_close(xs);
    return rc;
}

static bool signal_is_done(struct xs_handle *xs, int domid)
{
    char sent[64], taken[64];

    snprintf(sent, sizeof(sent), "/local/domain/%d/" XS_HOST_SIGNAL, domid);
    snprintf(taken, sizeof(taken), "/local/domain/%d/" XS_GUEST_SIGNAL,
             domid);
    return read_sequence(xs, taken) >= read_sequence(xs, sent);
}

/* Before that, init keeps the signal for the process it is about to make. */
static bool guest_has_started(struct xs_handle *xs, int domid)
{
    unsigned int size = 0;
    char path[64], *text;
    bool is_running;

    snprintf(path, sizeof(path), "/local/domain/%d/" XS_GUEST_STATE, domid);
    text = xs_read(xs, XBT_NULL, path, &size);
    is_running = text && size == strlen("running") &&
                 !memcmp(text, "running", size);
    free(text);
    return is_running;
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

/* A domain that cannot be asked about any more counts as ended. */
static bool poll_signal(struct xen_handle *xen, struct xs_handle *xs,
                        const char *uuid, int boot_ms, int timeout_ms,
                        struct report *ignored)
{
    const struct timespec step = { .tv_nsec = 10 * 1000 * 1000 };
    int64_t until_ms = now_ms() + boot_ms;
    struct domain_state state;
    bool started = false;

    for (;;) {
        if (xen_find(xen, uuid, &state, ignored) ||
            state.life != DOMAIN_ALIVE || signal_is_done(xs, state.domid))
            return true;
        if (!started && guest_has_started(xs, state.domid)) {
            started = true;
            until_ms = now_ms() + timeout_ms;
        }
        if (now_ms() >= until_ms)
            return false;
        nanosleep(&step, NULL);
    }
}

bool domain_wait_signal(const char *uuid, int boot_ms, int timeout_ms)
{
    struct report *ignored = report_new();
    struct xen_handle *xen = ignored ? xen_open(ignored) : NULL;
    struct xs_handle *xs = xs_open(0);
    bool done = xs && ignored &&
                (!xen || poll_signal(xen, xs, uuid, boot_ms, timeout_ms,
                                     ignored));

    if (xs)
        xs_close(xs);
    xen_close(xen);
    report_free(ignored);
    return done;
}

int domain_name_is_used(const char *name, struct report *report)
{
    struct xs_handle *xs = open_xenstore(report);
    unsigned int count = 0, i, size;
    char **domains, *text, path[64];
    int used = 0;

    if (!xs)
        return -1;
    domains = xs_directory(xs, XBT_NULL, "/local/domain", &count);
    for (i = 0; domains && i < count && !used; i++) {
        snprintf(path, sizeof(path), "/local/domain/%.16s/name", domains[i]);
        text = xs_read(xs, XBT_NULL, path, &size);
        used = text && !strcmp(text, name);
        free(text);
    }
    free(domains);
    xs_close(xs);
    return used;
}
