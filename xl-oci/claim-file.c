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

static void format(const struct claim *c, struct bytes *out)
{
    size_t i;

    bytes_add_string(out, "{\"pages\":[");
    for (i = 0; i < c->n_pages; i++)
        bytes_printf(out, "%s[%" PRIu64 ",%" PRIu64 "]", i ? "," : "",
                     c->pages[i].mfn, c->pages[i].count);
    bytes_add_string(out, "],\"interrupts\":[");
    for (i = 0; i < c->n_interrupts; i++)
        bytes_printf(out, "%s%" PRIu32, i ? "," : "", c->interrupts[i]);
    bytes_add_string(out, "],\"dtdevs\":[");
    for (i = 0; i < c->n_dtdevs; i++) {
        bytes_add_string(out, i ? "," : "");
        bytes_add_json_string(out, c->dtdevs[i]);
    }
    bytes_add_string(out, "]}\n");
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

static bool fill(struct arena *arena, const struct json *document,
                 struct claim *c)
{
    size_t n_pages, n_interrupts, n_dtdevs;
    const struct json *j = list_of(document, "pages", &n_pages), *count;
    uint64_t number;

    c->pages = ARENA_ARRAY(arena, struct claim_pages, n_pages + 1);
    for (; j && c->pages; j = j->next) {
        count = j->child ? j->child->next : NULL;
        if (!count || !json_to_u64(j->child, &c->pages[c->n_pages].mfn) ||
            !json_to_u64(count, &c->pages[c->n_pages].count))
            return false;
        c->n_pages++;
    }
    j = list_of(document, "interrupts", &n_interrupts);
    c->interrupts = ARENA_ARRAY(arena, uint32_t, n_interrupts + 1);
    for (; j && c->interrupts; j = j->next) {
        if (!json_to_u64(j, &number))
            return false;
        c->interrupts[c->n_interrupts++] = (uint32_t)number;
    }
    j = list_of(document, "dtdevs", &n_dtdevs);
    c->dtdevs = ARENA_ARRAY(arena, const char *, n_dtdevs + 1);
    for (; j && c->dtdevs && j->type == JSON_STRING; j = j->next)
        c->dtdevs[c->n_dtdevs++] = j->text;
    return c->pages && c->interrupts && c->dtdevs;
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
