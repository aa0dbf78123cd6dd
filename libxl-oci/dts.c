/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dts.h"

#include <inttypes.h>
#include <string.h>

#include <libfdt.h>

#include "base/bytes.h"

static void indent(struct bytes *out, int depth)
{
    while (depth-- > 0)
        bytes_add_string(out, "\t");
}

static bool is_text(const char *value, int size)
{
    int i;

    if (size < 1 || value[size - 1] || !value[0])
        return false;
    for (i = 0; i < size; i++)
        if (value[i] ? value[i] < 0x20 || value[i] > 0x7e ||
                       value[i] == '"' || value[i] == '\\' :
            i && !value[i - 1])
            return false;
    return true;
}

static void add_strings(struct bytes *out, const char *value, int size)
{
    int at;

    for (at = 0; at < size; at += (int)strlen(value + at) + 1)
        bytes_printf(out, "%s\"%s\"", at ? ", " : "", value + at);
}

static void add_cells(struct bytes *out, const char *value, int size)
{
    int at;

    bytes_add_string(out, "<");
    for (at = 0; at < size; at += 4) {
        fdt32_t cell;

        memcpy(&cell, value + at, sizeof(cell));
        bytes_printf(out, "%s0x%" PRIx32, at ? " " : "", fdt32_to_cpu(cell));
    }
    bytes_add_string(out, ">");
}

static void add_property(const void *fdt, int offset, int depth,
                         struct bytes *out)
{
    const char *name, *value;
    int size, i;

    value = fdt_getprop_by_offset(fdt, offset, &name, &size);
    if (!value)
        return;
    indent(out, depth);
    bytes_add_string(out, name);
    if (size)
        bytes_add_string(out, " = ");
    if (is_text(value, size)) {
        add_strings(out, value, size);
    } else if (size && size % 4 == 0) {
        add_cells(out, value, size);
    } else if (size) {
        bytes_add_string(out, "[");
        for (i = 0; i < size; i++)
            bytes_printf(out, "%s%02x", i ? " " : "", (uint8_t)value[i]);
        bytes_add_string(out, "]");
    }
    bytes_add_string(out, ";\n");
}

/* As deep as the host tree, which is bounded. */
static void add_node(const void *fdt, int node, int depth, struct bytes *out)
{
    const char *name = fdt_get_name(fdt, node, NULL);
    int at;

    indent(out, depth);
    bytes_printf(out, "%s {\n", name && *name ? name : "/");
    fdt_for_each_property_offset(at, fdt, node)
        add_property(fdt, at, depth + 1, out);
    fdt_for_each_subnode(at, fdt, node)
        add_node(fdt, at, depth + 1, out);
    indent(out, depth);
    bytes_add_string(out, "};\n");
}

void dts_format(const void *dtb, struct bytes *out)
{
    bytes_add_string(out, "/dts-v1/;\n\n");
    if (dtb)
        add_node(dtb, 0, 0, out);
}
