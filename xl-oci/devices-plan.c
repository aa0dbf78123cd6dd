/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "devices.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "dt/host-tree.h"

#include "options.h"
#include "print.h"

static bool take_waivers(const char *list, unsigned int *waived,
                         const char **unknown)
{
    size_t n;

    *waived = 0;
    for (; list && *list; list += n + (list[n] == ',')) {
        unsigned int bit;

        n = strcspn(list, ",");
        bit = dt_waiver_by_name(list, n);
        if (!bit) {
            *unknown = list;
            return false;
        }
        *waived |= bit;
    }
    return true;
}

/* "NAME=HZ,..." */
static bool take_clocks(struct arena *arena, const char *list,
                        struct dt_clock_rate **rates, size_t *n,
                        const char **unknown)
{
    char *copy = list ? arena_strdup(arena, list) : NULL, *word, *value;

    *n = 0;
    *rates = list ? ARENA_ARRAY(arena, struct dt_clock_rate,
                                strlen(list) / 3 + 1) : NULL;
    if (!list)
        return true;
    while (copy && *rates && (word = strsep(&copy, ","))) {
        value = strchr(word, '=');
        if (!value || value == word ||
            !parse_u64(value + 1, &(*rates)[*n].hz)) {
            *unknown = word;
            return false;
        }
        *value = '\0';
        (*rates)[(*n)++].clock = word;
    }
    return *rates && *n;
}

int devices_order(struct arena *arena, int argc, char **argv,
                  const struct devices_words *words,
                  const struct devices_host *host, struct dt_order *order,
                  const char **unknown)
{
    size_t n = (size_t)argc, kept = host->n_allowances, n_rates, i;
    struct dt_request *requests = ARENA_ARRAY(arena, struct dt_request,
                                              n + 1);
    struct dt_allowance *allowances = ARENA_ARRAY(arena, struct dt_allowance,
                                                  kept + n + 1);
    struct dt_clock_rate *rates;
    unsigned int waived;

    *unknown = NULL;
    if (!requests || !allowances ||
        !take_waivers(words->allow, &waived, unknown) ||
        !take_clocks(arena, words->clocks, &rates, &n_rates, unknown))
        return -1;
    for (i = 0; i < kept; i++)
        allowances[i] = host->allowances[i];
    for (i = 0; i < n; i++) {
        requests[i] = (struct dt_request){
            .device = argv[i], .compatible = words->compatible,
            .clock_rates = rates, .n_clock_rates = n_rates,
        };
        allowances[kept + i] = (struct dt_allowance){ .device = argv[i],
                                                      .waived = waived };
    }
    *order = (struct dt_order){
        .requests = requests, .n_requests = n, .allowances = allowances,
        .n_allowances = waived ? kept + n : kept,
    };
    return 0;
}

void devices_plan_text(const struct dt_passthrough *plan, struct bytes *out)
{
    size_t i;

    for (i = 0; i < plan->n_granted; i++)
        bytes_printf(out, "%s is %s\n", plan->granted[i].host->path,
                     plan->granted[i].guest_path);
    for (i = 0; i < plan->n_pages; i++)
        bytes_printf(out, "iomem 0x%" PRIx64 ",0x%" PRIx64 "@0x%" PRIx64
                     "  %s\n", plan->pages[i].mfn, plan->pages[i].count,
                     plan->pages[i].gfn, plan->pages[i].host->path);
    for (i = 0; i < plan->n_lines; i++)
        bytes_printf(out, "irq %" PRIu32 "  %s\n", plan->lines[i].intid,
                     plan->lines[i].host->path);
    for (i = 0; i < plan->n_dtdevs; i++)
        bytes_printf(out, "dtdev %s\n", plan->dtdevs[i].path);
    for (i = 0; i < plan->n_stubs; i++) {
        bytes_printf(out, "%s of %s is %s", plan->stubs[i].kind,
                     plan->stubs[i].provider->path,
                     plan->stubs[i].guest_path);
        if (plan->stubs[i].hz)
            bytes_printf(out, ", %" PRIu64 " Hz", plan->stubs[i].hz);
        bytes_add_string(out, "\n");
    }
    for (i = 0; i < plan->n_dropped; i++)
        bytes_printf(out, "without %s of %s: %s\n",
                     plan->dropped[i].property, plan->dropped[i].host->path,
                     plan->dropped[i].reason);
    for (i = 0; i < plan->n_waived; i++) {
        bytes_printf(out, "waived for %s: ", plan->waived[i].device->path);
        print_add_safe_string(out, plan->waived[i].message);
        bytes_printf(out, " [%s]\n", plan->waived[i].check->name);
    }
    bytes_printf(out, "partial device tree of %zu bytes\n", plan->dtb_bytes);
}

/* "name":"text" with a comma before */
static void add_member(struct bytes *out, const char *name, const char *text)
{
    bytes_printf(out, ",\"%s\":", name);
    bytes_add_json_string(out, text);
}

/* The object of one entry, up to its path. */
static void begin_entry(struct bytes *out, size_t i,
                        const struct dt_node *host)
{
    bytes_add_string(out, i ? ",\n  {\"path\":" : "\n  {\"path\":");
    bytes_add_json_string(out, host->path);
}

static void add_granted(const struct dt_passthrough *plan, struct bytes *out)
{
    size_t i;

    bytes_add_string(out, "{\"granted\":[");
    for (i = 0; i < plan->n_granted; i++) {
        begin_entry(out, i, plan->granted[i].host);
        add_member(out, "device", plan->granted[i].device->path);
        add_member(out, "guestPath", plan->granted[i].guest_path);
        bytes_add_string(out, "}");
    }
}

static void add_resources(const struct dt_passthrough *plan,
                          struct bytes *out)
{
    size_t i;

    bytes_add_string(out, "],\n\"iomem\":[");
    for (i = 0; i < plan->n_pages; i++) {
        begin_entry(out, i, plan->pages[i].host);
        bytes_printf(out, ",\"mfn\":%" PRIu64 ",\"gfn\":%" PRIu64
                     ",\"pages\":%" PRIu64 "}", plan->pages[i].mfn,
                     plan->pages[i].gfn, plan->pages[i].count);
    }
    bytes_add_string(out, "],\n\"irqs\":[");
    for (i = 0; i < plan->n_lines; i++) {
        begin_entry(out, i, plan->lines[i].host);
        bytes_printf(out, ",\"intid\":%" PRIu32 ",\"flags\":%" PRIu32 "}",
                     plan->lines[i].intid, plan->lines[i].flags);
    }
    bytes_add_string(out, "],\n\"dtdevs\":[");
    for (i = 0; i < plan->n_dtdevs; i++) {
        begin_entry(out, i, plan->dtdevs[i].host);
        bytes_add_string(out, "}");
    }
}

static void add_evidence(const struct dt_passthrough *plan,
                         struct bytes *out)
{
    size_t i;

    bytes_add_string(out, "],\n\"stubs\":[");
    for (i = 0; i < plan->n_stubs; i++) {
        begin_entry(out, i, plan->stubs[i].provider);
        add_member(out, "kind", plan->stubs[i].kind);
        add_member(out, "guestPath", plan->stubs[i].guest_path);
        bytes_printf(out, ",\"hz\":%" PRIu64 "}", plan->stubs[i].hz);
    }
    bytes_add_string(out, "],\n\"dropped\":[");
    for (i = 0; i < plan->n_dropped; i++) {
        begin_entry(out, i, plan->dropped[i].host);
        add_member(out, "property", plan->dropped[i].property);
        add_member(out, "reason", plan->dropped[i].reason);
        bytes_add_string(out, "}");
    }
    bytes_add_string(out, "],\n\"waived\":[");
    for (i = 0; i < plan->n_waived; i++) {
        begin_entry(out, i, plan->waived[i].device);
        add_member(out, "check", plan->waived[i].check->name);
        add_member(out, "message", plan->waived[i].message);
        bytes_add_string(out, "}");
    }
}

void devices_plan_json(const struct dt_passthrough *plan, struct bytes *out)
{
    add_granted(plan, out);
    add_resources(plan, out);
    add_evidence(plan, out);
    bytes_printf(out, "],\n\"dtbBytes\":%zu}\n", plan->dtb_bytes);
}
