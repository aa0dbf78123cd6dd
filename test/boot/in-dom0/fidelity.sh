#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs every bundle of the fidelity tests; the host compares what they saw.
here=$(dirname "$0")
. "$here/lib/tap.sh"
bundles=$1 out=$2

# observe BUNDLE
observe() {
    local name=${1##*/}
    xl oci-create -c "$1" >"$out/$name.out" 2>"$out/$name.err" </dev/null
    echo $? >"$out/$name.code"
}

# two at a time: while one is made, another runs
for bundle in "$bundles"/*; do
    observe "$bundle" &
    [ "$(jobs -rp | wc -l)" -lt 2 ] || wait -n
done
wait
leaves_nothing fidelity
done_testing
