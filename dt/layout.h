/* SPDX-License-Identifier: BSD-2-Clause */
/* Layout: where in a guest's physical address space what is, and what is
 * free for devices. Addresses and sizes in bytes, multiples of a page. */
#ifndef DT_LAYOUT_H
#define DT_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

struct dt_window {
    uint64_t address, size_bytes;
    const char *what;           /* "RAM", "interrupt controller" */
};

struct dt_layout {
    /* where devices may be, in the order in which they are filled */
    const struct dt_window *free;
    size_t n_free;
    /* where they must not be: RAM with its extended regions, what libxl puts
     * at a fixed place */
    const struct dt_window *taken;
    size_t n_taken;
    /* no guest's address on any machine is beyond */
    unsigned int address_bits;
    /* phandles from here on are libxl's: GIC, IOMMU */
    uint32_t first_reserved_phandle;
    uint32_t gic_phandle;
    /* of the partial tree, so that the guest's whole tree has room */
    size_t dtb_max_bytes;
};

/* Xen 4.17 to 4.20, arm64, a guest without virtual PCI. */
extern const struct dt_layout dt_layout_xen;

/* NULL when nothing that is taken is in [address, address + size_bytes). */
const struct dt_window *dt_layout_taken(const struct dt_layout *layout,
                                        uint64_t address,
                                        uint64_t size_bytes);

#endif
