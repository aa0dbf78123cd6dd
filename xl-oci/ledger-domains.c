/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What domains hold, by the configuration that libxl keeps of each. */
#include "ledger.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "checks.h"
#include "run-directory.h"
#include "toolstack.h"

/* Without one (libxl_types.idl: all ones) libxl maps the pages at their own
 * address. */
static uint64_t place_of(const libxl_iomem_range *range)
{
    return range->gfn == UINT64_MAX ? range->start : range->gfn;
}

static bool fill(struct arena *arena, const libxl_domain_config *config,
                 struct claim *c)
{
    const libxl_domain_build_info *info = &config->b_info;
    int i;

    if (!claim_allocate(arena, c, (size_t)info->num_iomem,
                        (size_t)info->num_irqs, (size_t)config->num_dtdevs,
                        0, 0))
        return false;
    for (i = 0; i < info->num_iomem; i++)
        c->pages[c->n_pages++] = (struct claim_pages){
            info->iomem[i].start, info->iomem[i].number,
            place_of(&info->iomem[i]),
        };
    for (i = 0; i < info->num_irqs; i++)
        c->interrupts[c->n_interrupts++] = info->irqs[i];
    for (i = 0; i < config->num_dtdevs; i++) {
        c->dtdevs[c->n_dtdevs] = arena_strdup(arena, config->dtdevs[i].path);
        if (!c->dtdevs[c->n_dtdevs++])
            return false;
    }
    return true;
}

/* A domain is a container's when there is a run directory of its name. */
static bool is_container(char *const *names, const char *name)
{
    for (; *names; names++)
        if (!strcmp(*names, name))
            return true;
    return false;
}

/* NULL when it holds nothing; *no_memory tells the other reason. */
static struct claim *claim_of(struct arena *arena, libxl_ctx *ctx,
                              uint32_t domid, char *const *names,
                              bool *no_memory)
{
    libxl_domain_config config;
    struct claim *claim = NULL;
    bool holds;

    libxl_domain_config_init(&config);
    /* none is kept of domains that Xen itself made at boot */
    if (!libxl_retrieve_domain_configuration(ctx, domid, &config, NULL)) {
        holds = config.b_info.num_iomem || config.b_info.num_irqs ||
                config.num_dtdevs;
        if (holds && !is_container(names, config.c_info.name)) {
            claim = ARENA_NEW(arena, struct claim);
            if (claim)
                claim->holder = arena_strdup(arena, config.c_info.name);
            if (!claim || !claim->holder || !fill(arena, &config, claim))
                *no_memory = true;
        }
    }
    libxl_domain_config_dispose(&config);
    return claim;
}

int ledger_domains(struct arena *arena, struct toolstack *ts,
                   const struct claim **claims, struct report *report)
{
    const struct claim **tail = claims;
    char **names = run_list(arena, report);
    bool no_memory = false;
    libxl_dominfo *list;
    struct claim *claim;
    int count = 0, i;

    *claims = NULL;
    if (!names)
        return -1;
    list = libxl_list_domain(ts->ctx, &count);
    for (i = 0; list && i < count && !no_memory; i++) {
        if (!list[i].domid)
            continue;
        claim = claim_of(arena, ts->ctx, list[i].domid, names, &no_memory);
        if (!claim)
            continue;
        *tail = claim;
        tail = &claim->next;
    }
    if (no_memory || !list)
        report_check(report, HOST_RESOURCES, NULL,
                     "the domains' devices cannot be listed");
    libxl_dominfo_list_free(list, list ? count : 0);
    return no_memory || !list ? -1 : 0;
}
