#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Our patches to libxc and libxl under Xen 4.17: a domain with a large window of
# a PCI host bridge, by Debian's own libraries, with the first and with both.
# shellcheck source=../xl/tap.sh
. "$(dirname "$0")/../xl/tap.sh"

patches=$top/xen-patches
mkdir "$scratch/share"
cp "$("$top/test/xl/build-xl-with-libs" \
      "$patches"/0002-*.patch)" "$scratch/share/xl.errno"
cp "$("$top/test/xl/build-xl-with-libs" "$patches"/000[23]-*.patch)" \
    "$scratch/share/xl.both"
cp "$("$top/libxl-oci/guest/build-kernel")" "$scratch/share/kernel"
cp "$top/test/boot/in-dom0-libs" "$scratch/share"
in_dom0 "" --xen 4.17 --mark /pcie@10000000 --share "$scratch/share" -- \
    ./in-dom0-libs
finish
