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

static bool fill(struct arena *arena, const struct json *document,
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
                        n_stubs) || !fill_pages(pages, c))
        return false;
    for (; j; j = j->next) {
        if (!json_to_u64(j, &number))
            return false;
        c->interrupts[c->n_interrupts++] = (uint32_t)number;
    }
    for (; dtdevs && dtdevs->type == JSON_STRING; dtdevs = dtdevs->next)
        c->dtdevs[c->n_dtdevs++] = dtdevs->text;
    fill_shown(nodes, stubs, c);
    return true;
}

static struct claim *read_open(struct arena *arena, int dir_fd,
                               const char *name, struct report *ignored)
{
    struct claim *claim = ARENA_NEW(arena, struct claim);
    char *text = malloc(MAX_BYTES);
    const struct json *document = NULL;
    ssize_t size = text ? file_read_at(dir_fd, CLAIM_FILE, text, MAX_BYTES) :
                   -1;

    if (size >= 0)
        document = json_parse(arena, name, text, (size_t)size,
                              &json_default_limits, ignored);
    free(text);
    if (!claim || !document || !fill(arena, document, claim))
        return NULL;
    claim->holder = name;
    claim->is_container = true;
    return claim;
}

struct claim *claim_file_read(struct arena *arena, const char *name)
{
    struct report *ignored = report_new();
    int dir_fd = ignored ? run_open(name, ignored) : -1;
    struct claim *claim = NULL;

    if (dir_fd >= 0) {
        claim = read_open(arena, dir_fd, name, ignored);
        close(dir_fd);
    }
    report_free(ignored);
    return claim;
}
