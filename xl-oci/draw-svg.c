/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A drawing as SVG. Guests differ by colour (after Okabe and Ito's set, which
 * those who see fewer colours can tell apart), by the dashes of their lines,
 * and by letters; nothing is told by colour alone. Texts are text: they can be
 * selected and searched. Texts of trees and names of domains come from others:
 * the drawing has them clean, and all of them go through add_text().
 */
#include "draw.h"

#include "base/bytes.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Seven colours and five dashes have no common factor: 35 guests differ. */
static const char *const colours[] = {
    "#0072b2", "#d55e00", "#009e73", "#8f4a8a", "#a66f00", "#1b6f9e",
    "#333333",
};
static const char *const dashes[] = {
    "none", "9 4", "2 4", "12 4 2 4", "6 3 2 3 2 3",
};

/* In 12 by 12 pixels, drawn with lines. */
static const char *const glyphs[DRAW_KINDS] = {
    [DRAW_BUS] = "M0 6H12M2 6V2M6 6V10M10 6V2",
    [DRAW_DEVICE] = "M2.5 2.5h7v7h-7zM4 0v2.5M8 0v2.5M4 9.5V12M8 9.5V12",
    [DRAW_CONTROLLER] = "M1.5 1.5h9v9h-9zM7 3L4.5 6.5h3L5 9.5",
    [DRAW_CLOCK] = "M6 .8a5.2 5.2 0 1 0 .01 0zM6 3V6L8.5 7.5",
    [DRAW_OTHER] = "M6 3.5a2.5 2.5 0 1 0 .01 0z",
    [DRAW_FOLD] = "M1 6h1.5M5.3 6h1.5M9.5 6H11",
    [DRAW_PAGES] = "M2.5 1h5l2.5 2.5V11h-7.5zM7.5 1v2.5H10",
    [DRAW_INTERRUPT] = "M7.5 .5L2.5 7h3.5L4.5 11.5L9.5 5H6z",
    [DRAW_RATE] = "M0 9H2V3H5V9H8V3H11V9H12",
    [DRAW_SUPPLY] = "M4 0V3M8 0V3M2.5 3h7v3a3.5 3.5 0 0 1-7 0zM6 9.5V12",
    [DRAW_STREAM] = "M0 4H10L7.5 1.5M12 8H2L4.5 10.5",
};

static void add_text(struct bytes *out, const char *s)
{
    static const struct { char c; const char *name; } entities[] = {
        { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" },
        { '\'', "&#39;" },
    };
    size_t i;

    for (; *s; s++) {
        for (i = 0; i < COUNT(entities) && entities[i].c != *s; i++)
            ;
        if (i < COUNT(entities))
            bytes_add_string(out, entities[i].name);
        else
            bytes_add(out, s, 1);
    }
}

static void add_tip(struct bytes *out, const char *tip)
{
    if (!tip)
        return;
    bytes_add_string(out, "<title>");
    add_text(out, tip);
    bytes_add_string(out, "</title>");
}

static void add_words(struct bytes *out, const char *class, int x, int y,
                      const char *text)
{
    if (!text)
        return;
    bytes_printf(out, "<text class=\"%s\" x=\"%d\" y=\"%d\">", class, x, y);
    add_text(out, text);
    bytes_add_string(out, "</text>");
}

static void add_glyph(struct bytes *out, enum draw_kind kind, int x, int y)
{
    bytes_printf(out, "<path class=\"g\" transform=\"translate(%d %d)\" "
                 "d=\"%s\"/>", x, y, glyphs[kind]);
}

static void add_frame(struct bytes *out, const char *class,
                      const struct draw_box *b, int inset, int radius)
{
    bytes_printf(out, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" "
                 "height=\"%d\" rx=\"%d\"/>", class, b->x, b->y + inset,
                 b->width, b->height - 2 * inset, radius);
}

static void add_lane_head(struct bytes *out, const struct draw_box *b)
{
    struct draw_box badge = *b;
    char buffer[8];

    badge.x += 8;
    badge.y += 8;
    badge.width = 22;
    badge.height = 18;
    add_frame(out, "badge", &badge, 0, 3);
    add_words(out, "letter", badge.x + 11, badge.y + 13,
              draw_letters(b->guest, buffer));
    add_words(out, "strong", b->x + 36, b->y + 17, b->text);
    add_words(out, "detail", b->x + 36, b->y + 31, b->detail);
}

static void add_node(struct bytes *out, const struct draw_box *b)
{
    bool is_given = b->guest != DRAW_NO_GUEST;

    add_glyph(out, b->kind, b->x, b->y + 5);
    add_words(out, b->kind == DRAW_FOLD ? "fold" : is_given ? "strong" :
              "name", b->x + 18, b->y + 15, b->text);
    add_words(out, "detail", b->detail_x, b->y + 15, b->detail);
}

static void add_framed(struct bytes *out, const struct draw_box *b)
{
    bool is_copy = b->shape == DRAW_COPY;

    add_frame(out, is_copy ? "copy" : "item", b, 2, 3);
    if (!is_copy)
        add_glyph(out, b->kind, b->x + 7, b->y + 5);
    add_words(out, is_copy ? "strong" : "name",
              b->x + (is_copy ? 7 : 25), b->y + 15, b->text);
}

static void add_badge(struct bytes *out, const struct draw_box *b)
{
    char buffer[8];

    add_frame(out, "badge", b, 3, 3);
    add_words(out, "letter", b->x + b->width / 2, b->y + 15,
              draw_letters(b->guest, buffer));
}

static void add_mark(struct bytes *out, enum draw_mark mark, int x, int y)
{
    if (mark == DRAW_FREE)
        bytes_printf(out, "<circle class=\"g\" cx=\"%d\" cy=\"%d\" "
                     "r=\"4\"/>", x, y);
    else
        bytes_printf(out, "<path class=\"g\" d=\"M%d %dl8 8m0 -8l-8 8\"/>",
                     x - 4, y - 4);
}

static void add_sample(struct bytes *out, const struct draw_box *b)
{
    int text_x = b->x + 18;

    if (b->shape == DRAW_LEGEND_KIND) {
        add_glyph(out, b->kind, b->x, b->y + 5);
    } else if (b->shape == DRAW_LEGEND_MARK) {
        add_mark(out, b->mark, b->x + 6, b->y + 11);
    } else {
        bytes_printf(out, "<path class=\"line\" d=\"M%d %dh48\"/>", b->x,
                     b->y + 11);
        text_x = b->x + 58;
    }
    add_words(out, "name", text_x, b->y + 15, b->text);
}

static void add_shape(struct bytes *out, const struct draw_box *b)
{
    switch (b->shape) {
    case DRAW_TITLE:
        add_words(out, "title", b->x, b->y + 16, b->text);
        break;
    case DRAW_SUBTITLE:
        add_words(out, "detail", b->x, b->y + 15, b->text);
        break;
    case DRAW_LANE:
        add_frame(out, "lane", b, 0, 6);
        break;
    case DRAW_LANE_HEAD:
        add_lane_head(out, b);
        break;
    case DRAW_NODE:
        add_node(out, b);
        break;
    case DRAW_HOST_ITEM:
    case DRAW_COPY:
    case DRAW_GUEST_ITEM:
        add_framed(out, b);
        break;
    case DRAW_BADGE:
        add_badge(out, b);
        break;
    case DRAW_MARK:
        add_mark(out, b->mark, b->x + b->width / 2, b->y + b->height / 2);
        break;
    case DRAW_LEGEND_GUEST:
    case DRAW_LEGEND_KIND:
    case DRAW_LEGEND_MARK:
        add_sample(out, b);
        break;
    }
}

static void add_box(struct bytes *out, const struct draw_box *b)
{
    bytes_add_string(out, "<g");
    if (b->guest != DRAW_NO_GUEST)
        bytes_printf(out, " class=\"c%zu d%zu\"", b->guest % COUNT(colours),
                     b->guest % COUNT(dashes));
    else if (b->is_faint)
        bytes_add_string(out, " class=\"faint\"");
    bytes_add_string(out, ">");
    add_tip(out, b->tip);
    add_shape(out, b);
    bytes_add_string(out, "</g>\n");
}

static void add_edge(struct bytes *out, const struct draw_edge *e)
{
    bytes_add_string(out, "<path class=\"");
    if (e->guest == DRAW_NO_GUEST)
        bytes_add_string(out, "branch");
    else
        bytes_printf(out, "line c%zu d%zu", e->guest % COUNT(colours),
                     e->guest % COUNT(dashes));
    bytes_printf(out, "\" d=\"M%d %d", e->x1, e->y1);
    bytes_printf(out, e->y1 == e->y2 ? "H%d\"/>\n" : "V%d\"/>\n",
                 e->y1 == e->y2 ? e->x2 : e->y2);
}

static void add_style(struct bytes *out)
{
    size_t i;

    bytes_add_string(out,
        "<style>\n"
        "text{font:12px 'DejaVu Sans Mono',Menlo,Consolas,monospace;"
        "fill:#111}\n"
        ".title{font:bold 16px 'DejaVu Sans',Arial,sans-serif}\n"
        ".strong{font-weight:bold}\n"
        ".detail{font-size:11px;fill:#666}\n"
        ".fold{font-size:11px;font-style:italic;fill:#666}\n"
        ".letter{font-weight:bold;fill:#fff;text-anchor:middle}\n"
        ".faint text,.faint .g{opacity:.55}\n"
        ".g{fill:none;stroke:#444;stroke-width:1.2;stroke-linejoin:round}\n"
        ".branch{fill:none;stroke:#bbb}\n"
        ".lane{fill-opacity:.06;stroke-opacity:.35}\n"
        ".badge{stroke:none}\n"
        ".item{fill:#fff}\n"
        ".copy{stroke-width:2}\n"
        ".line{fill:none;stroke-width:1.7}\n");
    for (i = 0; i < COUNT(colours); i++)
        bytes_printf(out, ".c%zu .lane,.c%zu .badge{fill:%s}\n"
                     ".c%zu .lane,.c%zu .item,.c%zu .copy,.c%zu .line,"
                     ".c%zu.line{stroke:%s}\n", i, i, colours[i], i, i, i, i,
                     i, colours[i]);
    bytes_add_string(out, ".copy{fill:#fff}\n");
    for (i = 1; i < COUNT(dashes); i++)
        bytes_printf(out, ".d%zu .line,.d%zu.line{stroke-dasharray:%s}\n", i,
                     i, dashes[i]);
    bytes_add_string(out, "</style>\n");
}

void draw_svg(const struct drawing *d, struct bytes *out)
{
    size_t i;

    bytes_printf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                 "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" "
                 "width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
                 "role=\"img\">\n<title>", d->width, d->height, d->width,
                 d->height);
    add_text(out, d->title);
    bytes_add_string(out, "</title>\n<desc>");
    add_text(out, d->about);
    bytes_add_string(out, "</desc>\n");
    add_style(out);
    bytes_printf(out, "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n",
                 d->width, d->height);
    for (i = 0; i < d->n_boxes; i++)
        if (d->boxes[i].shape == DRAW_LANE)
            add_box(out, &d->boxes[i]);
    for (i = 0; i < d->n_edges; i++)
        add_edge(out, &d->edges[i]);
    for (i = 0; i < d->n_boxes; i++)
        if (d->boxes[i].shape != DRAW_LANE)
            add_box(out, &d->boxes[i]);
    bytes_add_string(out, "</svg>\n");
}
