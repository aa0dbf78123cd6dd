/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tables of rows, made from spec-rows.def. */
#include "spec-rows.h"

/* --- abbreviations of spec-rows.def ---------------------------------------*/

#define OBJECT .kind = ROW_OBJECT, .at = NOWHERE
#define OBJECT_AT(s, m) .kind = ROW_OBJECT, .at = offsetof(struct s, m)
#define STRING(s, m) .kind = ROW_STRING, .at = offsetof(struct s, m)
#define BOOL(s, m) .kind = ROW_BOOL, .at = offsetof(struct s, m)
#define U64(s, m) .kind = ROW_U64, .at = offsetof(struct s, m)
#define I64(s, m) .kind = ROW_I64, .at = offsetof(struct s, m)
#define STRINGS(s, m) .kind = ROW_STRINGS, .at = offsetof(struct s, m)
#define U64S(s, m) .kind = ROW_U64S, .at = offsetof(struct s, m)
#define PAIRS(s, m) .kind = ROW_PAIRS, .at = offsetof(struct s, m)
#define ARRAY(s, m, n) \
    .kind = ROW_ARRAY, .at = offsetof(struct s, m), \
    .count_at = offsetof(struct s, n), \
    .item_size = sizeof(*((struct s *)0)->m)
#define CUSTOM(k, c) .kind = k, .at = NOWHERE, .check = c
#define CAPABILITIES(set) \
    .kind = ROW_CUSTOM_ARRAY, \
    .at = offsetof(struct spec, process.capabilities.set), \
    .check = check_capability_set
/* Elements of arrays of which nothing is kept get room for their `at`. */
#define NOTHING(k) .kind = k, .at = NOWHERE, .item_size = sizeof(void *)
#define REQUIRED .required = true
#define PLAN_JUDGES .plan_judges = true
#define MIN(n) .min = n
#define MAX(n) .max = n
#define NAMES(table, what) .names = table, .names_what = what
#define NUMBER(s, m) \
    .number_at = offsetof(struct s, m), \
    .number_size = sizeof(((struct s *)0)->m)
#define CHECKED(c) .check = c

/* 48 bits: what a processor of Armv8.0 can address */
#define MEMORY_LIMIT (UINT64_C(1) << 48)

#define PAGE_LIMIT (MEMORY_LIMIT >> 12)

#define ID_MAPPING_ROWS(where, fate, how) \
    ROW(where "/N/containerID", "uint32", fate, how, \
        U64(spec_id_mapping, container_id), MAX(UINT32_MAX), REQUIRED) \
    ROW(where "/N/hostID", "uint32", fate, how, \
        U64(spec_id_mapping, host_id), MAX(UINT32_MAX), REQUIRED) \
    ROW(where "/N/size", "uint32", fate, how, \
        U64(spec_id_mapping, size), MAX(UINT32_MAX), REQUIRED)

#define HOOK_MEMBERS(where, fate, how) \
    ROW(where "/N/path", "string", fate, how, STRING(spec_hook, path), \
        REQUIRED, CHECKED(check_absolute_path)) \
    ROW(where "/N/args", "array of strings", fate, how, \
        STRINGS(spec_hook, args)) \
    ROW(where "/N/env", "array of strings", fate, how, \
        STRINGS(spec_hook, env), CHECKED(check_env)) \
    ROW(where "/N/timeout", "int", fate, how, I64(spec_hook, timeout_s), \
        MIN(1), MAX(INT32_MAX / 1000))

#define HOOK_ROWS(where, m, fate, how) \
    ROW(where, "array of objects", fate, how, \
        ARRAY(spec, m.items, m.count)) \
    HOOK_MEMBERS(where, fate, "as its parent")

#define BLOCK_DEVICE_ROWS(where) \
    ROW(where "/N/major", "int64", REFUSED, "as its parent", \
        NOTHING(ROW_I64)) \
    ROW(where "/N/minor", "int64", REFUSED, "as its parent", \
        NOTHING(ROW_I64))

#define THROTTLE_ROWS(where) \
    ROW(where, "array of objects", REFUSED, \
        "the host's device numbers mean nothing in the guest", \
        NOTHING(ROW_ARRAY)) \
    BLOCK_DEVICE_ROWS(where) \
    ROW(where "/N/rate", "uint64", REFUSED, "as its parent", NOTHING(ROW_U64))

/* --- the tables -----------------------------------------------------------*/

const struct spec_property spec_property_rows[] = {
#define ROW(path, type, fate, how, ...) { path, type, SPEC_##fate, how },
#include "spec-rows.def"
#undef ROW
};

const struct spec_row spec_rows[] = {
#define ROW(path, type, fate, how, ...) { __VA_ARGS__ },
#include "spec-rows.def"
#undef ROW
};

const size_t spec_row_count = sizeof(spec_rows) / sizeof(*spec_rows);

/* The first row is the document itself, which is no property. */
const struct spec_property *spec_properties(size_t *count)
{
    *count = spec_row_count - 1;
    return spec_property_rows + 1;
}
