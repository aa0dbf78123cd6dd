/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Draw: a tree at the left and a column for each guest at the right. What a
 * guest has of the tree is a row of its own below the node that it is of, with
 * a level line to what became of it in the guest's column; so lines never
 * cross one another, and a picture of any size is read row by row.
 *
 * Knows nothing of device trees. Pure: same picture, same bytes. Texts of a
 * picture may be anything; those of a drawing are clean (draw_clean()).
 */
#ifndef XL_OCI_DRAW_H
#define XL_OCI_DRAW_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct bytes;

/* --- what is to be drawn ------------------------------------------------- */

enum draw_kind {
    /* of nodes */
    DRAW_BUS, DRAW_DEVICE, DRAW_CONTROLLER, DRAW_CLOCK, DRAW_OTHER, DRAW_FOLD,
    /* of what a guest has */
    DRAW_PAGES, DRAW_INTERRUPT, DRAW_RATE, DRAW_SUPPLY, DRAW_STREAM,
    DRAW_KINDS
};

/* In the margin of a node that no guest has. */
enum draw_mark {
    DRAW_UNMARKED,
    DRAW_FREE,                      /* a guest may have it */
    DRAW_REFUSED,                   /* it is meant for guests and may not */
    DRAW_MARKS
};

struct picture_item {
    enum draw_kind kind;            /* DRAW_PAGES and later */
    size_t guest;                   /* index */
    const char *host, *given;       /* texts at the left and in the column */
    const char *tip;
    struct picture_item *next;
};

/* The node itself, in a guest's column. */
struct picture_copy {
    size_t guest;
    const char *text, *tip;
    struct picture_copy *next;
};

struct picture_row {
    enum draw_kind kind;            /* before DRAW_PAGES */
    size_t depth;                   /* at most that of the row before + 1 */
    const char *name, *detail, *tip;
    enum draw_mark mark;
    bool is_faint;                  /* as disabled nodes are */
    const struct picture_copy *copies;
    const struct picture_item *items;
};

struct picture_guest {
    const char *name, *what;        /* "container" */
    const char *summary;            /* of what it has: "2 frames" */
};

struct picture {
    const char *title, *subtitle;
    const struct picture_row *rows;
    size_t n_rows;
    const struct picture_guest *guests;
    size_t n_guests;
};

/* --- where it goes ------------------------------------------------------- */

enum draw_shape {
    DRAW_TITLE, DRAW_SUBTITLE,
    DRAW_LANE,          /* a guest's column */
    DRAW_LANE_HEAD,     /* its name, and detail: what it is */
    DRAW_NODE,          /* glyph and text, detail behind it */
    DRAW_HOST_ITEM,     /* glyph and text in a frame */
    DRAW_COPY, DRAW_GUEST_ITEM,
    DRAW_BADGE,         /* the letter of a guest, in the gutter */
    DRAW_MARK,
    DRAW_LEGEND_GUEST,  /* a sample of the guest's line, and text */
    DRAW_LEGEND_KIND,   /* a glyph, and text */
    DRAW_LEGEND_MARK,   /* a mark, and text */
};

#define DRAW_NO_GUEST ((size_t)-1)

/* Units are pixels; y grows downwards. */
struct draw_box {
    enum draw_shape shape;
    enum draw_kind kind;
    enum draw_mark mark;
    size_t guest;                   /* DRAW_NO_GUEST: the tree's */
    int x, y, width, height;
    bool is_faint;
    const char *text, *detail, *tip;    /* each may be NULL */
    int detail_x;                   /* where detail begins */
};

/* Level, or of the tree. */
struct draw_edge {
    size_t guest;                   /* DRAW_NO_GUEST: of the tree */
    int x1, y1, x2, y2;
};

struct drawing {
    int width, height;
    const char *title, *about;      /* for those who cannot see it */
    const struct draw_box *boxes;   /* those that come later are on top */
    size_t n_boxes;
    const struct draw_edge *edges;  /* below all boxes but the lanes */
    size_t n_edges;
};

/* NULL when memory is exhausted. */
const struct drawing *draw_layout(struct arena *arena,
                                  const struct picture *picture);

/*
 * UTF-8 without anything that is not seen as itself: controls, what changes
 * the direction of writing, and bytes that are no UTF-8 become \xNN. Cut to
 * max_characters with "…" in the middle (0: not cut). NULL when memory is
 * exhausted.
 */
const char *draw_clean(struct arena *arena, const char *text,
                       size_t max_characters);

/* Of UTF-8. */
size_t draw_count_characters(const char *text);

/* "A".."Z", "AA" and so on; buffer has 8 bytes. */
const char *draw_letters(size_t guest, char *buffer);

/* What the signs mean: for legends. */
const char *draw_kind_name(enum draw_kind kind);
const char *draw_mark_name(enum draw_mark mark);

/* --- as a file ----------------------------------------------------------- */

/* SVG 1.1: one file without scripts or references to others. */
void draw_svg(const struct drawing *drawing, struct bytes *out);

#endif
