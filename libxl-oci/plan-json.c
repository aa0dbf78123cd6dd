/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan-json.h"

#include "base/bytes.h"

/* "key":"value", with a comma before it unless first */
static void add_member(struct bytes *out, const char *comma, const char *key,
                       const char *value)
{
    bytes_add_string(out, comma);
    bytes_add_json_string(out, key);
    bytes_add_string(out, ":");
    bytes_add_json_string(out, value);
}

static void add_origin(struct bytes *out, const struct origin *from)
{
    add_member(out, ",", "from", from->field);
    if (from->line)
        bytes_printf(out, ",\"line\":%u,\"column\":%u", from->line,
                     from->column);
}

static void add_value(struct bytes *out, const struct plan_line *line)
{
    if (line->is_number)
        bytes_add_string(out, line->value);
    else
        bytes_add_json_string(out, line->value);
}

static void add_domain(struct bytes *out, const struct plan_line *lines,
                       size_t n_lines)
{
    size_t i;

    bytes_add_string(out, "{\n\"domain\":{");
    for (i = 0; i < n_lines; i++) {
        bytes_add_string(out, i ? "," : "");
        bytes_add_json_string(out, lines[i].key);
        bytes_add_string(out, ":");
        add_value(out, &lines[i]);
    }
    bytes_add_string(out, "},\n\"lines\":[");
    for (i = 0; i < n_lines; i++) {
        add_member(out, i ? ",\n{" : "\n{", "key", lines[i].key);
        bytes_add_string(out, ",\"value\":");
        add_value(out, &lines[i]);
        add_origin(out, &lines[i].from);
        bytes_add_string(out, "}");
    }
    bytes_add_string(out, "]");
}

static void add_disk(struct bytes *out, struct arena *arena,
                     const struct plan *plan,
                     const struct plan_artifacts *artifacts, size_t index)
{
    const char *target = plan_disk_path(arena, plan, artifacts, index);
    const struct plan_disk *d = &plan->disks[index];
    const struct plan_image *image = d->image < 0 ? NULL :
                                     &plan->images[d->image];

    add_member(out, index ? ",\n{" : "\n{", "vdev", d->vdev);
    out->failed |= !target;
    add_member(out, ",", "target", target ? target : "");
    bytes_printf(out, ",\"writable\":%s,\"private\":%s,\"create\":%s",
                 d->writable ? "true" : "false",
                 d->private_copy ? "true" : "false",
                 d->create ? "true" : "false");
    if (image) {
        add_member(out, ",", "image",
                   image->format == IMAGE_EXT4 ? "ext4" : "erofs");
        add_member(out, ",", "source", image->source);
    }
    add_origin(out, &d->from);
    bytes_add_string(out, "}");
}

static void add_accelerator(struct bytes *out,
                            const struct plan_accelerator *a, bool first)
{
    add_member(out, first ? "\n{" : ",\n{", "device", a->device);
    if (a->name)
        add_member(out, ",", "name", a->name);
    if (a->kind)
        add_member(out, ",", "kind", a->kind);
    if (a->compatible)
        add_member(out, ",", "compatible", a->compatible);
    if (a->load)
        add_member(out, ",", "load", a->load);
    add_origin(out, &a->from);
    bytes_add_string(out, "}");
}

static void add_devices(struct bytes *out, struct arena *arena,
                        const struct plan *plan)
{
    const struct plan_item *items;
    size_t n = 0, i;

    bytes_add_string(out, ",\n\"accelerators\":[");
    for (i = 0; i < plan->devices.count; i++)
        add_accelerator(out, &plan->devices.list[i], !i);
    bytes_add_string(out, "],\n\"devices\":[");
    items = plan_items(arena, plan, &n);
    out->failed |= !items;
    for (i = 0; items && i < n; i++) {
        add_member(out, i ? ",\n{" : "\n{", "list", items[i].list);
        add_member(out, ",", "value", items[i].value);
        add_member(out, ",", "host", items[i].host);
        add_origin(out, &items[i].from);
        bytes_add_string(out, "}");
    }
    bytes_add_string(out, "]");
}

static void add_share(struct bytes *out, const struct plan_share *share,
                      bool first)
{
    add_member(out, first ? "\n{" : ",\n{", "tag", share->tag);
    add_member(out, ",", "path", share->path);
    bytes_printf(out, ",\"writable\":%s", share->writable ? "true" : "false");
    add_origin(out, &share->from);
    bytes_add_string(out, "}");
}

static void add_hex(struct bytes *out, const struct plan_arg *a)
{
    size_t i;

    bytes_add_string(out, "\"hex:");
    for (i = 0; i < a->size_bytes; i++)
        bytes_printf(out, "%02x", (unsigned char)a->string[i]);
    bytes_add_string(out, "\"");
}

static void add_vector(struct bytes *out, const char *const *v)
{
    size_t i;

    bytes_add_string(out, "[");
    for (i = 0; v[i]; i++) {
        bytes_add_string(out, i ? "," : "");
        bytes_add_json_string(out, v[i]);
    }
    bytes_add_string(out, "]");
}

static void add_argument(struct bytes *out, const struct plan_arg *a)
{
    switch (a->kind) {
    case 's':
        bytes_add_json_string(out, a->string);
        return;
    case 'b':
        add_hex(out, a);
        return;
    case 'v':
        add_vector(out, a->vector);
        return;
    default:
        bytes_printf(out, "%llu", (unsigned long long)a->number);
    }
}

static void add_op(struct bytes *out, const struct plan_op *o, bool first)
{
    unsigned int i;

    add_member(out, first ? "\n{" : ",\n{", "op",
               plan_opcode_name(o->opcode));
    bytes_add_string(out, ",\"args\":[");
    for (i = 0; i < o->n_args; i++) {
        bytes_add_string(out, i ? "," : "");
        add_argument(out, &o->args[i]);
    }
    bytes_add_string(out, "]");
    add_origin(out, &o->from);
    bytes_add_string(out, "}");
}

void plan_format_json(struct arena *arena, const struct plan *plan,
                      const struct plan_artifacts *artifacts,
                      const struct plan_line *lines, size_t n_lines,
                      struct bytes *out)
{
    const struct plan_op *o;
    size_t i;

    add_domain(out, lines, n_lines);
    if (plan->devices.count)
        add_devices(out, arena, plan);
    bytes_add_string(out, ",\n\"disks\":[");
    for (i = 0; i < plan->n_disks; i++)
        add_disk(out, arena, plan, artifacts, i);
    bytes_add_string(out, "],\n\"shares\":[");
    for (i = 0; i < plan->n_shares; i++)
        add_share(out, &plan->shares[i], !i);
    bytes_add_string(out, "],\n\"files\":[");
    for (i = 0; i < plan->n_files; i++) {
        bytes_printf(out, "%s\n{\"index\":%zu,\"size_bytes\":%zu,"
                     "\"mode\":%u", i ? "," : "", i,
                     plan->files[i].size_bytes, plan->files[i].mode);
        add_origin(out, &plan->files[i].from);
        bytes_add_string(out, "}");
    }
    bytes_add_string(out, "],\n\"program\":[");
    for (o = plan->ops; o; o = o->next)
        add_op(out, o, o == plan->ops);
    bytes_add_string(out, "]\n}\n");
}
