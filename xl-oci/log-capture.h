/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XL_OCI_LOG_CAPTURE_H
#define XL_OCI_LOG_CAPTURE_H

#include <stdbool.h>
#include <xentoollog.h>

struct report;

/*
 * A logger for libxl that keeps warnings and errors for a report instead of
 * printing them; when verbose it prints all as it comes. With timestamps each
 * line, kept or printed, begins as xl -T has it: date, time, [process ID].
 */
struct log_capture;
struct log_capture *log_capture_new(int verbose, bool timestamps);
void log_capture_free(struct log_capture *log);
xentoollog_logger *log_capture_logger(struct log_capture *log);

/* Adds what was kept to report (libxl-message) and forgets it. */
void log_capture_report(struct log_capture *log, struct report *report);
void log_capture_forget(struct log_capture *log);

#endif
