#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# native-plan.sh [ROUNDS]: bundle -> domain configuration and payload, without
# the images (plan-time.c), for configurations of real tools. Target: 5 ms.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
rounds=$((${1:-7} * 20))
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
program=$top/${O:-build}/test/bench/plan-time
make -s -C "$top" "${O:-build}/test/bench/plan-time" >&2
export XL_OCI_CONF=$work/none
for config in "$top"/test/golden/{minimal,runc,podman}/config.json \
    "$top"/test/data/configs/*.json; do
    [ -e "$config" ] || continue
    name=$(basename "$(dirname "$config")")-$(basename "$config" .json)
    mkdir -p "$work/$name/rootfs"
    cp "$config" "$work/$name/config.json"
    "$top/${O:-build}/bin/xl-oci" check "$work/$name" >/dev/null 2>&1 ||
        continue # of another machine: its mounts' sources are not here
    "$program" "$rounds" "$work/$name" |
        while read -r ms _; do
            printf 'load + plan + configuration, ms: %s (%s; target 5)\n' \
                "$ms" "$name"
        done
done
