/* SPDX-License-Identifier: MIT */
/* A tree's files with their types, modes and owners, into another directory. */
#ifndef GUEST_COPY_TREE_H
#define GUEST_COPY_TREE_H

#include <sys/stat.h>

/*
 * Copies what is in directory from into directory to, which both stay open.
 * Links are copied, not followed. Returns 0 or -1 with errno.
 */
int copy_tree(int from, int to);

/* Copies the content, owner and mode of an open regular file. */
int copy_file(int from, int to, const struct stat *stat_buffer);

#endif
