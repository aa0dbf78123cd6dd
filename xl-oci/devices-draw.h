/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From claims on a host tree to its picture: for devices-draw*.c. */
#ifndef XL_OCI_DEVICES_DRAW_H
#define XL_OCI_DEVICES_DRAW_H

#include "devices.h"
#include "draw.h"
#include "ledger.h"

/* What is drawn of one node. */
struct sketch_node {
    struct picture_copy *copies;
    struct picture_item *items;
    bool is_shown;
};

struct sketch {
    struct arena *arena;
    const struct dt_devices *devices;
    struct sketch_node *nodes;          /* of each node of the tree */
    struct sketch_node elsewhere;       /* what is of none of them */
    struct picture_guest *guests;
    size_t n_guests;
    bool failed;                        /* memory was exhausted */
};

/* All that the claim has, at the nodes that it is of. */
void sketch_add_claim(struct sketch *s, const struct claim *claim,
                      const char *name, const char *what);

/* A formatted string; "" and failed when memory is exhausted. */
const char *sketch_text(struct sketch *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "1 page", "2 pages" */
const char *sketch_count(struct sketch *s, uint64_t n, const char *noun);

#endif
