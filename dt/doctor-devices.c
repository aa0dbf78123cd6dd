/* SPDX-License-Identifier: BSD-2-Clause */
/* Devices that are to be passed through: what the tree lacks for them. */
#include "dt/doctor-internal.h"

#include <string.h>

#include "base/arena.h"

static const struct dt_facts *facts_of(const struct doctor *d,
                                       const struct dt_node *node)
{
    return &d->devices->facts[node - d->tree->nodes];
}

/* Every IOMMU that the device needs, if setting its status is all. */
static void enable_iommus(struct doctor *d, struct dt_finding *f,
                          const struct dt_node *device)
{
    const struct dt_node *n;
    size_t i;

    for (n = device; n < device->end; n++)
        for (i = 0; dt_goes_along(n, device) &&
             i < facts_of(d, n)->references.count; i++) {
            const struct dt_reference *r = &facts_of(d, n)->references.list[i];

            if (r->need != DT_NEED_IOMMU || !r->provider ||
                r->provider->enabled)
                continue;
            if (dt_xen_knows_smmu(r->provider) &&
                r->provider->parent && r->provider->parent->enabled)
                dt_doctor_set(d, f, r->provider, "status", "okay",
                              sizeof("okay"));
        }
}

static void take_reason(struct doctor *d, const struct dt_device *device,
                        const struct dt_reason *r)
{
    enum dt_check_id id = (enum dt_check_id)(r->check - dt_checks);
    struct dt_finding *f;

    /* what is below is for check_below() */
    if (id == DT_CHECK_DEVICE_UNMARKED && device->marked)
        return;
    f = r->more ? dt_doctor_say(d, id, device->node, "%s (and %zu more)",
                                r->message, r->more) :
                  dt_doctor_say(d, id, device->node, "%s", r->message);
    if (id == DT_CHECK_DEVICE_UNMARKED)
        dt_doctor_set(d, f, device->node, "xen,passthrough", "", 0);
    else if (id == DT_CHECK_DEVICE_SMMU)
        enable_iommus(d, f, device->node);
}

/* Xen looks at each node's own mark: one below the device without it is given
 * to Dom0, with its interrupts. */
static void check_below(struct doctor *d, const struct dt_device *device)
{
    const struct dt_node *n, *top = device->node;
    struct dt_finding *f;

    for (n = top + 1; n < top->end; n++) {
        if (!dt_goes_along(n, top) || dt_property(n, "xen,passthrough") ||
            (!facts_of(d, n)->regions.count &&
             !facts_of(d, n)->interrupts.count))
            continue;
        f = dt_doctor_say(d, DT_CHECK_BOARD_BELOW_UNMARKED, n,
                          "it goes along with %s, but has no mark of its own",
                          top->path);
        dt_doctor_set(d, f, n, "xen,passthrough", "", 0);
    }
}

/* What Dom0's kernel turns off when nobody in Dom0 uses it. */
static const struct need {
    enum dt_check_id check;
    const char *kind;           /* of struct dt_reference */
    const char *word;           /* of Dom0's command line, which forbids it */
} needs[] = {
    { DT_CHECK_BOARD_CLOCK, "clock", "clk_ignore_unused" },
    { DT_CHECK_BOARD_POWER, "power-domain", "pd_ignore_unused" },
    { DT_CHECK_BOARD_SUPPLY, "supply", NULL },
};

/* Whether there is nothing to turn off. */
static bool is_always_on(const struct dt_node *provider)
{
    return dt_is_compatible(provider, "fixed-clock") ||
           dt_property(provider, "regulator-always-on") ||
           (dt_is_compatible(provider, "regulator-fixed") &&
            !dt_property(provider, "gpio") &&
            !dt_property(provider, "gpios"));
}

/* Providers of one kind that can be turned off under a device: the first, and
 * how often there is one. Keeps supplies on where keep is a finding. */
static size_t find_providers(struct doctor *d, const struct dt_node *device,
                             const char *kind, struct dt_finding *keep,
                             const struct dt_node **first)
{
    const struct dt_node *n;
    size_t i, count = 0;

    for (n = device; n < device->end; n++)
        for (i = 0; dt_goes_along(n, device) &&
             i < facts_of(d, n)->references.count; i++) {
            const struct dt_reference *r = &facts_of(d, n)->references.list[i];

            if (strcmp(r->kind, kind) || !r->provider ||
                dt_is_within(r->provider, device) ||
                is_always_on(r->provider))
                continue;
            if (!count++)
                *first = r->provider;
            dt_doctor_set(d, keep, r->provider, "regulator-always-on", "", 0);
        }
    return count;
}

/* Puts the word in front: what follows "--" is not the kernel's. */
static void add_word(struct doctor *d, struct dt_finding *f,
                     const struct dt_line_place *line, const char *word)
{
    struct dt_property room;
    const struct dt_property *now = dt_doctor_now(d, line->node,
                                                  line->property, &room);
    const char *text = (const char *)now->value;
    char *longer = arena_printf(d->arena, "%s%s%s", word, *text ? " " : "",
                                text);

    if (longer)
        dt_doctor_set(d, f, line->node, line->property, longer,
                      strlen(longer) + 1);
    else
        d->failed = true;
}

static void check_need(struct doctor *d, const struct need *need,
                       const struct dt_line_place *line)
{
    const struct dt_node *provider = NULL;
    bool added = false;
    struct dt_finding *f;
    size_t i, count;

    if (line->text && need->word &&
        dt_line_has(line->text, need->word, NULL, NULL))
        return;
    for (i = 0; i < d->devices->count; i++) {
        const struct dt_node *node = d->devices->list[i].node;

        count = !d->wanted[i] ? 0 :
                find_providers(d, node, need->kind, NULL, &provider);
        if (!count)
            continue;
        f = dt_doctor_say(d, need->check, node,
                          "Dom0 may turn off its %s of %s%s%s", need->kind,
                          provider->path, count > 1 ? " and others" : "",
                          !need->word ? "" : line->text ?
                          ", which its command line allows" :
                          "; its command line is not in this tree");
        if (!need->word)
            find_providers(d, node, need->kind, f, &provider);
        if (f && need->word && line->text) {
            if (!added)
                add_word(d, f, line, need->word);
            added = f->correctable = true;
        }
    }
}

/* parse_bool() of Xen, of one part of a value */
static bool is_no(const char *s, size_t n)
{
    static const char *const noes[] = { "no", "off", "false", "disable",
                                        "0" };
    size_t i;

    for (i = 0; i < sizeof(noes) / sizeof(noes[0]); i++)
        if (strlen(noes[i]) == n && !memcmp(noes[i], s, n))
            return true;
    return false;
}

static bool turns_iommu_off(const char *line)
{
    const char *value;
    size_t n, part;
    bool off = dt_line_has(line, "no-iommu", NULL, NULL);

    if (!dt_line_has(line, "iommu", &value, &n))
        return off;
    while (n) {
        part = 0;
        while (part < n && value[part] != ',')
            part++;
        off |= is_no(value, part);
        value += part + (part < n);
        n -= part + (part < n);
    }
    return off;
}

static void check_iommu_word(struct doctor *d, const struct dt_device *device)
{
    const struct dt_node *n;
    size_t i;

    for (n = device->node; n < device->node->end; n++)
        for (i = 0; i < facts_of(d, n)->references.count; i++)
            if (facts_of(d, n)->references.list[i].need == DT_NEED_IOMMU) {
                dt_doctor_say(d, DT_CHECK_BOARD_IOMMU_OFF, device->node,
                              "its DMA needs the IOMMU, which Xen's command "
                              "line turns off");
                return;
            }
}

void dt_doctor_devices(struct doctor *d)
{
    struct dt_line_place dom0s = dt_dom0s_line(d->tree);
    struct dt_line_place xens = dt_xens_line(d->tree);
    bool off = xens.text && turns_iommu_off(xens.text);
    const struct dt_reason *r;
    size_t i;

    for (i = 0; i < d->devices->count; i++) {
        const struct dt_device *device = &d->devices->list[i];

        if (!d->wanted[i])
            continue;
        for (r = device->reasons; r; r = r->next)
            take_reason(d, device, r);
        check_below(d, device);
        if (off)
            check_iommu_word(d, device);
    }
    for (i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
        check_need(d, &needs[i], &dom0s);
}
