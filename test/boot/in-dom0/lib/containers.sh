# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What the suites do with containers (sourced, after tap.sh).

scratch=$(mktemp -d)
limit_s=60

# create OPTION... BUNDLE: sets code, output and errors
create() {
    local start=$SECONDS
    timeout "$limit_s" xl oci-create "$@" </dev/null \
        >"$scratch/output" 2>"$scratch/errors"
    code=$?
    [ $((SECONDS - start)) -lt 10 ] ||
        echo "# slow: $((SECONDS - start)) s: $*"
    output=$(tr -d '\0' <"$scratch/output")
    errors=$(<"$scratch/errors")
}

attached() { create -c "$@"; }

# ends_with CODE NAME OPTION... BUNDLE: attached, it exits with CODE
ends_with() {
    local want=$1 name=$2
    shift 2
    attached "$@"
    [ "$code" = "$want" ]
    ok $? "$name: exit code $want" "got $code
$output
$errors"
}

# refuses CHECK NAME OPTION... BUNDLE: not created, CHECK says why
refuses() {
    local check=$1 name=$2
    shift 2
    create "$@"
    [ "$code" = 1 ] && grep -qF "[$check]" <<<"$errors"
    ok $? "$name: refused with [$check]" "exit code $code
$output
$errors"
}

# detached NAME OPTION... BUNDLE
detached() {
    local name=$1
    shift
    create -n "$name" "$@"
    ok "$code" "$name: created" "exit code $code
$errors"
}

state() { timeout 30 xl oci-state "$1" 2>/dev/null; }
status() { state "$1" | sed -n 's/.*"status":"\([a-z]*\)".*/\1/p'; }
monitor_of() { state "$1" | sed -n 's/.*"pid":\([0-9]*\).*/\1/p'; }
has_status() { [ "$(status "$1")" = "$2" ]; }
has_logged() { timeout 30 xl oci-logs "$1" 2>/dev/null | grep -q -- "$2"; }

# logs NAME TEXT SECONDS: the log has TEXT within SECONDS
logs() {
    wait_until "${3:-60}" has_logged "$1" "$2"
    ok $? "$1: logs \"$2\"" "$(xl oci-logs "$1" 2>&1 | tail -n 5)"
}

# becomes NAME STATUS SECONDS
becomes() {
    wait_until "${3:-60}" has_status "$1" "$2"
    ok $? "$1: becomes $2" "$(state "$1")"
}

# deletes NAME [OPTION]
deletes() {
    timeout 30 xl oci-delete ${2-} "$1" >"$scratch/deleted" 2>&1
    ok $? "$1: deleted" "$(<"$scratch/deleted")"
}

is_gone() { ! kill -0 "$1" 2>/dev/null; }

# Was all this shown on another Xen?
again() { [ -e /share/again ]; }

# topics_once FUNCTION...: about our own programs, the guest, the bundle; on one
# Xen they are as on the other
topics_once() {
    if again; then echo "# not again: $*"; else topics "$@"; fi
}

# topics FUNCTION...: each, with the time that it took
topics() {
    local name start
    for name in "$@"; do
        start=$SECONDS
        "$name"
        echo "# $name: $((SECONDS - start)) s"
    done
}
