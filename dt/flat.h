/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A flat tree's bytes, before libfdt relies on them (Devicetree Specification
 * 0.4, 5 "Flattened Devicetree (DTB) Format"). What libfdt 1.6.1 does not
 * survive is refused here: fdt_check_full() follows a null pointer in a tree
 * of version 3, and does not end where a property's length wraps the offset.
 */
#ifndef DT_FLAT_H
#define DT_FLAT_H

#include <stddef.h>

/*
 * NULL when header, blocks and the sequence of tokens hold together; else what
 * is wrong, in words that follow "it" or stand alone. fdt: size_bytes bytes,
 * aligned to 8. fdt_check_full() is still needed: nesting, names and the map
 * of reservations are its matter.
 */
const char *dt_flat_fault(const void *fdt, size_t size_bytes);

#endif
