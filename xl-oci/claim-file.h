/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A container's claim, as the file "claim" of its run directory:
 * {"pages":[[mfn,count,gfn],...],"interrupts":[intid,...],
 *  "dtdevs":["/path",...],"nodes":[["/host","/guest"],...],
 *  "stubs":[["clock","/host","/guest",hz],...]} */
#ifndef XL_OCI_CLAIM_FILE_H
#define XL_OCI_CLAIM_FILE_H

#include "ledger.h"

#define CLAIM_FILE "claim"

/* 0, or -1 with errors. */
int claim_file_write(int dir_fd, const struct claim *claim,
                     struct report *report);

/* *claim: NULL when the container has none, or a damaged one. 0, or -1 with
 * errors: whether it has one is not known. */
int claim_file_read(struct arena *arena, const char *name,
                    struct claim **claim, struct report *report);

#endif
