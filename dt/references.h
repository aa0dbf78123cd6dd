/* SPDX-License-Identifier: BSD-2-Clause */
/* References: which other nodes a node needs, and for what. */
#ifndef DT_REFERENCES_H
#define DT_REFERENCES_H

#include <stddef.h>
#include <stdint.h>

struct arena;
struct dt_node;
struct dt_tree;

enum dt_need {
    DT_NEED_HOST,       /* Dom0 serves it while the guest runs: power, reset,
                         * pins, clocks, supplies */
    DT_NEED_IOMMU,
    DT_NEED_MSI,
    DT_NEED_MEMORY,
    DT_NEED_PROVIDER,   /* the driver works with the other node's driver */
};

struct dt_reference {
    enum dt_need need;
    const char *kind;                   /* "clock" */
    const char *property;
    uint32_t phandle;
    const struct dt_node *provider;     /* NULL: dangling */
    uint32_t args[2];                   /* of the specifier, 0 where absent */
    size_t at;                          /* cell of the phandle */
    size_t n_args;                      /* cells after it */
    /* why the property cannot be read on from here, or NULL */
    const char *problem;
};

struct dt_references {
    const struct dt_reference *list;
    size_t count;
};

/* 0, or -1 when memory is exhausted. */
int dt_references_read(struct arena *arena, const struct dt_tree *tree,
                       const struct dt_node *node,
                       struct dt_references *references);

#endif
