/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rows of a host tree's picture: what is drawn of it, and what is only
 * counted. */
#include "devices-draw.h"

#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "dt/host-tree.h"

struct rows {
    struct sketch *sketch;
    const struct dt_device **device_of;         /* of each node, or NULL */
    struct picture_row *list;
    size_t count;
};

static size_t index_of(const struct rows *r, const struct dt_node *node)
{
    return (size_t)(node - r->sketch->devices->tree->nodes);
}

/* Has it a device below it? */
static bool is_bus(const struct rows *r, const struct dt_node *node)
{
    const struct dt_node *n;

    for (n = node + 1; n < node->end; n++)
        if (r->device_of[index_of(r, n)])
            return true;
    return false;
}

static enum draw_kind kind_of(const struct rows *r,
                              const struct dt_node *node)
{
    if (dt_property(node, "interrupt-controller"))
        return DRAW_CONTROLLER;
    if (dt_property(node, "#clock-cells"))
        return DRAW_CLOCK;
    if (r->device_of[index_of(r, node)] &&
        !dt_is_compatible(node, "simple-bus"))
        return DRAW_DEVICE;
    return is_bus(r, node) ? DRAW_BUS : DRAW_OTHER;
}

/* --- which nodes are shown -------------------------------------------------*/

static void show(struct rows *r, const struct dt_node *node)
{
    for (; node && !r->sketch->nodes[index_of(r, node)].is_shown;
         node = node->parent)
        r->sketch->nodes[index_of(r, node)].is_shown = true;
}

/* What serves a node of a guest and stays with Xen. */
static void show_servants(struct rows *r, const struct dt_facts *facts)
{
    size_t i;

    for (i = 0; i < facts->interrupts.count; i++)
        show(r, facts->interrupts.list[i].controller);
    for (i = 0; i < facts->n_map_rows; i++)
        show(r, facts->map_rows[i].line.controller);
    for (i = 0; i < facts->references.count; i++)
        if (facts->references.list[i].need == DT_NEED_IOMMU)
            show(r, facts->references.list[i].provider);
}

static void show_chosen(struct rows *r, const struct devices_drawing *chosen)
{
    const struct dt_devices *devices = r->sketch->devices;
    size_t i;

    for (i = 0; i < devices->tree->n_nodes; i++) {
        const struct sketch_node *node = &r->sketch->nodes[i];

        if (chosen->all || node->copies || node->items)
            show(r, &devices->tree->nodes[i]);
        if (node->copies)
            show_servants(r, &devices->facts[i]);
    }
    for (i = 0; i < devices->count; i++)
        if (devices->list[i].marked)
            show(r, devices->list[i].node);
    for (i = 0; i < chosen->n_named; i++)
        show(r, chosen->named[i]);
}

/* The root, and where there is nothing else to show, what the tree is made
 * of. */
static void show_frame(struct rows *r)
{
    const struct dt_tree *tree = r->sketch->devices->tree;
    size_t i;
    bool is_empty = !r->sketch->nodes[0].is_shown;

    show(r, &tree->nodes[0]);
    for (i = 1; i < tree->n_nodes && is_empty; i++)
        if (kind_of(r, &tree->nodes[i]) == DRAW_BUS ||
            kind_of(r, &tree->nodes[i]) == DRAW_CONTROLLER)
            show(r, &tree->nodes[i]);
}

/* --- the row of a node -----------------------------------------------------*/

static const char *tip_of(struct rows *r, const struct dt_node *node)
{
    const struct dt_device *device = r->device_of[index_of(r, node)];
    struct sketch *s = r->sketch;

    if (!node->enabled)
        return sketch_text(s, "%s: disabled", node->path);
    if (!device)
        return node->path;
    if (!device->reasons)
        return sketch_text(s, "%s: may be passed through", node->path);
    return sketch_text(s, "%s: %s [%s]", node->path, device->reasons->message,
                       device->reasons->check->name);
}

static enum draw_mark mark_of(const struct dt_device *device)
{
    if (!device || (device->reasons && !device->marked))
        return DRAW_UNMARKED;
    return device->reasons ? DRAW_REFUSED : DRAW_FREE;
}

static void add_node(struct rows *r, const struct dt_node *node)
{
    size_t i = index_of(r, node);
    const struct sketch_node *drawn = &r->sketch->nodes[i];

    r->list[r->count++] = (struct picture_row){
        .kind = kind_of(r, node), .depth = node->depth,
        .name = *node->name ? node->name : "/",
        .detail = dt_string(node, "compatible"), .tip = tip_of(r, node),
        .mark = drawn->copies || drawn->items ? DRAW_UNMARKED :
                mark_of(r->device_of[i]),
        .is_faint = !node->enabled, .copies = drawn->copies,
        .items = drawn->items,
    };
}

/* --- what is only counted --------------------------------------------------*/

/* "17 nodes: 12 devices, 5 clocks", of all below node that is not shown */
static void add_fold(struct rows *r, const struct dt_node *node,
                     size_t depth, const size_t *counts)
{
    static const struct { enum draw_kind kind; const char *one, *more; }
    nouns[] = {
        { DRAW_BUS, "bus", "buses" }, { DRAW_DEVICE, "device", "devices" },
        { DRAW_CONTROLLER, "interrupt controller", "interrupt controllers" },
        { DRAW_CLOCK, "clock", "clocks" }, { DRAW_OTHER, "other", "others" },
    };
    struct bytes text = BYTES_INIT;
    size_t i, total = 0, told = 0;
    const char *string;

    for (i = 0; i < DRAW_KINDS; i++)
        total += counts[i];
    for (i = 0; i < sizeof(nouns) / sizeof(*nouns); i++)
        if (counts[nouns[i].kind])
            bytes_printf(&text, "%s%zu %s", told++ ? ", " : "",
                         counts[nouns[i].kind], counts[nouns[i].kind] == 1 ?
                         nouns[i].one : nouns[i].more);
    string = total ? bytes_text(&text) : NULL;
    r->sketch->failed = r->sketch->failed || (total && !string);
    if (string)
        r->list[r->count++] = (struct picture_row){
            .kind = DRAW_FOLD, .depth = depth,
            .name = sketch_text(r->sketch, "%s", string),
            .tip = sketch_text(r->sketch, "%zu nodes below %s that are not "
                               "drawn; --all draws them", total, node->path),
        };
    bytes_free(&text);
}

/* Recursive: DT_MAX_DEPTH. */
static void add_tree(struct rows *r, const struct dt_node *node)
{
    size_t counts[DRAW_KINDS] = { 0 };
    const struct dt_node *child, *n;

    add_node(r, node);
    for (child = node + 1; child < node->end; child = child->end) {
        if (r->sketch->nodes[index_of(r, child)].is_shown) {
            add_tree(r, child);
            continue;
        }
        for (n = child; n < child->end; n++)
            counts[kind_of(r, n)]++;
    }
    add_fold(r, node, node->depth + 1, counts);
}

static bool find_devices(struct rows *r)
{
    const struct dt_devices *devices = r->sketch->devices;
    size_t i, n = devices->tree->n_nodes;

    r->device_of = ARENA_ARRAY(r->sketch->arena, const struct dt_device *,
                               n + 1);
    /* a node and what is folded of it, and what is elsewhere */
    r->list = ARENA_ARRAY(r->sketch->arena, struct picture_row, 2 * n + 1);
    for (i = 0; r->device_of && i < devices->count; i++)
        r->device_of[index_of(r, devices->list[i].node)] = &devices->list[i];
    return r->device_of && r->list;
}

static void make_rows(struct rows *r, const struct devices_drawing *chosen)
{
    const struct sketch_node *elsewhere = &r->sketch->elsewhere;

    show_chosen(r, chosen);
    show_frame(r);
    add_tree(r, &r->sketch->devices->tree->nodes[0]);
    if (elsewhere->items)
        r->list[r->count++] = (struct picture_row){
            .kind = DRAW_OTHER, .name = "in no node of this tree",
            .items = elsewhere->items,
        };
}

/* --- all of it ------------------------------------------------------------ */

static const char *title_of(const struct dt_tree *tree)
{
    const char *model = dt_string(&tree->nodes[0], "model");

    if (!model || !*model)
        model = dt_string(&tree->nodes[0], "compatible");
    return model && *model ? model : tree->file;
}

static const char *subtitle_of(const struct rows *r)
{
    const struct dt_devices *devices = r->sketch->devices;
    size_t i, passable = 0;

    for (i = 0; i < devices->count; i++)
        passable += !devices->list[i].reasons;
    return sketch_text(r->sketch, "%s: %s, %s, %zu may be passed through",
                       devices->tree->file,
                       sketch_count(r->sketch, devices->tree->n_nodes,
                                    "node"),
                       sketch_count(r->sketch, devices->count, "device"),
                       passable);
}

static bool sketch_all(struct sketch *s, const struct devices_drawing *chosen)
{
    size_t n = s->devices->tree->n_nodes, n_guests = 1;
    const struct claim *claim;

    for (claim = chosen->claims; claim; claim = claim->next)
        n_guests++;
    s->nodes = ARENA_ARRAY(s->arena, struct sketch_node, n + 1);
    s->guests = ARENA_ARRAY(s->arena, struct picture_guest, n_guests + 1);
    if (!s->nodes || !s->guests)
        return false;
    if (chosen->planned)
        sketch_add_claim(s, chosen->planned, "planned guest", "--plan");
    for (claim = chosen->claims; claim; claim = claim->next)
        sketch_add_claim(s, claim, claim->holder, claim->is_container ?
                         "container" : "domain");
    return !s->failed;
}

int devices_draw(struct arena *arena, const struct dt_devices *devices,
                 const struct devices_drawing *chosen, struct bytes *out)
{
    struct sketch s = { .arena = arena, .devices = devices };
    struct rows r = { .sketch = &s };
    const struct drawing *drawing;
    struct picture picture;

    if (!find_devices(&r) || !sketch_all(&s, chosen))
        return -1;
    make_rows(&r, chosen);
    picture = (struct picture){
        .title = title_of(devices->tree), .subtitle = subtitle_of(&r),
        .rows = r.list, .n_rows = r.count, .guests = s.guests,
        .n_guests = s.n_guests,
    };
    drawing = s.failed ? NULL : draw_layout(arena, &picture);
    if (drawing)
        draw_svg(drawing, out);
    return drawing ? 0 : -1;
}
