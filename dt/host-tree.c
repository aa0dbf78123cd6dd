/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/host-tree.h"

#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

#include "base/arena.h"
#include "dt/checks.h"
#include "dt/flat.h"

struct loader {
    struct arena *arena;
    struct report *report;
    struct report_where where;
    const char *fdt;
    struct dt_node *nodes;
    struct dt_property *properties;
    size_t n_nodes, n_properties;
    struct dt_node *open;           /* that the walk is in; NULL: none */
};

static int no_memory(struct loader *l)
{
    dt_report(l->report, OUT_OF_MEMORY, &l->where, "out of memory");
    return -1;
}

static int refuse(struct loader *l, const struct dt_node *node,
                  const char *what)
{
    struct report_where where = l->where;

    where.path = node ? node->path : NULL;
    dt_report(l->report, INVALID, &where, "%s", what);
    return -1;
}

static int exceed(struct loader *l, const char *what, size_t limit)
{
    struct report_where where = l->where;

    where.path = l->open ? l->open->path : NULL;
    dt_report(l->report, TOO_LARGE, &where, "more than %zu %s", limit, what);
    return -1;
}

/* Devicetree Specification 2.2.1; more lenient, as the trees in use are. */
static bool is_name(const char *name)
{
    if (!*name)
        return false;
    for (; *name; name++)
        if (*name <= 0x20 || *name >= 0x7f || *name == '/')
            return false;
    return true;
}

static int begin_node(struct loader *l, const char *name)
{
    struct dt_node *node = &l->nodes[l->n_nodes], *parent = l->open;
    const char *above = parent && parent->parent ? parent->path : "";

    if (!parent && l->n_nodes)
        return refuse(l, NULL, "there are two root nodes");
    if (l->n_nodes == DT_MAX_NODES)
        return exceed(l, "nodes", DT_MAX_NODES);
    if (parent && parent->depth + 1 > DT_MAX_DEPTH)
        return exceed(l, "levels of nodes", DT_MAX_DEPTH);
    if (parent && !is_name(name))
        return refuse(l, parent, "a child's name is not legal");
    if (!parent && *name)
        return refuse(l, NULL, "the root node has a name");
    if (strlen(name) > DT_MAX_NAME_BYTES)
        return exceed(l, "bytes in a node's name", DT_MAX_NAME_BYTES);
    if (strlen(above) + 1 + strlen(name) > DT_MAX_PATH_BYTES)
        return exceed(l, "bytes in a path", DT_MAX_PATH_BYTES);
    node->name = name;
    node->parent = parent;
    node->depth = parent ? parent->depth + 1 : 0;
    node->properties = &l->properties[l->n_properties];
    node->path = arena_printf(l->arena, "%s/%s", above, name);
    l->n_nodes++;
    l->open = node;
    return node->path ? 0 : no_memory(l);
}

static int add_property(struct loader *l, int offset)
{
    int length;
    const struct fdt_property *p =
        fdt_get_property_by_offset(l->fdt, offset, &length);
    const char *name = p ? fdt_string(l->fdt,
                                      (int)fdt32_to_cpu(p->nameoff)) : NULL;
    struct dt_property *property = &l->properties[l->n_properties];

    if (!l->open || !name || length < 0)
        return refuse(l, l->open, "a property is where none may be");
    if (l->open != &l->nodes[l->n_nodes - 1])
        return refuse(l, l->open, "a property follows a child node");
    if (!is_name(name))
        return refuse(l, l->open, "a property's name is not legal");
    if (dt_property(l->open, name))
        return refuse(l, l->open, "two properties have one name");
    if (l->open->n_properties == DT_MAX_NODE_PROPERTIES)
        return exceed(l, "properties in a node", DT_MAX_NODE_PROPERTIES);
    property->name = name;
    property->value = (const uint8_t *)p->data;
    property->size_bytes = (size_t)length;
    l->n_properties++;
    l->open->n_properties++;
    return 0;
}

static int end_node(struct loader *l)
{
    if (!l->open)
        return refuse(l, NULL, "a node ends that has not begun");
    l->open->end = &l->nodes[l->n_nodes];
    l->open = (struct dt_node *)l->open->parent;
    return 0;
}

static int walk(struct loader *l)
{
    int offset = 0, next = 0, rc = 0;
    uint32_t tag;

    while (!rc && (tag = fdt_next_tag(l->fdt, offset, &next)) != FDT_END) {
        if (tag == FDT_BEGIN_NODE)
            rc = begin_node(l, fdt_get_name(l->fdt, offset, NULL));
        else if (tag == FDT_PROP)
            rc = add_property(l, offset);
        else if (tag == FDT_END_NODE)
            rc = end_node(l);
        offset = next;
    }
    if (!rc && (!l->n_nodes || l->open))
        rc = refuse(l, NULL, "there is no complete root node");
    return rc;
}

/* Room for all: each node and each property takes at least 12 bytes. */
static int allocate(struct loader *l)
{
    size_t properties = 0, nodes = 0;
    int offset = 0, next = 0;
    uint32_t tag;

    while ((tag = fdt_next_tag(l->fdt, offset, &next)) != FDT_END) {
        properties += tag == FDT_PROP;
        nodes += tag == FDT_BEGIN_NODE && nodes < DT_MAX_NODES;
        offset = next;
    }
    l->nodes = ARENA_ARRAY(l->arena, struct dt_node, nodes + 1);
    l->properties = ARENA_ARRAY(l->arena, struct dt_property, properties + 1);
    return l->nodes && l->properties ? 0 : no_memory(l);
}

/* Fields that later walks ask of every node. */
static void derive(struct loader *l)
{
    size_t i;

    for (i = 0; i < l->n_nodes; i++) {
        struct dt_node *n = &l->nodes[i];
        const char *status = dt_string(n, "status");

        /* Linux drivers/of/fdt.c: "phandle" wins over the old name */
        n->phandle = dt_cell_or(n, "phandle",
                                dt_cell_or(n, "linux,phandle", 0));
        n->address_cells = dt_cell_or(n, "#address-cells", 2);
        n->size_cells = dt_cell_or(n, "#size-cells", 1);
        n->enabled = (!n->parent || n->parent->enabled) &&
                     (!dt_property(n, "status") ||
                      (status && (!strcmp(status, "okay") ||
                                  !strcmp(status, "ok"))));
    }
}

static int by_phandle(const void *a, const void *b)
{
    uint32_t x = (*(const struct dt_node *const *)a)->phandle;
    uint32_t y = (*(const struct dt_node *const *)b)->phandle;

    return (x > y) - (x < y);
}

static int by_path(const void *a, const void *b)
{
    return strcmp((*(const struct dt_node *const *)a)->path,
                  (*(const struct dt_node *const *)b)->path);
}

static int index_phandles(struct loader *l, struct dt_tree *tree)
{
    int rc = 0;
    size_t i;

    tree->phandles = ARENA_ARRAY(l->arena, const struct dt_node *,
                                 l->n_nodes);
    if (!tree->phandles)
        return no_memory(l);
    for (i = 0; i < l->n_nodes; i++)
        if (l->nodes[i].phandle)
            tree->phandles[tree->n_phandles++] = &l->nodes[i];
    qsort(tree->phandles, tree->n_phandles, sizeof(*tree->phandles),
          by_phandle);
    for (i = 0; i < tree->n_phandles; i++) {
        const struct dt_node *node = tree->phandles[i];
        struct report_where where = { .file = l->where.file,
                                      .path = node->path };

        if (node->phandle == UINT32_MAX) {
            rc = refuse(l, node, "its phandle is 0xffffffff");
        } else if (i && tree->phandles[i - 1]->phandle == node->phandle) {
            dt_report(l->report, PHANDLE_DUPLICATE, &where,
                      "its phandle 0x%x is that of %s too", node->phandle,
                      tree->phandles[i - 1]->path);
            rc = -1;
        }
    }
    return rc;
}

/* A path must name one node. */
static int find_namesakes(struct loader *l)
{
    const struct dt_node **sorted =
        ARENA_ARRAY(l->arena, const struct dt_node *, l->n_nodes);
    size_t i;

    if (!sorted)
        return no_memory(l);
    for (i = 0; i < l->n_nodes; i++)
        sorted[i] = &l->nodes[i];
    qsort(sorted, l->n_nodes, sizeof(*sorted), by_path);
    for (i = 1; i < l->n_nodes; i++)
        if (!strcmp(sorted[i - 1]->path, sorted[i]->path))
            return refuse(l, sorted[i], "two nodes have this path");
    return 0;
}

static int check_bytes(struct loader *l, size_t size_bytes)
{
    const char *fault = dt_flat_fault(l->fdt, size_bytes);
    int rc;

    if (fault)
        return refuse(l, NULL, fault);
    rc = fdt_check_full(l->fdt, size_bytes);
    return rc ? refuse(l, NULL, fdt_strerror(rc)) : 0;
}

/* NULL, or the model; then *faulty tells whether errors were reported. */
static const struct dt_tree *load(struct arena *arena, const char *file,
                                  const void *dtb, size_t size_bytes,
                                  struct report *report, bool *faulty)
{
    struct loader l = { .arena = arena, .report = report };
    struct dt_tree *tree = ARENA_NEW(arena, struct dt_tree);

    l.where.file = file;
    if (size_bytes > DT_MAX_BYTES) {
        exceed(&l, "bytes", DT_MAX_BYTES);
        return NULL;
    }
    /* aligned, and not to change under us */
    l.fdt = arena_memdup(arena, dtb, size_bytes);
    if (!tree || !l.fdt) {
        no_memory(&l);
        return NULL;
    }
    if (check_bytes(&l, size_bytes) || allocate(&l) || walk(&l))
        return NULL;
    derive(&l);
    *faulty = index_phandles(&l, tree) != 0;
    *faulty |= find_namesakes(&l) != 0;
    tree->file = arena_strdup(arena, file);
    tree->nodes = l.nodes;
    tree->n_nodes = l.n_nodes;
    if (!tree->file || !tree->phandles) {
        no_memory(&l);
        return NULL;
    }
    return tree;
}

const struct dt_tree *dt_tree_load(struct arena *arena, const char *file,
                                   const void *dtb, size_t size_bytes,
                                   struct report *report)
{
    bool faulty = false;
    const struct dt_tree *tree = load(arena, file, dtb, size_bytes, report,
                                      &faulty);

    return faulty ? NULL : tree;
}

const struct dt_tree *dt_tree_load_faulty(struct arena *arena,
                                          const char *file, const void *dtb,
                                          size_t size_bytes,
                                          struct report *report)
{
    bool faulty;

    return load(arena, file, dtb, size_bytes, report, &faulty);
}

const struct dt_property *dt_property(const struct dt_node *node,
                                      const char *name)
{
    size_t i;

    for (i = 0; i < node->n_properties; i++) {
        const char *candidate = node->properties[i].name;

        /* the hottest place of all: a letter decides most */
        if (*candidate == *name && !strcmp(candidate, name))
            return &node->properties[i];
    }
    return NULL;
}

uint32_t dt_cell(const struct dt_property *property, size_t i)
{
    const uint8_t *p = property->value + 4 * i;

    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
           (uint32_t)p[2] << 8 | p[3];
}

uint32_t dt_cell_or(const struct dt_node *node, const char *name,
                    uint32_t fallback)
{
    const struct dt_property *p = dt_property(node, name);

    return p && p->size_bytes == 4 ? dt_cell(p, 0) : fallback;
}

const char *dt_string(const struct dt_node *node, const char *name)
{
    const struct dt_property *p = dt_property(node, name);

    return p && p->size_bytes && !p->value[p->size_bytes - 1] ?
           (const char *)p->value : NULL;
}

bool dt_is_compatible(const struct dt_node *node, const char *name)
{
    const struct dt_property *p = dt_property(node, "compatible");
    const char *s = dt_string(node, "compatible");
    size_t at;

    for (at = 0; s && at < p->size_bytes; at += strlen(s + at) + 1)
        if (!strcmp(s + at, name))
            return true;
    return false;
}

bool dt_is_any_compatible(const struct dt_node *node,
                          const char *const *names)
{
    for (; *names; names++)
        if (dt_is_compatible(node, *names))
            return true;
    return false;
}

const struct dt_node *dt_by_phandle(const struct dt_tree *tree,
                                    uint32_t phandle)
{
    const struct dt_node key = { .phandle = phandle }, *p = &key;
    const struct dt_node **found =
        bsearch(&p, tree->phandles, tree->n_phandles,
                sizeof(*tree->phandles), by_phandle);

    return found ? *found : NULL;
}

const struct dt_node *dt_by_path(const struct dt_tree *tree, const char *path)
{
    size_t i;

    for (i = 0; i < tree->n_nodes; i++)
        if (!strcmp(tree->nodes[i].path, path))
            return &tree->nodes[i];
    return NULL;
}

bool dt_is_within(const struct dt_node *node, const struct dt_node *top)
{
    return node >= top && node < top->end;
}
