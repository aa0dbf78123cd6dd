/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How the backend of a share ended before its domain did, kept in the file
 * share-N-failed of the run directory as long as that is there. Written by the
 * monitor, told by oci-state.
 */
#ifndef XL_OCI_SHARE_FAILURE_H
#define XL_OCI_SHARE_FAILURE_H

#include <stdint.h>

#include "share-backend.h"

struct arena;

struct share_failure {
    unsigned int index;
    int64_t at_s;               /* noticed; seconds since the epoch */
    struct share_end end;
    const char *why;
    const char *path;           /* of the directory */
};

/* What is there already stays: it tells of the backend that had the directory.
 * 0, or -1 with errno. */
int share_failure_write(int dir_fd, const struct share_failure *failure);

/* Strings live in arena. NULL with errno: ENOENT when it has not failed, EINVAL
 * when the file is damaged. */
const struct share_failure *share_failure_read(struct arena *arena,
                                               int dir_fd,
                                               unsigned int index);

#endif
