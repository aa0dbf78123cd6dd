#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# xl-oci-block under a real Xen (make dom0-tree-VERSION has built it):
# usage: block.t [XEN_VERSION]... (4.20)
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

status=0
for version in "${@:-4.20}"; do
    program=$top/${O:-build}/dom0-$version/usr/lib/xl-oci/xl-oci-block
    [ -x "$program" ] || {
        echo "Bail out! no $program: run make dom0-tree-$version first"
        exit 1
    }
    mkdir -p "$work/overlay/usr/lib/xl-oci" "$work/disk" "$work/share"
    cp "$program" "$work/overlay/usr/lib/xl-oci/"
    cp "$("$top/libxl-oci/guest/build-kernel")" "$work/disk/Image"
    head -c 8M /dev/urandom >"$work/disk/a.img"
    cp "$top/test/boot/in-dom0-block" "$work/share/"
    "$top/test/qemu/run-dom0" --quiet --xen "$version" --timeout 500 \
        --overlay "$work/overlay" --disk "$work/disk" \
        --share "$work/share" -- bash /share/in-dom0-block || status=1
done
exit $status
