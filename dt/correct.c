/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/correct.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

#include "base/arena.h"
#include "dt/checks.h"
#include "dt/host-tree.h"

struct corrector {
    struct arena *arena;
    struct report *report;
    struct report_where where;
    const char *const *devices;
    size_t n_devices;
    struct dt_correction *result;
    struct dt_edit **edits;             /* of all rounds */
};

static int no_memory(struct corrector *c)
{
    dt_report(c->report, OUT_OF_MEMORY, &c->where, "out of memory");
    return -1;
}

static int refuse(struct corrector *c, const char *what, const char *why)
{
    dt_report(c->report, BOARD_UNCORRECTED, &c->where, "%s: %s", what, why);
    return -1;
}

/* Room for the tree with the edits as properties of their own. */
static size_t room_for(size_t size_bytes, struct dt_edit *const *edits,
                       size_t n_nodes)
{
    const struct dt_edit *e;
    size_t i;

    for (i = 0; i < n_nodes; i++)
        for (e = edits[i]; e; e = e->next)
            size_bytes += e->size_bytes + strlen(e->property) +
                          strlen(e->path) + 256;
    return size_bytes + 4096;
}

/* By the place of the nodes, not by paths, which may leave out units. 0 or an
 * error of libfdt. */
static int set_properties(void *fdt, struct dt_edit *const *edits,
                          size_t n_nodes)
{
    const struct dt_edit *e;
    int offset = 0, rc = 0;
    size_t i;

    for (i = 0; i < n_nodes && offset >= 0 && !rc; i++) {
        for (e = edits[i]; e && !rc; e = e->next)
            rc = fdt_setprop(fdt, offset, e->property, e->value,
                             (int)e->size_bytes);
        offset = fdt_next_node(fdt, offset, NULL);
    }
    return rc ? rc : fdt_pack(fdt);
}

/* The tree with the edits, in the arena; NULL with an error. */
static const void *apply(struct corrector *c, const void *dtb,
                         size_t size_bytes, struct dt_edit *const *edits,
                         size_t n_nodes, size_t *new_bytes)
{
    size_t room = room_for(size_bytes, edits, n_nodes);
    void *fdt = malloc(room), *copy = NULL;
    int rc;

    if (!fdt) {
        no_memory(c);
        return NULL;
    }
    rc = fdt_open_into(dtb, fdt, (int)room);
    if (!rc)
        rc = set_properties(fdt, edits, n_nodes);
    if (rc)
        refuse(c, "the tree cannot be changed", fdt_strerror(rc));
    else if (fdt_totalsize(fdt) > DT_MAX_BYTES)
        dt_report(c->report, TOO_LARGE, &c->where,
                  "the corrected tree would have %u bytes",
                  fdt_totalsize(fdt));
    else if ((copy = arena_memdup(c->arena, fdt, fdt_totalsize(fdt))))
        *new_bytes = fdt_totalsize(fdt);
    else
        no_memory(c);
    free(fdt);
    return copy;
}

/* Adds the edits of one round to those of the rounds before. */
static int merge(struct corrector *c, const struct dt_checkup *checkup)
{
    const struct dt_edit *e;
    struct dt_edit *mine;
    size_t i;

    for (i = 0; i < checkup->tree->n_nodes; i++)
        for (e = checkup->edits[i]; e; e = e->next) {
            mine = c->edits[i];
            while (mine && strcmp(mine->property, e->property))
                mine = mine->next;
            if (!mine) {
                mine = ARENA_NEW(c->arena, struct dt_edit);
                if (!mine)
                    return no_memory(c);
                *mine = *e;
                mine->next = c->edits[i];
                c->edits[i] = mine;
                c->result->n_edits++;
            }
            mine->value = e->value;
            mine->size_bytes = e->size_bytes;
        }
    return 0;
}

static const struct dt_checkup *examine(struct corrector *c, const void *dtb,
                                        size_t size_bytes)
{
    return dt_doctor_examine(c->arena, c->where.file, dtb, size_bytes,
                             c->devices, c->n_devices, c->report);
}

/* What is still to be corrected when there was no end. */
static int give_up(struct corrector *c, const struct dt_checkup *after)
{
    const struct dt_finding *f = after->findings;

    while (f && !f->correctable)
        f = f->next;
    c->where.path = f ? f->path : NULL;
    return refuse(c, "corrections bring up others without end",
                  f ? f->message : "");
}

static int run_rounds(struct corrector *c, const void *dtb, size_t size_bytes)
{
    struct dt_correction *r = c->result;
    size_t n_nodes = r->before->tree->n_nodes;

    r->after = r->before;
    r->dtb = dtb;
    r->dtb_bytes = size_bytes;
    for (; r->after->n_correctable && r->rounds < DT_MAX_ROUNDS;
         r->rounds++) {
        if (merge(c, r->after))
            return -1;
        r->dtb = apply(c, r->dtb, r->dtb_bytes, r->after->edits, n_nodes,
                       &r->dtb_bytes);
        r->after = r->dtb ? examine(c, r->dtb, r->dtb_bytes) : NULL;
        if (!r->after)
            return -1;
        if (!r->after->tree || r->after->tree->n_nodes != n_nodes)
            return refuse(c, "the corrected tree cannot be read",
                          r->after->findings ?
                          r->after->findings->message : "");
    }
    return r->after->n_correctable ? give_up(c, r->after) : 0;
}

/* --- overlay ------------------------------------------------------------- */

static int write_fragment(void *fdt, const struct dt_edit *edits,
                          unsigned int number)
{
    const struct dt_edit *e;
    char name[32];
    int rc;

    snprintf(name, sizeof(name), "fragment@%u", number);
    rc = fdt_begin_node(fdt, name);
    if (!rc)
        rc = fdt_property_string(fdt, "target-path", edits->path);
    if (!rc)
        rc = fdt_begin_node(fdt, "__overlay__");
    for (e = edits; e && !rc; e = e->next)
        rc = fdt_property(fdt, e->property, e->value, (int)e->size_bytes);
    if (!rc)
        rc = fdt_end_node(fdt);
    return rc ? rc : fdt_end_node(fdt);
}

static int write_overlay(void *fdt, size_t room, struct dt_edit *const *edits,
                         size_t n_nodes)
{
    int rc = fdt_create(fdt, (int)room);
    unsigned int number = 0;
    size_t i;

    if (!rc)
        rc = fdt_finish_reservemap(fdt);
    if (!rc)
        rc = fdt_begin_node(fdt, "");
    for (i = 0; i < n_nodes && !rc; i++)
        if (edits[i])
            rc = write_fragment(fdt, edits[i], number++);
    if (!rc)
        rc = fdt_end_node(fdt);
    return rc ? rc : fdt_finish(fdt);
}

static bool is_same(const struct dt_tree *a, const struct dt_tree *b)
{
    size_t i, k;

    if (a->n_nodes != b->n_nodes)
        return false;
    for (i = 0; i < a->n_nodes; i++) {
        const struct dt_node *m = &a->nodes[i], *n = &b->nodes[i];

        if (strcmp(m->path, n->path) || m->n_properties != n->n_properties)
            return false;
        for (k = 0; k < m->n_properties; k++) {
            const struct dt_property *p = &m->properties[k];
            const struct dt_property *q = dt_property(n, p->name);

            if (!q || p->size_bytes != q->size_bytes ||
                memcmp(p->value, q->value, p->size_bytes))
                return false;
        }
    }
    return true;
}

static bool is_exhausted(const struct report *report)
{
    const struct diagnostic *g = report_first(report);

    while (g && g->check != &dt_checks[DT_CHECK_OUT_OF_MEMORY])
        g = g->next;
    return g || report_is_truncated(report);
}

/* Applies the overlay as a boot loader would; where that fails or differs,
 * result->overlay_problem tells. -1 when memory is exhausted. */
static int try_overlay(struct corrector *c, const void *dtb,
                       size_t size_bytes)
{
    struct dt_correction *r = c->result;
    size_t room = room_for(size_bytes + r->overlay_bytes, c->edits,
                           r->before->tree->n_nodes);
    void *fdt = malloc(room);
    void *overlay = arena_memdup(c->arena, r->overlay, r->overlay_bytes);
    struct report *report = report_new();
    const struct dt_tree *tree;
    int rc;

    if (fdt && overlay && report) {
        rc = fdt_open_into(dtb, fdt, (int)room);
        if (!rc)
            rc = fdt_overlay_apply(fdt, overlay);
        if (rc) {
            r->overlay_problem = fdt_strerror(rc);
        } else {
            fdt_pack(fdt);
            tree = dt_tree_load_faulty(c->arena, "", fdt, fdt_totalsize(fdt),
                                       report);
            if (!tree || !is_same(tree, r->after->tree))
                r->overlay_problem = "paths of the tree fit several nodes";
        }
    }
    rc = fdt && overlay && report && !is_exhausted(report) ? 0 :
         no_memory(c);
    report_free(report);
    free(fdt);
    return rc;
}

static int make_overlay(struct corrector *c, const void *dtb,
                        size_t size_bytes)
{
    struct dt_correction *r = c->result;
    size_t n_nodes = r->before->tree->n_nodes;
    size_t room = room_for(0, c->edits, n_nodes);
    void *fdt = malloc(room);
    int rc = fdt ? write_overlay(fdt, room, c->edits, n_nodes) : 0;

    if (fdt && !rc && (r->overlay = arena_memdup(c->arena, fdt,
                                                 fdt_totalsize(fdt))))
        r->overlay_bytes = fdt_totalsize(fdt);
    free(fdt);
    if (rc)
        return refuse(c, "the overlay cannot be written", fdt_strerror(rc));
    return r->overlay ? try_overlay(c, dtb, size_bytes) : no_memory(c);
}

const struct dt_correction *dt_correct(struct arena *arena, const char *file,
                                       const void *dtb, size_t size_bytes,
                                       const char *const *devices,
                                       size_t n_devices,
                                       struct report *report)
{
    struct corrector c = {
        .arena = arena, .report = report, .where = { .file = file },
        .devices = devices, .n_devices = n_devices,
        .result = ARENA_NEW(arena, struct dt_correction),
    };
    const void *copy = arena_memdup(arena, dtb, size_bytes);

    if (!c.result || !copy) {
        no_memory(&c);
        return NULL;
    }
    c.result->before = examine(&c, copy, size_bytes);
    if (!c.result->before)
        return NULL;
    c.result->after = c.result->before;
    if (!c.result->before->tree)
        return c.result;
    c.edits = ARENA_ARRAY(arena, struct dt_edit *,
                          c.result->before->tree->n_nodes);
    c.result->edits = c.edits;
    if (!c.edits) {
        no_memory(&c);
        return NULL;
    }
    if (run_rounds(&c, copy, size_bytes) ||
        make_overlay(&c, copy, size_bytes))
        return NULL;
    return c.result;
}
