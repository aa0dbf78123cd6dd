/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/layout.h"

#include <stdint.h>

#define MIB UINT64_C(0x100000)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/*
 * Xen public header arch-arm.h, "Guest memory map": the same numbers in 4.17
 * and 4.20. It is no ABI: a later release may move things, so this table is
 * one per range of releases.
 */
static const struct dt_window taken[] = {
    { 0x02000000, 1 * MIB, "virtio-mmio" },
    { 0x03001000, 0x0101f000, "the interrupt controller" },
    { 0x20000000, 32 * MIB, "ACPI tables" },
    { 0x22000000, 0x1000, "the virtual UART" },
    { 0x38000000, 16 * MIB, "the grant table" },
    { 0x39000000, 16 * MIB, "Xen's special pages" },
    /* libxl tells the whole of both banks' ranges to the guest, RAM or, as
     * extended regions, room for foreign mappings (libxl_arm.c
     * make_hypervisor_node(); whatever iomem has put there, before 4.21) */
    { 0x40000000, 0xc0000000, "RAM" },
    { UINT64_C(0x200000000), UINT64_C(0xfe00000000), "RAM" },
};

/* Between the above; the ranges of virtual PCI are free as we never have it.
 * The largest of those below 4 GiB last: it is for large devices. */
static const struct dt_window free_windows[] = {
    { 0x04100000, 0x0bf00000, "between vGIC and vPCI" },
    { 0x3a000000, 0x06000000, "before RAM" },
    { 0x33000000, 0x05000000, "before the grant table" },
    { 0x10000000, 0x10000000, "vPCI configuration space" },
    { 0x23000000, 0x10000000, "vPCI memory" },
    { UINT64_C(0x100000000), UINT64_C(0x100000000), "vPCI prefetchable" },
};

const struct dt_layout dt_layout_xen = {
    .free = free_windows,
    .n_free = COUNT(free_windows),
    .taken = taken,
    .n_taken = COUNT(taken),
    /* what the p2m of every CPU has (Cortex-A53); Xen refuses more when the
     * pages are mapped, and whether the CPU has more nobody tells us */
    .address_bits = 40,
    /* Xen public header device_tree_defs.h */
    .first_reserved_phandle = 65000,
    .gic_phandle = 65000,
    /* libxl_arm.c FDT_MAX_SIZE is 1 MiB, of which it doubles up to */
    .dtb_max_bytes = 512 * 1024,
};

const struct dt_window *dt_layout_taken(const struct dt_layout *layout,
                                        uint64_t address, uint64_t size_bytes)
{
    size_t i;

    for (i = 0; i < layout->n_taken; i++) {
        const struct dt_window *w = &layout->taken[i];

        if (address < w->address + w->size_bytes &&
            size_bytes && address + (size_bytes - 1) >= w->address)
            return w;
    }
    return NULL;
}
