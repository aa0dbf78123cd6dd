/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rows that reading config.json is driven by; private to spec*.c.
 *
 * spec-rows.def has one row per property in document order, so that what is
 * below a property follows it at once: ROW(path, type, fate, how, reading...).
 * The first four columns are public (struct spec_property), the rest fills a
 * struct spec_row. Elements of arrays have "N" in their path, values of maps
 * need no row.
 */
#ifndef XLOCI_SPEC_ROWS_H
#define XLOCI_SPEC_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "checks.h"
#include "json.h"
#include "spec.h"

struct reader {
    struct arena *arena;
    struct report *report;
    struct spec *spec;
    bool out_of_memory;
};

enum row_kind {
    ROW_OBJECT,         /* at: const struct json *, optional */
    ROW_STRING,         /* at: struct spec_string */
    ROW_BOOL,           /* at: struct spec_bool */
    ROW_U64,            /* at: struct spec_u64 */
    ROW_I64,            /* at: struct spec_i64 */
    ROW_STRINGS,        /* at: struct spec_strings */
    ROW_U64S,           /* at: struct spec_u64s */
    ROW_PAIRS,          /* at: struct spec_pairs; object of strings */
    ROW_ARRAY,          /* at: pointer to items, which start with their `at` */
    ROW_ANY,            /* nothing is read: only whether it is harmless */
    ROW_CUSTOM_OBJECT,  /* all is done by the check */
    ROW_CUSTOM_ARRAY,
};

/* A name of the specification and its number on Linux. */
struct spec_name {
    const char *name;
    uint64_t number;
};

struct spec_row;

/* Looks at a value just read; base is the struct that `at` is an offset in.
 * Elements of a list may be of another type than the row says: that was
 * reported. */
typedef void spec_check(struct reader *r, const struct spec_row *row,
                        const struct json *j, void *base);

/* Where nothing of the value is kept. */
#define NOWHERE SIZE_MAX

struct spec_row {
    enum row_kind kind;
    size_t at;                  /* offset in the enclosing struct */
    size_t count_at, item_size; /* of ROW_ARRAY */
    int64_t min;                /* of integers */
    uint64_t max;
    bool required;
    bool plan_judges;           /* refused by the plan, not while reading */
    const struct spec_name *names;  /* the strings allowed; NULL-terminated */
    const char *names_what;         /* "resource limit", for messages */
    size_t number_at, number_size;  /* where the names' numbers go, or 0 */
    spec_check *check;
};

extern const struct spec_row spec_rows[];
extern const struct spec_property spec_property_rows[];
extern const size_t spec_row_count;

/* Members of an object; row is the object's, base the enclosing struct. */
void spec_read_members(struct reader *r, size_t row, const struct json *object,
                       void *base);

/* Index of the row of a path; the path must be one of the table's. */
size_t spec_row_index(const char *path);

/* report_check() at a value of the document. */
void spec_fail(struct reader *r, enum check_id id, const struct json *j,
               const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void spec_fail_remedy(struct reader *r, enum check_id id, const struct json *j,
                      const char *remedy, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* Makes spec_is_faulty() true of a member, given by its address. */
void spec_mark_faulty(struct reader *r, const void *member);

/* The first string of the siblings from j on; NULL when there is none. */
const struct json *spec_next_string(const struct json *j);

/* Zeroed memory; NULL when exhausted, which the reader remembers. */
void *spec_alloc(struct reader *r, size_t count, size_t size_bytes);

/* Row of a table by name; NULL when there is none. */
const struct spec_name *spec_find_name(const struct spec_name *names,
                                       const char *name);

/* Reports a name that is not in the table, with the nearest that is. */
void spec_fail_name(struct reader *r, const struct spec_name *names,
                    const char *what, const struct json *j, const char *name);

/* --- checks and tables used by the rows ---*/

spec_check check_oci_version, check_absolute_path, check_absolute_paths,
    check_root_path, check_args, check_env, check_capability_set,
    check_rlimits, check_scheduler, check_io_priority, check_hostname,
    check_mount, check_mount_options, check_device_list, check_file_mode,
    check_namespaces, check_id_mappings, check_time_offsets,
    check_memory_swap, check_memory_policy,
    check_unified, check_seccomp_action, check_seccomp_rule,
    check_image, check_annotations;

extern const struct spec_name rlimit_names[], scheduler_policies[],
    scheduler_flags[], io_priority_classes[], namespace_types[],
    propagation_names[], personality_domains[], seccomp_actions[],
    seccomp_operators[], seccomp_architectures[], seccomp_flags[],
    device_types[], image_formats[], memory_policy_modes[];

/* Called once at the end: what several properties must agree on. */
void spec_check_whole(struct reader *r);

/* Annotations of our prefix, into spec->extension (spec-extension.c); and what
 * is faulty when the annotations cannot be read at all. */
#define SPEC_PREFIX "org.xenproject.oci."
void spec_read_extension(struct reader *r, const struct json *annotations);
void spec_lose_extension(struct reader *r);

/* Takes an annotation about an accelerator; false when it is about something
 * else. After the last one, spec_end_accelerators(). (spec-accelerator.c) */
bool spec_read_accelerator(struct reader *r, const struct json *j);
void spec_end_accelerators(struct reader *r);

/* The accelerators of accelerators.json, added to the spec's
 * (spec-side-file.c). */
void spec_read_side_file(struct reader *r, const struct json *document);

/* Capability number of "CAP_..." (capabilities.c), or -1. */
int capability_number(const char *name);
/* Name without "CAP_", lower case, of a number; NULL beyond the last. */
const char *capability_name(unsigned int number);

#endif
