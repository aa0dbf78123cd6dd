#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs every bundle of the fidelity tests; the host compares what they saw.
here=$(dirname "$0")
. "$here/lib/tap.sh"
bundles=$1 out=$2

for bundle in "$bundles"/*; do
    name=${bundle##*/}
    xl oci-create -c "$bundle" >"$out/$name.out" 2>"$out/$name.err" </dev/null
    echo $? >"$out/$name.code"
done
leaves_nothing fidelity
done_testing
