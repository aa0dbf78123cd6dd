/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libxl.h>
#include <libxlutil.h>

#include "base/arena.h"
#include "checks.h"
#include "dt/passthrough.h"

#define SHARED_DIR XL_OCI_PREFIX "/lib/xl-oci"

enum kind { PATH, NUMBER, SIZE, ALLOWANCES };

static const struct row {
    const char *key;
    enum kind kind;
    size_t offset;
} rows[] = {
    { "memory_max", SIZE, offsetof(struct settings, memory_max_bytes) },
    { "vcpus_max", NUMBER, offsetof(struct settings, vcpus_max) },
    { "cache_dir", PATH, offsetof(struct settings, cache_dir) },
    { "cache_max", SIZE, offsetof(struct settings, cache_max_bytes) },
    { "kernel", PATH, offsetof(struct settings, kernel) },
    { "initramfs", PATH, offsetof(struct settings, initramfs) },
    { "block_script", PATH, offsetof(struct settings, block_script) },
    { "host_dtb", PATH, offsetof(struct settings, host_dtb) },
    { "device_allow", ALLOWANCES, offsetof(struct settings, allowances) },
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static int set_path(struct arena *arena, struct settings *settings,
                    const struct row *row, const char *text)
{
    const char **field = (const char **)((char *)settings + row->offset);

    if (text[0] != '/')
        return -1;
    *field = arena_strdup(arena, text);
    return *field ? 0 : -1;
}

/* Decimal, with K, M or G where the row is a size. */
static int set_number(struct settings *settings, const struct row *row,
                      const char *text)
{
    uint64_t *field = (uint64_t *)((char *)settings + row->offset);
    unsigned int shift = 0;
    unsigned long long value;
    char *end;

    errno = 0;
    value = strtoull(text, &end, 10);
    if (errno || end == text || text[0] < '0' || text[0] > '9')
        return -1;
    if (row->kind == SIZE && *end) {
        const char *unit = strchr("KMG", *end);

        if (!unit)
            return -1;
        shift = 10 * (unsigned int)(unit - "KMG" + 1);
        end++;
    }
    if (*end || value > (UINT64_MAX >> shift))
        return -1;
    *field = (uint64_t)value << shift;
    return 0;
}

/* "DEVICE WORD...": what is wrong with it, or NULL. */
static const char *parse_allowance(struct arena *arena, const char *text,
                                   struct dt_allowance *allowance)
{
    size_t length = strcspn(text, " ");
    unsigned int bit;

    allowance->device = arena_printf(arena, "%.*s", (int)length, text);
    if (!allowance->device || !length)
        return "names no device";
    for (text += length; *(text += strspn(text, " ")); text += length) {
        length = strcspn(text, " ");
        bit = dt_waiver_by_name(text, length);
        if (!bit)
            return "has a word that xl-oci.conf(5) does not know";
        allowance->waived |= bit;
    }
    return allowance->waived ? NULL : "allows nothing";
}

static void apply_allowances(struct arena *arena, struct settings *settings,
                             const XLU_Config *config, const struct row *row,
                             const struct report_where *where,
                             struct report *report)
{
    XLU_ConfigList *list;
    const char *text, *wrong;
    int count = 0, i, rc;

    rc = xlu_cfg_get_list(config, row->key, &list, &count, 1);
    if (rc == ESRCH)
        return;
    if (!rc)
        settings->allowances = ARENA_ARRAY(arena, struct dt_allowance,
                                           (size_t)count + 1);
    if (rc || !settings->allowances) {
        report_check(report, SETTINGS_INVALID, where, "%s is not a list",
                     row->key);
        return;
    }
    for (i = 0; i < count; i++) {
        struct dt_allowance *a =
            &settings->allowances[settings->n_allowances++];

        a->where = *where;
        text = xlu_cfg_get_listitem(list, i);
        wrong = parse_allowance(arena, text ? text : "", a);
        if (wrong)
            report_check(report, SETTINGS_INVALID, where, "%s: \"%s\" %s",
                         row->key, text ? text : "", wrong);
    }
}

static void apply_row(struct arena *arena, struct settings *settings,
                      const XLU_Config *config, const struct row *row,
                      const struct report_where *where, struct report *report)
{
    const char *text = NULL;
    int rc;

    if (row->kind == ALLOWANCES) {
        apply_allowances(arena, settings, config, row, where, report);
        return;
    }
    rc = xlu_cfg_get_string(config, row->key, &text, 1);
    if (rc == ESRCH)
        return;
    if (!rc)
        rc = row->kind == PATH ? set_path(arena, settings, row, text) :
             set_number(settings, row, text);
    if (rc)
        report_check(report, SETTINGS_INVALID, where, "%s: \"%s\" is not %s",
                     row->key, text ? text : "a list",
                     row->kind == PATH ? "an absolute path" :
                     row->kind == SIZE ? "a size such as 512M" : "a number");
}

/*
 * libxlutil has no way to list the keys it has read: look at the words that
 * stand before "=" at the start of a line.
 */
static void find_unknown(const char *text, const char *file,
                         struct report *report)
{
    struct report_where where = { .file = file };
    char key[64];
    size_t i, length;

    for (where.line = 1; text; where.line++) {
        text += strspn(text, " \t");
        where.column = 1;
        length = strcspn(text, " \t=#\n");
        if (length && length < sizeof(key) && text[0] != '#' &&
            text[length + strspn(text + length, " \t")] == '=') {
            memcpy(key, text, length);
            key[length] = '\0';
            for (i = 0; i < N_ROWS && strcmp(key, rows[i].key); i++)
                ;
            if (i == N_ROWS)
                report_check(report, SETTINGS_INVALID, &where,
                             "there is no key \"%s\"", key);
        }
        text = strchr(text, '\n');
        text = text ? text + 1 : NULL;
    }
}

static void parse(struct arena *arena, struct settings *settings,
                  const char *text, size_t size, struct report *report)
{
    struct report_where where = { .file = settings->file };
    char *messages = NULL;
    size_t messages_size = 0, i;
    FILE *stream = open_memstream(&messages, &messages_size);
    XLU_Config *config = stream ? xlu_cfg_init(stream, settings->file) : NULL;

    if (!config) {
        report_check(report, HOST_RESOURCES, &where, "out of memory");
    } else if (xlu_cfg_readdata(config, text, (int)size)) {
        fflush(stream);
        report_check(report, SETTINGS_INVALID, &where, "%.*s",
                     (int)strcspn(messages ? messages : "", "\n"),
                     messages ? messages : "");
    } else {
        find_unknown(text, settings->file, report);
        for (i = 0; i < N_ROWS; i++)
            apply_row(arena, settings, config, &rows[i], &where, report);
    }
    if (config)
        xlu_cfg_destroy(config);
    if (stream)
        fclose(stream);
    free(messages);
}

int settings_read(struct arena *arena, struct settings *settings,
                  struct report *report)
{
    const char *file = secure_getenv("XL_OCI_CONF");
    size_t errors = report_errors(report);
    char text[65536];
    FILE *stream;
    size_t size;

    *settings = (struct settings){
        .file = file && *file ? file : XL_OCI_CONF,
        .cache_dir = "/var/cache/xl-oci",
        .cache_max_bytes = 4ull << 30,
        .kernel = SHARED_DIR "/kernel",
        .initramfs = SHARED_DIR "/initramfs.cpio",
        .block_script = SHARED_DIR "/xl-oci-block",
    };
    stream = fopen(settings->file, "re");
    if (!stream && errno == ENOENT)
        return 0;
    if (!stream) {
        struct report_where where = { .file = settings->file };

        report_check(report, SETTINGS_INVALID, &where, "%s", strerror(errno));
        return -1;
    }
    size = fread(text, 1, sizeof(text) - 1, stream);
    text[size] = '\0';
    fclose(stream);
    parse(arena, settings, text, size, report);
    return report_errors(report) == errors ? 0 : -1;
}
