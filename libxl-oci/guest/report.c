/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* xenstored answers in milliseconds; without an answer nobody will read. */
#define SETTLE_TIMEOUT_MS 10000

void report_state(struct xenbus *xenbus, const char *state)
{
    xenbus_write(xenbus, XS_GUEST_STATE, state); /* or go on without */
}

void report_signal(struct xenbus *xenbus, uint64_t sequence)
{
    char number[24];
    struct text text;

    text_start(&text, number, sizeof(number));
    text_put_number(&text, (int64_t)sequence);
    xenbus_write(xenbus, XS_GUEST_SIGNAL, number);
}

void report_to_kernel(const char *what, int error)
{
    int log = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
    char line[128];
    struct text text;

    text_start(&text, line, sizeof(line));
    text_put(&text, "xl-oci init: ");
    text_put(&text, what);
    text_put(&text, ": ");
    text_put(&text, strerror(error));
    if (log < 0)
        return; /* nowhere left to tell it */
    (void)!write(log, line, text_length(&text));
    close(log);
}

static void put_reason(const struct failure *failure, struct text *text)
{
    if (failure->error)
        text_put(text, strerror(failure->error));
    if (failure->error && *failure->text)
        text_put(text, ": ");
    text_put(text, failure->text);
}

void outcome_print(const struct outcome *outcome, struct text *text)
{
    const struct failure *failure = &outcome->failure;

    if (outcome->kind != OUTCOME_FAILED) {
        text_put(text, outcome->kind == OUTCOME_EXITED ? "exited " :
                                                         "signalled ");
        text_put_number(text, outcome->value);
        return;
    }
    text_put(text, "failed ");
    text_put_number(text, failure->op_index);
    text_put(text, " ");
    text_put(text, failure->op_name);
    text_put(text, " ");
    text_put_number(text, failure->error);
    text_put(text, " ");
    put_reason(failure, text);
}

void failure_print(const struct failure *failure, struct text *text)
{
    text_put(text, "xl-oci init: ");
    if (failure->op_index >= 0) {
        text_put(text, "op ");
        text_put_number(text, failure->op_index);
        text_put(text, " ");
        text_put(text, failure->op_name);
        text_put(text, ": ");
    }
    put_reason(failure, text);
}

void report_outcome(struct xenbus *xenbus, int console,
                    const struct outcome *outcome)
{
    char line[XS_GUEST_MAX_BYTES];
    struct text text;

    if (outcome->kind == OUTCOME_FAILED) {
        text_start(&text, line, sizeof(line));
        failure_print(&outcome->failure, &text);
        console_write(console, line, text_length(&text));
        console_write(console, "\r\n", 2);
    }
    console_drain(console);
    text_start(&text, line, sizeof(line));
    outcome_print(outcome, &text);
    xenbus_write(xenbus, XS_GUEST_EXIT, line);
    report_state(xenbus, "exited");
    xenbus_settle(xenbus, SETTLE_TIMEOUT_MS);
}
