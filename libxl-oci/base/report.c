/* SPDX-License-Identifier: BSD-2-Clause */
#include "report.h"

#include <stdlib.h>

#include "arena.h"
#include "bytes.h"

struct report {
    struct arena *arena;
    struct diagnostic *first, **last;
    size_t counts[REPORT_NOTE + 1];
    int truncated;
};

struct report *report_new(void)
{
    struct report *r = calloc(1, sizeof(*r));

    if (!r)
        return NULL;
    r->arena = arena_new();
    if (!r->arena) {
        free(r);
        return NULL;
    }
    r->last = &r->first;
    return r;
}

void report_free(struct report *r)
{
    if (!r)
        return;
    arena_free(r->arena);
    free(r);
}

static const char *copy_or_null(struct report *r, const char *s)
{
    const char *copy;

    if (!s)
        return NULL;
    copy = arena_strdup(r->arena, s);
    if (!copy)
        r->truncated = 1;
    return copy;
}

static void add(struct report *r, const struct report_check *check,
                const struct report_where *where, const char *remedy,
                const char *fmt, va_list ap)
{
    struct diagnostic *d = ARENA_NEW(r->arena, struct diagnostic);

    r->counts[check->severity]++;
    if (!d) {
        r->truncated = 1;
        return;
    }
    d->check = check;
    if (where) {
        d->where = *where;
        d->where.file = copy_or_null(r, where->file);
        d->where.path = copy_or_null(r, where->path);
    }
    d->message = arena_vprintf(r->arena, fmt, ap);
    if (!d->message) {
        r->truncated = 1;
        d->message = check->title;
    }
    d->remedy = copy_or_null(r, remedy);
    *r->last = d;
    r->last = (struct diagnostic **)&d->next;
}

void report_add(struct report *r, const struct report_check *check,
                const struct report_where *where, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    add(r, check, where, check->remedy, fmt, ap);
    va_end(ap);
}

void report_add_remedy(struct report *r, const struct report_check *check,
                       const struct report_where *where, const char *remedy,
                       const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    add(r, check, where, remedy, fmt, ap);
    va_end(ap);
}

size_t report_count(const struct report *r, enum report_severity severity)
{
    return r->counts[severity];
}

int report_is_truncated(const struct report *r)
{
    return r->truncated;
}

const struct diagnostic *report_first(const struct report *r)
{
    return r->first;
}

static const char *const severity_names[] = {
    [REPORT_ERROR] = "error",
    [REPORT_WARNING] = "warning",
    [REPORT_NOTE] = "note",
};

/* Text from a bundle may hold terminal escapes: print them, never emit them. */
static void add_printable(struct bytes *out, const char *s)
{
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;

        if (c < 0x20 || c == 0x7f)
            bytes_printf(out, "\\x%02x", c);
        else
            bytes_add(out, &c, 1);
    }
}

static void format_place(const struct report_where *w, struct bytes *out)
{
    if (!w->file)
        return;
    add_printable(out, w->file);
    if (w->line)
        bytes_printf(out, ":%u:%u", w->line, w->column);
    bytes_add_string(out, ": ");
}

void report_format_text(const struct report *r, struct bytes *out)
{
    const struct diagnostic *d;

    for (d = r->first; d; d = d->next) {
        format_place(&d->where, out);
        bytes_printf(out, "%s: ", severity_names[d->check->severity]);
        if (d->where.path && *d->where.path) {
            add_printable(out, d->where.path);
            bytes_add_string(out, ": ");
        }
        add_printable(out, d->message);
        bytes_printf(out, " [%s]\n", d->check->name);
        if (d->remedy) {
            bytes_add_string(out, "    remedy: ");
            add_printable(out, d->remedy);
            bytes_add_string(out, "\n");
        }
    }
    if (r->truncated)
        bytes_add_string(out, "error: out of memory while reporting\n");
}

static void add_member(struct bytes *out, const char *key, const char *value)
{
    if (!value)
        return;
    bytes_printf(out, ",\"%s\":", key);
    bytes_add_json_string(out, value);
}

void report_format_json(const struct report *r, struct bytes *out)
{
    const struct diagnostic *d;

    bytes_printf(out, "{\"errors\":%zu,\"warnings\":%zu,\"diagnostics\":[",
                 r->counts[REPORT_ERROR], r->counts[REPORT_WARNING]);
    for (d = r->first; d; d = d->next) {
        bytes_printf(out, "%s{\"severity\":\"%s\"", d == r->first ? "" : ",",
                     severity_names[d->check->severity]);
        add_member(out, "check", d->check->name);
        add_member(out, "file", d->where.file);
        if (d->where.line)
            bytes_printf(out, ",\"line\":%u,\"column\":%u", d->where.line,
                         d->where.column);
        add_member(out, "path", d->where.path);
        add_member(out, "message", d->message);
        add_member(out, "remedy", d->remedy);
        bytes_add_string(out, "}");
    }
    bytes_printf(out, "]%s}\n", r->truncated ? ",\"truncated\":true" : "");
}
