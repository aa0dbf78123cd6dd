/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "devices.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/report.h"
#include "dt/find.h"
#include "dt/host-tree.h"
#include "dt/waivers.h"

#include "holders.h"
#include "print.h"

/* What a device takes along: for each node of it that is not disabled. */
struct printer {
    const struct dt_devices *devices;
    const struct dt_device *device;
    const struct claim *holder;         /* NULL: nobody, or not known */
    unsigned int waived;                /* bits of enum dt_waiver */
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

static bool is_allowed(const struct printer *p, const struct dt_reason *r)
{
    return dt_waiver_of(r->check) & p->waived;
}

static bool is_passable(const struct printer *p)
{
    const struct dt_reason *r = p->device->reasons;

    while (r && is_allowed(p, r))
        r = r->next;
    return !r;
}

static void add_device_text(struct printer *p)
{
    const struct dt_reason *r;

    bytes_printf(p->out, "%s", p->device->node->path);
    text_compatible(p->device->node, p->out);
    bytes_add_string(p->out, "\n");
    text_line(p, text_regions);
    text_line(p, text_interrupts);
    text_line(p, text_needs);
    if (p->holder) {
        bytes_printf(p->out, "    held by the %s \"",
                     p->holder->is_container ? "container" : "domain");
        print_add_safe_string(p->out, p->holder->holder);
        bytes_add_string(p->out, "\"\n");
    }
    if (is_passable(p))
        bytes_add_string(p->out, "    may be passed through\n");
    for (r = p->device->reasons; r; r = r->next) {
        bytes_add_string(p->out, is_allowed(p, r) ?
                         "    device_allow passes over: " : "    no: ");
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

static void add_device_json(struct printer *p)
{
    const struct dt_reason *r;

    bytes_add_string(p->out, "{\"path\":");
    bytes_add_json_string(p->out, p->device->node->path);
    json_compatible(p->device->node, p->out);
    json_list(p, "regions", json_regions);
    json_list(p, "interrupts", json_interrupts);
    json_list(p, "needs", json_needs);
    if (p->holder) {
        bytes_printf(p->out, ",\"holder\":{\"kind\":\"%s\",\"name\":",
                     p->holder->is_container ? "container" : "domain");
        bytes_add_json_string(p->out, p->holder->holder);
        bytes_add_string(p->out, "}");
    }
    bytes_printf(p->out, ",\"passable\":%s,\"reasons\":[",
                 is_passable(p) ? "true" : "false");
    for (r = p->device->reasons; r; r = r->next) {
        bytes_printf(p->out, "{\"check\":\"%s\",\"allowed\":%s,\"more\":%zu,"
                     "\"message\":", r->check->name,
                     is_allowed(p, r) ? "true" : "false", r->more);
        bytes_add_json_string(p->out, r->message);
        bytes_add_string(p->out, ",\"remedy\":");
        bytes_add_json_string(p->out, r->check->remedy);
        bytes_add_string(p->out, r->next ? "}," : "}");
    }
    bytes_add_string(p->out, "]}");
}

bool devices_find_allowed(struct arena *arena, const struct dt_tree *tree,
                          struct devices_host *host)
{
    const struct dt_node **nodes =
        ARENA_ARRAY(arena, const struct dt_node *, host->n_allowances + 1);
    struct report *ignored = report_new();
    size_t i;

    for (i = 0; nodes && ignored && i < host->n_allowances; i++)
        nodes[i] = dt_find(tree, host->allowances[i].device, ignored);
    host->allowed = ignored ? nodes : NULL;
    report_free(ignored);
    return host->allowed != NULL;
}

static unsigned int find_waived(const struct dt_node *node,
                                const struct devices_host *host)
{
    unsigned int waived = 0;
    size_t i;

    for (i = 0; i < host->n_allowances; i++)
        if (host->allowed[i] == node)
            waived |= host->allowances[i].waived;
    return waived;
}

static struct printer printer_for(const struct dt_devices *devices,
                                  const struct dt_device *device,
                                  const struct devices_host *host,
                                  struct bytes *out)
{
    return (struct printer){
        .devices = devices, .device = device, .out = out,
        .holder = holders_of(host->claims, devices, device),
        .waived = find_waived(device->node, host),
    };
}

void devices_add_text(const struct dt_devices *devices,
                      const struct dt_device *device,
                      const struct devices_host *host, struct bytes *out)
{
    struct printer p = printer_for(devices, device, host, out);

    add_device_text(&p);
}

void devices_add_json(const struct dt_devices *devices,
                      const struct dt_device *device,
                      const struct devices_host *host, struct bytes *out)
{
    struct printer p = printer_for(devices, device, host, out);

    add_device_json(&p);
}
