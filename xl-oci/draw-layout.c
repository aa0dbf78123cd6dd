/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where everything of a picture goes. Two passes: the widths of the tree and
 * of the columns, then the boxes and lines, row by row. */
#include "draw.h"

#include <string.h>

#include "base/arena.h"

#define MARGIN 16
#define GUTTER 30               /* left of the tree: whose a row is */
#define INDENT 18
#define ROW 22
#define GLYPH 18                /* with the space behind it */
#define PADDING 7               /* in frames, at both sides */
#define LANE_GAP 24
#define LANE_HEAD 40
#define TITLE_HEIGHT 50
#define MAX_NAME 48             /* characters */
#define MAX_DETAIL 40
#define MAX_TITLE 80

struct layout {
    struct arena *arena;
    const struct picture *picture;
    struct draw_box *boxes;
    size_t n_boxes, max_boxes;
    struct draw_edge *edges;
    size_t n_edges, max_edges;
    int *lane_x, *lane_width;   /* of each guest */
    int *above;                 /* at each depth: y where its line goes on */
    int tree_width, right, y;
    bool failed;
};

/* Of a monospaced font: 12 px for texts, 11 px for details. */
static int text_width(const char *text)
{
    return text ? (int)((draw_count_characters(text) * 73 + 9) / 10) : 0;
}

static int detail_width(const char *text)
{
    return text ? (int)((draw_count_characters(text) * 67 + 9) / 10) : 0;
}

static int max(int a, int b)
{
    return a > b ? a : b;
}

static const char *clean(struct layout *l, const char *text, size_t limit)
{
    const char *result = text ? draw_clean(l->arena, text, limit) : NULL;

    l->failed = l->failed || (text && !result);
    return result;
}

static struct draw_box *add_box(struct layout *l, enum draw_shape shape,
                                size_t guest, int x, int y)
{
    struct draw_box *box = &l->boxes[l->n_boxes++];

    *box = (struct draw_box){
        .shape = shape, .guest = guest, .x = x, .y = y, .height = ROW,
    };
    return box;
}

static void add_edge(struct layout *l, size_t guest, int x1, int y1, int x2,
                     int y2)
{
    if (x1 != x2 || y1 != y2)
        l->edges[l->n_edges++] = (struct draw_edge){ guest, x1, y1, x2, y2 };
}

static int indent(size_t depth)
{
    return MARGIN + GUTTER + (int)depth * INDENT;
}

/* --- the first pass: how wide -------------------------------------------- */

/* What is only counted has no detail, and is our own text. */
static size_t name_limit(const struct picture_row *row)
{
    return row->kind == DRAW_FOLD ? 0 : MAX_NAME;
}

static int name_width(struct layout *l, const struct picture_row *row)
{
    const char *name = clean(l, row->name, name_limit(row));
    const char *detail = clean(l, row->detail, MAX_DETAIL);

    return GLYPH + text_width(name) +
           (detail ? 10 + detail_width(detail) : 0);
}

static int frame_width(struct layout *l, const char *text, bool has_glyph)
{
    return 2 * PADDING + (has_glyph ? GLYPH : 0) +
           text_width(clean(l, text, MAX_NAME));
}

static void widen_lane(struct layout *l, size_t guest, int width)
{
    l->lane_width[guest] = max(l->lane_width[guest], width + 2 * PADDING);
}

/* Below the guest's copy of the node, where it has one. */
static int given_indent(const struct picture_row *row, size_t guest)
{
    const struct picture_copy *copy = row->copies;

    while (copy && copy->guest != guest)
        copy = copy->next;
    return copy ? INDENT : 0;
}

static void measure_row(struct layout *l, const struct picture_row *row)
{
    const struct picture_copy *copy;
    const struct picture_item *item;

    l->tree_width = max(l->tree_width,
                        indent(row->depth) + name_width(l, row));
    for (copy = row->copies; copy; copy = copy->next)
        widen_lane(l, copy->guest, frame_width(l, copy->text, false));
    for (item = row->items; item; item = item->next) {
        l->tree_width = max(l->tree_width, indent(row->depth + 1) +
                            frame_width(l, item->host, true));
        widen_lane(l, item->guest, frame_width(l, item->given, true) +
                   given_indent(row, item->guest));
    }
}

/* Room for all that the second pass adds. */
static bool reserve(struct layout *l)
{
    const struct picture *p = l->picture;
    const struct picture_copy *copy;
    const struct picture_item *item;
    size_t n_copies = 0, n_items = 0, max_depth = 0, i;

    for (i = 0; i < p->n_rows; i++) {
        if (p->rows[i].depth > max_depth)
            max_depth = p->rows[i].depth;
        for (copy = p->rows[i].copies; copy; copy = copy->next)
            n_copies++;
        for (item = p->rows[i].items; item; item = item->next)
            n_items++;
    }
    /* title, subtitle, signs of the legend; a lane, its head and its line of
     * the legend; a node and a badge; a copy; an item, its end and badge */
    l->max_boxes = 3 + DRAW_KINDS + DRAW_MARKS + 3 * p->n_guests +
                   2 * p->n_rows + n_copies + 3 * n_items;
    l->max_edges = 2 * p->n_rows + n_copies + 3 * n_items;
    l->boxes = ARENA_ARRAY(l->arena, struct draw_box, l->max_boxes + 1);
    l->edges = ARENA_ARRAY(l->arena, struct draw_edge, l->max_edges + 1);
    l->lane_x = ARENA_ARRAY(l->arena, int, p->n_guests + 1);
    l->lane_width = ARENA_ARRAY(l->arena, int, p->n_guests + 1);
    l->above = ARENA_ARRAY(l->arena, int, max_depth + 2);
    return l->boxes && l->edges && l->lane_x && l->lane_width && l->above;
}

static void place_lanes(struct layout *l)
{
    const struct picture *p = l->picture;
    size_t i;
    int x;

    for (i = 0; i < p->n_rows; i++)
        measure_row(l, &p->rows[i]);
    x = l->tree_width + 2 * LANE_GAP;
    for (i = 0; i < p->n_guests; i++) {
        const char *name = clean(l, p->guests[i].name, MAX_NAME);

        widen_lane(l, i, text_width(name) + 28);
        l->lane_x[i] = x;
        x += l->lane_width[i] + LANE_GAP;
    }
    l->right = p->n_guests ? x - LANE_GAP : l->tree_width;
}

/* --- the second pass: what is where -------------------------------------- */

static void add_lanes(struct layout *l, int top, int bottom)
{
    const struct picture *p = l->picture;
    struct draw_box *box;
    size_t i;

    for (i = 0; i < p->n_guests; i++) {
        box = add_box(l, DRAW_LANE, i, l->lane_x[i], top);
        box->width = l->lane_width[i];
        box->height = bottom - top;
        box = add_box(l, DRAW_LANE_HEAD, i, l->lane_x[i], top);
        box->width = l->lane_width[i];
        box->height = LANE_HEAD;
        box->text = clean(l, p->guests[i].name, MAX_NAME);
        box->detail = clean(l, p->guests[i].what, MAX_DETAIL);
        box->tip = clean(l, p->guests[i].name, 0);
    }
}

/* The line from the parent's to a row at that depth. */
static void add_branch(struct layout *l, size_t depth, int y)
{
    int x = indent(depth) - INDENT + 6;

    if (depth) {
        add_edge(l, DRAW_NO_GUEST, x, l->above[depth], x, y);
        add_edge(l, DRAW_NO_GUEST, x, y, x + INDENT - 9, y);
        l->above[depth] = y;
    }
}

static void add_badge(struct layout *l, size_t guest, enum draw_mark mark)
{
    struct draw_box *box = add_box(l, guest == DRAW_NO_GUEST ? DRAW_MARK :
                                   DRAW_BADGE, guest, MARGIN, l->y);

    box->mark = mark;
    box->width = GUTTER - 8;
}

/* In the guest's column, with the line to it from x on. */
static void add_copy(struct layout *l, const struct picture_copy *copy,
                     int x, int y)
{
    struct draw_box *box = add_box(l, DRAW_COPY, copy->guest,
                                   l->lane_x[copy->guest] + PADDING, l->y);

    box->text = clean(l, copy->text, MAX_NAME);
    box->tip = clean(l, copy->tip, 0);
    box->width = frame_width(l, copy->text, false);
    add_edge(l, copy->guest, x, y, box->x, y);
}

static void add_given(struct layout *l, const struct picture_row *row,
                      const struct picture_item *item, int x, int y)
{
    struct draw_box *box = add_box(l, DRAW_GUEST_ITEM, item->guest,
                                   l->lane_x[item->guest] + PADDING +
                                   given_indent(row, item->guest), l->y);

    box->kind = item->kind;
    box->text = clean(l, item->given, MAX_NAME);
    box->tip = clean(l, item->tip, 0);
    box->width = frame_width(l, item->given, true);
    add_edge(l, item->guest, x, y, box->x, y);
}

static void add_item(struct layout *l, const struct picture_row *row,
                     const struct picture_item *item)
{
    int x = indent(row->depth + 1), y = l->y + ROW / 2;
    struct draw_box *box = add_box(l, DRAW_HOST_ITEM, item->guest, x, l->y);

    add_branch(l, row->depth + 1, y);
    box->kind = item->kind;
    box->text = clean(l, item->host, MAX_NAME);
    box->tip = clean(l, item->tip, 0);
    box->width = frame_width(l, item->host, true);
    add_given(l, row, item, x + box->width, y);
    add_badge(l, item->guest, DRAW_UNMARKED);
    l->y += ROW;
}

static void add_row(struct layout *l, const struct picture_row *row)
{
    int x = indent(row->depth), y = l->y + ROW / 2, line_y = y;
    struct draw_box *box = add_box(l, DRAW_NODE, DRAW_NO_GUEST, x, l->y);
    const struct picture_copy *copy;
    const struct picture_item *item;

    add_branch(l, row->depth, y);
    l->above[row->depth + 1] = y + 7;   /* below the glyph */
    box->kind = row->kind;
    box->is_faint = row->is_faint;
    box->text = clean(l, row->name, name_limit(row));
    box->detail = clean(l, row->detail, MAX_DETAIL);
    box->detail_x = x + GLYPH + text_width(box->text) + 10;
    box->tip = clean(l, row->tip, 0);
    box->width = name_width(l, row);
    if (row->copies)
        box->guest = row->copies->guest;
    if (row->copies || row->mark)
        add_badge(l, box->guest, row->mark);
    for (copy = row->copies; copy; copy = copy->next, line_y += 3)
        add_copy(l, copy, x + box->width + 6, line_y);
    l->y += ROW;
    for (item = row->items; item; item = item->next)
        add_item(l, row, item);
}

/* --- the legend ---------------------------------------------------------- */

static void add_legend_guests(struct layout *l)
{
    const struct picture *p = l->picture;
    char buffer[8];
    size_t i;

    for (i = 0; i < p->n_guests; i++) {
        const char *name = clean(l, p->guests[i].name, MAX_NAME);
        const char *what = clean(l, p->guests[i].what, MAX_DETAIL);
        const char *summary = clean(l, p->guests[i].summary, MAX_TITLE);
        struct draw_box *box = add_box(l, DRAW_LEGEND_GUEST, i, MARGIN, l->y);

        box->text = name && what && summary ?
            arena_printf(l->arena, "%s  %s, %s: %s", draw_letters(i, buffer),
                         name, what, summary) : NULL;
        l->failed = l->failed || !box->text;
        box->width = 60 + text_width(box->text);
        l->right = max(l->right, box->x + box->width);
        l->y += ROW;
    }
}

/* Behind the last sample, or on a line of its own where there is no room. */
static struct draw_box *add_sample(struct layout *l, enum draw_shape shape,
                                   const char *text, int *x)
{
    int width = GLYPH + text_width(text);
    struct draw_box *box;

    if (*x > MARGIN && *x + width > max(l->right, 640)) {
        *x = MARGIN;
        l->y += ROW;
    }
    box = add_box(l, shape, DRAW_NO_GUEST, *x, l->y);
    box->text = text;
    box->width = width;
    l->right = max(l->right, *x + width);
    *x += width + 20;
    return box;
}

static void add_legend_signs(struct layout *l)
{
    const struct picture *p = l->picture;
    bool kinds[DRAW_KINDS] = { false }, marks[DRAW_MARKS] = { false };
    const struct picture_item *item;
    int x = MARGIN, k;
    size_t i;

    for (i = 0; i < p->n_rows; i++) {
        kinds[p->rows[i].kind] = marks[p->rows[i].mark] = true;
        for (item = p->rows[i].items; item; item = item->next)
            kinds[item->kind] = true;
    }
    for (k = 0; k < DRAW_KINDS; k++)
        if (kinds[k])
            add_sample(l, DRAW_LEGEND_KIND,
                       draw_kind_name((enum draw_kind)k), &x)->kind =
                (enum draw_kind)k;
    for (k = DRAW_UNMARKED + 1; k < DRAW_MARKS; k++)
        if (marks[k])
            add_sample(l, DRAW_LEGEND_MARK,
                       draw_mark_name((enum draw_mark)k), &x)->mark =
                (enum draw_mark)k;
    l->y += ROW;
}

/* --- all of it ------------------------------------------------------------ */

static void add_heading(struct layout *l)
{
    const struct picture *p = l->picture;
    struct draw_box *box = add_box(l, DRAW_TITLE, DRAW_NO_GUEST, MARGIN,
                                   MARGIN - 4);

    box->text = clean(l, p->title, MAX_TITLE);
    /* of 16 px, bold */
    box->width = text_width(box->text) * 3 / 2;
    l->right = max(l->right, MARGIN + box->width);
    box = add_box(l, DRAW_SUBTITLE, DRAW_NO_GUEST, MARGIN, MARGIN + ROW - 4);
    box->text = clean(l, p->subtitle, MAX_TITLE * 2);
    box->width = text_width(box->text);
    l->right = max(l->right, MARGIN + box->width);
}

static int count_rows(const struct picture *p)
{
    const struct picture_item *item;
    size_t i;
    int n = 0;

    for (i = 0; i < p->n_rows; i++, n++)
        for (item = p->rows[i].items; item; item = item->next)
            n++;
    return n;
}

const struct drawing *draw_layout(struct arena *arena,
                                  const struct picture *picture)
{
    struct layout l = { .arena = arena, .picture = picture };
    struct drawing *d = ARENA_NEW(arena, struct drawing);
    int top = MARGIN + TITLE_HEIGHT;
    size_t i;

    if (!d || !reserve(&l))
        return NULL;
    place_lanes(&l);
    l.y = top + (picture->n_guests ? LANE_HEAD : 0) + 4;
    add_lanes(&l, top, l.y + count_rows(picture) * ROW + 8);
    add_heading(&l);
    for (i = 0; i < picture->n_rows; i++)
        add_row(&l, &picture->rows[i]);
    l.y += ROW;
    add_legend_guests(&l);
    add_legend_signs(&l);
    *d = (struct drawing){
        .width = l.right + MARGIN, .height = l.y + MARGIN,
        .title = clean(&l, picture->title, 0),
        .about = clean(&l, picture->subtitle, 0), .boxes = l.boxes,
        .n_boxes = l.n_boxes, .edges = l.edges, .n_edges = l.n_edges,
    };
    return l.failed ? NULL : d;
}
