/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Claims in memory: made, of what a plan has, and compared. */
#include "ledger.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "dt/host-tree.h"
#include "dt/passthrough.h"

bool claim_allocate(struct arena *arena, struct claim *claim, size_t n_pages,
                    size_t n_interrupts, size_t n_dtdevs, size_t n_nodes,
                    size_t n_stubs)
{
    claim->pages = ARENA_ARRAY(arena, struct claim_pages, n_pages + 1);
    claim->interrupts = ARENA_ARRAY(arena, uint32_t, n_interrupts + 1);
    claim->dtdevs = ARENA_ARRAY(arena, const char *, n_dtdevs + 1);
    claim->nodes = ARENA_ARRAY(arena, struct claim_node, n_nodes + 1);
    claim->stubs = ARENA_ARRAY(arena, struct claim_stub, n_stubs + 1);
    return claim->pages && claim->interrupts && claim->dtdevs &&
           claim->nodes && claim->stubs;
}

bool claim_of_passthrough(struct arena *arena, const char *holder,
                          const struct dt_passthrough *plan,
                          struct claim *claim)
{
    size_t i;

    *claim = (struct claim){ .holder = holder, .is_container = true };
    if (!claim_allocate(arena, claim, plan->n_pages, plan->n_lines,
                        plan->n_dtdevs, plan->n_granted, plan->n_stubs))
        return false;
    for (i = 0; i < plan->n_pages; i++)
        claim->pages[claim->n_pages++] = (struct claim_pages){
            plan->pages[i].mfn, plan->pages[i].count, plan->pages[i].gfn,
        };
    for (i = 0; i < plan->n_lines; i++)
        claim->interrupts[claim->n_interrupts++] = plan->lines[i].intid;
    for (i = 0; i < plan->n_dtdevs; i++)
        claim->dtdevs[claim->n_dtdevs++] = plan->dtdevs[i].path;
    for (i = 0; i < plan->n_granted; i++)
        claim->nodes[claim->n_nodes++] = (struct claim_node){
            plan->granted[i].host->path, plan->granted[i].guest_path,
        };
    for (i = 0; i < plan->n_stubs; i++)
        claim->stubs[claim->n_stubs++] = (struct claim_stub){
            plan->stubs[i].kind, plan->stubs[i].provider->path,
            plan->stubs[i].guest_path, plan->stubs[i].hz,
        };
    return true;
}

static const struct claim_pages *common_pages(const struct claim *a,
                                              const struct claim *b)
{
    size_t i, k;

    for (i = 0; i < a->n_pages; i++)
        for (k = 0; k < b->n_pages; k++)
            if (a->pages[i].mfn < b->pages[k].mfn + b->pages[k].count &&
                b->pages[k].mfn < a->pages[i].mfn + a->pages[i].count)
                return a->pages[i].mfn > b->pages[k].mfn ? &a->pages[i] :
                       &b->pages[k];
    return NULL;
}

/* What there is no memory to name is in the way all the same. */
static const char *named(const char *text, const char *kind)
{
    return text ? text : kind;
}

const char *claim_overlap(struct arena *arena, const struct claim *a,
                          const struct claim *b)
{
    const struct claim_pages *pages = common_pages(a, b);
    size_t i, k;

    if (pages)
        return named(arena_printf(arena, "page 0x%" PRIx64, pages->mfn),
                     "a page");
    for (i = 0; i < a->n_interrupts; i++)
        for (k = 0; k < b->n_interrupts; k++)
            if (a->interrupts[i] == b->interrupts[k])
                return named(arena_printf(arena, "interrupt %" PRIu32,
                                          a->interrupts[i]), "an interrupt");
    for (i = 0; i < a->n_dtdevs; i++)
        for (k = 0; k < b->n_dtdevs; k++)
            if (!strcmp(a->dtdevs[i], b->dtdevs[k]))
                return named(arena_printf(arena, "the streams of %s",
                                          a->dtdevs[i]), "streams");
    return NULL;
}

const struct claim *ledger_holder(const struct claim *list, uint64_t mfn,
                                  uint64_t count)
{
    struct claim_pages pages = { mfn, count, CLAIM_NO_GFN };
    const struct claim asked = { .pages = &pages, .n_pages = 1 };

    while (list && !common_pages(list, &asked))
        list = list->next;
    return list;
}
