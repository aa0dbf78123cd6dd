/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Share holders: which directories each container shares by 9pfs, as the file
 * "shares" of its run directory while its domain exists or is about to.
 * Several may share one: every change is seen at once. But what a guest caches
 * as its own (9pfs-cache=private) nobody else may change.
 */
#ifndef XL_OCI_SHARE_HOLDERS_H
#define XL_OCI_SHARE_HOLDERS_H

struct loaded;

/*
 * Writes that file for the container of the plan, whose run directory is
 * dir_fd; then warns (share-not-alone) of every directory of its that is also,
 * or lies in or around, one of another container, where one of both caches
 * and one of both writes. Of two creations at one instant at least one warns.
 * 0, or -1 with errors.
 */
int share_holders_add(const struct loaded *loaded, int dir_fd);

/* The domain is gone. */
void share_holders_remove(int dir_fd);

#endif
