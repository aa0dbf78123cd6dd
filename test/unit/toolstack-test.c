/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the command says when something of Dom0 is missing, as far as that can
 * be shown without Xen; the rest is in test/boot/in-dom0/. */
#include "tap.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/report.h"
#include "xl-oci/load.h"
#include "xl-oci/log-capture.h"
#include "xl-oci/monitor-start.h"

static const char *first_check(struct report *report)
{
    return report_first(report) ? report_first(report)->check->name : NULL;
}

static void test_guest_files(void)
{
    const struct plan plan = {
        .kernel = { .value = "/nonexistent/kernel" },
        .initramfs = { .value = "/nonexistent/initramfs" },
        .block_script = { .value = "/nonexistent/block" }, .n_disks = 1,
    };
    const struct spec spec = { .document = NULL };
    struct report *report = report_new();
    const struct loaded loaded = {
        .spec = &spec, .plan = &plan, .report = report,
    };
    const struct diagnostic *d;

    is_int(load_require_guest(&loaded), -1, "no files of the guest");
    is_int((long long)report_errors(report), 3, "each is told");
    for (d = report_first(report); d; d = d->next)
        is_str(d->check->name, "guest-file-missing", d->where.file);
    report_free(report);
}

static void test_messages(void)
{
    struct report *report = report_new();
    struct log_capture *log = log_capture_new(0, false);
    xentoollog_logger *logger = log_capture_logger(log);

    xtl_log(logger, XTL_DEBUG, -1, "libxl", "of no interest");
    xtl_log(logger, XTL_ERROR, -1, "libxl", "the %s is gone", "disk");
    log_capture_report(log, report);
    is_str(first_check(report), "libxl-message", "what libxl said");
    ok(report_first(report) &&
       strstr(report_first(report)->message, "the disk is gone"),
       "in its words");
    is_int((long long)report_count(report, REPORT_WARNING), 1,
           "errors alone");
    log_capture_free(log);
    report_free(report);
}

/* xl -T: what was told when, and by which of the processes. */
static void test_timestamps(void)
{
    struct report *report = report_new();
    struct log_capture *log = log_capture_new(0, true);
    char want[64];

    setenv("TZ", "UTC", 1);
    xtl_log(log_capture_logger(log), XTL_ERROR, -1, "libxl", "it is gone");
    log_capture_report(log, report);
    snprintf(want, sizeof(want), " UTC [%d] libxl: it is gone",
             (int)getpid());
    ok(report_first(report) &&
       !strncmp(report_first(report)->message, "20", 2) &&
       report_first(report)->message[4] == '-' &&
       !strcmp(report_first(report)->message + strlen("2001-01-01 00:00:00"),
               want), "-T: date, time and process (%s)",
       report_first(report) ? report_first(report)->message : "nothing");
    log_capture_free(log);
    report_free(report);
}

/* A monitor that answers what message says, or ends at once (type 0). */
static const char *monitor_answers(enum message_type type, const char *text,
                                   bool answers)
{
    struct report *report = report_new();
    struct monitor_link link = { .pid = -1 };
    const char *check = NULL;
    int pair[2];

    if (!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
        link.fd = pair[0];
        if (answers)
            message_send(pair[1], type, text, strlen(text), NULL, 0, 0);
        close(pair[1]);
        if (monitor_link_wait_ready(&link, report))
            check = first_check(report);
        close(pair[0]);
    }
    report_free(report);
    return check;
}

static void test_monitor(void)
{
    is_str(monitor_answers(MESSAGE_READY, "", true), NULL, "it is ready");
    is_str(monitor_answers(MESSAGE_FAILED, "no console", true),
           "xenconsoled-unavailable", "it finds no console");
    is_str(monitor_answers(MESSAGE_READY, "", false), "monitor-failed",
           "it is gone");
}

static void test_resources(void)
{
    struct rlimit normal, none;
    struct report *report = report_new();
    struct monitor_start start = { .name = "a" };
    struct monitor_link link;

    getrlimit(RLIMIT_NOFILE, &normal);
    none = normal;
    none.rlim_cur = 0;
    setrlimit(RLIMIT_NOFILE, &none);
    is_int(monitor_link_open(&link, &start, report), -1, "no descriptors");
    setrlimit(RLIMIT_NOFILE, &normal);
    is_str(first_check(report), "host-resources-short", "is told");
    report_free(report);
}

int main(void)
{
    test_guest_files();
    test_messages();
    test_timestamps();
    test_monitor();
    test_resources();
    return done_testing();
}
