#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# native-devices.sh: the host trees with most nodes of Debian's kernels, read,
# judged and each device planned (devices-time.c). Targets: table 1 s, plan
# 5 ms, 4 MiB.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
program=${O:-build}/test/bench/devices-time
make -s -C "$top" "$program" >&2
find "$("$top/test/dt/trees" trixie)" -name '*.dtb' -printf '%s %p\n' |
    sort -rn | head -n 3 | cut -d' ' -f2- | xargs "$top/$program" |
    sed 's/$/ (targets 1000, 5, 4096)/'
