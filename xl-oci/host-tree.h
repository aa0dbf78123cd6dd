/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Host tree: the device tree of this machine, from a file. */
#ifndef XL_OCI_HOST_TREE_H
#define XL_OCI_HOST_TREE_H

#include <stddef.h>

struct arena;
struct dt_tree;
struct host_facts;
struct report;
struct settings;

/* What the boot loader's tree became in Dom0 ($XL_OCI_DOM0_DTB, tests). */
#define DOM0_DTB "/sys/firmware/fdt"

/* The bytes of a DTB, whatever they are, for the caller to free; NULL with
 * errors. */
char *host_tree_bytes(const char *file, size_t *size_bytes,
                      struct report *report);

/* The tree of a DTB; NULL with errors. It lives in arena. */
const struct dt_tree *host_tree_read(struct arena *arena, const char *file,
                                     struct report *report);

/* The file of Dom0's own tree; NULL on a machine without Xen, where the
 * firmware's tree is not Dom0's. */
const char *host_tree_of_dom0(void);

/*
 * The devices of the host, for a bundle that asks for some: of the tree that
 * settings name, to be compared with Dom0's own where there is one; or of
 * Dom0's own alone. Fills facts; errors when a file that is named cannot be
 * used.
 */
void host_tree_facts(struct arena *arena, const struct settings *settings,
                     struct host_facts *facts, struct report *report);

#endif
