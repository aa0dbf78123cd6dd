/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "print.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/report.h"
#include "checks.h"

#include "command.h"

int print_bytes(struct bytes *b)
{
    int rc = XL_OCI_OK;

    if (b->failed) {
        fputs("xl-oci: out of memory\n", stderr);
        rc = XL_OCI_FAILED;
    } else if (b->size && fwrite(b->data, 1, b->size, stdout) != b->size) {
        fprintf(stderr, "xl-oci: cannot write: %s\n", strerror(errno));
        rc = XL_OCI_FAILED;
    }
    bytes_free(b);
    return rc;
}

/* In UTF-8 the C1 controls, which terminals obey too, are 0xc2 0x80..0x9f. */
static bool is_control(unsigned char c, unsigned char before)
{
    return c < 0x20 || c == 0x7f || (before == 0xc2 && c >= 0x80 && c < 0xa0);
}

void print_add_safe(struct bytes *out, const char *p, size_t size_bytes,
                    bool multiline, unsigned char *last)
{
    size_t i;

    for (i = 0; i < size_bytes; i++) {
        unsigned char c = (unsigned char)p[i];
        bool line_end = c == '\r' && i + 1 < size_bytes && p[i + 1] == '\n';

        if (multiline && (c == '\n' || c == '\t' || line_end))
            bytes_add(out, &c, 1);
        else if (is_control(c, *last))
            bytes_printf(out, "\\x%02x", c);
        else
            bytes_add(out, &c, 1);
        *last = c;
    }
}

void print_add_safe_string(struct bytes *out, const char *s)
{
    unsigned char last = 0;

    print_add_safe(out, s, strlen(s), false, &last);
}

int report_exit_code(const struct report *report)
{
    const struct diagnostic *d;

    for (d = report_first(report); d; d = d->next)
        if (d->check == &xloci_checks[CHECK_CONTAINER_UNKNOWN])
            return XL_OCI_NOT_FOUND;
    return report_errors(report) ? XL_OCI_FAILED : XL_OCI_OK;
}

int print_report(const struct report *report, bool json)
{
    struct bytes out = BYTES_INIT;
    int rc = report_exit_code(report);

    if (json) {
        report_format_json(report, &out);
        return print_bytes(&out) ? XL_OCI_FAILED : rc;
    }
    report_format_text(report, &out);
    if (out.failed)
        fputs("xl-oci: out of memory\n", stderr);
    else if (out.size)
        fwrite(out.data, 1, out.size, stderr);
    bytes_free(&out);
    return rc;
}

int with_report(const struct command *command, command_work work,
                const void *options, int argc, char **argv)
{
    struct arena *arena = arena_new();
    struct report *report = report_new();
    int rc = XL_OCI_FAILED, reported;

    if (!arena || !report) {
        fprintf(stderr, "xl %s: out of memory\n", command->name);
    } else {
        rc = work(arena, options, argc, argv, report);
        reported = print_report(report, false);
        rc = reported ? reported : rc < 0 ? XL_OCI_FAILED : rc;
    }
    report_free(report);
    arena_free(arena);
    return rc;
}
