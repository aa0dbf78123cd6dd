/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts of a drawing. */
#include "draw.h"

#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/utf8.h"

static uint32_t code_point(const unsigned char *s, size_t length)
{
    static const unsigned char first_bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
    uint32_t c = s[0] & first_bits[length];
    size_t i;

    for (i = 1; i < length; i++)
        c = c << 6 | (s[i] & 0x3f);
    return c;
}

/* Neither a control (Unicode's Cc), nor one that XML 1.0 forbids ("Char"),
 * nor one that is invisible or turns the order of what is around it. */
static bool is_plain(uint32_t c)
{
    static const struct { uint32_t first, last; } hidden[] = {
        { 0, 0x1f }, { 0x7f, 0x9f }, { 0xad, 0xad }, { 0x61c, 0x61c },
        { 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f },
        { 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, { 0xfffe, 0xffff },
        { 0xe0000, 0xe0fff },
    };
    size_t i;

    for (i = 0; i < sizeof(hidden) / sizeof(*hidden); i++)
        if (c >= hidden[i].first && c <= hidden[i].last)
            return false;
    return (c & 0xfffe) != 0xfffe;
}

static void add_clean(struct bytes *out, const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t left = strlen(text), length, i;

    for (; left; s += length, left -= length) {
        length = utf8_length(s, left);
        if (length && is_plain(code_point(s, length))) {
            bytes_add(out, s, length);
            continue;
        }
        length = length ? length : 1;
        for (i = 0; i < length; i++)
            bytes_printf(out, "\\x%02x", s[i]);
    }
}

size_t draw_count_characters(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

/* After that many characters of valid UTF-8. */
static const char *skip(const char *s, size_t characters)
{
    while (*s && (characters || ((unsigned char)*s & 0xc0) == 0x80)) {
        characters -= ((unsigned char)*s & 0xc0) != 0x80;
        s++;
    }
    return s;
}

const char *draw_clean(struct arena *arena, const char *text,
                       size_t max_characters)
{
    struct bytes out = BYTES_INIT;
    const char *clean, *result = NULL;
    size_t n, head;

    add_clean(&out, text);
    clean = bytes_text(&out);
    n = clean ? draw_count_characters(clean) : 0;
    if (clean && (!max_characters || n <= max_characters)) {
        result = arena_strdup(arena, clean);
    } else if (clean) {
        head = max_characters / 2;
        result = arena_printf(arena, "%.*s…%s",
                              (int)(skip(clean, head) - clean), clean,
                              skip(clean, n - (max_characters - head - 1)));
    }
    bytes_free(&out);
    return result;
}

const char *draw_letters(size_t guest, char *buffer)
{
    char *end = buffer + 7;

    *end = '\0';
    do {
        *--end = (char)('A' + guest % 26);
        guest /= 26;
    } while (guest-- && end > buffer);
    return end;
}

const char *draw_kind_name(enum draw_kind kind)
{
    static const char *const names[DRAW_KINDS] = {
        [DRAW_BUS] = "bus", [DRAW_DEVICE] = "device",
        [DRAW_CONTROLLER] = "interrupt controller", [DRAW_CLOCK] = "clock",
        [DRAW_OTHER] = "other node", [DRAW_FOLD] = "nodes not drawn",
        [DRAW_PAGES] = "memory", [DRAW_INTERRUPT] = "interrupt",
        [DRAW_RATE] = "rate of a clock", [DRAW_SUPPLY] = "power supply",
        [DRAW_STREAM] = "DMA through an IOMMU",
    };

    return names[kind];
}

const char *draw_mark_name(enum draw_mark mark)
{
    static const char *const names[DRAW_MARKS] = {
        [DRAW_UNMARKED] = "", [DRAW_FREE] = "may be passed through",
        [DRAW_REFUSED] = "marked for guests, but may not",
    };

    return names[mark];
}
