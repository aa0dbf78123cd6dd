/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/verify.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "dt/checks.h"
#include "dt/host-tree.h"
#include "dt/passable-internal.h"
#include "dt/passthrough.h"

struct verifier {
    struct arena *arena;
    const struct dt_devices *devices;
    const struct dt_layout *layout;
    const struct dt_passthrough *pt;
    struct report *report;
    struct report_where where;
    const struct dt_tree *guest;    /* merged */
    bool *inside;                   /* host nodes granted or below such */
    uint32_t looks;                 /* at rows of interrupt-maps, left */
    int rc;
};

static void fail(struct verifier *v, const char *path, const char *what)
{
    v->where.path = path;
    dt_report(v->report, PLAN_UNVERIFIED, &v->where, "%s", what);
    v->rc = -1;
}

static const struct dt_facts *facts_of(const struct verifier *v,
                                       const struct dt_node *host)
{
    return &v->devices->facts[host - v->devices->tree->nodes];
}

/* --- pages --------------------------------------------------------------- */

static bool covers(uint64_t address, uint64_t size_bytes, uint64_t mfn)
{
    return size_bytes && mfn >= address / DT_PAGE_BYTES &&
           mfn <= (address + (size_bytes - 1)) / DT_PAGE_BYTES;
}

/* The end of what one node has from page mfn on; mfn when it has not it. */
static uint64_t covered_until(const struct verifier *v,
                              const struct dt_node *host, uint64_t mfn)
{
    const struct dt_facts *f = facts_of(v, host);
    uint64_t end = mfn, last;
    size_t i;

    for (i = 0; i < f->regions.count; i++) {
        const struct dt_region *r = &f->regions.list[i];

        last = (r->address + (r->size_bytes - 1)) / DT_PAGE_BYTES;
        if (covers(r->address, r->size_bytes, mfn) && last + 1 > end)
            end = last + 1;
    }
    for (i = 0; i < f->n_windows; i++) {
        const struct dt_range *w = &f->windows[i];

        if (w->problem)
            continue;
        last = (w->address + (w->size_bytes - 1)) / DT_PAGE_BYTES;
        if (covers(w->address, w->size_bytes, mfn) && last + 1 > end)
            end = last + 1;
    }
    return end;
}

/* Each page is of a granted node, by jumps from region to region. */
static void verify_origin(struct verifier *v, const struct dt_pages *pages)
{
    uint64_t at = pages->mfn, end;
    size_t i;

    while (at < pages->mfn + pages->count) {
        for (i = 0, end = at; i < v->pt->n_granted && end == at; i++)
            end = covered_until(v, v->pt->granted[i].host, at);
        if (end == at) {
            fail(v, pages->host->path, "a page of no granted device");
            return;
        }
        at = end;
    }
}

static bool was_waived(const struct verifier *v, enum dt_check_id check)
{
    size_t i;

    for (i = 0; i < v->pt->n_waived; i++)
        if (v->pt->waived[i].check == &dt_checks[check])
            return true;
    return false;
}

static bool is_kept(const struct verifier *v, const struct dt_node *host)
{
    enum dt_check_id why;

    return dt_is_kept(v->devices->index, v->devices->tree, host, &why);
}

/* No node is one that is nobody's to give. */
static void verify_owners(struct verifier *v)
{
    size_t i;

    for (i = 0; i < v->pt->n_granted; i++)
        if (is_kept(v, v->pt->granted[i].host) ||
            dt_is_memory(v->pt->granted[i].host))
            fail(v, v->pt->granted[i].host->path,
                 "a granted node is Xen's, reserved or memory");
}

/* No page is another node's, memory or a device; none at all is of what is
 * nobody's to give. */
static void verify_exclusive(struct verifier *v)
{
    const struct dt_index *index = v->devices->index;
    bool shared = was_waived(v, DT_CHECK_DEVICE_PAGE_SHARED);
    size_t i, k;

    for (i = 0; i < index->n_spans; i++) {
        const struct dt_span *s = &index->spans[i];

        if (!dt_is_memory(s->node) &&
            !is_kept(v, s->node) &&
            (shared || v->inside[s->node - v->devices->tree->nodes]))
            continue;
        for (k = 0; k < v->pt->n_pages; k++)
            if (s->first < v->pt->pages[k].mfn + v->pt->pages[k].count &&
                v->pt->pages[k].mfn <= s->last)
                fail(v, s->node->path, "a granted page is of this node");
    }
}

static void verify_frames(struct verifier *v)
{
    size_t i, k;

    for (i = 0; i < v->pt->n_pages; i++) {
        const struct dt_pages *a = &v->pt->pages[i];

        verify_origin(v, a);
        if (dt_layout_taken(v->layout, a->gfn * DT_PAGE_BYTES,
                            a->count * DT_PAGE_BYTES))
            fail(v, a->host->path, "a guest frame that is not free");
        if (i && v->pt->pages[i - 1].mfn + v->pt->pages[i - 1].count > a->mfn)
            fail(v, a->host->path, "a page that is granted twice");
        for (k = 0; k < i; k++)
            if (v->pt->pages[k].gfn < a->gfn + a->count &&
                a->gfn < v->pt->pages[k].gfn + v->pt->pages[k].count)
                fail(v, a->host->path, "a guest frame that is used twice");
    }
}

/* --- the tree ------------------------------------------------------------ */

/* Where the host has a guest address; UINT64_MAX: nowhere. */
static uint64_t host_address(const struct verifier *v, uint64_t address,
                             uint64_t size_bytes)
{
    size_t i;

    for (i = 0; i < v->pt->n_pages; i++) {
        const struct dt_pages *p = &v->pt->pages[i];
        uint64_t base = p->gfn * DT_PAGE_BYTES, size = p->count *
                                                       DT_PAGE_BYTES;

        if (address >= base && address - base < size &&
            size_bytes <= size - (address - base))
            return p->mfn * DT_PAGE_BYTES + (address - base);
    }
    return UINT64_MAX;
}

/* Whether a granted node has exactly this region. */
static bool is_host_region(const struct verifier *v, uint64_t address,
                           uint64_t size_bytes)
{
    size_t i, k;

    for (i = 0; i < v->pt->n_granted; i++) {
        const struct dt_facts *f = facts_of(v, v->pt->granted[i].host);

        for (k = 0; k < f->regions.count; k++)
            if (f->regions.list[k].address == address &&
                f->regions.list[k].size_bytes == size_bytes)
                return true;
        for (k = 0; k < f->n_windows; k++)
            if (!f->windows[k].problem &&
                f->windows[k].address == address &&
                f->windows[k].size_bytes == size_bytes)
                return true;
    }
    return false;
}

static void verify_region(struct verifier *v, const struct dt_node *node,
                          uint64_t address, uint64_t size_bytes)
{
    uint64_t host = host_address(v, address, size_bytes);

    if (host == UINT64_MAX)
        fail(v, node->path, "an address that is not granted");
    else if (!is_host_region(v, host, size_bytes))
        fail(v, node->path, "an address that no granted device has");
}

static void verify_line(struct verifier *v, const struct dt_node *node,
                        const struct dt_interrupt *line)
{
    size_t i;

    if (line->problem) {
        /* of a controller that goes along */
        if (!line->controller ||
            !dt_is_within(line->controller,
                          dt_by_path(v->guest, "/passthrough")))
            fail(v, node->path, "an interrupt that leads nowhere");
        return;
    }
    if (line->kind != DT_SPI)
        fail(v, node->path, "an interrupt that is no SPI");
    for (i = 0; i < v->pt->n_lines; i++)
        if (v->pt->lines[i].intid == line->intid &&
            v->pt->lines[i].flags == line->flags)
            return;
    fail(v, node->path, "an interrupt that is not granted");
}

static void verify_references(struct verifier *v, const struct dt_node *node,
                              const struct dt_references *r)
{
    size_t i;

    for (i = 0; i < r->count; i++)
        if (r->list[i].problem)
            fail(v, node->path, "a dangling reference");
        else if (!dt_is_within(r->list[i].provider,
                               dt_by_path(v->guest, "/passthrough")))
            fail(v, node->path, "a reference to what no guest has");
}

static void verify_bridge(struct verifier *v, const struct dt_node *node)
{
    const struct dt_map_row *rows;
    const struct dt_range *windows;
    size_t n_rows, n_windows, i;

    if (!dt_is_pci_host(node))
        return;
    if (dt_ranges_read(v->arena, node, &windows, &n_windows) ||
        dt_interrupt_map_read(v->arena, v->guest, node, &v->looks, &rows,
                              &n_rows)) {
        fail(v, node->path, "out of memory");
        return;
    }
    for (i = 0; i < n_windows; i++)
        if (windows[i].problem)
            fail(v, node->path, "a window that leads nowhere");
        else
            verify_region(v, node, windows[i].address,
                          windows[i].size_bytes);
    for (i = 0; i < n_rows; i++)
        verify_line(v, node, &rows[i].line);
}

static void verify_node(struct verifier *v, const struct dt_node *node)
{
    struct dt_regions regions;
    struct dt_interrupts lines;
    struct dt_references references;
    size_t i;

    if (dt_regions_read(v->arena, node, &regions) ||
        dt_interrupts_read(v->arena, v->guest, node, &v->looks, &lines) ||
        dt_references_read(v->arena, v->guest, node, &references)) {
        fail(v, node->path, "out of memory");
        return;
    }
    if (regions.problem)
        fail(v, node->path, regions.problem);
    if (node->phandle >= v->layout->first_reserved_phandle)
        fail(v, node->path, "a phandle that is libxl's");
    for (i = 0; i < regions.count; i++)
        verify_region(v, node, regions.list[i].address,
                      regions.list[i].size_bytes);
    for (i = 0; i < lines.count; i++)
        verify_line(v, node, &lines.list[i]);
    for (i = 0; i < node->n_properties; i++)
        if (!strncmp(node->properties[i].name, "xen,", 4))
            fail(v, node->path, "a property for Xen");
    verify_references(v, node, &references);
    verify_bridge(v, node);
}

static void verify_tree(struct verifier *v)
{
    const struct dt_node *top = dt_by_path(v->guest, "/passthrough"), *n;
    const struct dt_node *aliases = dt_by_path(v->guest, "/aliases");
    size_t i;

    for (n = top; n < top->end; n++)
        verify_node(v, n);
    for (i = 0; aliases && i < aliases->n_properties; i++) {
        const char *path = dt_string(aliases, aliases->properties[i].name);

        n = path ? dt_by_path(v->guest, path) : NULL;
        if (!n || !dt_is_within(n, top))
            fail(v, aliases->path, "an alias of nothing granted");
    }
    for (i = 0; i < v->pt->n_granted; i++)
        if (!dt_by_path(v->guest, v->pt->granted[i].guest_path))
            fail(v, v->pt->granted[i].host->path,
                 "a granted node that the guest does not have");
}

/* --- interrupts ---------------------------------------------------------- */

/* Each is one of a granted node, with its flags, and of no enabled other. */
static void verify_lines(struct verifier *v)
{
    const struct dt_index *index = v->devices->index;
    size_t i, k;

    for (k = 0; k < v->pt->n_lines; k++) {
        const struct dt_line *line = &v->pt->lines[k];
        const struct dt_facts *f = facts_of(v, line->host);
        bool found = false;

        for (i = 0; i < f->interrupts.count; i++)
            found = found || (!f->interrupts.list[i].problem &&
                              f->interrupts.list[i].intid == line->intid &&
                              f->interrupts.list[i].flags == line->flags);
        for (i = 0; i < f->n_map_rows; i++)
            found = found || (!f->map_rows[i].line.problem &&
                              f->map_rows[i].line.intid == line->intid &&
                              f->map_rows[i].line.flags == line->flags);
        if (!found || line->intid < 32)
            fail(v, line->host->path, "an interrupt that is not its own");
        for (i = 0; i < index->n_uses; i++)
            if (index->uses[i].intid == line->intid &&
                !v->inside[index->uses[i].node - v->devices->tree->nodes])
                fail(v, index->uses[i].node->path,
                     "a granted interrupt is of this node");
    }
}

static const struct dt_tree *read_merged(struct verifier *v)
{
    size_t bytes;
    const void *merged;

    if (!dt_tree_load(v->arena, "partial tree", v->pt->dtb, v->pt->dtb_bytes,
                      v->report))
        return NULL;
    merged = dt_merge(v->arena, v->layout, v->pt->dtb, &bytes);
    if (!merged) {
        fail(v, NULL, "the partial tree cannot be merged");
        return NULL;
    }
    return dt_tree_load(v->arena, "guest's tree", merged, bytes, v->report);
}

int dt_verify(struct arena *arena, const struct dt_devices *devices,
              const struct dt_layout *layout,
              const struct dt_passthrough *passthrough, struct report *report)
{
    struct verifier v = {
        .arena = arena, .devices = devices, .layout = layout,
        .pt = passthrough, .report = report,
        .where = { .file = devices->tree->file },
        .looks = DT_MAX_MAP_LOOKS,
    };
    const struct dt_node *n;
    size_t i;

    v.inside = ARENA_ARRAY(arena, bool, devices->tree->n_nodes);
    if (!v.inside) {
        dt_report(report, OUT_OF_MEMORY, &v.where, "out of memory");
        return -1;
    }
    for (i = 0; i < passthrough->n_granted; i++)
        for (n = passthrough->granted[i].device;
             n < passthrough->granted[i].device->end; n++)
            v.inside[n - devices->tree->nodes] = true;
    v.guest = read_merged(&v);
    if (!v.guest)
        return -1;
    verify_owners(&v);
    verify_frames(&v);
    verify_exclusive(&v);
    verify_lines(&v);
    verify_tree(&v);
    return v.rc;
}
