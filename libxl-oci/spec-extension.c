/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Annotations org.xenproject.oci.<key>, which say how the domain is made. */
#include "spec-accelerator.h"

#include <string.h>

#include "base/suggest.h"

#define PREFIX SPEC_PREFIX

struct extension_row {
    const char *key;
    enum { EXT_TEXT, EXT_COUNT, EXT_BYTES, EXT_CHOICE, EXT_NODES } kind;
    size_t at;
    const char *help;           /* form of the value; reason */
    const char *const *choices; /* NULL-terminated */
};

static const char *const rootfs_choices[] = { "erofs", "ext4", "9pfs", NULL };
static const char *const bind_choices[] = { "image", "9pfs", NULL };
static const char *const cache_choices[] = { "shared", "private", NULL };
static const char *const acl_choices[] = { "off", "on", NULL };

#define AT(m) offsetof(struct spec_extension, m)

static const struct extension_row extension_rows[] = {
    { "name", EXT_TEXT, AT(name), "a name for the domain", NULL },
    { "memory", EXT_BYTES, AT(memory),
      "a number of bytes, or one with K, M or G, e.g. \"64M\"", NULL },
    { "vcpus", EXT_COUNT, AT(vcpus), "a number from 1 to 128", NULL },
    { "rootfs", EXT_CHOICE, AT(rootfs), "erofs, ext4 or 9pfs",
      rootfs_choices },
    { "binds", EXT_CHOICE, AT(binds), "image or 9pfs", bind_choices },
    { "9pfs-cache", EXT_CHOICE, AT(share_cache), "shared or private",
      cache_choices },
    { "9pfs-acl", EXT_CHOICE, AT(share_acl), "on or off", acl_choices },
    { "cpupool", EXT_TEXT, AT(cpupool), "the name of a CPU pool", NULL },
    { "nodes", EXT_NODES, AT(nodes), ACCELERATOR_NODES_FORM, NULL },
};

#define ROW_COUNT (sizeof(extension_rows) / sizeof(*extension_rows))

/* Decimal digits up to *end; false when there are none or too many. */
static bool parse_digits(const char *s, const char **end, uint64_t *value)
{
    uint64_t v = 0;

    for (*end = s; **end >= '0' && **end <= '9'; ++*end)
        if (__builtin_mul_overflow(v, 10, &v) ||
            __builtin_add_overflow(v, (uint64_t)(**end - '0'), &v))
            return false;
    *value = v;
    return *end != s;
}

static bool parse_bytes(const char *s, uint64_t *value)
{
    static const char suffixes[] = "KMG";
    const char *end, *suffix;
    uint64_t v;
    unsigned int shift = 0;

    if (!parse_digits(s, &end, &v))
        return false;
    if (*end) {
        suffix = strchr(suffixes, *end & ~0x20);
        if (!suffix || end[1])
            return false;
        shift = 10 * (unsigned int)(suffix - suffixes + 1);
    }
    if (!v || v > (UINT64_C(1) << 48) >> shift)
        return false;
    *value = v << shift;
    return true;
}

static bool parse_count(const char *s, uint64_t *value)
{
    const char *end;

    return parse_digits(s, &end, value) && !*end && *value >= 1 &&
           *value <= 128;
}

static bool is_choice(const struct extension_row *row, const char *text)
{
    const char *const *choice;

    for (choice = row->choices; *choice; choice++)
        if (!strcmp(text, *choice))
            return true;
    return false;
}

static bool read_extension_value(struct reader *r,
                                 const struct extension_row *row,
                                 const struct json *j)
{
    void *to = (char *)&r->spec->extension + row->at;
    uint64_t number = 0;

    switch (row->kind) {
    case EXT_BYTES:
    case EXT_COUNT:
        if (row->kind == EXT_BYTES ? !parse_bytes(j->text, &number)
                                   : !parse_count(j->text, &number))
            return false;
        *(struct spec_u64 *)to = (struct spec_u64){ j, number };
        return true;
    case EXT_NODES:
        return accelerator_take_nodes(r, NULL, to, j, j->text);
    case EXT_CHOICE:
        if (!is_choice(row, j->text))
            return false;
        break;
    case EXT_TEXT:
        if (!*j->text)
            return false;
        break;
    }
    *(struct spec_string *)to = (struct spec_string){ j, j->text };
    return true;
}

static void mark_faulty(struct reader *r, const struct extension_row *row)
{
    spec_mark_faulty(r, (char *)&r->spec->extension + row->at);
}

static const struct extension_row *find_extension(const char *key)
{
    size_t i;

    for (i = 0; i < ROW_COUNT; i++)
        if (!strcmp(extension_rows[i].key, key))
            return &extension_rows[i];
    return NULL;
}

static void fail_unknown(struct reader *r, const struct json *j,
                         const char *key)
{
    struct suggestion s = suggest_start(key);
    size_t i;

    for (i = 0; i < ROW_COUNT; i++)
        suggest_consider(&s, extension_rows[i].key);
    if (s.best)
        spec_fail(r, CHECK_SPEC_EXTENSION, j,
                  "%s is not known; did you mean " PREFIX "%s?", j->key,
                  s.best);
    else
        spec_fail(r, CHECK_SPEC_EXTENSION, j, "%s is not known", j->key);
}

static void read_one(struct reader *r, const struct json *j)
{
    const char *key = j->key + strlen(PREFIX);
    const struct extension_row *row = find_extension(key);

    if (!row) {
        fail_unknown(r, j, key);
    } else if (!read_extension_value(r, row, j)) {
        spec_fail(r, CHECK_SPEC_EXTENSION, j, "\"%s\" is not %s", j->text,
                  row->help);
        mark_faulty(r, row);
    }
}

static void read_ours(struct reader *r, const struct json *j)
{
    const struct extension_row *row =
        find_extension(j->key + strlen(PREFIX));
    size_t errors = report_errors(r->report);

    if (j->type == JSON_STRING && !spec_read_accelerator(r, j))
        read_one(r, j);
    else if (j->type != JSON_STRING && row)
        mark_faulty(r, row);
    if (!row && (j->type != JSON_STRING ||
                 report_errors(r->report) != errors))
        spec_mark_faulty(r, &r->spec->accelerators);
}

void spec_read_extension(struct reader *r, const struct json *annotations)
{
    const struct json *j;

    for (j = annotations->child; j; j = j->next)
        if (!strncmp(j->key, PREFIX, strlen(PREFIX)))
            read_ours(r, j);
    spec_end_accelerators(r);
}

void spec_lose_extension(struct reader *r)
{
    size_t i;

    for (i = 0; i < ROW_COUNT; i++)
        mark_faulty(r, &extension_rows[i]);
    spec_mark_faulty(r, &r->spec->accelerators);
}
