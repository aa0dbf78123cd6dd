# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# TAP for the tests of this directory, and a scratch directory for each.
set -eu

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$here/../..
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tests=0
failed=0

# Whoever runs the tests may leave descriptors open, and we look for such.
for fd in /proc/self/fd/*; do
    fd=${fd##*/}
    [ "$fd" -le 2 ] || [ "$fd" = 255 ] || eval "exec $fd>&-"
done

# ok NAME COMMAND...
ok() {
    local name=$1
    shift
    tests=$((tests + 1))
    if "$@"; then
        echo "ok $tests - $name"
    else
        failed=$((failed + 1))
        echo "not ok $tests - $name"
    fi
}

# is NAME GOT WANTED
is() {
    ok "$1" test "$2" = "$3"
    [ "$2" = "$3" ] || {
        printf '#  got:    %s\n' "${2//$'\n'/$'\n#          '}"
        printf '#  wanted: %s\n' "${3//$'\n'/$'\n#          '}"
    }
}

# skip_all REASON
skip_all() {
    echo "1..0 # SKIP $1"
    exit 0
}

finish() {
    echo "1..$tests"
    [ $failed = 0 ]
}

# compile OUTPUT SOURCE FLAG...
compile() {
    local output=$1 source=$2
    shift 2
    "${CC:-cc}" -std=gnu11 -O2 -Wall -Wextra -Werror "$@" -o "$output" \
        "$source"
}

# run COMMAND...: sets $output (of both streams) and $status.
run() {
    status=0
    output=$("$@" 2>&1) || status=$?
}

# quoted WORD...: as the recorder prints them.
quoted() {
    local word
    for word in "$@"; do
        word=${word// /\\x20}
        word=${word//$'\n'/\\x0a}
        printf '[%s]' "$word"
    done
}

# in_dom0 PREFIX ARGUMENT...: run-dom0 ARGUMENT..., whose program prints "ok" or
# "not ok" before each name and "complete" in the end: our results, with PREFIX.
in_dom0() {
    local prefix=$1 status=0 line
    shift
    "$top/test/qemu/run-dom0" "$@" >"$scratch/out" 2>"$scratch/err" ||
        status=$?
    while IFS= read -r line; do
        case $line in
        "ok "*) ok "$prefix${line#ok }" true ;;
        "not ok "*) ok "$prefix${line#not ok }" false ;;
        "#"*) echo "$line" ;;
        esac
    done <"$scratch/out"
    is "${prefix}Dom0 came to the end" \
        "$status $(tail -n 1 "$scratch/out")" "0 complete"
    [ "$status" = 0 ] || sed 's/^/# /' "$scratch/out" "$scratch/err"
}
