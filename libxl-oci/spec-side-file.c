/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* accelerators.json of the bundle: docs/accelerators.schema.json */
#include "spec-accelerator.h"

#include <string.h>

#include "base/arena.h"
#include "base/report.h"

/* A string; or the words of an array, where the row is a list. */
static const char *member_text(struct reader *r,
                               const struct accelerator_row *row,
                               const struct json *j)
{
    const struct json *item;
    const char *text = "";

    if (j->type == JSON_STRING && !row->is_list)
        return j->text;
    if (j->type != JSON_ARRAY || !row->is_list) {
        spec_fail(r, CHECK_SPEC_TYPE, j, "this must be %s, not a JSON %s",
                  row->is_list ? "an array of strings" : "a string",
                  json_type_name(j->type));
        return NULL;
    }
    for (item = j->child; item && text; item = item->next) {
        if (item->type != JSON_STRING || !accelerator_is_plain(item->text)) {
            accelerator_fail_form(r, row, item, item->text ? item->text : "");
            return NULL;
        }
        text = arena_printf(r->arena, "%s%s%s", text, *text ? " " : "",
                            item->text);
    }
    r->out_of_memory |= !text;
    return text;
}

static void read_member(struct reader *r, struct spec_accelerator *a,
                        const struct json *j)
{
    const char *text;
    size_t i;

    for (i = 0; i < ACCELERATOR_ROW_COUNT &&
         strcmp(accelerator_rows[i].member, j->key); i++)
        ;
    if (i == ACCELERATOR_ROW_COUNT) {
        accelerator_fail_unknown(r, j, j->key, true);
        return;
    }
    text = member_text(r, &accelerator_rows[i], j);
    if (text)
        accelerator_take(r, &accelerator_rows[i], a, j, text);
}

static void read_object(struct reader *r, const struct json *j)
{
    const struct json *name = json_member(j, "name"), *m;
    struct spec_accelerator *a, *same;

    if (name && (name->type != JSON_STRING ||
                 !accelerator_is_name(name->text, strlen(name->text)))) {
        spec_fail(r, CHECK_ACCELERATOR_INVALID, name,
                  "this is not a name: lower-case letters, digits and "
                  "\"-\"");
        name = NULL;
    }
    same = name ? accelerator_find(r, name->text) : NULL;
    if (same)
        spec_fail(r, CHECK_SPEC_DUPLICATE, name,
                  "there is an accelerator \"%s\" already, at %s:%u:%u",
                  name->text, same->at->file, same->at->line,
                  same->at->column);
    a = accelerator_add(r, name ? name->text : NULL, j);
    if (!a)
        return;
    for (m = j->child; m; m = m->next)
        if (strcmp(m->key, "name"))
            read_member(r, a, m);
    if (!json_member(j, "device"))
        spec_fail(r, CHECK_SPEC_MISSING, j, "\"device\" is missing");
}

static void read_document(struct reader *r, const struct json *document)
{
    const struct json *list = json_member(document, "accelerators"), *j;

    if (document->type != JSON_OBJECT) {
        spec_fail(r, CHECK_SPEC_TYPE, document,
                  "the document must be an object, not a JSON %s",
                  json_type_name(document->type));
        return;
    }
    for (j = document->child; j; j = j->next)
        if (j != list)
            spec_fail(r, CHECK_ACCELERATOR_INVALID, j,
                      "\"%.100s\" is not known here", j->key);
    if (!list)
        spec_fail(r, CHECK_SPEC_MISSING, document,
                  "\"accelerators\" is missing");
    else if (list->type != JSON_ARRAY)
        spec_fail(r, CHECK_SPEC_TYPE, list,
                  "this must be an array of objects, not a JSON %s",
                  json_type_name(list->type));
    for (j = list ? list->child : NULL; j; j = j->next)
        if (j->type == JSON_OBJECT)
            read_object(r, j);
        else
            spec_fail(r, CHECK_SPEC_TYPE, j,
                      "this must be an object, not a JSON %s",
                      json_type_name(j->type));
}

void spec_read_side_file(struct reader *r, const struct json *document)
{
    size_t errors = report_errors(r->report);

    read_document(r, document);
    if (report_errors(r->report) != errors)
        spec_mark_faulty(r, &r->spec->accelerators);
}

bool spec_has_devices(const struct spec *spec)
{
    const struct spec_vm *vm = &spec->vm;

    return spec->accelerators.count || vm->hw_dtdevs.count ||
           vm->n_hw_iomems || vm->hw_irqs.count || vm->hw_device_tree.at;
}
