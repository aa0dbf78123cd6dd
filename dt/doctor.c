/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/doctor-internal.h"

#include <stdarg.h>
#include <string.h>

#include "base/arena.h"
#include "dt/find.h"

static struct dt_finding *add(struct doctor *d, const struct report_check *c,
                              const char *path, const char *message,
                              const char *remedy)
{
    struct dt_finding *f = ARENA_NEW(d->arena, struct dt_finding);

    if (!f || !message || !remedy) {
        d->failed = true;
        return NULL;
    }
    *f = (struct dt_finding){ .check = c, .path = path, .message = message,
                              .remedy = remedy };
    *d->end = f;
    d->end = (struct dt_finding **)&f->next;
    return f;
}

struct dt_finding *dt_doctor_say(struct doctor *d, enum dt_check_id id,
                                 const struct dt_node *node,
                                 const char *fmt, ...)
{
    va_list ap;
    char *message;

    va_start(ap, fmt);
    message = arena_vprintf(d->arena, fmt, ap);
    va_end(ap);
    return add(d, &dt_checks[id], node ? node->path : NULL, message,
               dt_checks[id].remedy);
}

static struct dt_edit *find_edit(struct doctor *d, const struct dt_node *node,
                                 const char *property)
{
    struct dt_edit *e = d->edits[node - d->tree->nodes];

    while (e && strcmp(e->property, property))
        e = e->next;
    return e;
}

void dt_doctor_set(struct doctor *d, struct dt_finding *f,
                   const struct dt_node *node, const char *property,
                   const void *value, size_t size_bytes)
{
    struct dt_edit *e = f ? find_edit(d, node, property) : NULL;
    size_t i = (size_t)(node - d->tree->nodes);
    void *copy = f ? arena_memdup(d->arena, value, size_bytes) : NULL;

    if (!f)
        return;
    if (!e && (e = ARENA_NEW(d->arena, struct dt_edit))) {
        e->next = d->edits[i];
        d->edits[i] = e;
    }
    if (!e || !copy) {
        d->failed = true;
        return;
    }
    e->node = i;
    e->path = node->path;
    e->property = property;
    e->value = copy;
    e->size_bytes = size_bytes;
    f->correctable = true;
}

const struct dt_property *dt_doctor_now(struct doctor *d,
                                        const struct dt_node *node,
                                        const char *property,
                                        struct dt_property *room)
{
    const struct dt_edit *e = find_edit(d, node, property);

    if (!e)
        return dt_property(node, property);
    *room = (struct dt_property){ property, e->value, e->size_bytes };
    return room;
}

void dt_doctor_set_cell(struct doctor *d, struct dt_finding *f,
                        const struct dt_node *node, const char *property,
                        size_t at, uint32_t value)
{
    const struct dt_property *p = dt_property(node, property);
    struct dt_edit *e = f ? find_edit(d, node, property) : NULL;
    uint8_t *bytes;

    /* one copy, however many cells of it are set */
    if (f && p && !e) {
        dt_doctor_set(d, f, node, property, p->value, p->size_bytes);
        e = find_edit(d, node, property);
    }
    if (!e || e->size_bytes < 4 * (at + 1))
        return;
    bytes = (uint8_t *)e->value + 4 * at;
    bytes[0] = (uint8_t)(value >> 24);
    bytes[1] = (uint8_t)(value >> 16);
    bytes[2] = (uint8_t)(value >> 8);
    bytes[3] = (uint8_t)value;
    f->correctable = true;
}

void dt_doctor_silence(struct doctor *d, struct dt_finding *f,
                       const struct dt_node *node, const char *property)
{
    dt_doctor_set(d, f, node, property, "", 0);
    /* what is below another may work all the same */
    if (node->enabled && node->parent && node->end == node + 1)
        dt_doctor_set(d, f, node, "status", "disabled", sizeof("disabled"));
}

/* What the loader says of the tree is a finding like others. Whether memory
 * was exhausted meanwhile. */
static bool take_over(struct doctor *d, const struct report *from)
{
    const struct diagnostic *g;

    for (g = report_first(from); g; g = g->next) {
        if (g->check == &dt_checks[DT_CHECK_OUT_OF_MEMORY])
            return true;
        add(d, g->check, g->where.path ?
            arena_strdup(d->arena, g->where.path) : NULL,
            arena_strdup(d->arena, g->message),
            arena_strdup(d->arena, g->remedy));
    }
    return report_is_truncated(from) || d->failed;
}

static void load(struct doctor *d, const char *file, const void *dtb,
                 size_t size_bytes)
{
    struct report *report = report_new();

    if (report)
        d->tree = dt_tree_load_faulty(d->arena, file, dtb, size_bytes,
                                      report);
    d->failed |= !report || take_over(d, report);
    report_free(report);
}

static const struct dt_device *device_of(const struct doctor *d,
                                         const struct dt_node *node)
{
    size_t i;

    for (i = 0; i < d->devices->count; i++)
        if (d->devices->list[i].node == node)
            return &d->devices->list[i];
    return NULL;
}

/* All names, so that one run tells every one that is wrong. */
static bool want(struct doctor *d, const char *const *names, size_t n,
                 struct report *report)
{
    bool *wanted = ARENA_ARRAY(d->arena, bool, d->devices->count + 1);
    struct report_where where = { .file = d->tree->file };
    bool ok = true;
    size_t i;

    d->wanted = wanted;
    d->failed |= !wanted;
    for (i = 0; wanted && i < d->devices->count; i++)
        wanted[i] = d->devices->list[i].marked;
    for (i = 0; wanted && i < n; i++) {
        const struct dt_node *node = dt_find(d->tree, names[i], report);
        const struct dt_device *device = node ? device_of(d, node) : NULL;

        where.path = node ? node->path : NULL;
        if (node && !device)
            dt_report(report, NODE_UNKNOWN, &where,
                      "this node has no place in memory: it is no device "
                      "that could be passed through");
        if (device)
            wanted[device - d->devices->list] = true;
        ok &= device != NULL;
    }
    return ok;
}

static void examine(struct doctor *d)
{
    dt_doctor_gic(d);
    dt_doctor_dom0(d);
    dt_doctor_iommus(d);
    dt_doctor_chosen(d);
    dt_doctor_reserved(d);
    dt_doctor_devices(d);
}

static const struct dt_checkup *conclude(struct doctor *d)
{
    struct dt_checkup *c = ARENA_NEW(d->arena, struct dt_checkup);
    const struct dt_finding *f;

    if (!c || d->failed)
        return NULL;
    c->findings = d->first;
    c->tree = d->tree;
    c->edits = d->edits;
    for (f = d->first; f; f = f->next) {
        c->n_findings++;
        c->n_errors += f->check->severity == REPORT_ERROR;
        c->n_correctable += f->correctable;
    }
    return c;
}

/* NULL, with errors or for want of memory. */
static const struct dt_checkup *look(struct doctor *d,
                                     const char *const *devices,
                                     size_t n_devices, struct report *report)
{
    if (d->failed || !d->tree)
        return conclude(d);
    d->edits = ARENA_ARRAY(d->arena, struct dt_edit *, d->tree->n_nodes);
    d->xen = dt_xen_view(d->arena, d->tree);
    d->devices = dt_devices_judge(d->arena, d->tree, report);
    if (!d->edits || !d->xen || !d->fdt || !d->devices ||
        !want(d, devices, n_devices, report) || d->failed)
        return NULL;
    examine(d);
    return conclude(d);
}

const struct dt_checkup *dt_doctor_examine(struct arena *arena,
                                           const char *file, const void *dtb,
                                           size_t size_bytes,
                                           const char *const *devices,
                                           size_t n_devices,
                                           struct report *report)
{
    struct doctor d = { .arena = arena };
    struct report_where where = { .file = file };
    const struct dt_checkup *checkup;

    d.end = &d.first;
    d.fdt = arena_memdup(arena, dtb, size_bytes);
    load(&d, file, dtb, size_bytes);
    checkup = look(&d, devices, n_devices, report);
    if (!checkup && !report_errors(report))
        dt_report(report, OUT_OF_MEMORY, &where, "out of memory");
    return checkup;
}
