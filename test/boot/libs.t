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
status=0
"$top/test/qemu/run-dom0" --xen 4.17 --mark /pcie@10000000 \
    --share "$scratch/share" -- ./in-dom0-libs \
    >"$scratch/out" 2>"$scratch/err" || status=$?
while IFS= read -r line; do
    case $line in
    "ok "*) ok "${line#ok }" true ;;
    "not ok "*) ok "${line#not ok }" false ;;
    "#"*) echo "$line" ;;
    esac
done <"$scratch/out"
is "Dom0 came to the end" "$status $(tail -n 1 "$scratch/out")" "0 complete"
[ "$status" = 0 ] || sed 's/^/# /' "$scratch/out" "$scratch/err"
finish
