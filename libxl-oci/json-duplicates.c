/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "json-tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "checks.h"
#include "json.h"

/* Sorting costs the same for every choice of keys; a hash table would let the
 * bundle's author choose keys that collide. */
static int compare_members(const void *left, const void *right)
{
    const struct json *a = *(const struct json *const *)left;
    const struct json *b = *(const struct json *const *)right;
    int order = strcmp(a->key, b->key);

    if (order)
        return order;
    return a->index < b->index ? -1 : a->index > b->index;
}

static int report_duplicate(struct arena *scratch, const struct json *member,
                            const struct json *earlier, struct report *report)
{
    struct report_where where = json_where(scratch, member);

    if (!where.path)
        return -1;
    report_check(report, JSON_DUPLICATE_KEY, &where,
                 "the name \"%s\" is already used at line %u, column %u",
                 member->key, earlier->line, earlier->column);
    return 0;
}

/* Of each object; the rest would only repeat the lesson. */
#define MAX_REPORTED 20

int json_check_duplicates(struct arena *scratch, const struct json *object,
                          struct report *report)
{
    const struct json **members, *member;
    size_t i = 0, reported = 0;

    if (object->count < 2)
        return 0;
    members = ARENA_ARRAY(scratch, const struct json *, object->count);
    if (!members)
        return -1;
    for (member = object->child; member; member = member->next)
        members[i++] = member;
    qsort(members, object->count, sizeof(*members), compare_members);
    for (i = 1; i < object->count && reported < MAX_REPORTED; i++) {
        if (strcmp(members[i - 1]->key, members[i]->key))
            continue;
        if (report_duplicate(scratch, members[i], members[i - 1], report))
            return -1;
        reported++;
    }
    return 0;
}
