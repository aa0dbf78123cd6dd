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

static xc_interface *open_xen(struct report *report)
{
    static const char *const devices[] = {
        "/dev/xen/privcmd", "/proc/xen/privcmd",
    };
    xc_interface *xc = NULL;
    xentoollog_logger_stdiostream *quiet;

    if (access(devices[0], F_OK) && access(devices[1], F_OK)) {
        report_check(report, XEN_UNAVAILABLE, NULL,
                     "neither %s nor %s is there", devices[0], devices[1]);
        return NULL;
    }
    quiet = xtl_createlogger_stdiostream(stderr, XTL_CRITICAL, 0);
    xc = xc_interface_open((xentoollog_logger *)quiet,
                           (xentoollog_logger *)quiet, 0);
    if (!xc)
        report_check(report, XEN_UNAVAILABLE, NULL,
                     "Xen's control interface cannot be opened: %s",
                     strerror(errno));
    /* libxc keeps using the logger it was given until the process ends */
    return xc;
}

int domain_find(const char *uuid, struct domain_state *state,
                struct report *report)
{
    unsigned char bytes[16];
    xc_interface *xc;
    int rc;

    memset(state, 0, sizeof(*state));
    state->domid = -1;
    if (domain_uuid_parse(uuid, bytes)) {
        report_check(report, CONTAINER_RECORD, NULL,
                     "\"%s\" is not a UUID", uuid);
        return -1;
    }
    xc = open_xen(report);
    if (!xc)
        return -1;
    rc = domain_find_with(xc, bytes, state);
    if (rc)
        report_check(report, XEN_UNAVAILABLE, NULL,
                     "Xen does not list its domains: %s", strerror(errno));
    xc_interface_close(xc);
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

static bool signal_is_done(struct xs_handle *xs, const char *uuid)
{
    struct report *ignored = report_new();
    struct domain_state state;
    char sent[64], taken[64];
    bool gone;

    if (!ignored)
        return false;
    gone = domain_find(uuid, &state, ignored) ||
           state.life != DOMAIN_ALIVE;
    report_free(ignored);
    if (gone)
        return true;
    snprintf(sent, sizeof(sent), "/local/domain/%d/" XS_HOST_SIGNAL,
             state.domid);
    snprintf(taken, sizeof(taken), "/local/domain/%d/" XS_GUEST_SIGNAL,
             state.domid);
    return read_sequence(xs, taken) >= read_sequence(xs, sent);
}

/* Before that, init keeps the signal for the process it is about to make. */
static bool guest_has_started(struct xs_handle *xs, const char *uuid)
{
    struct report *ignored = report_new();
    struct domain_state state;
    unsigned int size = 0;
    char path[64], *text = NULL;
    bool is_running;

    if (ignored && !domain_find(uuid, &state, ignored)) {
        snprintf(path, sizeof(path), "/local/domain/%d/" XS_GUEST_STATE,
                 state.domid);
        text = xs_read(xs, XBT_NULL, path, &size);
    }
    is_running = text && size == strlen("running") &&
                 !memcmp(text, "running", size);
    report_free(ignored);
    free(text);
    return is_running;
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

bool domain_wait_signal(const char *uuid, int boot_ms, int timeout_ms)
{
    const struct timespec step = { .tv_nsec = 10 * 1000 * 1000 };
    struct xs_handle *xs = xs_open(0);
    int64_t until_ms = now_ms() + boot_ms;
    bool done = false, started = false;

    while (xs && !(done = signal_is_done(xs, uuid))) {
        if (!started && guest_has_started(xs, uuid)) {
            started = true;
            until_ms = now_ms() + timeout_ms;
        }
        if (now_ms() >= until_ms)
            break;
        nanosleep(&step, NULL);
    }
    if (xs)
        xs_close(xs);
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
