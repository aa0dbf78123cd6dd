/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* State: a container as the commands look at it, and as OCI's state JSON. */
#ifndef XL_OCI_STATE_H
#define XL_OCI_STATE_H

#include "domain.h"
#include "run-directory.h"
#include "share-backend.h"

struct arena;
struct bytes;
struct share_failure;

struct container_state {
    int dir_fd;                             /* -1: not opened */
    const struct container_record *record;  /* NULL: not read */
    struct domain_state domain;             /* absent unless asked for */
    const struct share_failure *failed_shares[SHARES_MAX];
    unsigned int n_failed_shares;
};

/*
 * Brings the record of the container up to date (container_recover()), opens
 * its directory and reads the record. Returns 0, or -1 with errors. In every
 * case the caller calls state_close(). Strings live in arena.
 */
int state_open(struct arena *arena, const char *name,
               struct container_state *state, struct report *report);
void state_close(struct container_state *state);

/* The same without container_recover(). */
int state_read(struct arena *arena, const char *name,
               struct container_state *state, struct report *report);

/* Asks Xen about the domain of a container that has not stopped. 0, or -1
 * with errors. */
int state_find_domain(struct container_state *state, struct report *report);

/* As recorded; with the domain found, a paused one that was started runs. */
enum container_status state_status(const struct container_state *state);

/*
 * OCI runtime.md "State", with what Xen adds in "org.xenproject.oci". pid is
 * the monitor's: it lives as long as the container and ends with it, and the
 * process itself has no number in Dom0.
 */
void state_format_json(const struct container_state *state,
                       struct bytes *out);

/* "exited 7", "signalled 9", "failed", "-" while it has not ended. */
void state_format_exit(const struct container_exit *e, struct bytes *out);

#endif
