/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Verify: holds a passthrough against the host tree, by its bytes alone. The
 * DTB is read back, merged into a guest's tree as libxl merges it
 * (libxl_arm.c copy_partial_fdt()), and every rule is looked at again with the
 * readers of host trees, not with what made it.
 */
#ifndef DT_VERIFY_H
#define DT_VERIFY_H

#include <stddef.h>

struct arena;
struct dt_devices;
struct dt_layout;
struct dt_passthrough;
struct report;

/* 0, or -1 with plan-unverified errors in report. */
int dt_verify(struct arena *arena, const struct dt_devices *devices,
              const struct dt_layout *layout,
              const struct dt_passthrough *passthrough,
              struct report *report);

/*
 * The tree that a guest would have with this partial one: root and GIC as
 * libxl makes them, /passthrough and /aliases copied. In the arena; NULL when
 * it cannot be merged or memory is exhausted.
 */
const void *dt_merge(struct arena *arena, const struct dt_layout *layout,
                     const void *partial, size_t *bytes);

#endif
