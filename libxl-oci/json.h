/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Strict JSON with locations (RFC 8259), for input that others write.
 *
 * Refused, each with its place: duplicate keys, NUL or lone surrogates in
 * strings, invalid UTF-8, comments, trailing bytes, and whatever exceeds the
 * limits. Numbers stay text until a table row converts them.
 */
#ifndef XLOCI_JSON_H
#define XLOCI_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct report;
struct report_where;

enum json_type {
    JSON_NULL,
    JSON_BOOLEAN,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

struct json {
    enum json_type type;
    unsigned int line, column;      /* of the value's first byte, from 1 */
    bool boolean;
    const char *text;               /* string: UTF-8 without NUL; number: as
                                     * written */
    const char *key;                /* when the parent is an object */
    size_t index;                   /* position in the parent, from 0 */
    const struct json *parent;      /* NULL for the document */
    const struct json *child;       /* first member or element */
    const struct json *next;        /* next sibling, in document order */
    size_t count;                   /* of members or elements */
    const char *file;               /* as given to json_parse() */
};

struct json_limits {
    size_t max_bytes, max_depth, max_values;
};

/* 4 MiB, 64 levels, 200,000 values: ample for any config.json. */
extern const struct json_limits json_default_limits;

/*
 * Parses size_bytes bytes. file names the document in reports.
 * Returns the document, living in arena, or NULL with diagnostics in report.
 */
const struct json *json_parse(struct arena *arena, const char *file,
                              const char *bytes, size_t size_bytes,
                              const struct json_limits *limits,
                              struct report *report);

/* Member of an object by key; NULL when absent or j is not an object. */
const struct json *json_member(const struct json *j, const char *key);

/* RFC 6901 pointer of j, e.g. "/mounts/3/source"; "" for the document. */
const char *json_pointer(struct arena *arena, const struct json *j);

/* The place of j for a report; the pointer lives in arena. */
struct report_where json_where(struct arena *arena, const struct json *j);

/* Conversions of a number's text: false when it is not an integer of that
 * range (1e3 and 1.0 are integers; 1.5 is not). */
bool json_to_u64(const struct json *j, uint64_t *value);
bool json_to_i64(const struct json *j, int64_t *value);

const char *json_type_name(enum json_type type);

#endif
