/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/verify.h"

#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

#include "base/arena.h"
#include "dt/host-tree.h"
#include "dt/layout.h"

/* Root and interrupt controller, as libxl_arm.c make_root_properties() and
 * make_gicv3_node() have them, as far as the partial tree depends on them. */
static int write_frame(void *fdt, const struct dt_layout *layout)
{
    int rc = fdt_begin_node(fdt, "");

    if (!rc)
        rc = fdt_property_u32(fdt, "#address-cells", 2);
    if (!rc)
        rc = fdt_property_u32(fdt, "#size-cells", 2);
    if (!rc)
        rc = fdt_property_u32(fdt, "interrupt-parent", layout->gic_phandle);
    if (!rc)
        rc = fdt_begin_node(fdt, "interrupt-controller@3001000");
    if (!rc)
        rc = fdt_property_string(fdt, "compatible", "arm,gic-v3");
    if (!rc)
        rc = fdt_property_u32(fdt, "#interrupt-cells", 3);
    if (!rc)
        rc = fdt_property_u32(fdt, "#address-cells", 0);
    if (!rc)
        rc = fdt_property(fdt, "interrupt-controller", NULL, 0);
    if (!rc)
        rc = fdt_property_u32(fdt, "phandle", layout->gic_phandle);
    return rc ? rc : fdt_end_node(fdt);
}

/* The recursion is as deep as dt_tree_load() allowed, which came first. */
static int copy_node(void *fdt, const void *partial, int offset)
{
    const char *name = fdt_get_name(partial, offset, NULL);
    int at, rc = name ? fdt_begin_node(fdt, name) : -FDT_ERR_BADSTRUCTURE;

    fdt_for_each_property_offset(at, partial, offset) {
        int length;
        const char *key;
        const void *value = fdt_getprop_by_offset(partial, at, &key, &length);

        if (rc)
            break;
        rc = value ? fdt_property(fdt, key, value, length) : length;
    }
    fdt_for_each_subnode(at, partial, offset) {
        if (rc)
            break;
        rc = copy_node(fdt, partial, at);
    }
    return rc ? rc : fdt_end_node(fdt);
}

static int copy_path(void *fdt, const void *partial, const char *path,
                     int is_optional)
{
    int offset = fdt_path_offset(partial, path);

    if (offset == -FDT_ERR_NOTFOUND && is_optional)
        return 0;
    return offset < 0 ? offset : copy_node(fdt, partial, offset);
}

const void *dt_merge(struct arena *arena, const struct dt_layout *layout,
                     const void *partial, size_t *bytes)
{
    size_t room = fdt_totalsize(partial) + 4096;
    void *fdt = arena_alloc(arena, room);
    int rc = fdt ? fdt_create(fdt, (int)room) : -FDT_ERR_NOSPACE;

    if (!rc)
        rc = fdt_finish_reservemap(fdt);
    if (!rc)
        rc = write_frame(fdt, layout);
    if (!rc)
        rc = copy_path(fdt, partial, "/passthrough", 0);
    if (!rc)
        rc = copy_path(fdt, partial, "/aliases", 1);
    if (!rc)
        rc = fdt_end_node(fdt);
    if (!rc)
        rc = fdt_finish(fdt);
    if (rc)
        return NULL;
    *bytes = fdt_totalsize(fdt);
    return fdt;
}
