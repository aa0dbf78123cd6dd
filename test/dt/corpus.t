#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every device tree of Debian's arm64 kernels against readers of their own:
# what each device is, what a guest would get that has it, and what the doctor
# finds and corrects. The trees come as packages and stay in the cache.
# XL_OCI_CORPUS=full puts every partial tree through dtc as well, not one of
# forty, and draws every tree, not one of ten. With CORPUS_TABLE=FILE the
# outcomes go there (test/dt/corpus-table.py makes docs/devices-corpus.md).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
. "$top/test/qemu/lib.sh"
XL_OCI=${XL_OCI:-$top/${O:-build}/bin/xl-oci}
PLAN_ALL=${PLAN_ALL:-$top/${O:-build}/test/dt/plan-all}
step=40 draw_step=10
[ "${XL_OCI_CORPUS:-}" != full ] || step=1 draw_step=1

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
echo 1..18
for suite in trixie bookworm; do
    dir=$("$here/trees" "$suite")
    kernel=$(basename "$dir" | sed 's/^dtb-linux-image-\([0-9]*\.[0-9]*\).*/\1/')
    find "$dir" -name '*.dtb' | sort >"$work/all"
    count=$(wc -l <"$work/all")
    [ "$count" -gt 500 ] || die "$count trees are not Debian's"
    number=$((number + 1))
    echo "ok $number - $kernel: $count trees"
    # by turns, so that both halves have the same boards to do
    split -n r/2 "$work/all" "$work/part."
    both "$here/oracle.py" "$XL_OCI"
    both "$here/plan-oracle.py" "$PLAN_ALL" "$step"
    both "$here/doctor-oracle.py" "$XL_OCI"
    both "$here/draw-oracle.py" "$XL_OCI" "$draw_step"
done
