#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs in Dom0 (see block.t): xl-oci-block as the script of disks that plain
# xl creates. /work holds Image (a kernel) and a.img. Prints TAP.
set -eu

script=/usr/lib/xl-oci/xl-oci-block
number=0 failed=0

ok() { # NAME COMMAND...
    local name=$1
    shift
    number=$((number + 1))
    if "$@" >/tmp/out 2>&1; then
        echo "ok $number - $name"
    else
        echo "not ok $number - $name"
        sed 's/^/# /' /tmp/out
        failed=1
    fi
}

no() { ! "$@"; }

config() { # NAME ACCESS TARGET [SCRIPT]
    cat >"/tmp/$1.cfg" <<END
name = "$1"
kernel = "/work/Image"
memory = 32
disk = [ "format=raw,vdev=xvda,access=$2,script=${4:-$script},target=$3" ]
END
}

create() { xl create -p "/tmp/$1.cfg"; }

refused() { # NAME TEXT
    if create "$1"; then
        return 1
    fi 2>/tmp/refused
    cat /tmp/refused
    grep -q "$2" /tmp/refused
}

backend() { # NAME NODE
    xenstore-read "/local/domain/0/backend/vbd/$(xl domid "$1")/51712/$2"
}

loops() { ls -d /sys/block/loop*/loop 2>/dev/null | wc -l; }

no_loops() { [ "$(loops)" = 0 ]; }

gone() { # waits for loop devices that the backend still has open
    local i
    for i in 1 2 3 4 5 6 7 8 9 10; do
        no_loops && return
        sleep 0.2
    done
    return 1
}

median_ms() { # COMMAND... prints the median of three runs of create
    local i start end
    for i in 1 2 3; do
        start=$(date +%s%N)
        xl create -p "/tmp/$1.cfg" >/dev/null 2>&1
        end=$(date +%s%N)
        xl destroy "$1"
        echo $(((end - start) / 1000000))
    done | sort -n | sed -n 2p
}

ok "no loop device at first" no_loops
config reader ro /work/a.img
ok "a domain with a read-only file" create reader
ok "the backend is connected" \
    [ "$(backend reader hotplug-status)" = connected ]
node=$(backend reader node)
ok "its device is read-only" [ "$(cat "/sys/block/${node#/dev/}/ro")" = 1 ]
minor=$(printf '7:%x' "0x$(stat -c %T "$node")")
ok "physical-device is its number" \
    [ "$(backend reader physical-device)" = "$minor" ]
config second ro /work/a.img
ok "a second reader" create second
config writer rw /work/a.img
ok "a writer beside readers is refused, with the reason" \
    refused writer "in use"
xl destroy reader
xl destroy second
ok "no loop device after destroy" gone
ok "a writer alone" create writer
ok "a reader beside a writer is refused" refused reader "in use"
config other rw /work/a.img
ok "a second writer is refused" refused other "in use"
xl destroy writer
ok "no loop device after destroy" gone

losetup /dev/loop5 /work/a.img
ok "a writer beside another's loop device is refused" refused writer "in use"
config device ro /dev/loop5
ok "a block device" create device
ok "its number" [ "$(backend device physical-device)" = 7:5 ]
config device2 rw /dev/loop5
ok "a writer of it beside the reader is refused" refused device2 "in use"
xl destroy device
losetup -d /dev/loop5
ok "no loop device at last" gone

config missing ro /work/none.img
ok "a missing file is an error" refused missing "No such file"
config fifo ro /work/fifo
mkfifo /work/fifo
ok "a FIFO is an error" refused fifo "neither a file nor a block device"
ok "and leaves no loop device" gone
ok "nor a domain" [ "$(xl list | wc -l)" = 2 ]

ln -sf $script /etc/xen/scripts/xl-oci-block
config short ro /work/a.img xl-oci-block
ok "a script named without its directory" create short
xl destroy short
ok "no loop device" gone

config stock ro /work/a.img block
printf 'name="bare"\nkernel="/work/Image"\nmemory=32\n' >/tmp/bare.cfg
ours=$(median_ms reader) bare=$(median_ms bare) stock=$(median_ms stock)
echo "# paused create, ms: no disk $bare, our script $ours, xl's $stock"
ok "a disk costs at most a quarter of a create" \
    [ $((ours * 4)) -le $((bare * 5)) ]
ok "no loop device at the end" gone
echo "1..$number"
exit $failed
