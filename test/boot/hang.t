#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A Dom0 whose kernel hangs ends the run, with its console shown. On Xen 4.20
# alone, as all of it is the testbed's; a guest that hangs is in its own test,
# test/qemu/testbed.t.
# shellcheck source=../xl/tap.sh
. "$(dirname "$0")/../xl/tap.sh"

# says NAME TEXT
says() {
    ok "$1" grep -qF -- "$2" <<<"$output"
}

# a kernel that panics and does not start again
run "$top/test/qemu/run-dom0" --xen 4.20 --timeout 5 --silence 5 -- sh -c \
    'echo 0 >/proc/sys/kernel/panic; echo c >/proc/sysrq-trigger'
is "a hung Dom0: the run ends" "$status" 124
says "a hung Dom0: is told" "Dom0 hangs: nothing heard 10 s after it came up"
says "a hung Dom0: its console is shown" "end of the console of Xen and Dom0"
says "a hung Dom0: which says why" "sysrq triggered crash"
[ "$failed" = 0 ] || sed 's/^/# /' <<<"$output"
finish
