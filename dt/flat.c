/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/flat.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <libfdt.h>

/* Whether size bytes at offset are within the file. */
static bool is_inside(const void *fdt, uint32_t offset, uint32_t size)
{
    uint32_t total = fdt_totalsize(fdt);

    return offset >= sizeof(struct fdt_header) && offset <= total &&
           size <= total - offset;
}

static const char *header_fault(const void *fdt, size_t size_bytes)
{
    if (size_bytes < sizeof(struct fdt_header) ||
        fdt_magic(fdt) != FDT_MAGIC)
        return "it does not begin as a device tree";
    if (fdt_version(fdt) < 17 || fdt_last_comp_version(fdt) > 17)
        return "its version is not 17";
    if (fdt_totalsize(fdt) > size_bytes)
        return "it is cut off";
    if (!is_inside(fdt, fdt_off_dt_struct(fdt), fdt_size_dt_struct(fdt)) ||
        !is_inside(fdt, fdt_off_dt_strings(fdt), fdt_size_dt_strings(fdt)))
        return "a block is outside of the file";
    if (fdt_off_dt_struct(fdt) % 4 || fdt_off_mem_rsvmap(fdt) % 8)
        return "a block is not aligned";
    return NULL;
}

/*
 * The bytes of the token at the beginning of block, which has bytes of them,
 * without padding; 0: it is unknown, or not whole.
 */
static uint64_t token_bytes(const char *block, uint64_t bytes)
{
    const fdt32_t *cells = (const fdt32_t *)(const void *)block;
    const char *end;

    switch (fdt32_ld(cells)) {
    case FDT_BEGIN_NODE:
        end = memchr(block + 4, 0, bytes - 4);
        return end ? (uint64_t)(end + 1 - block) : 0;
    case FDT_PROP:
        if (bytes < 12 || fdt32_ld(cells + 1) > bytes - 12)
            return 0;
        return 12 + (uint64_t)fdt32_ld(cells + 1);
    case FDT_END_NODE:
    case FDT_NOP:
    case FDT_END:
        return 4;
    default:
        return 0;
    }
}

static const char *structure_fault(const void *fdt)
{
    const char *block = (const char *)fdt + fdt_off_dt_struct(fdt);
    uint64_t bytes = fdt_size_dt_struct(fdt), at = 0, length;

    while (at + 4 <= bytes) {
        if (fdt32_ld((const fdt32_t *)(const void *)(block + at)) == FDT_END)
            return NULL;
        length = token_bytes(block + at, bytes - at);
        if (!length)
            return "a node or property does not end within the structure";
        at += (length + 3) & ~(uint64_t)3;
    }
    return "its structure has no end";
}

const char *dt_flat_fault(const void *fdt, size_t size_bytes)
{
    const char *fault = header_fault(fdt, size_bytes);

    return fault ? fault : structure_fault(fdt);
}
