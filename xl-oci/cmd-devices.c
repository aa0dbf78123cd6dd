/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "checks.h"
#include "dt/checks.h"
#include "dt/find.h"
#include "dt/host-tree.h"
#include "dt/passable.h"

#include "commands.h"
#include "files.h"
#include "print.h"
#include "settings.h"

struct devices_options {
    const char *host_dtb;
    int format;
    bool all;
};

static const struct option_row rows[] = {
    { 0, "host-dtb", OPTION_STRING,
      offsetof(struct devices_options, host_dtb), "FILE", NULL,
      "the device tree that Xen gets; default: host_dtb of xl-oci.conf" },
    { 'a', "all", OPTION_FLAG, offsetof(struct devices_options, all), NULL,
      NULL, "those without xen,passthrough too" },
    { 0, "format", OPTION_FORMAT, offsetof(struct devices_options, format),
      "FORMAT", "text|json", "how to print the list" },
    { .name = NULL },
};

/* What a device takes along: for each node of it that is not disabled. */
struct printer {
    const struct dt_devices *devices;
    const struct dt_device *device;
    struct bytes *out;
    size_t count;               /* items printed of one kind */
};

typedef void print_item(struct printer *p, const struct dt_node *node,
                        const struct dt_facts *facts);

static void for_each_node(struct printer *p, print_item *print)
{
    const struct dt_node *top = p->device->node, *n;

    p->count = 0;
    for (n = top; n < top->end; n++)
        if (dt_goes_along(n, top))
            print(p, n, &p->devices->facts[n - p->devices->tree->nodes]);
}

static void text_regions(struct printer *p, const struct dt_node *node,
                         const struct dt_facts *facts)
{
    size_t i;

    (void)node;
    for (i = 0; i < facts->regions.count; i++)
        bytes_printf(p->out, "%s0x%" PRIx64 "+0x%" PRIx64,
                     p->count++ ? " " : "    memory: ",
                     facts->regions.list[i].address,
                     facts->regions.list[i].size_bytes);
}

static void text_interrupts(struct printer *p, const struct dt_node *node,
                            const struct dt_facts *facts)
{
    size_t i;

    (void)node;
    for (i = 0; i < facts->interrupts.count; i++) {
        const struct dt_interrupt *line = &facts->interrupts.list[i];

        if (!line->problem)
            bytes_printf(p->out, "%s%s %" PRIu32 " (INTID %" PRIu32 ")",
                         p->count++ ? ", " : "    interrupts: ",
                         dt_interrupt_kind_name(line->kind), line->number,
                         line->intid);
    }
}

static void text_needs(struct printer *p, const struct dt_node *node,
                       const struct dt_facts *facts)
{
    size_t i;

    (void)node;
    for (i = 0; i < facts->references.count; i++) {
        const struct dt_reference *r = &facts->references.list[i];

        if (!r->provider || dt_is_within(r->provider, p->device->node))
            continue;
        bytes_printf(p->out, "%s%s of %s", p->count++ ? ", " :
                     "    needs: ", r->kind, r->provider->path);
    }
}

static void text_line(struct printer *p, print_item *print)
{
    for_each_node(p, print);
    if (p->count)
        bytes_add_string(p->out, "\n");
}

/* The strings of compatible, which are the tree's, with a space between. */
static void text_compatible(const struct dt_node *node, struct bytes *out)
{
    const struct dt_property *p = dt_property(node, "compatible");
    const char *s = dt_string(node, "compatible");
    size_t at;

    for (at = 0; s && at < p->size_bytes; at += strlen(s + at) + 1) {
        bytes_add_string(out, at ? " " : "  ");
        print_add_safe_string(out, s + at);
    }
}

static void text_device(struct printer *p)
{
    const struct dt_reason *r;

    bytes_printf(p->out, "%s", p->device->node->path);
    text_compatible(p->device->node, p->out);
    bytes_add_string(p->out, "\n");
    text_line(p, text_regions);
    text_line(p, text_interrupts);
    text_line(p, text_needs);
    if (!p->device->reasons)
        bytes_add_string(p->out, "    may be passed through\n");
    for (r = p->device->reasons; r; r = r->next) {
        bytes_add_string(p->out, "    no: ");
        print_add_safe_string(p->out, r->message);
        if (r->more)
            bytes_printf(p->out, " (and %zu more)", r->more);
        bytes_printf(p->out, " [%s]\n", r->check->name);
    }
}

static void json_item(struct printer *p, const char *path)
{
    bytes_add_string(p->out, p->count++ ? ",{\"path\":" : "{\"path\":");
    bytes_add_json_string(p->out, path);
}

static void json_regions(struct printer *p, const struct dt_node *node,
                         const struct dt_facts *facts)
{
    size_t i;

    for (i = 0; i < facts->regions.count; i++) {
        const struct dt_region *r = &facts->regions.list[i];
        uint64_t first = r->address / DT_PAGE_BYTES;
        uint64_t last = (r->address + r->size_bytes - 1) / DT_PAGE_BYTES;

        json_item(p, node->path);
        bytes_printf(p->out, ",\"address\":%" PRIu64 ",\"size\":%" PRIu64
                     ",\"page\":%" PRIu64 ",\"pages\":%" PRIu64 "}",
                     r->address, r->size_bytes, first, last - first + 1);
    }
}

static void json_interrupts(struct printer *p, const struct dt_node *node,
                            const struct dt_facts *facts)
{
    size_t i;

    for (i = 0; i < facts->interrupts.count; i++) {
        const struct dt_interrupt *line = &facts->interrupts.list[i];

        if (line->problem)
            continue;
        json_item(p, node->path);
        bytes_printf(p->out, ",\"kind\":\"%s\",\"number\":%" PRIu32
                     ",\"intid\":%" PRIu32 ",\"flags\":%" PRIu32 "}",
                     dt_interrupt_kind_name(line->kind), line->number,
                     line->intid, line->flags);
    }
}

static void json_needs(struct printer *p, const struct dt_node *node,
                       const struct dt_facts *facts)
{
    size_t i;

    for (i = 0; i < facts->references.count; i++) {
        const struct dt_reference *r = &facts->references.list[i];

        if (!r->provider || dt_is_within(r->provider, p->device->node))
            continue;
        json_item(p, node->path);
        bytes_printf(p->out, ",\"kind\":\"%s\",\"provider\":", r->kind);
        bytes_add_json_string(p->out, r->provider->path);
        bytes_add_string(p->out, "}");
    }
}

static void json_list(struct printer *p, const char *name, print_item *print)
{
    bytes_printf(p->out, ",\"%s\":[", name);
    for_each_node(p, print);
    bytes_add_string(p->out, "]");
}

static void json_compatible(const struct dt_node *node, struct bytes *out)
{
    const struct dt_property *p = dt_property(node, "compatible");
    const char *s = dt_string(node, "compatible");
    size_t at;

    bytes_add_string(out, ",\"compatible\":[");
    for (at = 0; s && at < p->size_bytes; at += strlen(s + at) + 1) {
        bytes_add_string(out, at ? "," : "");
        bytes_add_json_string(out, s + at);
    }
    bytes_add_string(out, "]");
}

static void json_device(struct printer *p)
{
    const struct dt_reason *r;

    bytes_add_string(p->out, "{\"path\":");
    bytes_add_json_string(p->out, p->device->node->path);
    json_compatible(p->device->node, p->out);
    json_list(p, "regions", json_regions);
    json_list(p, "interrupts", json_interrupts);
    json_list(p, "needs", json_needs);
    bytes_printf(p->out, ",\"passable\":%s,\"reasons\":[",
                 p->device->reasons ? "false" : "true");
    for (r = p->device->reasons; r; r = r->next) {
        bytes_printf(p->out, "{\"check\":\"%s\",\"more\":%zu,\"message\":",
                     r->check->name, r->more);
        bytes_add_json_string(p->out, r->message);
        bytes_add_string(p->out, ",\"remedy\":");
        bytes_add_json_string(p->out, r->check->remedy);
        bytes_add_string(p->out, r->next ? "}," : "}");
    }
    bytes_add_string(p->out, "]}");
}

static bool is_named(const struct dt_node *node,
                     const struct dt_node *const *named, int n)
{
    int i;

    for (i = 0; i < n; i++)
        if (named[i] == node)
            return true;
    return false;
}

static void print_devices(const struct devices_options *options,
                          const struct dt_devices *devices,
                          const struct dt_node *const *named, int n_named,
                          struct bytes *out)
{
    struct printer p = { .devices = devices, .out = out };
    size_t i, shown = 0;

    if (options->format == 1)
        bytes_add_string(out, "[");
    for (i = 0; i < devices->count; i++) {
        p.device = &devices->list[i];
        if (n_named ? !is_named(p.device->node, named, n_named) :
            !p.device->marked && !options->all)
            continue;
        if (options->format == 1) {
            bytes_add_string(out, shown ? ",\n" : "\n");
            json_device(&p);
        } else {
            text_device(&p);
        }
        shown++;
    }
    if (options->format == 1)
        bytes_add_string(out, shown ? "\n]\n" : "]\n");
    else if (shown < devices->count && !n_named)
        bytes_printf(out, "%zu of %zu devices have xen,passthrough; --all "
                     "shows the others\n", shown, devices->count);
}

/* NULL with errors. */
static const struct dt_tree *read_tree(struct arena *arena, const char *file,
                                       struct report *report)
{
    struct report_where where = { .file = file };
    /* a byte more than a tree may have, and the NUL */
    size_t capacity = DT_MAX_BYTES + 2;
    char *bytes = malloc(capacity);
    const struct dt_tree *tree = NULL;
    ssize_t size = bytes ? file_read_at(AT_FDCWD, file, bytes, capacity) : -1;

    if (!bytes)
        dt_report(report, OUT_OF_MEMORY, &where, "out of memory");
    else if (size < 0)
        dt_report(report, UNREADABLE, &where, "%s", strerror(errno));
    else
        tree = dt_tree_load(arena, file, bytes, (size_t)size, report);
    free(bytes);
    return tree;
}

static const char *find_file(struct arena *arena,
                             const struct devices_options *options,
                             struct report *report)
{
    struct settings settings;
    struct report_where where;

    if (options->host_dtb)
        return options->host_dtb;
    if (settings_read(arena, &settings, report))
        return NULL;
    where = (struct report_where){ .file = settings.file };
    if (!settings.host_dtb)
        dt_report(report, UNNAMED, &where, "there is no host_dtb");
    return settings.host_dtb;
}

/* All names, so that one run tells every one that is wrong. */
static const struct dt_node **find_named(struct arena *arena,
                                         const struct dt_devices *devices,
                                         int argc, char **argv,
                                         struct report *report)
{
    const struct dt_node **named =
        ARENA_ARRAY(arena, const struct dt_node *, (size_t)argc + 1);
    struct report_where where = { .file = devices->tree->file };
    size_t k;
    int i;

    if (!named) {
        dt_report(report, OUT_OF_MEMORY, &where, "out of memory");
        return NULL;
    }
    for (i = 0; i < argc; i++) {
        named[i] = dt_find(devices->tree, argv[i], report);
        for (k = 0; named[i] && k < devices->count &&
             devices->list[k].node != named[i]; k++)
            ;
        where.path = named[i] ? named[i]->path : NULL;
        if (named[i] && k == devices->count)
            dt_report(report, NODE_UNKNOWN, &where,
                      "this node has no place in memory: it is no device "
                      "that could be passed through");
    }
    return named;
}

static void list_devices(struct arena *arena,
                         const struct devices_options *options, int argc,
                         char **argv, struct report *report,
                         struct bytes *out)
{
    const char *file = find_file(arena, options, report);
    const struct dt_tree *tree = file ? read_tree(arena, file, report) : NULL;
    const struct dt_devices *devices =
        tree ? dt_devices_judge(arena, tree, report) : NULL;
    const struct dt_node **named =
        devices ? find_named(arena, devices, argc, argv, report) : NULL;

    if (!report_errors(report) && named)
        print_devices(options, devices, named, argc, out);
}

static int run(const void *options, int argc, char **argv)
{
    const struct devices_options *o = options;
    struct arena *arena = arena_new();
    struct report *report = report_new();
    struct bytes out = BYTES_INIT;
    int rc = XL_OCI_FAILED;

    if (!arena || !report) {
        fputs("xl-oci: out of memory\n", stderr);
    } else {
        list_devices(arena, o, argc, argv, report, &out);
        rc = report_errors(report) ? print_report(report, o->format == 1) :
                                     print_bytes(&out);
    }
    bytes_free(&out);
    report_free(report);
    arena_free(arena);
    return rc;
}

static const struct devices_options defaults;

const struct command command_devices = {
    .name = "oci-devices",
    .summary = "List the host's devices and whether they may be passed "
               "through",
    .arguments = "[DEVICE]...",
    .max_args = 64,
    .options = rows,
    .defaults = &defaults,
    .options_bytes = sizeof(defaults),
    .details =
        "Each device that has a place in memory, with its pages, interrupts, "
        "what it needs of other nodes, and why it may not be given to a "
        "guest. A DEVICE is a path, an alias or a label of the tree. Needs "
        "no Xen: works for any board's tree on any machine.\n"
        "\n"
        "Exit codes: 0 shown; 1 the tree cannot be read or has no such "
        "device; 2 wrong command line.\n"
        "Example: xl oci-devices --host-dtb board.dtb --all\n",
    .run = run,
};
