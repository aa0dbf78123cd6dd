#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every device tree of Debian's arm64 kernel, against an independent reader.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
. "$top/test/qemu/lib.sh"
XL_OCI=${XL_OCI:-$top/${O:-build}/bin/xl-oci}

unpack() {
    dpkg-deb --fsys-tarfile "$1" |
        tar -C "$2" --wildcards -xf - '*.dtb'
}

kernel=$(debs_alone=1 fetch_debs trixie arm64 linux-image-arm64)
# the package of that name only depends on the kernel proper
name=$(dpkg-deb -f "$kernel" Depends | sed 's/[ (,].*//')
deb=$(debs_alone=1 fetch_debs trixie arm64 "$name")
trees=$(product "dtb-$name" "$(hash_of "${deb##*/}")" unpack "$deb")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo 1..3
find "$trees" -name '*.dtb' | sort >"$work/all"
count=$(wc -l <"$work/all")
[ "$count" -gt 500 ] || die "$count trees are not Debian's"
echo "ok 1 - $count trees"
split -n l/2 "$work/all" "$work/part."
for part in aa ab; do
    nice python3 "$here/oracle.py" "$XL_OCI" <"$work/part.$part" \
        >"$work/out.$part" 2>&1 &
    echo $! >"$work/pid.$part"
done
number=2
for part in aa ab; do
    status=ok
    wait "$(cat "$work/pid.$part")" || status="not ok"
    echo "$status $number - $(tail -n 1 "$work/out.$part")"
    sed 's/^/# /' "$work/out.$part" | head -n 60
    number=$((number + 1))
done
