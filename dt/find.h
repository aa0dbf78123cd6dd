/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds a node of a tree by what people call it. */
#ifndef DT_FIND_H
#define DT_FIND_H

struct dt_node;
struct dt_tree;
struct report;
struct report_where;

/*
 * By path ("/soc/rtc@9010000"; a component may omit its unit address when
 * that leaves one node), by a pattern of a path ("/axi/serial@ff01*": "*", "?"
 * and "[...]" as the shell has them, none of which matches "/") that one node
 * is like, alias (/aliases) or label (/__symbols__, there when
 * the tree was compiled with `dtc -@`). NULL with an error that tells the
 * candidates or the nearest name.
 */
const struct dt_node *dt_find(const struct dt_tree *tree, const char *name,
                              struct report *report);

/* The same, with errors at where: who uses the name. */
const struct dt_node *dt_find_for(const struct dt_tree *tree,
                                  const char *name,
                                  const struct report_where *where,
                                  struct report *report);

/* The node that a path or an alias names, up to a ":" as stdout-path has;
 * NULL when there is none. */
const struct dt_node *dt_follow_alias(const struct dt_tree *tree,
                                      const char *name);

#endif
