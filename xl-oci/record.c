/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run-directory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "checks.h"
#include "files.h"
#include "json.h"

#define RECORD_MAX_BYTES (4u << 20)     /* annotations: as config.json */

static void add_text(struct bytes *out, const char *key, const char *value)
{
    if (!value)
        return;
    bytes_printf(out, ",\n \"%s\": ", key);
    bytes_add_json_string(out, value);
}

static void add_annotations(struct bytes *out, const char *const *pairs)
{
    const char *const *p;

    bytes_add_string(out, ",\n \"annotations\": {");
    for (p = pairs; p && p[0] && p[1]; p += 2) {
        bytes_add_string(out, p == pairs ? "" : ", ");
        bytes_add_json_string(out, p[0]);
        bytes_add_string(out, ": ");
        bytes_add_json_string(out, p[1]);
    }
    bytes_add_string(out, "}");
}

static void format_record(const struct container_record *r, struct bytes *out)
{
    bytes_printf(out, "{\"version\": 1,\n \"status\": \"%s\",\n"
                 " \"domid\": %lld,\n \"monitor\": %d,\n \"created\": %lld",
                 container_status_name(r->status), (long long)r->domid,
                 (int)r->monitor_pid, (long long)r->created_s);
    add_text(out, "name", r->name);
    add_text(out, "uuid", r->uuid);
    add_text(out, "bundle", r->bundle);
    add_text(out, "ociVersion", r->oci_version);
    add_text(out, "config", r->config_path);
    add_annotations(out, r->annotations);
    bytes_printf(out, ",\n \"exit\": {\"kind\": \"%s\", \"number\": %d",
                 exit_kind_name(r->exit.kind), r->exit.number);
    add_text(out, "text", r->exit.text);
    bytes_add_string(out, "}}\n");
}

int record_write(int dir_fd, const struct container_record *record,
                 struct report *report)
{
    struct bytes out = BYTES_INIT;
    int rc = -1;

    format_record(record, &out);
    if (out.failed)
        errno = ENOMEM;
    else
        rc = file_write_at(dir_fd, "record", out.data, out.size);
    if (rc)
        report_check(report, RUN_DIRECTORY, NULL,
                     "the record of \"%s\" cannot be written: %s",
                     record->name, strerror(errno));
    bytes_free(&out);
    return rc;
}

/* --- reading --------------------------------------------------------------- */

static const char *text_member(const struct json *j, const char *key)
{
    const struct json *m = json_member(j, key);

    return m && m->type == JSON_STRING ? m->text : NULL;
}

static int64_t number_member(const struct json *j, const char *key,
                             int64_t missing)
{
    const struct json *m = json_member(j, key);
    int64_t value;

    return m && m->type == JSON_NUMBER && json_to_i64(m, &value) ? value :
           missing;
}

static int status_member(const struct json *j)
{
    const char *text = text_member(j, "status");
    int i;

    for (i = CONTAINER_CREATING; text && i <= CONTAINER_STOPPED; i++)
        if (!strcmp(text, container_status_name((enum container_status)i)))
            return i;
    return -1;
}

static int kind_member(const struct json *j)
{
    const char *text = text_member(j, "kind");
    int i;

    for (i = EXIT_NONE; text && i <= EXIT_UNKNOWN; i++)
        if (!strcmp(text, exit_kind_name((enum exit_kind)i)))
            return i;
    return -1;
}

static const char *const *read_annotations(struct arena *arena,
                                           const struct json *j)
{
    const struct json *m;
    const char **pairs;
    size_t n = 0;

    pairs = ARENA_ARRAY(arena, const char *, j ? 2 * j->count + 1 : 1);
    for (m = j ? j->child : NULL; m && pairs; m = m->next) {
        if (m->type != JSON_STRING)
            continue;
        pairs[n++] = m->key;
        pairs[n++] = m->text;
    }
    return pairs;
}

/* NULL with errno: EINVAL when it is no record. */
static const struct container_record *
record_from_json(struct arena *arena, const struct json *j, const char *name)
{
    struct container_record *r = ARENA_NEW(arena, struct container_record);
    const struct json *ended = json_member(j, "exit");
    int status = status_member(j);
    int kind = kind_member(ended);

    errno = ENOMEM;
    if (!r)
        return NULL;
    errno = EINVAL;
    if (status < 0 || kind < 0)
        return NULL;
    r->name = text_member(j, "name");
    r->uuid = text_member(j, "uuid");
    r->bundle = text_member(j, "bundle");
    r->oci_version = text_member(j, "ociVersion");
    r->config_path = text_member(j, "config");
    r->status = (enum container_status)status;
    r->domid = number_member(j, "domid", -1);
    r->monitor_pid = (pid_t)number_member(j, "monitor", 0);
    r->created_s = number_member(j, "created", 0);
    r->exit.kind = (enum exit_kind)kind;
    r->exit.number = (int)number_member(ended, "number", 0);
    r->exit.text = text_member(ended, "text");
    r->annotations = read_annotations(arena, json_member(j, "annotations"));
    errno = r->annotations ? EINVAL : ENOMEM;
    return r->annotations && r->name && r->uuid && r->bundle &&
           !strcmp(r->name, name) ? r : NULL;
}

/* Of what Dom0 lacks the record is not to blame. */
static void report_unread(const struct report_where *where, int failure,
                          struct report *report)
{
    if (failure == EINVAL)
        report_check(report, CONTAINER_RECORD, where,
                     "it lacks what a record must hold");
    else if (failure == ENOMEM || failure == EMFILE || failure == ENFILE)
        report_check(report, HOST_RESOURCES, where, "%s", strerror(failure));
    else
        report_check(report, CONTAINER_RECORD, where, "%s",
                     strerror(failure));
}

const struct container_record *record_read(struct arena *arena, int dir_fd,
                                           const char *name,
                                           struct report *report)
{
    struct report_where where = {
        .file = arena_printf(arena, "%s/%s/record", run_root(), name),
    };
    const struct container_record *record = NULL;
    char *text = malloc(RECORD_MAX_BYTES);
    const struct json *document;
    ssize_t size;

    errno = ENOMEM;
    size = text && where.file ?
           file_read_at(dir_fd, "record", text, RECORD_MAX_BYTES) : -1;
    if (size < 0) {
        report_unread(&where, errno, report);
        free(text);
        return NULL;
    }
    document = json_parse(arena, where.file, text, (size_t)size,
                          &json_default_limits, report);
    if (document)
        record = record_from_json(arena, document, name);
    if (document && !record)
        report_unread(&where, errno, report);
    free(text);
    return record;
}
