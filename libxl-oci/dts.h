/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dts: a device tree as source, which dtc(1) reads. */
#ifndef XLOCI_DTS_H
#define XLOCI_DTS_H

struct bytes;

/* dtb: checked, at most as deep as a host tree may be (dt/host-tree.h);
 * NULL gives source without a node. */
void dts_format(const void *dtb, struct bytes *out);

#endif
