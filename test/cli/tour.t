#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The first tour of README, as it stands there: its commands that need neither
# Xen nor a network are taken from the text and run.
. "$(dirname "$0")/lib.sh"

sed -n '/^A first tour/,/^In Dom0:/p' "$top/README" |
    sed -nE 's/^    ((umoci|build\/bin\/xl-oci) .*)/\1/p' |
    sed -E 's/   .*//; s/CHECK/memory-too-small/' >"$work/commands"
[ "$(wc -l <"$work/commands")" -ge 8 ]
result $? "README has a tour of $(wc -l <"$work/commands") commands"

mkdir -p "$work/here/build/bin" "$work/here/ROOT/bin"
ln -s "$XL_OCI" "$work/here/build/bin/xl-oci"
echo '#!/bin/sh' >"$work/here/ROOT/bin/sh"
chmod 755 "$work/here/ROOT/bin/sh"
cd "$work/here" || exit 1
while read -r line; do
    bash -ec "$line" >"$work/out" 2>"$work/err" </dev/null
    result $? "$line"
    case $line in *"xl-oci plan"*) cp "$work/out" "$work/plan" ;; esac
done <"$work/commands"
: >"$work/out"
[ -x bundle/rootfs/bin/sh ]
result $? "the bundle has what was inserted"
grep -q '"/bin/sh"' "$work/plan"
result $? "the plan has the command"
finish
