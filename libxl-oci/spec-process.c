/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks of the properties below /process, and of strings in general. */
#include "spec-rows.h"

#include <string.h>

#include "base/arena.h"
#include "base/suggest.h"

void check_absolute_path(struct reader *r, const struct spec_row *row,
                         const struct json *j, void *base)
{
    (void)base;
    if (*j->text == '/')
        return;
    if (*j->text)
        spec_fail(r, CHECK_SPEC_ABSOLUTE, j, "\"%s\" is not absolute",
                  j->text);
    else if (row->required)
        spec_fail(r, CHECK_SPEC_EMPTY, j, "the path is empty");
}

void check_absolute_paths(struct reader *r, const struct spec_row *row,
                          const struct json *j, void *base)
{
    const struct json *item;

    for (item = spec_next_string(j->child); item;
         item = spec_next_string(item->next)) {
        if (*item->text)
            check_absolute_path(r, row, item, base);
        else
            spec_fail(r, CHECK_SPEC_EMPTY, item, "the path is empty");
    }
}

void check_hostname(struct reader *r, const struct spec_row *row,
                    const struct json *j, void *base)
{
    (void)row;
    (void)base;
    if (strlen(j->text) > 64)
        spec_fail(r, CHECK_SPEC_HOSTNAME, j, "%zu bytes; Linux keeps 64",
                  strlen(j->text));
}

/* --- arguments, environment -----------------------------------------------*/

void check_args(struct reader *r, const struct spec_row *row,
                const struct json *j, void *base)
{
    (void)row;
    (void)base;
    if (!j->child)
        spec_fail(r, CHECK_SPEC_EMPTY, j, "there is no program to run");
    else if (j->child->type == JSON_STRING && !*j->child->text)
        spec_fail(r, CHECK_SPEC_EMPTY, j->child,
                  "the program's name is empty");
}

void check_env(struct reader *r, const struct spec_row *row,
               const struct json *j, void *base)
{
    const struct json *item;

    (void)row;
    (void)base;
    for (item = spec_next_string(j->child); item;
         item = spec_next_string(item->next))
        if (!strchr(item->text, '=') || *item->text == '=')
            spec_fail(r, CHECK_SPEC_ENV, item, "\"%.80s\" has no name "
                      "followed by '='", item->text);
}

/* --- capabilities ---------------------------------------------------------*/

/* "CAP_NET_ADMIN" of libcap-ng's "net_admin"; NULL without memory. */
static const char *full_capability_name(struct reader *r, const char *name)
{
    char *full = arena_printf(r->arena, "CAP_%s", name), *c;

    if (!full) {
        r->out_of_memory = true;
        return NULL;
    }
    for (c = full; *c; c++)
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
    return full;
}

static void fail_capability(struct reader *r, const struct json *j)
{
    const char *name, *full;
    struct suggestion s = suggest_start(j->text);
    unsigned int number;

    for (number = 0; (name = capability_name(number)); number++) {
        full = full_capability_name(r, name);
        if (full)
            suggest_consider(&s, full);
    }
    if (s.best)
        spec_fail(r, CHECK_SPEC_CAPABILITY, j,
                  "\"%s\" is not a capability; did you mean \"%s\"?", j->text,
                  s.best);
    else
        spec_fail(r, CHECK_SPEC_CAPABILITY, j, "\"%s\" is not a capability",
                  j->text);
}

void check_capability_set(struct reader *r, const struct spec_row *row,
                          const struct json *j, void *base)
{
    struct spec_u64 *set = (struct spec_u64 *)((char *)base + row->at);
    const struct json *item;
    int number;

    set->at = j;
    for (item = j->child; item; item = item->next) {
        if (item->type != JSON_STRING) {
            spec_fail(r, CHECK_SPEC_TYPE, item,
                      "this must be a string, not a JSON %s",
                      json_type_name(item->type));
            continue;
        }
        number = capability_number(item->text);
        if (number < 0 || number > 63)
            fail_capability(r, item);
        else
            set->value |= UINT64_C(1) << number;
    }
}

/* --- limits, scheduling ---------------------------------------------------*/

static void check_rlimit_order(struct reader *r, const struct spec_rlimit *l)
{
    if (l->soft.at && l->hard.at && l->soft.value > l->hard.value)
        spec_fail(r, CHECK_SPEC_RLIMIT_ORDER, l->at,
                  "soft %llu is above hard %llu",
                  (unsigned long long)l->soft.value,
                  (unsigned long long)l->hard.value);
}

/* config.md "POSIX process": duplicate types MUST be an error. */
void check_rlimits(struct reader *r, const struct spec_row *row,
                   const struct json *j, void *base)
{
    const struct spec_process *p = &((struct spec *)base)->process;
    uint64_t seen = 0, bit;
    size_t i;

    (void)row;
    (void)j;
    for (i = 0; i < p->n_rlimits; i++) {
        const struct spec_rlimit *l = &p->rlimits[i];

        check_rlimit_order(r, l);
        bit = UINT64_C(1) << l->resource;
        if (l->type.at && seen & bit)
            spec_fail(r, CHECK_SPEC_DUPLICATE, l->type.at,
                      "%s is limited a second time", l->type.value);
        if (l->type.at)
            seen |= bit;
    }
}

static void check_deadline(struct reader *r, const struct json *j,
                           const struct spec_scheduler *s, bool is_deadline)
{
    uint64_t period = s->period_ns.value ? s->period_ns.value
                                         : s->deadline_ns.value;

    if (spec_is_faulty(r->spec, &s->runtime_ns) ||
        spec_is_faulty(r->spec, &s->deadline_ns) ||
        spec_is_faulty(r->spec, &s->period_ns))
        return;
    if (!is_deadline) {
        if (s->runtime_ns.value || s->deadline_ns.value ||
            s->period_ns.value)
            spec_fail(r, CHECK_SPEC_SCHEDULER, j,
                      "runtime, deadline and period are for SCHED_DEADLINE, "
                      "not %s", s->policy.value);
        return;
    }
    /* kernel/sched/deadline.c __checkparam_dl() */
    if (s->runtime_ns.value < 1024 ||
        s->runtime_ns.value > s->deadline_ns.value ||
        s->deadline_ns.value > period || period >> 63)
        spec_fail(r, CHECK_SPEC_SCHEDULER, j,
                  "SCHED_DEADLINE needs 1024 <= runtime <= deadline <= "
                  "period (in nanoseconds)");
}

void check_scheduler(struct reader *r, const struct spec_row *row,
                     const struct json *j, void *base)
{
    const struct spec_scheduler *s = &((struct spec *)base)->process.scheduler;
    bool has_priority;

    (void)row;
    if (!s->policy.at)
        return;
    has_priority = !strcmp(s->policy.value, "SCHED_FIFO") ||
                   !strcmp(s->policy.value, "SCHED_RR");
    if (has_priority && s->priority.value < 1 &&
        !spec_is_faulty(r->spec, &s->priority))
        spec_fail(r, CHECK_SPEC_SCHEDULER, j,
                  "%s needs a priority from 1 to 99", s->policy.value);
    if (!has_priority && s->priority.value)
        spec_fail(r, CHECK_SPEC_SCHEDULER, j, "%s has no priority",
                  s->policy.value);
    check_deadline(r, j, s, !strcmp(s->policy.value, "SCHED_DEADLINE"));
}

void check_io_priority(struct reader *r, const struct spec_row *row,
                       const struct json *j, void *base)
{
    struct spec_process *p = &((struct spec *)base)->process;

    (void)r;
    (void)row;
    (void)j;
    /* the class is there already (spec-names.c) */
    p->io_priority_value |= (uint32_t)p->io_priority.value;
}
