/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Settings: /etc/xen/xl-oci.conf, in xl.conf(5)'s syntax. An absent file
 * means the defaults; an unknown key is an error.
 */
#ifndef XL_OCI_SETTINGS_H
#define XL_OCI_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

struct arena;
struct dt_allowance;
struct report;

#define XL_OCI_CONF "/etc/xen/xl-oci.conf"  /* $XL_OCI_CONF overrides (tests) */

struct settings {
    const char *file;           /* as read, for messages */
    uint64_t memory_max_bytes;  /* 0: no ceiling */
    uint64_t vcpus_max;         /* 0: no ceiling */
    const char *cache_dir;
    uint64_t cache_max_bytes;   /* 0: no ceiling */
    const char *kernel, *initramfs, *block_script;
    const char *host_dtb;       /* NULL: not told */
    struct dt_allowance *allowances;    /* device_allow */
    size_t n_allowances;
};

/* 0, or -1 with errors. Strings live in arena. */
int settings_read(struct arena *arena, struct settings *settings,
                  struct report *report);

#endif
