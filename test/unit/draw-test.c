/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pictures of trees: texts, where things go, and what is written. */
#include "tap.h"
#include "dt-build.h"
#include "fail-alloc.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "dt/passthrough.h"
#include "xl-oci/devices.h"
#include "xl-oci/draw.h"
#include "xl-oci/ledger.h"

/* --- texts ----------------------------------------------------------------*/

static void test_clean(void)
{
    static const struct { const char *text; size_t limit; const char *clean; }
    rows[] = {
        { "serial@0", 0, "serial@0" },
        { "<&\"'>", 0, "<&\"'>" },
        { "a\x1b[31m\n\x7f", 0, "a\\x1b[31m\\x0a\\x7f" },
        { "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80", 0,
          "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80" },
        { "\xff\xc3(", 0, "\\xff\\xc3(" },
        { "\xc2\x9b", 0, "\\xc2\\x9b" },                /* C1: CSI */
        { "\xe2\x80\xae", 0, "\\xe2\\x80\\xae" },       /* right to left */
        { "\xef\xbf\xbe", 0, "\\xef\\xbf\\xbe" },       /* U+FFFE: no XML */
        { "\xf0\x9f\xbf\xbf", 0, "\\xf0\\x9f\\xbf\\xbf" },
        { "\xed\xa0\x80", 0, "\\xed\\xa0\\x80" },       /* half of a pair */
        { "", 0, "" }, { "", 3, "" },
        { "abcdef", 6, "abcdef" }, { "abcdefg", 6, "abc\xe2\x80\xa6" "fg" },
        { "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc", 3,
          "\xc3\xbc\xe2\x80\xa6\xc3\xbc" },
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        is_str(draw_clean(arena, rows[i].text, rows[i].limit), rows[i].clean,
               rows[i].clean);
}

static void test_letters(void)
{
    char buffer[8];

    is_str(draw_letters(0, buffer), "A", "the first guest");
    is_str(draw_letters(25, buffer), "Z", "the 26th");
    is_str(draw_letters(26, buffer), "AA", "the 27th");
    is_str(draw_letters(27 * 26, buffer), "AAA", "after ZZ");
}

/* --- a picture with everything ---------------------------------------------*/

static const char hostile[] = "<script>\"&'\x1b]0;\x07\xff\xe2\x80\xae</svg>";

static struct picture_item second_item = {
    .kind = DRAW_RATE, .guest = 1, .host = "24 MHz", .given = "clock-1",
};
static struct picture_item first_item = {
    .kind = DRAW_PAGES, .guest = 0, .host = "0x1000", .given = hostile,
    .tip = hostile, .next = &second_item,
};
static const struct picture_copy second_copy = { .guest = 1, .text = "b" };
static struct picture_copy first_copy = {
    .guest = 0, .text = hostile, .tip = hostile,
    .next = (struct picture_copy *)&second_copy,
};
static const struct picture_row rows[] = {
    { .kind = DRAW_BUS, .depth = 0, .name = "/" },
    { .kind = DRAW_DEVICE, .depth = 1, .name = hostile, .detail = hostile,
      .tip = hostile, .copies = &first_copy, .items = &first_item },
    { .kind = DRAW_CLOCK, .depth = 2, .name = "clock", .is_faint = true },
    { .kind = DRAW_DEVICE, .depth = 1, .name = "free", .mark = DRAW_FREE },
    { .kind = DRAW_DEVICE, .depth = 1, .name = "not", .mark = DRAW_REFUSED },
    { .kind = DRAW_FOLD, .depth = 1, .name = "9 others" },
};
static const struct picture_guest guests[] = {
    { .name = hostile, .what = "container", .summary = "1 page" },
    { .name = "second", .what = "domain", .summary = "1 clock" },
};
static const struct picture picture = {
    .title = hostile, .subtitle = hostile, .rows = rows,
    .n_rows = sizeof(rows) / sizeof(*rows), .guests = guests, .n_guests = 2,
};

static bool overlap(const struct draw_box *a, const struct draw_box *b)
{
    return a->x < b->x + b->width && b->x < a->x + a->width &&
           a->y < b->y + b->height && b->y < a->y + a->height;
}

static bool is_inside(const struct draw_box *in, const struct draw_box *out)
{
    return in->x >= out->x && in->x + in->width <= out->x + out->width &&
           in->y >= out->y && in->y + in->height <= out->y + out->height;
}

/* What is given to the guest is in its column, and nothing else is. */
static bool is_in_lane(const struct draw_box *b, const struct draw_box *lane)
{
    bool belongs = b->guest == lane->guest &&
                   (b->shape == DRAW_COPY || b->shape == DRAW_GUEST_ITEM ||
                    b->shape == DRAW_LANE_HEAD);

    return belongs ? is_inside(b, lane) : !overlap(b, lane);
}

static void test_boxes(const struct drawing *d)
{
    const struct draw_box canvas = { .width = d->width, .height = d->height };
    bool apart = true, inside = true, lanes = true;
    size_t i, k;

    for (i = 0; i < d->n_boxes; i++) {
        const struct draw_box *a = &d->boxes[i];

        inside = inside && is_inside(a, &canvas);
        for (k = 0; k < d->n_boxes; k++) {
            const struct draw_box *b = &d->boxes[k];

            if (k == i || b->shape == DRAW_LANE)
                continue;
            if (a->shape == DRAW_LANE)
                lanes = lanes && is_in_lane(b, a);
            else
                apart = apart && !overlap(a, b);
        }
    }
    ok(inside, "no box leaves the picture");
    ok(apart, "no box covers another");
    ok(lanes, "in each column is what its guest has");
}

/* The line of a guest ends at a box of its column, and starts at the tree. */
static void test_edges(const struct drawing *d)
{
    size_t i, k, lines = 0, ends = 0;

    for (i = 0; i < d->n_edges; i++) {
        const struct draw_edge *e = &d->edges[i];

        if (e->guest == DRAW_NO_GUEST)
            continue;
        lines++;
        for (k = 0; k < d->n_boxes; k++) {
            const struct draw_box *b = &d->boxes[k];

            ends += e->y1 == e->y2 && e->x1 < e->x2 && e->x2 == b->x &&
                    e->y2 > b->y && e->y2 < b->y + b->height &&
                    e->guest == b->guest && b->shape != DRAW_LANE_HEAD;
        }
    }
    ok(lines == 4 && ends == lines, "a line to each thing of a guest");
}

static void test_layout(void)
{
    const struct drawing *d = draw_layout(arena, &picture);

    ok(d != NULL, "a picture is laid out");
    if (!d)
        return;
    test_boxes(d);
    test_edges(d);
}

static void test_svg(void)
{
    struct bytes one = BYTES_INIT, two = BYTES_INIT;
    const char *text, *c;
    bool plain = true;

    draw_svg(draw_layout(arena, &picture), &one);
    draw_svg(draw_layout(arena, &picture), &two);
    text = bytes_text(&one);
    ok(text && one.size == two.size && !memcmp(text, two.data, one.size),
       "the same picture, the same bytes");
    for (c = text; c && *c; c++)
        plain = plain && ((unsigned char)*c >= 0x20 || *c == '\n') &&
                *c != 0x7f;
    ok(plain, "no control characters");
    ok(!strstr(text, "<script") && strstr(text, "&lt;script&gt;&quot;&amp;"),
       "markup is escaped");
    ok(strstr(text, "\\xff\\xe2\\x80\\xae") != NULL,
       "what is not text is told");
    ok(!strstr(text, "href") && !strstr(text, "url("), "no references");
    bytes_free(&one);
    bytes_free(&two);
}

/* --- of a host tree --------------------------------------------------------*/

static int draw_tree(const struct dt_devices *devices,
                     const struct claim *claims,
                     const struct claim *planned, bool all, struct bytes *out)
{
    const struct devices_drawing chosen = {
        .claims = claims, .planned = planned, .all = all,
    };

    return devices_draw(arena, devices, &chosen, out);
}

static void test_claims(const struct dt_devices *devices)
{
    struct claim_pages pages[] = { { 0x89020, 2, 0x4000 },
                                   { 0x12345, 1, CLAIM_NO_GFN } };
    uint32_t interrupts[] = { 36, 999 };
    const char *dtdevs[] = { "/soc/dma@9030000", "/gone" };
    struct claim_node nodes[] = { { "/soc/serial@9010000", "/p/uart@1" },
                                  { "/gone", "/p/gone" } };
    struct claim_stub stubs[] = { { "clock", "/oscillator", "/p/clock-1",
                                    32768 },
                                  { "supply", "/gone", "/p/supply-1", 0 } };
    struct claim container = {
        .holder = "web", .is_container = true, .nodes = nodes, .n_nodes = 2,
        .stubs = stubs, .n_stubs = 2, .pages = pages + 1, .n_pages = 1,
    };
    struct claim domain = {
        .holder = "plain", .pages = pages, .n_pages = 1, .dtdevs = dtdevs,
        .n_dtdevs = 2, .interrupts = interrupts, .n_interrupts = 2,
        .next = &container,
    };
    struct bytes out = BYTES_INIT;
    const char *svg;

    ok(!draw_tree(devices, &domain, NULL, false, &out), "claims are drawn");
    svg = bytes_text(&out);
    ok(svg && strstr(svg, ">0x89020000, 8 KiB<") &&
       strstr(svg, ">0x4000000, 8 KiB<"), "pages of a domain of xl");
    ok(svg && strstr(svg, ">timer@9020000<"), "... by the device they are of");
    ok(svg && strstr(svg, ">SPI 4, level high<") &&
       strstr(svg, ">SPI 4 (INTID 36)<"), "its interrupt");
    ok(svg && strstr(svg, ">SPI 967<") &&
       strstr(svg, ">in no node of this tree<"), "one of no node");
    ok(svg && strstr(svg, ">DMA to its own memory<"), "its streams");
    ok(svg && strstr(svg, ">uart@1<"), "a container's node");
    ok(svg && strstr(svg, ">32.768 kHz<") &&
       strstr(svg, ">clock-1, 32.768 kHz<"), "its clock");
    ok(svg && strstr(svg, ">0x12345000, 4 KiB<") && strstr(svg, ">4 KiB<"),
       "a page whose place is not known");
    bytes_free(&out);
}

static void test_folds(const struct dt_devices *devices)
{
    struct bytes some = BYTES_INIT, all = BYTES_INIT;
    const char *svg;

    ok(!draw_tree(devices, NULL, NULL, false, &some) &&
       !draw_tree(devices, NULL, NULL, true, &all), "a tree is drawn");
    svg = bytes_text(&some);
    ok(svg && strstr(svg, ">timer@9020000<") && !strstr(svg, ">oscillator<"),
       "only what is meant for guests");
    ok(svg && strstr(svg, ">1 device, 1 interrupt controller, "
                     "2 clocks, 3 others<"), "others are counted");
    svg = bytes_text(&all);
    ok(svg && strstr(svg, ">oscillator<") && !strstr(svg, "nodes not drawn"),
       "all nodes");
    bytes_free(&some);
    bytes_free(&all);
}

/* With n-th allocation failing, all or nothing. */
static void test_memory(const struct dt_devices *devices)
{
    struct arena *trees = arena;
    struct bytes whole = BYTES_INIT, out = BYTES_INIT;
    struct claim_pages pages[] = { { 0x89020, 2, 0x4000 } };
    const struct claim claim = { .holder = "x", .pages = pages,
                                 .n_pages = 1 };
    unsigned long n;
    int rc, failed, wrong = 0;

    draw_tree(devices, &claim, NULL, true, &whole);
    for (n = 1; ; n++) {
        arena = arena_new();
        out = (struct bytes)BYTES_INIT;
        fail_alloc_at(n);
        rc = draw_tree(devices, &claim, NULL, true, &out);
        failed = fail_alloc_stop();
        if (!rc && !out.failed)
            wrong += out.size != whole.size ||
                     memcmp(out.data, whole.data, out.size);
        else
            wrong += !failed;
        bytes_free(&out);
        arena_free(arena);
        if (!failed)
            break;
    }
    arena = trees;
    ok(!wrong, "each of %lu allocations failing: all or nothing", n - 1);
    bytes_free(&whole);
}

int main(void)
{
    const struct dt_tree *tree;
    const struct dt_devices *devices;

    begin();
    test_clean();
    test_letters();
    test_layout();
    test_svg();
    tree = compile("complex") ? load() : NULL;
    devices = tree ? dt_devices_judge(arena, tree, report) : NULL;
    ok(devices && !error_name(), "a host tree");
    if (devices) {
        test_claims(devices);
        test_folds(devices);
        test_memory(devices);
    }
    arena_free(arena);
    report_free(report);
    return done_testing();
}
