#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Each system call that xl-oci makes after its start fails once, by strace's
# fault injection: the result is the right one or an error that is told, never
# a crash, never a wrong answer with exit code 0.
. "$(dirname "$0")/lib.sh"

command -v strace >/dev/null || {
    echo "1..0 # SKIP no strace (remedy: test/qemu/setup-host)"
    exit 0
}

mkdir -p "$work/bundle/rootfs"
printf '{"ociVersion":"1.0.2","root":{"path":"rootfs"},%s}\n' \
    '"process":{"cwd":"/","args":["/a"]},"hostname":"h"' \
    >"$work/bundle/config.json"

# calls_of COMMAND: lines "NAME COUNT", one per call after the start-up, which
# ends with the look at the configuration file
calls_of()
{
    strace -o "$work/trace" "$XL_OCI" "$1" "$work/bundle" \
        >"$work/good" 2>/dev/null </dev/null
    awk -v conf="$XL_OCI_CONF" '
        match($0, /^[a-z0-9_]+\(/) {
            name = substr($0, 1, RLENGTH - 1)
            count[name]++
            if (started && name != "exit_group") print name, count[name]
            if (index($0, conf)) started = 1
        }' "$work/trace"
}

# one fault: is what came of it acceptable?
inject()
{
    local command=$1 call=$2 count=$3 error=$4 code=0
    strace -o /dev/null -e "inject=$call:error=$error:when=$count" \
        "$XL_OCI" "$command" "$work/bundle" \
        >"$work/out" 2>"$work/err" </dev/null || code=$?
    if [ $code = 0 ]; then
        cmp -s "$work/good" "$work/out" || echo "$call $count $error: " \
            "exit code 0 with another result"
    elif [ $code = 1 ]; then
        [ -s "$work/err" ] || echo "$call $count $error: no word of why"
    else
        echo "$call $count $error: exit code $code"
    fi
}

for command in oci-check oci-plan; do
    calls=$(calls_of "$command")
    n=$(wc -l <<<"$calls")
    [ "$n" -ge 10 ]
    result $? "$command: $n calls to fail"
    wrong=
    while read -r call count; do
        for error in EIO ENOMEM; do
            wrong+=$(inject "$command" "$call" "$count" "$error")
        done
    done <<<"$calls"
    printf '%s\n' "$wrong" >"$work/out"
    : >"$work/err"
    [ -z "$wrong" ]
    result $? "$command: each failing call is told or does no harm"
done
echo "1..$tests"
exit $((failures > 0))
