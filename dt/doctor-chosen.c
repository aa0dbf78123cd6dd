/* SPDX-License-Identifier: BSD-2-Clause */
/* What the boot loader left in /chosen, as far as the tree has it; and memory
 * that is reserved (common/device-tree/bootfdt.c). */
#include "dt/doctor-internal.h"

#include <inttypes.h>
#include <string.h>

#include <libfdt.h>

#define MAX_BANKS 256           /* NR_MEM_BANKS */

/* --- command lines ------------------------------------------------------- */

static bool is_module(const struct dt_node *node)
{
    return node->depth <= 3 && !strncmp(node->path, "/chosen", 7) &&
           (dt_is_compatible(node, "xen,multiboot-module") ||
            dt_is_compatible(node, "multiboot,module"));
}

static bool is_of_guest(const struct dt_node *module)
{
    return dt_is_compatible(module->parent, "xen,domain");
}

static bool has_kind(const struct dt_node *module)
{
    static const char *const kinds[] = {
        "xen,linux-zimage", "multiboot,kernel", "xen,linux-initrd",
        "multiboot,ramdisk", "xen,xsm-policy", "multiboot,device-tree",
    };
    size_t i;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (dt_is_compatible(module, kinds[i]))
            return true;
    return false;
}

static bool is_kernel(const struct dt_node *module)
{
    return dt_is_compatible(module, "xen,linux-zimage") ||
           dt_is_compatible(module, "multiboot,kernel");
}

/* Dom0's: the module that says so, or the first that says nothing. */
static const struct dt_node *find_kernel(const struct dt_tree *tree,
                                         size_t *n_modules)
{
    const struct dt_node *kernel = NULL;
    bool guessed = false;
    size_t i;

    *n_modules = 0;
    for (i = 1; i < tree->n_nodes; i++) {
        const struct dt_node *n = &tree->nodes[i];
        bool first = false;

        if (!is_module(n))
            continue;
        if (!has_kind(n)) {
            first = !guessed;
            guessed = true;
        }
        if (is_of_guest(n))
            continue;
        ++*n_modules;
        if (!kernel && (first || is_kernel(n)))
            kernel = n;
    }
    return kernel;
}

static struct dt_line_place place(const struct dt_node *node,
                                  const char *property)
{
    const char *text = node ? dt_string(node, property) : NULL;

    return (struct dt_line_place){ text ? node : NULL, property, text };
}

/* boot_fdt_cmdline() */
struct dt_line_place dt_xens_line(const struct dt_tree *tree)
{
    const struct dt_node *chosen = dt_by_path(tree, "/chosen");
    struct dt_line_place xens = place(chosen, "xen,xen-bootargs");
    size_t n;

    if (xens.text)
        return xens;
    if (place(chosen, "xen,dom0-bootargs").text ||
        place(find_kernel(tree, &n), "bootargs").text)
        return place(chosen, "bootargs");
    return place(NULL, "bootargs");
}

/* write_properties(): /chosen/bootargs is Dom0's only where Xen's line is
 * elsewhere. Where neither is in the tree, the boot loader will tell. */
struct dt_line_place dt_dom0s_line(const struct dt_tree *tree)
{
    const struct dt_node *chosen = dt_by_path(tree, "/chosen");
    struct dt_line_place dom0s = place(chosen, "xen,dom0-bootargs");
    size_t n;

    if (!dom0s.text)
        dom0s = place(find_kernel(tree, &n), "bootargs");
    if (!dom0s.text && place(chosen, "xen,xen-bootargs").text)
        dom0s = place(chosen, "bootargs");
    return dom0s;
}

static size_t word_bytes(const char *s)
{
    bool quoted = false;
    size_t n;

    for (n = 0; s[n] && (quoted || !strchr(" \t\n", s[n])); n++)
        quoted ^= s[n] == '"';
    return n;
}

bool dt_line_has(const char *line, const char *word, const char **value,
                 size_t *n)
{
    size_t length = strlen(word), bytes;
    bool found = false;

    for (; *line; line += bytes) {
        line += strspn(line, " \t\n");
        bytes = word_bytes(line);
        if (bytes == 2 && !memcmp(line, "--", 2))
            break;              /* the rest is for init */
        if (bytes < length || memcmp(line, word, length) ||
            (bytes > length && line[length] != '='))
            continue;
        found = true;
        if (value) {
            *value = line + length + (bytes > length);
            *n = bytes - length - (bytes > length);
        }
    }
    return found;
}

/* --- /chosen ------------------------------------------------------------- */

static bool take_first(void *context, const struct dt_xen_line *line)
{
    bool *is_there = context;

    *is_there = !line->problem;
    return false;
}

/* drivers/char: each driver but ns16550.c gives up without its interrupt. */
static bool lacks_interrupt(const struct doctor *d,
                            const struct dt_node *console)
{
    static const char *const polled[] = {
        "brcm,bcm2835-aux-uart", "ns16550", "ns16550a", "snps,dw-apb-uart",
        NULL,
    };
    bool is_there = false;

    dt_xen_each_line(d->xen, console, take_first, &is_there);
    return !is_there && !dt_is_any_compatible(console, polled);
}

static void check_console(struct doctor *d)
{
    const struct dt_node *chosen = dt_by_path(d->tree, "/chosen");
    const char *name = chosen ? dt_string(chosen, "stdout-path") : NULL;
    const char *line = dt_xens_line(d->tree).text;

    if (line && dt_line_has(line, "dtuart", NULL, NULL))
        return;
    if (!name)
        dt_doctor_say(d, DT_CHECK_BOARD_CONSOLE, chosen,
                      "there is no stdout-path");
    else if (!d->xen->stdout_node)
        dt_doctor_say(d, DT_CHECK_BOARD_CONSOLE, chosen,
                      "stdout-path names no node");
    else if (!d->xen->console)
        dt_doctor_say(d, DT_CHECK_BOARD_CONSOLE, d->xen->stdout_node,
                      "stdout-path names it, but Xen drives none of its "
                      "kind");
    else if (!d->xen->console->enabled)
        dt_doctor_say(d, DT_CHECK_BOARD_CONSOLE, d->xen->console,
                      "stdout-path names it, but it is disabled");
    else if (lacks_interrupt(d, d->xen->console))
        dt_doctor_say(d, DT_CHECK_BOARD_CONSOLE, d->xen->console,
                      "stdout-path names it, but Xen's driver wants its "
                      "interrupt");
}

static void check_modules(struct doctor *d)
{
    const struct dt_node *kernel;
    size_t i, n;

    for (i = 1; i < d->tree->n_nodes; i++) {
        const struct dt_node *m = &d->tree->nodes[i];
        const struct dt_property *reg = dt_property(m, "reg");
        size_t cells;

        if (!is_module(m))
            continue;
        cells = (size_t)dt_xen_address_cells(m) + dt_xen_size_cells(m);
        if (!reg || reg->size_bytes / 4 < cells)
            dt_doctor_say(d, DT_CHECK_BOARD_MODULE, m,
                          "it is a boot module, but its reg has no address "
                          "and size of %zu cells", cells);
    }
    kernel = find_kernel(d->tree, &n);
    if (n && !kernel)
        dt_doctor_say(d, DT_CHECK_BOARD_MODULE,
                      dt_by_path(d->tree, "/chosen"),
                      "there are boot modules, but none is Dom0's kernel");
}

static bool read_initrd(const struct dt_node *chosen, const char *name,
                        uint64_t *value)
{
    const struct dt_property *p = dt_property(chosen, name);

    if (!p || (p->size_bytes != 4 && p->size_bytes != 8))
        return false;
    *value = dt_cell(p, 0);
    if (p->size_bytes == 8)
        *value = *value << 32 | dt_cell(p, 1);
    return true;
}

static void check_initrd(struct doctor *d)
{
    const struct dt_node *chosen = dt_by_path(d->tree, "/chosen");
    uint64_t start, end;

    if (!chosen || !dt_property(chosen, "linux,initrd-start"))
        return;
    if (!read_initrd(chosen, "linux,initrd-start", &start) ||
        !read_initrd(chosen, "linux,initrd-end", &end) || start >= end)
        dt_doctor_say(d, DT_CHECK_BOARD_MODULE, chosen,
                      "linux,initrd-start and linux,initrd-end are no "
                      "beginning and end");
}

void dt_doctor_chosen(struct doctor *d)
{
    check_console(d);
    check_modules(d);
    check_initrd(d);
}

/* --- reserved memory ----------------------------------------------------- */

struct bank {
    uint64_t first, last;
    const struct dt_node *node;         /* NULL: a /memreserve/ */
};

struct banks {
    struct bank list[MAX_BANKS];
    size_t count;
    bool full;
};

static void add_bank(struct banks *b, uint64_t start, uint64_t size,
                     const struct dt_node *node)
{
    if (!size || size - 1 > UINT64_MAX - start)
        return;
    b->full |= b->count == MAX_BANKS;
    if (!b->full)
        b->list[b->count++] = (struct bank){ start, start + size - 1, node };
}

static void add_reservations(struct banks *b, const void *fdt)
{
    int i, n = fdt_num_mem_rsv(fdt);
    uint64_t start, size;

    for (i = 0; i < n && !b->full; i++)
        if (!fdt_get_mem_rsv(fdt, i, &start, &size))
            add_bank(b, start, size, NULL);
}

/* Xen reads these numbers as they are, whatever ranges say. */
static void add_regions(struct banks *b, const struct dt_node *node)
{
    const struct dt_property *reg = dt_property(node, "reg");
    size_t na = dt_xen_address_cells(node), ns = dt_xen_size_cells(node);
    size_t at, i;

    if (!reg || !node->enabled || !na || !ns || na > 4 || ns > 4)
        return;
    for (at = 0; at + na + ns <= reg->size_bytes / 4; at += na + ns) {
        uint64_t start = 0, size = 0;

        for (i = 0; i < na; i++)
            start = start << 32 | dt_cell(reg, at + i);
        for (i = 0; i < ns; i++)
            size = size << 32 | dt_cell(reg, at + na + i);
        add_bank(b, start, size, node);
    }
}

/* check_reserved_regions_overlap(): a node may only be within a
 * /memreserve/. */
static bool overlaps(const struct bank *bank, const struct bank *before)
{
    if (bank->first > before->last || bank->last < before->first)
        return false;
    return before->node || bank->first < before->first ||
           bank->last > before->last;
}

/* add_boot_module(): what comes first in the tree goes on, the other is
 * dropped or ends the boot. */
static void check_modules_apart(struct doctor *d, const struct banks *banks)
{
    struct banks modules = { .count = 0 };
    size_t i, k;

    for (i = 1; i < d->tree->n_nodes; i++)
        if (is_module(&d->tree->nodes[i]))
            add_regions(&modules, &d->tree->nodes[i]);
    for (i = 0; i < modules.count; i++)
        for (k = 0; k < banks->count; k++) {
            const struct bank *bank = &banks->list[k];

            if (!overlaps(&modules.list[i], bank))
                continue;
            dt_doctor_say(d, DT_CHECK_BOARD_RESERVED, bank->node,
                          "%s at 0x%" PRIx64 " overlaps the boot module %s",
                          bank->node ? "it" : "a /memreserve/", bank->first,
                          modules.list[i].node->path);
            break;
        }
}

void dt_doctor_reserved(struct doctor *d)
{
    const struct dt_node *top = dt_by_path(d->tree, "/reserved-memory"), *n;
    struct banks banks = { .count = 0 };
    size_t i, k;

    add_reservations(&banks, d->fdt);
    for (n = top ? top + 1 : NULL; n && n < top->end; n++)
        add_regions(&banks, n);
    if (banks.full)
        dt_doctor_say(d, DT_CHECK_BOARD_RESERVED, top,
                      "more than %d parts of memory are reserved", MAX_BANKS);
    for (i = 0; i < banks.count; i++)
        for (k = 0; banks.list[i].node && k < i; k++) {
            const struct bank *before = &banks.list[k];

            if (!overlaps(&banks.list[i], before))
                continue;
            dt_doctor_say(d, DT_CHECK_BOARD_RESERVED, banks.list[i].node,
                          "it overlaps %s at 0x%" PRIx64, before->node ?
                          before->node->path : "a /memreserve/",
                          before->first);
            break;
        }
    check_modules_apart(d, &banks);
}
