/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "claim-file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "checks.h"
#include "files.h"
#include "json.h"
#include "run-directory.h"

#define MAX_BYTES (1u << 20)

/* Strings of a list's entry, with a comma before where it is not the first. */
static void begin_entry(struct bytes *out, size_t i, const char *first,
                        const char *second)
{
    bytes_add_string(out, i ? ",[" : "[");
    bytes_add_json_string(out, first);
    bytes_add_string(out, ",");
    bytes_add_json_string(out, second);
}

static void format_shown(const struct claim *c, struct bytes *out)
{
    size_t i;

    bytes_add_string(out, ",\"nodes\":[");
    for (i = 0; i < c->n_nodes; i++) {
        begin_entry(out, i, c->nodes[i].host, c->nodes[i].guest);
        bytes_add_string(out, "]");
    }
    bytes_add_string(out, "],\"stubs\":[");
    for (i = 0; i < c->n_stubs; i++) {
        begin_entry(out, i, c->stubs[i].kind, c->stubs[i].host);
        bytes_add_string(out, ",");
        bytes_add_json_string(out, c->stubs[i].guest);
        bytes_printf(out, ",%" PRIu64 "]", c->stubs[i].hz);
    }
    bytes_add_string(out, "]");
}

static void format(const struct claim *c, struct bytes *out)
{
    size_t i;

    bytes_add_string(out, "{\"pages\":[");
    for (i = 0; i < c->n_pages; i++)
        bytes_printf(out, "%s[%" PRIu64 ",%" PRIu64 ",%" PRIu64 "]",
                     i ? "," : "", c->pages[i].mfn, c->pages[i].count,
                     c->pages[i].gfn);
    bytes_add_string(out, "],\"interrupts\":[");
    for (i = 0; i < c->n_interrupts; i++)
        bytes_printf(out, "%s%" PRIu32, i ? "," : "", c->interrupts[i]);
    bytes_add_string(out, "],\"dtdevs\":[");
    for (i = 0; i < c->n_dtdevs; i++) {
        bytes_add_string(out, i ? "," : "");
        bytes_add_json_string(out, c->dtdevs[i]);
    }
    bytes_add_string(out, "]");
    format_shown(c, out);
    bytes_add_string(out, "}\n");
}

int claim_file_write(int dir_fd, const struct claim *claim,
                     struct report *report)
{
    struct bytes out = BYTES_INIT;
    int rc = -1;

    format(claim, &out);
    if (out.failed)
        errno = ENOMEM;
    else
        rc = file_write_at(dir_fd, CLAIM_FILE, out.data, out.size);
    if (rc)
        report_check(report, RUN_DIRECTORY, NULL,
                     "the claim of \"%s\" cannot be written: %s",
                     claim->holder, strerror(errno));
    bytes_free(&out);
    return rc;
}

/* The list of that name; an empty one when there is none. */
static const struct json *list_of(const struct json *document,
                                  const char *key, size_t *count)
{
    const struct json *list = json_member(document, key);

    *count = list && list->type == JSON_ARRAY ? list->count : 0;
    return *count ? list->child : NULL;
}

/* The text of an entry's k-th string, or NULL. */
static const char *text_at(const struct json *entry, size_t k)
{
    const struct json *j = entry->type == JSON_ARRAY ? entry->child : NULL;

    while (j && k--)
        j = j->next;
    return j && j->type == JSON_STRING ? j->text : NULL;
}

static bool fill_pages(const struct json *j, struct claim *c)
{
    const struct json *count;
    struct claim_pages *pages;

    for (; j; j = j->next) {
        pages = &c->pages[c->n_pages++];
        count = j->child ? j->child->next : NULL;
        if (!count || !json_to_u64(j->child, &pages->mfn) ||
            !json_to_u64(count, &pages->count))
            return false;
        if (!count->next || !json_to_u64(count->next, &pages->gfn))
            pages->gfn = CLAIM_NO_GFN;
    }
    return true;
}

/* What is only shown is left out where it is damaged. */
static void fill_shown(const struct json *nodes, const struct json *stubs,
                       struct claim *c)
{
    const struct json *hz;

    for (; nodes; nodes = nodes->next) {
        struct claim_node *node = &c->nodes[c->n_nodes];

        node->host = text_at(nodes, 0);
        node->guest = text_at(nodes, 1);
        c->n_nodes += node->host && node->guest;
    }
    for (; stubs; stubs = stubs->next) {
        struct claim_stub *stub = &c->stubs[c->n_stubs];

        stub->kind = text_at(stubs, 0);
        stub->host = text_at(stubs, 1);
        stub->guest = text_at(stubs, 2);
        hz = stub->guest ? stubs->child->next->next->next : NULL;
        c->n_stubs += stub->kind && stub->host && hz &&
                      json_to_u64(hz, &stub->hz);
    }
}

/* 0, ENOMEM, or EINVAL when it is damaged. */
static int fill(struct arena *arena, const struct json *document,
                struct claim *c)
{
    size_t n_pages, n_interrupts, n_dtdevs, n_nodes, n_stubs;
    const struct json *pages = list_of(document, "pages", &n_pages);
    const struct json *j = list_of(document, "interrupts", &n_interrupts);
    const struct json *dtdevs = list_of(document, "dtdevs", &n_dtdevs);
    const struct json *nodes = list_of(document, "nodes", &n_nodes);
    const struct json *stubs = list_of(document, "stubs", &n_stubs);
    uint64_t number;

    if (!claim_allocate(arena, c, n_pages, n_interrupts, n_dtdevs, n_nodes,
                        n_stubs))
        return ENOMEM;
    if (!fill_pages(pages, c))
        return EINVAL;
    for (; j; j = j->next) {
        if (!json_to_u64(j, &number))
            return EINVAL;
        c->interrupts[c->n_interrupts++] = (uint32_t)number;
    }
    for (; dtdevs && dtdevs->type == JSON_STRING; dtdevs = dtdevs->next)
        c->dtdevs[c->n_dtdevs++] = dtdevs->text;
    fill_shown(nodes, stubs, c);
    return 0;
}

/* 0, ENOMEM, or EINVAL when it is no JSON. */
static int parse(struct arena *arena, const char *name, const char *text,
                 size_t size, const struct json **document)
{
    struct report *report = report_new();
    const struct diagnostic *d = NULL;
    int error = ENOMEM;

    if (report) {
        *document = json_parse(arena, name, text, size, &json_default_limits,
                               report);
        d = report_first(report);
    }
    if (report && *document)
        error = 0;
    else if (d && d->check != &xloci_checks[CHECK_OUT_OF_MEMORY])
        error = EINVAL;
    report_free(report);
    return error;
}

/* 0 or an errno. */
static int read_open(struct arena *arena, int dir_fd, const char *name,
                     struct claim *claim)
{
    const struct json *document = NULL;
    char *text = malloc(MAX_BYTES);
    ssize_t size;
    int error;

    if (!text)
        return ENOMEM;
    size = file_read_at(dir_fd, CLAIM_FILE, text, MAX_BYTES);
    error = size < 0 ? errno :
            parse(arena, name, text, (size_t)size, &document);
    free(text);
    return error ? error : fill(arena, document, claim);
}

/* NULL without a record: then no domain is known to be the container's. */
static const char *find_uuid(struct arena *arena, int dir_fd,
                             const char *name)
{
    struct report *ignored = report_new();
    const struct container_record *record =
        ignored ? record_read(arena, dir_fd, name, ignored) : NULL;

    report_free(ignored);
    return record ? record->uuid : NULL;
}

int claim_file_read(struct arena *arena, const char *name,
                    struct claim **claim, struct report *report)
{
    struct claim *found = ARENA_NEW(arena, struct claim);
    int dir_fd = run_find(name), error = errno;

    *claim = NULL;
    if (dir_fd >= 0) {
        error = found ? read_open(arena, dir_fd, name, found) : ENOMEM;
        if (!error)
            found->uuid = find_uuid(arena, dir_fd, name);
        close(dir_fd);
    }
    if (!error) {
        found->holder = name;
        found->is_container = true;
        *claim = found;
    } else if (error != ENOENT && error != EINVAL && error != EFBIG) {
        report_check(report, RUN_DIRECTORY, NULL,
                     "the claim of \"%s\" cannot be read: %s", name,
                     strerror(error));
        return -1;
    }
    return 0;
}
