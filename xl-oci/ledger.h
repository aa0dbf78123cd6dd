/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ledger: which domain holds which pages, interrupts and streams of the host.
 * Xen itself lets two domains map one page (xen/common/domctl.c,
 * XEN_DOMCTL_iomem_permission), so this is what keeps them apart.
 *
 * Each container's claim is a file in its run directory, written before its
 * domain exists and removed after it is gone; claims are compared and written
 * under one lock, so that of two creations at one instant one succeeds. Who
 * died without a word is recovered or reaped as everywhere (reap.h), and the
 * claim with it. Domains of other toolstacks are seen through the
 * configuration that libxl keeps of each.
 */
#ifndef XL_OCI_LEDGER_H
#define XL_OCI_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct dt_passthrough;
struct plan_devices;
struct report;
struct report_where;
struct toolstack;

struct claim_pages {
    uint64_t mfn, count;
    uint64_t gfn;               /* CLAIM_NO_GFN: not known */
};

#define CLAIM_NO_GFN UINT64_MAX

/* A node of the host that the guest has a copy of. */
struct claim_node { const char *host, *guest; };

/* What stands in the guest for a provider that stays with the host: a clock
 * of a rate, or a supply. */
struct claim_stub {
    const char *kind, *host, *guest;
    uint64_t hz;                /* 0 for a supply, and where not known */
};

struct claim {
    const char *holder;         /* name of the container or of the domain */
    bool is_container;
    const char *uuid;           /* of the container's domain; or NULL */
    struct claim_pages *pages;
    uint32_t *interrupts;
    const char **dtdevs;        /* paths in the host's tree */
    size_t n_pages, n_interrupts, n_dtdevs;
    /* what is only shown; domains of other toolstacks have none */
    struct claim_node *nodes;
    struct claim_stub *stubs;
    size_t n_nodes, n_stubs;
    const struct claim *next;
};

/* Room for so much of each; false when memory is exhausted. */
bool claim_allocate(struct arena *arena, struct claim *claim, size_t n_pages,
                    size_t n_interrupts, size_t n_dtdevs, size_t n_nodes,
                    size_t n_stubs);

/* What a plan claims. false when memory is exhausted. */
bool claim_of_passthrough(struct arena *arena, const char *holder,
                          const struct dt_passthrough *plan,
                          struct claim *claim);

/* Claims of all containers. A damaged one is left out: what its domain holds
 * is then seen by ledger_domains(). *claims may be NULL. 0, or -1 with errors,
 * and then without those that cannot be read. */
int ledger_containers(struct arena *arena, const struct claim **claims,
                      struct report *report);

/* What domains hold other than those of the containers' claims, by the UUID.
 * 0, or -1 with errors: what a domain holds cannot be told. */
int ledger_domains(struct arena *arena, struct toolstack *ts,
                   const struct claim *containers,
                   const struct claim **claims, struct report *report);

/* The claim among a list that has one of the pages, or NULL. */
const struct claim *ledger_holder(const struct claim *list, uint64_t mfn,
                                  uint64_t count);

/* What a container that is being created wants. */
struct ledger_order {
    const char *name, *uuid;    /* the container's, and its domain's to be */
    const struct plan_devices *devices;
    const char *file;           /* the bundle's configuration, for errors */
    /* set by ledger_claim(): its own claim, then those of all containers as
     * they were then */
    struct claim *claims;
};

/*
 * Claims what the plan's devices need for the container, whose run directory
 * is dir_fd: all or nothing. 0, or -1 with an error for each thing that
 * somebody holds (device-held). Holders that nobody attends to are recovered
 * first.
 */
int ledger_claim(struct arena *arena, struct toolstack *ts,
                 struct ledger_order *order, int dir_fd,
                 struct report *report);

/* Once the domain exists, before it runs: a domain that another toolstack
 * made since the claim is seen now. 0, or -1 with errors. */
int ledger_confirm(struct arena *arena, struct toolstack *ts,
                   const struct ledger_order *order, struct report *report);

/* The domain is gone: what it held is free. */
void ledger_release(int dir_fd);

/* For ledger-*.c: the first thing that both have, as text in arena; NULL
 * when there is none. */
const char *claim_overlap(struct arena *arena, const struct claim *a,
                          const struct claim *b);

#endif
