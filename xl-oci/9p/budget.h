/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How much of Dom0 the server of one share may take. A file identifier pins an
 * inode in Dom0's memory and an entry of its table of open files, both of which
 * all of Dom0 needs: so there is one budget per domain, and its shares have
 * equal parts of it.
 */
#ifndef XL_OCI_9P_BUDGET_H
#define XL_OCI_9P_BUDGET_H

#include <stdint.h>

struct p9_host {
    uint64_t memory_kib;        /* of Dom0 */
    uint64_t file_max;          /* fs.file-max */
};

struct p9_budget {
    uint32_t fid_max, open_max; /* for p9_server_new() */
    uint64_t memory_more;       /* for p9_jail_enter() */
};

/* What cannot be read is as little as the budget's minimum. */
void p9_host_read(struct p9_host *host);

/* Of each of n_shares shares of a domain. */
struct p9_budget p9_budget_of(const struct p9_host *host,
                              unsigned int n_shares);

#endif
