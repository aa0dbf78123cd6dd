/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks of the properties below /linux, but mounts and devices. */
#include "spec-rows.h"

#include <string.h>

/* --- namespaces, id mappings ----------------------------------------------*/

/* config-linux.md "Namespaces": duplicate types MUST be an error. */
void check_namespaces(struct reader *r, const struct spec_row *row,
                      const struct json *j, void *base)
{
    const struct spec_linux *l = &((struct spec *)base)->linux_;
    uint64_t seen = 0;
    size_t i;

    (void)row;
    (void)j;
    for (i = 0; i < l->n_namespaces; i++) {
        const struct spec_namespace *n = &l->namespaces[i];

        if (seen & n->clone_flag)
            spec_fail(r, CHECK_SPEC_DUPLICATE, n->type.at,
                      "the namespace \"%s\" is listed a second time",
                      n->type.value);
        seen |= n->clone_flag;
    }
}

/* What is missing or no number was reported as such. */
static bool is_range_wrong(const struct spec_id_mapping *m)
{
    if (!m->size.at || !m->container_id.at || !m->host_id.at)
        return false;
    return !m->size.value ||
           m->container_id.value + m->size.value > UINT32_MAX ||
           m->host_id.value + m->size.value > UINT32_MAX;
}

void check_id_mappings(struct reader *r, const struct spec_row *row,
                       const struct json *j, void *base)
{
    const struct spec_id_mapping *map =
        *(struct spec_id_mapping **)((char *)base + row->at);
    size_t i, count = *(size_t *)((char *)base + row->count_at);

    (void)j;
    for (i = 0; i < count; i++)
        if (is_range_wrong(&map[i]))
            spec_fail(r, CHECK_SPEC_ID_MAP, map[i].at,
                      "a range of %llu ids from %llu to %llu is empty or "
                      "wraps", (unsigned long long)map[i].size.value,
                      (unsigned long long)map[i].container_id.value,
                      (unsigned long long)map[i].host_id.value);
}

/* --- time offsets ---------------------------------------------------------*/

void check_time_offsets(struct reader *r, const struct spec_row *row,
                        const struct json *j, void *base)
{
    static const char *const clocks[] = { "monotonic", "boottime" };
    static const char *const paths[] = {
        "/linux/timeOffsets/monotonic", "/linux/timeOffsets/boottime",
    };
    struct spec_linux *l = &((struct spec *)base)->linux_;
    size_t i;

    l->time_offsets = spec_alloc(r, 2, sizeof(*l->time_offsets));
    if (!l->time_offsets)
        return;
    for (i = 0; i < 2; i++) {
        const struct json *clock = json_member(j, clocks[i]);
        struct spec_time_offset *to = &l->time_offsets[l->n_time_offsets];

        if (!clock)
            continue;
        if (clock->type != JSON_OBJECT) {
            spec_fail(r, CHECK_SPEC_TYPE, clock, "this must be an object, "
                      "not a JSON %s", json_type_name(clock->type));
            continue;
        }
        to->at = clock;
        to->clock = clocks[i];
        spec_read_members(r, spec_row_index(paths[i]), clock, to);
        l->n_time_offsets++;
    }
    (void)row;
}

/* --- resources ------------------------------------------------------------*/

void check_memory_swap(struct reader *r, const struct spec_row *row,
                       const struct json *j, void *base)
{
    const struct spec_resources *res = &((struct spec *)base)->linux_.resources;

    (void)row;
    (void)j;
    /* swap is memory plus swap: equal to the limit means no swap */
    if (res->memory_swap.at && res->memory_swap.value > 0 &&
        !spec_is_faulty(r->spec, &res->memory_limit) &&
        (!res->memory_limit.at ||
         res->memory_swap.value != res->memory_limit.value))
        spec_fail_remedy(r, CHECK_SPEC_REFUSED, res->memory_swap.at,
                         "set it to the value of \"limit\", to -1, or remove "
                         "it",
                         "swap cannot be honoured: the guest has no swap");
    if (res->memory_limit.value > 0 &&
        res->memory_reservation.value > res->memory_limit.value)
        spec_fail(r, CHECK_SPEC_CONFLICT, res->memory_reservation.at,
                  "the reservation is above the limit");
}

void check_memory_policy(struct reader *r, const struct spec_row *row,
                         const struct json *j, void *base)
{
    (void)row;
    (void)base;
    if (strcmp(j->text, "MPOL_DEFAULT") && strcmp(j->text, "MPOL_LOCAL"))
        spec_fail(r, CHECK_SPEC_REFUSED, j, "%s cannot be honoured: the "
                  "guest has one memory node", j->text);
}

void check_unified(struct reader *r, const struct spec_row *row,
                   const struct json *j, void *base)
{
    const struct json *item;

    (void)row;
    (void)base;
    for (item = j->child; item; item = item->next)
        if (!*item->key || strchr(item->key, '/') || *item->key == '.')
            spec_fail(r, CHECK_SPEC_CGROUP_FILE, item,
                      "\"%s\" is not the name of a cgroup's file", item->key);
}

/* --- seccomp --------------------------------------------------------------*/

void check_seccomp_action(struct reader *r, const struct spec_row *row,
                          const struct json *j, void *base)
{
    (void)row;
    (void)base;
    if (!strcmp(j->text, "SCMP_ACT_NOTIFY"))
        spec_fail(r, CHECK_SPEC_SECCOMP, j, "SCMP_ACT_NOTIFY needs a "
                  "listener, which cannot be outside of the guest");
}

void check_seccomp_rule(struct reader *r, const struct spec_row *row,
                        const struct json *j, void *base)
{
    (void)row;
    (void)base;
    if (!j->child)
        spec_fail(r, CHECK_SPEC_SECCOMP, j,
                  "the rule names no system call");
}
