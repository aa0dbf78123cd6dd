/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "log-capture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "checks.h"

#define KEPT_BYTES_MAX 16384

struct log_capture {
    xentoollog_logger logger;       /* first: libxl's pointer is ours */
    xentoollog_level print_level;   /* XTL_NUM_LEVELS: print nothing */
    bool timestamps;
    struct bytes kept;              /* lines */
};

static void vmessage(struct xentoollog_logger *logger, xentoollog_level level,
                     int errnoval, const char *context, const char *format,
                     va_list al) __attribute__((format(printf, 5, 0)));

/* xtl_logger_stdio.c, with XTL_STDIOSTREAM_SHOW_DATE and _SHOW_PID */
static void format_stamp(char *stamp, size_t size)
{
    char when[64];
    time_t now = time(NULL);
    struct tm tm;

    if (!localtime_r(&now, &tm) ||
        !strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S %Z", &tm))
        snprintf(when, sizeof(when), "[no time]");
    snprintf(stamp, size, "%s [%d] ", when, (int)getpid());
}

static void vmessage(struct xentoollog_logger *logger, xentoollog_level level,
                     int errnoval, const char *context, const char *format,
                     va_list al)
{
    struct log_capture *log = (struct log_capture *)logger;
    char stamp[96] = "", text[1024], line[1200];
    size_t i;

    vsnprintf(text, sizeof(text), format, al);
    snprintf(line, sizeof(line), "%s: %s%s%s", context ? context : "libxl",
             text, errnoval >= 0 ? ": " : "",
             errnoval >= 0 ? strerror(errnoval) : "");
    for (i = 0; line[i]; i++)
        if ((unsigned char)line[i] < 0x20)
            line[i] = ' ';
    if (log->timestamps)
        format_stamp(stamp, sizeof(stamp));
    if (level >= log->print_level)
        fprintf(stderr, "%s%s: %s\n", stamp, xtl_level_to_string(level),
                line);
    else if (level >= XTL_WARN && log->kept.size < KEPT_BYTES_MAX)
        bytes_printf(&log->kept, "%s%s\n", stamp, line);
}

/* Of saving, restoring and migrating alone, which is not done here. */
static void progress(struct xentoollog_logger *logger, const char *context,
                     const char *doing_what, int percent, unsigned long done,
                     unsigned long total)
{
    (void)logger, (void)context, (void)doing_what, (void)percent;
    (void)done, (void)total;
}

static void destroy(struct xentoollog_logger *logger)
{
    (void)logger;       /* log_capture_free() does it */
}

struct log_capture *log_capture_new(int verbose, bool timestamps)
{
    struct log_capture *log = calloc(1, sizeof(*log));

    if (!log)
        return NULL;
    log->logger = (xentoollog_logger){
        .vmessage = vmessage, .progress = progress, .destroy = destroy,
    };
    log->timestamps = timestamps;
    log->print_level = verbose > 2 ? XTL_DEBUG :
                       verbose > 1 ? XTL_VERBOSE :
                       verbose > 0 ? XTL_DETAIL : XTL_NUM_LEVELS;
    return log;
}

void log_capture_free(struct log_capture *log)
{
    if (!log)
        return;
    bytes_free(&log->kept);
    free(log);
}

xentoollog_logger *log_capture_logger(struct log_capture *log)
{
    return &log->logger;
}

void log_capture_forget(struct log_capture *log)
{
    bytes_free(&log->kept);
}

void log_capture_report(struct log_capture *log, struct report *report)
{
    const char *line = log->kept.size ? bytes_text(&log->kept) : NULL;
    size_t length;

    for (; line && *line; line += length + 1) {
        length = strcspn(line, "\n");
        report_check(report, LIBXL_MESSAGE, NULL, "%.*s", (int)length, line);
    }
    bytes_free(&log->kept);
}
