#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# xl.t [VERSION-WAY]...: "xl oci-create" under Xen, in a Dom0 of the testbed:
# with our patch in Debian's 4.17, and beside the stock xl of both versions.
# shellcheck source=../xl/tap.sh
. "$(dirname "$0")/../xl/tap.sh"

[ $# -gt 0 ] || set -- 4.17-patched 4.17-divert 4.20-divert
for boot in "$@"; do
    version=${boot%-*}
    way=${boot#*-}
    bin=/usr/lib/xen-$version/bin
    work=$scratch/$boot
    mkdir "$work"
    sysroot=$("$top/test/qemu/sysroot" "$version")
    CC=$sysroot/cross/cc compile "$work/recorder" "$top/test/xl/recorder.c"
    case $way in
    patched) cp "$("$top/test/xl/build-patched-xl" arm64)" "$work/xl.patched" ;;
    divert)
        CC=$sysroot/cross/cc compile "$work/xl-divert" \
            "$top/xl-oci/xl-divert.c" \
            -DLIBEXEC_BIN="\"$bin\"" -DXL_STOCK="\"$bin/xl.stock\""
        cp "$top/xl-oci/install-divert" "$work"
        ;;
    esac
    cp "$top/test/boot/in-dom0-xl" "$work"
    in_dom0 "$boot: " --xen "$version" --share "$work" -- ./in-dom0-xl "$way"
done
finish
