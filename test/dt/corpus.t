#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every device tree of Debian's arm64 kernels against readers of their own:
# what each device is, and what a guest would get that has it. The trees come
# as packages and stay in the cache. XL_OCI_CORPUS=full puts every partial
# tree through dtc as well, not one of forty. With CORPUS_TABLE=FILE the
# outcomes go there (test/dt/corpus-table.py makes docs/devices-corpus.md).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
. "$top/test/qemu/lib.sh"
XL_OCI=${XL_OCI:-$top/${O:-build}/bin/xl-oci}
PLAN_ALL=${PLAN_ALL:-$top/${O:-build}/test/dt/plan-all}
DEVICES_TIME=${DEVICES_TIME:-$top/${O:-build}/test/bench/devices-time}
step=40
[ "${XL_OCI_CORPUS:-}" != full ] || step=1

unpack() {
    dpkg-deb --fsys-tarfile "$1" |
        tar -C "$2" --wildcards -xf - '*.dtb'
}

# trees SUITE: the directory with the trees of its kernel
trees() {
    local kernel name deb
    kernel=$(debs_alone=1 fetch_debs "$1" arm64 linux-image-arm64)
    # the package of that name only depends on the kernel proper
    name=$(dpkg-deb -f "$kernel" Depends | sed 's/[ (,].*//')
    deb=$(debs_alone=1 fetch_debs "$1" arm64 "$name")
    product "dtb-$name" "$(hash_of "${deb##*/}")" unpack "$deb"
}

# run TAG PROGRAM ARGUMENTS...: on the trees of part TAG, in the background
run() {
    local tag=$1
    shift
    nice python3 "$@" <"$work/part.$tag" >"$work/out.$tag" 2>&1 &
    echo $! >"$work/pid.$tag"
}

# both PROGRAM ARGUMENTS...: on all trees, in two processes
both() {
    local part status
    run aa "$@"
    run ab "$@"
    for part in aa ab; do
        status=ok
        wait "$(cat "$work/pid.$part")" || status="not ok"
        number=$((number + 1))
        echo "$status $number - $kernel: $(tail -n 1 "$work/out.$part")"
        grep -v '^TABLE' "$work/out.$part" | sed 's/^/# /' | head -n 60
        [ -z "${CORPUS_TABLE:-}" ] || grep '^TABLE' "$work/out.$part" |
            sed "s/^TABLE/$kernel/" >>"$CORPUS_TABLE" || true
    done
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
[ -z "${CORPUS_TABLE:-}" ] || : >"$CORPUS_TABLE"
number=0
echo 1..12
for suite in trixie bookworm; do
    dir=$(trees "$suite")
    kernel=$(basename "$dir" | sed 's/^dtb-linux-image-\([0-9]*\.[0-9]*\).*/\1/')
    find "$dir" -name '*.dtb' | sort >"$work/all"
    count=$(wc -l <"$work/all")
    [ "$count" -gt 500 ] || die "$count trees are not Debian's"
    number=$((number + 1))
    echo "ok $number - $kernel: $count trees"
    # the largest three: their plans take no longer than is promised
    number=$((number + 1))
    status=ok
    find "$dir" -name '*.dtb' -printf '%s %p\n' | sort -rn | head -n 3 |
        cut -d' ' -f2- | xargs "$DEVICES_TIME" >"$work/times" ||
        status="not ok"
    echo "$status $number - $kernel: time and memory of the largest trees"
    sed 's/^/# /' "$work/times"
    # by turns, so that both halves have the same boards to do
    split -n r/2 "$work/all" "$work/part."
    both "$here/oracle.py" "$XL_OCI"
    both "$here/plan-oracle.py" "$PLAN_ALL" "$step"
done
