#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The nodes of shares, in a real xenstored: Debian's, which runs without Xen
# when it is told that there is one (test/xenstored/no-xen.c).
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=../qemu/lib.sh
. "$top/test/qemu/lib.sh"
work=$(mktemp -d)
trap 'kill "$(cat "$work/pid" 2>/dev/null)" 2>/dev/null || :; rm -rf "$work"' EXIT

debs_alone=yes
deb=$(fetch_debs bookworm amd64 xen-utils-4.17)
dpkg-deb --fsys-tarfile "$deb" |
    tar -C "$work" -xf - ./usr/lib/xen-4.17/bin/xenstored
gcc -Wall -Wextra -Werror -shared -fPIC -D_GNU_SOURCE -o "$work/no-xen.so" \
    "$top/test/xenstored/no-xen.c"
export XENSTORED_PATH=$work/socket
XENSTORED_RUNDIR=$work XENSTORED_ROOTDIR=$work LD_PRELOAD=$work/no-xen.so \
    "$work/usr/lib/xen-4.17/bin/xenstored" \
    --pid-file "$work/pid"
for _ in $(seq 100); do
    [ ! -S "$XENSTORED_PATH" ] || break
    sleep 0.1
done
"$top/${O:-build}/test/unit/share-nodes-test"
