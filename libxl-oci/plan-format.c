/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dry run: the plan as text and as an xl.cfg(5) file. JSON: plan-json.c */
#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "dts.h"
#include "plan-json.h"
#include "plan-lines.h"

/* Text from a bundle on a terminal or behind a comment's #: one line, no
 * control characters. */
static void add_safe(struct bytes *out, const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f)
            bytes_printf(out, "\\x%02x", (unsigned char)*s);
        else
            bytes_add(out, s, 1);
}

static void add_origin(struct bytes *out, const struct origin *from)
{
    add_safe(out, from->field[0] ? from->field : "/");
    if (from->line)
        bytes_printf(out, " (%u:%u)", from->line, from->column);
}

static void add_row(struct bytes *out, const char *key, const char *value,
                    const struct origin *from)
{
    size_t start;

    bytes_printf(out, "%-14s ", key);
    start = out->size;
    add_safe(out, value);
    bytes_printf(out, "%*s  <- ", out->size - start < 36 ?
                 (int)(36 - (out->size - start)) : 0, "");
    add_origin(out, from);
    bytes_add_string(out, "\n");
}

static const char *disk_kind(const struct plan *plan,
                             const struct plan_disk *d)
{
    if (d->create)
        return "ext4, made when missing";
    if (d->image < 0)
        return "raw";
    if (d->private_copy)
        return "ext4 image, private copy";
    return plan->images[d->image].format == IMAGE_EXT4 ? "ext4 image"
                                                       : "erofs image";
}

static void text_disks(const struct plan *plan,
                       const struct plan_artifacts *artifacts,
                       struct arena *arena, struct bytes *out)
{
    size_t i;

    for (i = 0; i < plan->n_disks; i++) {
        const struct plan_disk *d = &plan->disks[i];
        const char *key = arena_printf(arena, "disk %s", d->vdev);
        const char *value = arena_printf(arena, "%s (%s, %s)",
            plan_disk_path(arena, plan, artifacts, i), disk_kind(plan, d),
            d->writable ? "writable" : "read-only");

        if (!key || !value)
            out->failed = true;
        else
            add_row(out, key, value, &d->from);
    }
    for (i = 0; i < plan->n_shares; i++) {
        const struct plan_share *s = &plan->shares[i];
        const char *value = arena_printf(arena, "%s (9pfs, %s)", s->path,
            s->writable ? "writable" : "read-only");

        if (!s->tag || !value)
            out->failed = true;
        else
            add_row(out, s->tag, value, &s->from);
    }
    for (i = 0; i < plan->n_files; i++) {
        const char *key = arena_printf(arena, "file %zu", i);
        const char *value = arena_printf(arena, "%zu bytes",
                                         plan->files[i].size_bytes);

        if (!key || !value)
            out->failed = true;
        else
            add_row(out, key, value, &plan->files[i].from);
    }
}

static void text_bytes(struct bytes *out, const struct plan_arg *a)
{
    size_t i;

    for (i = 0; i < a->size_bytes && i < 80; i++)
        if ((unsigned char)a->string[i] < 0x20 || a->string[i] & 0x80)
            break;
    if (i < a->size_bytes)
        bytes_printf(out, " <%zu bytes>", a->size_bytes);
    else
        bytes_printf(out, " \"%.*s\"", (int)a->size_bytes, a->string);
}

static void text_argument(struct bytes *out, const struct plan_arg *a)
{
    const char *const *v;

    switch (a->kind) {
    case 'u':
        bytes_printf(out, " %llu", (unsigned long long)a->number);
        return;
    case 'q':
        bytes_printf(out, " 0x%llx", (unsigned long long)a->number);
        return;
    case 's':
        bytes_add_string(out, " ");
        add_safe(out, a->string[0] ? a->string : "\"\"");
        return;
    case 'b':
        text_bytes(out, a);
        return;
    default:
        bytes_add_string(out, " [");
        for (v = a->vector; *v; v++) {
            bytes_add_string(out, v == a->vector ? "\"" : " \"");
            add_safe(out, *v);
            bytes_add_string(out, "\"");
        }
        bytes_add_string(out, "]");
    }
}

static void text_program(const struct plan *plan, struct arena *arena,
                         struct bytes *out)
{
    const struct plan_op *o;
    struct bytes args = BYTES_INIT;
    size_t index = 0;
    unsigned int i;

    bytes_add_string(out, "\nin the guest:\n");
    for (o = plan->ops; o; o = o->next) {
        const char *key = arena_printf(arena, "%3zu %s", index++,
                                       plan_opcode_name(o->opcode));

        args.size = 0;
        for (i = 0; i < o->n_args; i++)
            text_argument(&args, &o->args[i]);
        if (!key || !bytes_text(&args))
            out->failed = true;
        else
            add_row(out, key, args.size ? args.data + 1 : "", &o->from);
    }
    bytes_free(&args);
}

static void text_accelerator(const struct plan_accelerator *a,
                             struct arena *arena, struct bytes *out)
{
    const char *value = arena_printf(arena, "%s%s%s%s%s%s%s%s%s%s",
        a->name ? a->name : "", a->name ? ": " : "", a->device,
        a->kind ? ", " : "", a->kind ? a->kind : "",
        a->compatible ? ", as " : "", a->compatible ? a->compatible : "",
        a->load ? ", to load: " : "", a->load ? a->load : "",
        a->load ? " (nothing loads it yet)" : "");

    if (value)
        add_row(out, "accelerator", value, &a->from);
    else
        out->failed = true;
}

static void text_devices(const struct plan *plan, struct arena *arena,
                         struct bytes *out)
{
    const struct plan_devices *d = &plan->devices;
    const struct plan_item *items;
    size_t n = 0, i;

    for (i = 0; i < d->count; i++)
        text_accelerator(&d->list[i], arena, out);
    items = plan_items(arena, plan, &n);
    out->failed |= !items;
    for (i = 0; items && i < n; i++) {
        const char *value = arena_printf(arena, "%s (%s)", items[i].value,
                                         items[i].host);

        if (value)
            add_row(out, items[i].list, value, &items[i].from);
        else
            out->failed = true;
    }
}

static void format_text(const struct plan *plan,
                        const struct plan_artifacts *artifacts,
                        const struct plan_line *lines, size_t n_lines,
                        struct arena *arena, struct bytes *out)
{
    size_t i;

    for (i = 0; i < n_lines; i++)
        add_row(out, lines[i].key, lines[i].value, &lines[i].from);
    text_devices(plan, arena, out);
    text_disks(plan, artifacts, arena, out);
    text_program(plan, arena, out);
}

/* libxlu_cfg_l.l: "..." with backslash escapes */
static void add_quoted(struct bytes *out, const char *s)
{
    bytes_add_string(out, "\"");
    for (; *s; s++)
        if (*s == '"' || *s == '\\')
            bytes_printf(out, "\\%c", *s);
        else if ((unsigned char)*s < 0x20 || *s == 0x7f)
            bytes_printf(out, "\\x%02x", (unsigned char)*s);
        else
            bytes_add(out, s, 1);
    bytes_add_string(out, "\"");
}

static void xl_comment(struct bytes *out, const struct origin *from)
{
    bytes_add_string(out, "    # ");
    add_origin(out, from);
    bytes_add_string(out, "\n");
}

static void xl_disk(const struct plan *plan,
                    const struct plan_artifacts *artifacts, size_t index,
                    struct arena *arena, struct bytes *out)
{
    const struct plan_disk *d = &plan->disks[index];
    const char *script = plan->block_script.value;
    /* "target" must come last: it takes the rest, commas and all */
    const char *text = arena_printf(arena, "backendtype=phy,format=raw,"
        "vdev=%s,access=%s,%s%s%starget=%s", d->vdev,
        d->writable ? "rw" : "ro", script ? "script=" : "",
        script ? script : "", script ? "," : "",
        plan_disk_path(arena, plan, artifacts, index));

    if (!text) {
        out->failed = true;
        return;
    }
    bytes_add_string(out, "    ");
    add_quoted(out, text);
    bytes_add_string(out, ",");
    xl_comment(out, &d->from);
}

/* One list after the other; irqs are numbers. */
static void xl_items(const struct plan *plan, struct arena *arena,
                     struct bytes *out)
{
    const struct plan_item *items;
    size_t n = 0, i;

    items = plan_items(arena, plan, &n);
    out->failed |= !items;
    for (i = 0; items && i < n; i++) {
        if (!i || strcmp(items[i].list, items[i - 1].list))
            bytes_printf(out, "%s = [\n", items[i].list);
        bytes_add_string(out, "    ");
        if (!strcmp(items[i].list, "irqs"))
            bytes_add_string(out, items[i].value);
        else
            add_quoted(out, items[i].value);
        bytes_printf(out, ",    # %s <- ", items[i].host);
        add_origin(out, &items[i].from);
        bytes_add_string(out, "\n");
        if (i + 1 == n || strcmp(items[i].list, items[i + 1].list))
            bytes_add_string(out, "]\n");
    }
}

static void format_xl(const struct plan *plan,
                      const struct plan_artifacts *artifacts,
                      const struct plan_line *lines, size_t n_lines,
                      struct arena *arena, struct bytes *out)
{
    size_t i;

    bytes_printf(out, "# xl.cfg(5); xl-oci also writes oci/proto and "
                     "oci/id below the domain's\n# directory in xenstore%s\n",
                 plan->n_shares ? ", and the nodes of the 9pfs devices" : "");
    for (i = 0; i < n_lines; i++) {
        bytes_printf(out, "%s = ", lines[i].key);
        if (lines[i].is_number)
            bytes_add_string(out, lines[i].value);
        else
            add_quoted(out, lines[i].value);
        xl_comment(out, &lines[i].from);
    }
    xl_items(plan, arena, out);
    if (!plan->n_disks)
        return;
    bytes_add_string(out, "disk = [\n");
    for (i = 0; i < plan->n_disks; i++)
        xl_disk(plan, artifacts, i, arena, out);
    bytes_add_string(out, "]\n");
}

int plan_format(const struct plan *plan,
                const struct plan_artifacts *artifacts,
                enum plan_format format, struct bytes *out)
{
    struct arena *arena = arena_new();
    const struct plan_line *lines;
    size_t n_lines = 0;

    if (!arena)
        return -1;
    lines = plan_lines(arena, plan, artifacts, &n_lines);
    if (format == PLAN_FORMAT_DTS)
        dts_format(plan->devices.dtb, out);
    else if (!lines)
        out->failed = true;
    else if (format == PLAN_FORMAT_JSON)
        plan_format_json(arena, plan, artifacts, lines, n_lines, out);
    else if (format == PLAN_FORMAT_XL)
        format_xl(plan, artifacts, lines, n_lines, arena, out);
    else
        format_text(plan, artifacts, lines, n_lines, arena, out);
    arena_free(arena);
    return out->failed ? -1 : 0;
}
