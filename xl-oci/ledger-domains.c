/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What domains hold, by the configuration that libxl keeps of each. */
#include "ledger.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "checks.h"
#include "domain.h"
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

/* A domain is a container's by its UUID: a name may be another's by now. */
static bool is_claimed(const struct claim *containers, const libxl_uuid *uuid)
{
    char text[DOMAIN_UUID_TEXT_BYTES];

    snprintf(text, sizeof(text), LIBXL_UUID_FMT, LIBXL_UUID_BYTES(*uuid));
    for (; containers; containers = containers->next)
        if (containers->uuid && !strcmp(containers->uuid, text))
            return true;
    return false;
}

/* *claim is NULL when the domain holds nothing. 0; ENOMEM. */
static int claim_of(struct arena *arena, const libxl_domain_config *config,
                    struct claim **claim)
{
    *claim = NULL;
    if (!config->b_info.num_iomem && !config->b_info.num_irqs &&
        !config->num_dtdevs)
        return 0;
    *claim = ARENA_NEW(arena, struct claim);
    if (!*claim)
        return ENOMEM;
    (*claim)->holder = arena_strdup(arena, config->c_info.name);
    return (*claim)->holder && fill(arena, config, *claim) ? 0 : ENOMEM;
}

/* Is the domain still there? */
static bool is_there(libxl_ctx *ctx, uint32_t domid)
{
    return libxl_domain_info(ctx, NULL, domid) != ERROR_DOMAIN_NOTFOUND;
}

/* 0, or -1 with an error. */
static int read_claim(struct arena *arena, struct toolstack *ts,
                      uint32_t domid, struct claim **claim,
                      struct report *report)
{
    libxl_domain_config config;
    int rc, error = 0;

    *claim = NULL;
    libxl_domain_config_init(&config);
    rc = libxl_retrieve_domain_configuration(ts->ctx, domid, &config, NULL);
    if (!rc)
        error = claim_of(arena, &config, claim);
    libxl_domain_config_dispose(&config);
    if (error) {
        report_check(report, HOST_RESOURCES, NULL, "out of memory");
        return -1;
    }
    /* none is kept of domains that Xen itself made at boot */
    if (!rc || rc == ERROR_JSON_CONFIG_EMPTY || !is_there(ts->ctx, domid))
        return 0;
    toolstack_report_log(ts, report);
    report_check(report, HOST_RESOURCES, NULL,
                 "what devices domain %u has cannot be told (libxl error %d)",
                 domid, rc);
    return -1;
}

int ledger_domains(struct arena *arena, struct toolstack *ts,
                   const struct claim *containers,
                   const struct claim **claims, struct report *report)
{
    const struct claim **tail = claims;
    struct claim *claim;
    int count = 0, rc = 0, i;
    libxl_dominfo *list = libxl_list_domain(ts->ctx, &count);

    *claims = NULL;
    if (!list) {
        toolstack_report_log(ts, report);
        report_check(report, HOST_RESOURCES, NULL,
                     "the domains cannot be listed");
        return -1;
    }
    for (i = 0; i < count && !rc; i++) {
        if (!list[i].domid || is_claimed(containers, &list[i].uuid))
            continue;
        rc = read_claim(arena, ts, list[i].domid, &claim, report);
        if (rc || !claim)
            continue;
        *tail = claim;
        tail = &claim->next;
    }
    libxl_dominfo_list_free(list, count);
    return rc;
}
