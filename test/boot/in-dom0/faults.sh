#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What goes wrong around a container: a clear error, and nothing is left.
here=$(dirname "$0")
. "$here/lib/tap.sh"
. "$here/lib/containers.sh"
cd "$1" || exit 1

# stopped PROGRAM COMMAND...: while COMMAND runs, PROGRAM does nothing
stopped() {
    local pid
    pid=$(pgrep -o -x "$1")
    shift
    kill -STOP "$pid"
    "$@"
    kill -CONT "$pid"
}

# command_fails CHECK NAME COMMAND...: it exits with 1, CHECK says why
command_fails() {
    local check=$1 name=$2 errors
    shift 2
    errors=$(timeout 60 "$@" 2>&1 >/dev/null)
    [ $? = 1 ] && grep -qF "[$check]" <<<"$errors"
    ok $? "$name: fails with [$check]" "$errors"
}

settings() {
    printf '%s\n' "$@" >"$scratch/conf"
    export XL_OCI_CONF=$scratch/conf
}

own_settings() {
    settings 'kernel = "/nowhere/Image"'
    refuses guest-file-missing "no kernel" short
    echo 'not a kernel' >"$scratch/Image"
    settings "kernel = \"$scratch/Image\""
    refuses domain-create-failed "not a kernel" short
    like "$errors" '\[libxl-message\]' "not a kernel: libxl's words are told"
    leaves_nothing "not a kernel"
    settings 'block_script = "/bin/false"'
    refuses domain-create-failed "broken block script" short
    leaves_nothing "broken block script"
    unset XL_OCI_CONF
}

xl_settings() {
    local conf=/etc/xen/xl.conf
    [ ! -e $conf ] || cp $conf "$scratch/xl.conf"
    echo 'domid_policy="whatever"' >$conf
    refuses xl-conf-invalid "xl.conf with a wrong value" short
    like "$errors" "xl.conf.*domid_policy=\"whatever\"" \
        "xl.conf with a wrong value: it is told"
    echo 'lockfile = = "x"' >$conf
    refuses xl-conf-invalid "xl.conf that cannot be parsed" short
    rm $conf
    [ ! -e "$scratch/xl.conf" ] || cp "$scratch/xl.conf" $conf
    leaves_nothing "wrong xl.conf"
}

# with_small SIZE: a small file system at $scratch/small
with_small() {
    mkdir -p "$scratch/small"
    mount -t tmpfs -o "size=$1,mode=700" tmpfs "$scratch/small"
}

# small_has NAME [ENTRY...]: what is in the small file system, but for the lock
# of a cache and trees that are remembered, and that no file without a name
# takes room there
small_has() {
    local name=$1 used kept
    shift
    is "$(ls -A "$scratch/small" | grep -vE '^lock$|\.tree$' |
        sed 's/^[0-9a-f]*\./*./' | xargs)" "$*" \
        "$name: no part of an image is left"
    used=$(df -k --output=used "$scratch/small" | tail -n 1)
    kept=$(du -sk "$scratch/small" | cut -f1)
    [ "$used" -le $((kept + 16)) ]
    ok $? "$name: its room is free again" "$used KiB used by $kept KiB"
}

no_space() {
    refuses image-no-space "$@"
    like "$errors" "$scratch/small\" has no room" "$1: the file system is told"
}

full_cache() {
    settings "cache_dir = \"$scratch/small\""
    with_small 1M
    no_space "full cache" large
    small_has "full cache"
    no_space "full cache, ext4" --rootfs=ext4 large
    small_has "full cache, ext4"
    umount "$scratch/small"
    # room for the image, and not for the copy that the container writes
    with_small 15M
    no_space "no room for a copy" --rootfs=ext4 large
    small_has "no room for a copy" '*.ext4'
    no_space "no room for a copy, from the cache" --rootfs=ext4 large
    small_has "no room for a copy, from the cache" '*.ext4'
    umount "$scratch/small"
    unset XL_OCI_CONF
    with_small 32K
    no_space "no room for what persists" \
        "--persist=$scratch/small/file" short
    small_has "no room for what persists"
    umount "$scratch/small"
    leaves_nothing "full cache"
}

full_run_directory() {
    export XL_OCI_RUN_ROOT=$scratch/small
    with_small 32K
    refuses run-directory-failed "full run directory" short
    is "$(ls -A "$scratch/small")" "" "full run directory: nothing is left"
    umount "$scratch/small"
    with_small 4M
    mount -o remount,ro "$scratch/small"
    refuses run-directory-failed "read-only run directory" short
    umount "$scratch/small"
    unset XL_OCI_RUN_ROOT
    leaves_nothing "unusable run directory"
}

# Its file system is full while containers run: they go on and end as ever.
full_log() {
    local lost wrote
    wrote=$({ echo ready; seq 1 23000; } | wc -c)
    export XL_OCI_RUN_ROOT=$scratch/small
    with_small 4M
    timeout 120 xl oci-create -c -n seen talker >"$scratch/seen" \
        2>"$scratch/errors" </dev/null &
    detached unseen talker
    logs unseen ready
    wait_until 30 grep -q ready "$scratch/seen"
    head -c 8M /dev/zero >"$scratch/small/filler" 2>/dev/null
    xl oci-kill seen USR1
    xl oci-kill unseen USR1
    wait $!
    is $? 3 "full log: the exit code comes back" "$(<"$scratch/errors")"
    like "$(<"$scratch/errors")" '[0-9]+ bytes.*\[console-output-lost\]' \
        "full log: the reader is told that output is lost"
    becomes unseen stopped
    like "$(state unseen)" '"kind":"exited","code":3' \
        "full log: how it ended is recorded"
    lost=$(xl oci-logs unseen 2>&1 >"$scratch/logged" |
        sed -n 's/.* \([0-9]*\) bytes of "unseen" are missing.*/\1/p')
    is "$(($(wc -c <"$scratch/logged") + lost))" "$wrote" \
        "full log: each byte is there, or counted"
    deletes unseen
    is "$(ls -A "$scratch/small")" filler "full log: nothing is left"
    umount "$scratch/small"
    unset XL_OCI_RUN_ROOT
    leaves_nothing "full log"
}

no_xenstored() {
    detached held long
    stopped xenstored without_xenstored
    is "$(status held)" running "held: has outlived xenstored's silence"
    deletes held -f
    leaves_nothing "silent xenstored"
}

without_xenstored() {
    refuses xenstore-unavailable "silent xenstored" short
    command_fails xenstore-unavailable "silent xenstored, a signal" \
        xl oci-kill held USR1
}

# Its socket is not there, and nobody answers what the kernel's device takes:
# as in a Dom0 that has not started it.
absent_xenstored() {
    mv /run/xenstored/socket /run/xenstored/away
    stopped xenstored refuses xenstore-unavailable "absent xenstored" short
    mv /run/xenstored/away /run/xenstored/socket
    leaves_nothing "absent xenstored"
}

# What answers is not xenstored.
strange_xenstored() {
    XENSTORED_PATH=$scratch/none
    export XENSTORED_PATH
    mount --bind /dev/null /dev/xen/xenbus
    refuses xenstore-unavailable "no xenstored behind the device" short
    umount /dev/xen/xenbus
    unset XENSTORED_PATH
    leaves_nothing "no xenstored behind the device"
}

# xenconsoled has the domain's console page mapped: Xen cannot free it.
dying_domain() {
    detached held long
    logs held ready
    stopped xenconsoled command_fails domain-destroy-failed \
        "a domain that Dom0 holds" xl oci-delete -f held
    deletes held -f
    leaves_nothing "a domain that Dom0 holds"
}

# It may not write what confirms a signal.
deaf_guest() {
    local node
    detached deaf long
    logs deaf ready
    node=/local/domain/$(xl domid deaf)/data/oci/signal
    xenstore-write "$node" 0
    xenstore-chmod "$node" n0
    command_fails domain-signal-failed "deaf guest" \
        xl oci-kill --grace=500 deaf WINCH
    xl oci-kill --grace=500 deaf KILL
    ok $? "deaf guest: KILL ends it all the same"
    becomes deaf stopped
    deletes deaf
    leaves_nothing "deaf guest"
}

foreign_name() {
    printf '%s\n' 'name = "taken"' 'memory = 32' \
        'kernel = "/usr/lib/xl-oci/kernel"' >"$scratch/taken.cfg"
    xl create -q -p "$scratch/taken.cfg"
    ok $? "another domain's name: xl made that domain"
    refuses domain-name-used "another domain's name" -n taken short
    like "$(xl list taken)" "taken" "another domain's name: it is not touched"
    xl destroy taken
    leaves_nothing "another domain's name"
}

too_large() {
    refuses domain-memory-short "more memory than Xen has" -m 64G short
    leaves_nothing "more memory than Xen has"
}

destroyed_while_created() {
    refuses domain-start-failed "destroyed while created" -n doomed doomed
    ! grep -q "must not run" <<<"$output"
    ok $? "destroyed while created: nothing has run" "$output"
    leaves_nothing "destroyed while created"
}

# A creation that could not be undone altogether is not a container that has
# stopped: the next command removes what is left of it.
undone_in_part() {
    refuses hook-failed "undone in part" -n pinned pinned
    like "$errors" '\[run-directory-failed\]' \
        "undone in part: what is left is told"
    command_fails run-directory-failed "undone in part: no state" \
        xl oci-state pinned
    umount /run/xl-oci/pinned
    is "$(xl oci-list | grep -c pinned)" 0 "undone in part: then it is gone"
    leaves_nothing "undone in part"
}

# Reads nothing before the container has ended.
read_late() {
    wait_until 90 no_domain_runs
    cat
}

no_domain_runs() { [ -e "$scratch/flooded" ] && [ -z "$(domains)" ]; }

slow_reader() {
    rm -f "$scratch/flooded"
    { timeout 120 xl oci-create -c -n flood flood 2>"$scratch/errors" \
        </dev/null; echo $? >"$scratch/code"; } | read_late >"$scratch/late" &
    wait_until 30 has_status flood running
    touch "$scratch/flooded"
    wait $!
    is "$(<"$scratch/code")" 0 "slow reader: the exit code comes back"
    like "$(<"$scratch/errors")" '\[console-output-lost\]' \
        "slow reader: is told that output is lost"
    is "$(head -n 1 "$scratch/late")" 1 "slow reader: has the beginning"
    is "$(tail -n 1 "$scratch/late")" "the end" "slow reader: has the end"
    leaves_nothing "slow reader"
}

one_name_twice() {
    local i a b wins=0
    for i in 1 2 3 4 5; do
        xl oci-create -n twin -p short >"$scratch/a" 2>&1 &
        a=$!
        xl oci-create -n twin -p long >"$scratch/b" 2>&1 &
        b=$!
        wait $a; a=$?
        wait $b; b=$?
        [ $((a + b)) = 1 ] && wins=$((wins + 1))
        cat "$scratch/a" "$scratch/b" >>"$scratch/twins"
        xl oci-delete -f twin
    done
    is $wins 5 "two creations of one name: one succeeds, one does not"
    is "$(grep -c '\[container-exists\]' "$scratch/twins")" 5 \
        "two creations of one name: the other is told why" \
        "$(<"$scratch/twins")"
    leaves_nothing "two creations of one name"
}

topics own_settings xl_settings no_xenstored absent_xenstored \
    strange_xenstored deaf_guest foreign_name too_large destroyed_while_created
topics_once full_cache full_run_directory full_log dying_domain undone_in_part \
    slow_reader one_name_twice
leaves_nothing faults
done_testing
