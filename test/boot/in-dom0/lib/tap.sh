# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Test Anything Protocol for the suites that run in Dom0 (sourced).

tap_count=0
tap_failed=0

# ok CONDITION-CODE NAME [DETAIL]
ok() {
    tap_count=$((tap_count + 1))
    if [ "$1" = 0 ]; then
        echo "ok $tap_count - $2"
    else
        echo "not ok $tap_count - $2"
        [ -z "${3-}" ] || sed 's/^/#   /' <<<"$3"
        tap_failed=$((tap_failed + 1))
    fi
}

# is GOT WANT NAME
is() {
    local same=1
    [ "$1" = "$2" ] && same=0
    ok $same "$3" "got:  $1
want: $2"
}

# like TEXT REGEX NAME
like() {
    local found=1
    grep -qE -- "$2" <<<"$1" && found=0
    ok $found "$3" "text:  $1
lacks: $2"
}

# wait_until SECONDS COMMAND...: 0 as soon as COMMAND succeeds
wait_until() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.2
    done
}

domains() { xl list | tail -n +3 | awk '{print $1}'; }

# leaves_nothing NAME: no domain, loop device, run directory or process of ours
leaves_nothing() {
    is "$(domains)" "" "$1: no domain left"
    is "$(losetup -a)" "" "$1: no loop device left"
    is "$(ls /run/xl-oci 2>/dev/null)" "" "$1: no run directory left"
    is "$(pgrep -l xl-oci)" "" "$1: no process left"
}

done_testing() {
    echo "1..$tap_count"
    exit $((tap_failed > 0))
}
