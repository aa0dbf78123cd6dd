/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/plan-internal.h"

#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "dt/find.h"
#include "dt/passable-internal.h"

/* The characters are those of names of nodes (Devicetree Specification 2.2.1);
 * any other would end the word, or quote what follows. */
bool dt_is_uio_name(const char *compatible)
{
    size_t n = strspn(compatible, "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789,+-._");

    return n >= 4 && !compatible[n] && !strcmp(compatible + n - 4, "-uio");
}

struct report_where dt_where(const struct dt_plan *p,
                             const struct dt_request *request,
                             const struct dt_node *node)
{
    struct report_where where = request->where;

    if (!where.file && !where.path) {
        where.file = p->tree->file;
        where.path = node ? node->path : NULL;
    }
    return where;
}

static bool is_device(const struct dt_plan *p, const struct dt_node *node)
{
    size_t i;

    for (i = 0; i < p->devices->count; i++)
        if (p->devices->list[i].node == node)
            return true;
    return false;
}

static void add_member(struct dt_plan *p, const struct dt_node *node,
                       const struct dt_request *request, size_t index)
{
    p->members[p->n_members++] = (struct dt_member){
        .node = node, .request = request, .index = index,
        .compatible = request->compatible,
    };
}

/* The member with which the node goes already, or that is below it. */
static struct dt_member *find_overlap(const struct dt_plan *p,
                                      const struct dt_node *node)
{
    size_t i;

    for (i = 0; i < p->n_members; i++)
        if (dt_is_within(node, p->members[i].node) ||
            dt_is_within(p->members[i].node, node))
            return &p->members[i];
    return NULL;
}

static void take_request(struct dt_plan *p, const struct dt_request *request,
                         size_t index)
{
    struct report_where where = dt_where(p, request, NULL);
    const struct dt_node *node = dt_find_for(p->tree, request->device, &where,
                                             p->report);
    struct dt_member *other;

    if (!node)
        return;
    where = dt_where(p, request, node);
    if (!is_device(p, node)) {
        dt_report(p->report, PLAN_NO_DEVICE, &where,
                  "%s has no place in memory", node->path);
        return;
    }
    other = find_overlap(p, node);
    if (other && request->merge && dt_is_within(node, other->node))
        return;
    if (other && request->merge && other->request->merge)
        other->node = node;     /* the larger one has it all */
    else if (other)
        dt_report(p->report, PLAN_TWICE, &where,
                  "%s goes to the guest with %s, which is asked for already",
                  node->path, other->node->path);
    else
        add_member(p, node, request, index);
}

static const struct dt_template_node *
find_in_template(const struct dt_plan *p, const struct dt_node *node)
{
    const struct dt_template *t = p->order->template;
    size_t i;

    for (i = 0; t && i < t->n_nodes; i++)
        if (t->nodes[i].host == node)
            return &t->nodes[i];
    return NULL;
}

static void take_allowance(struct dt_plan *p, const struct dt_allowance *a)
{
    struct report_where where = a->where;
    const struct dt_node *node;
    size_t i;

    if (!where.file && !where.path)
        where.file = p->tree->file;
    node = dt_find_for(p->tree, a->device, &where, p->report);
    for (i = 0; node && i < p->n_members; i++)
        if (p->members[i].node == node)
            p->members[i].waived |= a->waived;
}

/* A request goes before the template: dt/template.c apply(). */
static void tell_compatible(struct dt_plan *p, struct dt_member *m)
{
    const struct dt_template_node *t = find_in_template(p, m->node);

    m->told = m->compatible;
    if (!m->told && t)
        m->told = dt_string(t->node, "compatible");
    m->is_uio = m->told && dt_is_uio_name(m->told);
}

static int take_all(struct dt_plan *p)
{
    const struct dt_template *t = p->order->template;
    size_t n = p->order->n_requests, k = t ? t->n_requests : 0, i;
    struct report_where where = { .file = p->tree->file };

    if (n > DT_MAX_REQUESTS || k > DT_MAX_REQUESTS) {
        dt_report(p->report, PLAN_TOO_LARGE, &where, "more than %d devices",
                  DT_MAX_REQUESTS);
        return -1;
    }
    p->members = ARENA_ARRAY(p->arena, struct dt_member, n + k + 1);
    if (!p->members) {
        p->failed = true;
        return -1;
    }
    for (i = 0; i < n; i++)
        take_request(p, &p->order->requests[i], i);
    for (i = 0; i < k; i++)
        take_request(p, &t->requests[i], n + i);
    for (i = 0; i < p->order->n_allowances; i++)
        take_allowance(p, &p->order->allowances[i]);
    for (i = 0; i < p->n_members; i++)
        tell_compatible(p, &p->members[i]);
    return dt_has_errors(p) ? -1 : 0;
}

/* What goes along with each member, in the order of the tree. */
static int mark(struct dt_plan *p)
{
    size_t i, n = 0;
    const struct dt_node *node;

    p->inside = ARENA_ARRAY(p->arena, bool, p->tree->n_nodes);
    p->member_of = ARENA_ARRAY(p->arena, size_t, p->tree->n_nodes);
    if (!p->inside || !p->member_of) {
        p->failed = true;
        return -1;
    }
    for (i = 0; i < p->n_members; i++)
        for (node = p->members[i].node; node < p->members[i].node->end;
             node++) {
            p->inside[dt_index_of(p, node)] = true;
            if (!dt_goes_along(node, p->members[i].node))
                continue;
            p->member_of[dt_index_of(p, node)] = i + 1;
            n++;
        }
    if (n > DT_MAX_GRANTED) {
        struct report_where where = { .file = p->tree->file };

        dt_report(p->report, PLAN_TOO_LARGE, &where,
                  "more than %d nodes would go to the guest",
                  DT_MAX_GRANTED);
        return -1;
    }
    p->granted = ARENA_ARRAY(p->arena, const struct dt_node *, n + 1);
    if (!p->granted) {
        p->failed = true;
        return -1;
    }
    for (i = 0; i < p->tree->n_nodes; i++)
        if (p->member_of[i])
            p->granted[p->n_granted++] = &p->tree->nodes[i];
    return 0;
}

/* Where one of these holds, nothing else matters. */
static bool is_decisive(const struct report_check *check)
{
    return check == &dt_checks[DT_CHECK_DEVICE_OF_XEN] ||
           check == &dt_checks[DT_CHECK_DEVICE_CONSOLE] ||
           check == &dt_checks[DT_CHECK_DEVICE_RESERVED];
}

/* Where the mend is to take along what is shared. */
static bool is_of_sharing(const struct report_check *check)
{
    return check == &dt_checks[DT_CHECK_DEVICE_PAGE_SHARED] ||
           check == &dt_checks[DT_CHECK_DEVICE_INTERRUPT_SHARED] ||
           check == &dt_checks[DT_CHECK_DEVICE_STREAM_SHARED];
}

/* The device, where neither the place nor the message begins with it. */
static const char *subject(const struct dt_member *m,
                           const struct report_where *where,
                           const char *message)
{
    const char *path = m->node->path;

    return (where->path && !strcmp(where->path, path)) ||
           !strncmp(message, path, strlen(path)) ? NULL : path;
}

static void report_sharing(struct dt_plan *p,
                           const struct report_where *where,
                           const struct dt_member *m,
                           const struct dt_reason *r)
{
    struct bytes remedy = BYTES_INIT;
    const char *path = subject(m, where, r->message);
    const struct dt_other *o;

    bytes_add_string(&remedy, "ask for these as well, as they go together "
                              "only:");
    for (o = r->others; o; o = o->next)
        bytes_printf(&remedy, "%s %s%s", o == r->others ? "" : ",",
                     o->node->path, o->node->enabled ? "" : " (disabled)");
    if (bytes_text(&remedy))
        report_add_remedy(p->report, r->check, where, bytes_text(&remedy),
                          "%s%s%s", path ? path : "", path ? ": " : "",
                          r->message);
    else
        p->failed = true;
    bytes_free(&remedy);
}

static void report_reason(struct dt_plan *p, const struct dt_member *m,
                          const struct dt_reason *r)
{
    struct report_where where = dt_where(p, m->request, m->node);
    const char *path = subject(m, &where, r->message);

    if (is_of_sharing(r->check))
        report_sharing(p, &where, m, r);
    else
        report_add(p->report, r->check, &where, "%s%s%s%s",
                   path ? path : "", path ? ": " : "", r->message,
                   r->more ? " (and more)" : "");
}

static void weigh(struct dt_plan *p, const struct dt_member *m,
                  const struct dt_reason *reasons)
{
    const struct dt_reason *r;
    struct dt_waived *waived;

    for (r = reasons; r; r = r->next)
        if (is_decisive(r->check)) {
            report_reason(p, m, r);
            return;
        }
    for (r = reasons; r; r = r->next) {
        if (!(dt_waiver_of(r->check) & m->waived)) {
            report_reason(p, m, r);
            continue;
        }
        waived = dt_list_add(p, &p->waived, sizeof(*waived));
        if (waived)
            *waived = (struct dt_waived){ m->node, r->check, r->message };
    }
}

static int judge(struct dt_plan *p)
{
    const struct dt_node **nodes = ARENA_ARRAY(p->arena,
                                               const struct dt_node *,
                                               p->n_members + 1);
    bool *is_uio = ARENA_ARRAY(p->arena, bool, p->n_members + 1);
    struct dt_device *judged;
    size_t i;

    for (i = 0; nodes && is_uio && i < p->n_members; i++) {
        nodes[i] = p->members[i].node;
        is_uio[i] = p->members[i].is_uio;
    }
    judged = nodes && is_uio ?
        dt_set_judge(p->arena, p->devices, nodes, is_uio, p->n_members,
                     p->inside) : NULL;
    if (!judged) {
        p->failed = true;
        return -1;
    }
    for (i = 0; i < p->n_members; i++)
        weigh(p, &p->members[i], judged[i].reasons);
    return dt_has_errors(p) || p->failed ? -1 : 0;
}

int dt_plan_select(struct dt_plan *p)
{
    return take_all(p) || mark(p) || judge(p) ? -1 : 0;
}
