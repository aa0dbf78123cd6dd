/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* oci-devices --doctor: what is wrong with a board's tree, and a corrected
 * one. */
#ifndef XL_OCI_DEVICES_DOCTOR_H
#define XL_OCI_DEVICES_DOCTOR_H

#include <stdbool.h>

struct arena;
struct report;

struct doctor_order {
    const char *file;           /* the tree */
    const char *fix;            /* where the corrected one goes, or NULL */
    const char *const *devices;
    int n_devices;
    bool json;
};

/* Whether the name of the file tells what to write: .dtb, .dtbo, .dts. */
bool doctor_can_write(const char *fix);

/* XL_OCI_OK, or XL_OCI_FAILED when an error is left in the tree (in the
 * corrected one, where that was asked for), or with errors in report. */
int devices_doctor(struct arena *arena, const struct doctor_order *order,
                   struct report *report);

#endif
