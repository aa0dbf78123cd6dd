/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Report: everything that is wrong with an input, in one list.
 *
 * A diagnostic belongs to a named check (a row of a table such as
 * libxl-oci/checks.c), says where, what, and how to mend it. The report is
 * filled by every stage and printed by the programs, never by the library.
 */
#ifndef XLOCI_BASE_REPORT_H
#define XLOCI_BASE_REPORT_H

#include <stddef.h>

struct bytes;
struct report;

enum report_severity {
    REPORT_ERROR,
    REPORT_WARNING,
    REPORT_NOTE,
};

/* One named check. Tables of these are constant and live for ever. */
struct report_check {
    const char *name;               /* stable, kebab-case */
    enum report_severity severity;  /* of its diagnostics */
    const char *title;              /* one line for lists */
    const char *remedy;             /* default remedy, one line */
    const char *explanation;        /* paragraph(s) for `oci-explain` */
};

/* Where: any member may be NULL or 0 when it does not apply. */
struct report_where {
    const char *file;               /* as the user named it */
    unsigned int line, column;      /* from 1 */
    const char *path;               /* JSON pointer or device-tree path */
};

struct diagnostic {
    const struct report_check *check;
    struct report_where where;
    const char *message;            /* one line, no trailing full stop */
    const char *remedy;             /* one line */
    const struct diagnostic *next;
};

/* NULL when memory is exhausted. */
struct report *report_new(void);
void report_free(struct report *r);

/*
 * Adds a diagnostic with the check's own remedy. Strings are copied. When
 * memory is exhausted the report counts an error all the same (see
 * report_is_truncated()), so that a failure can never look like success.
 */
void report_add(struct report *r, const struct report_check *check,
                const struct report_where *where, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* The same, with a remedy for this very case. */
void report_add_remedy(struct report *r, const struct report_check *check,
                       const struct report_where *where, const char *remedy,
                       const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

size_t report_count(const struct report *r, enum report_severity severity);
#define report_errors(r) report_count((r), REPORT_ERROR)
int report_is_truncated(const struct report *r);

/* In the order of addition; NULL when empty. */
const struct diagnostic *report_first(const struct report *r);

/*
 * file:line:column: error: pointer: message [check-name]
 *     remedy: ...
 * Control characters in messages are printed as \xNN.
 */
void report_format_text(const struct report *r, struct bytes *out);

/* {"errors":N,"warnings":N,"diagnostics":[{...}]} and a newline. */
void report_format_json(const struct report *r, struct bytes *out);

#endif
