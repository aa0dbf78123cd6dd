#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# xl-oci-block under a real Xen: usage: block.t [XEN_VERSION]... (4.20)
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

status=0
for version in "${@:-4.20}"; do
    sysroot=$("$top/test/qemu/sysroot" "$version")
    out=$work/build-$version
    make -s -C "$top" "O=$out" "CC=$sysroot/cross/cc" "SYSROOT=$sysroot" \
        CROSS_COMPILE=aarch64-linux-gnu- "$out/bin/xl-oci-block" >&2
    mkdir -p "$work/overlay/usr/lib/xl-oci" "$work/disk" "$work/share"
    cp "$out/bin/xl-oci-block" "$work/overlay/usr/lib/xl-oci/"
    cp "$("$top/libxl-oci/guest/build-kernel")" "$work/disk/Image"
    head -c 8M /dev/urandom >"$work/disk/a.img"
    cp "$top/test/boot/in-dom0-block" "$work/share/"
    "$top/test/qemu/run-dom0" --quiet --xen "$version" --timeout 500 \
        --overlay "$work/overlay" --disk "$work/disk" \
        --share "$work/share" -- bash /share/in-dom0-block || status=1
done
exit $status
