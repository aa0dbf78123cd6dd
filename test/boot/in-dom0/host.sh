#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the host has a say in: CPUs, memory, xl.conf, signals, terminals, and
# where a bundle lies.
here=$(dirname "$0")
. "$here/lib/tap.sh"
. "$here/lib/containers.sh"
cd "$1" || exit 1
conf=/etc/xen/xl.conf
[ ! -e $conf ] || mv $conf "$scratch/xl.conf"

# xl_conf LINE...: all that xl.conf holds; without one, there is no file
xl_conf() {
    rm -f $conf
    [ $# = 0 ] || printf '%s\n' "$@" >$conf
}

vcpus() { xl vcpu-list "$1" | sed 1d | wc -l; }
# "hard" of each vCPU, on one line
affinity() { xl vcpu-list "$1" | sed '1d; s| */ [^/]*$||; s/.* //' | xargs; }

several_vcpus() {
    detached two --vcpus=2 two
    logs two '^2$'
    is "$(vcpus two)" 2 "two: Xen has two vCPUs"
    is "$(affinity two)" "1 1" "two: on CPU 1 alone"
    is "$(xl sched-credit2 -d two | awk '$1 == "two" { print $3, $4 }')" \
        "512 150" "two: weight and cap"
    deletes two -f
}

own_domain() {
    printf '%s\n' 'name = "own"' 'memory = 32' 'vcpus = 2' \
        'kernel = "/usr/lib/xl-oci/kernel"' >"$scratch/own.cfg"
    xl create -q -p "$scratch/own.cfg"
}

cpu_masks() {
    local mask
    for mask in 'vm.cpumask="1"' 'vm.hvm.cpumask="all,^0"'; do
        xl_conf "$mask"
        detached masked -p --vcpus=2 short
        own_domain
        is "$(affinity masked)" "1 1" "$mask: is honoured"
        is "$(affinity masked)" "$(affinity own)" "$mask: as by xl"
        xl destroy own
        deletes masked -f
    done
    xl_conf 'vm.pv.cpumask="1"'
    detached masked -p short
    is "$(affinity masked)" all "vm.pv.cpumask: is not for such domains"
    deletes masked -f
    xl_conf 'vm.cpumask="0"'
    refuses xl-conf-invalid "a mask that leaves no CPU" two
    like "$errors" 'vm.cpumask="0" leaves this container no CPU' \
        "a mask that leaves no CPU: is told"
    xl_conf 'vm.cpumask="1-"'
    refuses xl-conf-invalid "a mask that is none" short
    xl_conf
    leaves_nothing "masks of CPUs"
}

dom0_mib() { xl list 0 | awk 'END { print $3 }'; }

# Xen keeps what Dom0 of arm64 would give: there is nothing to balloon.
autoballoon() {
    local before more line a b
    before=$(dom0_mib)
    more=$(($(xl info free_memory) + 40))M
    for line in autoballoon='"off"' autoballoon='"on"'; do
        xl_conf "$line" "lockfile=\"$scratch/xl-lock\""
        refuses domain-memory-short "$line, more than is free" -p -m $more \
            short
        is "$(dom0_mib)" "$before" "$line: Dom0 keeps its memory"
    done
    [ -e "$scratch/xl-lock" ]
    ok $? "autoballoon: under xl's lock, where xl.conf says"
    timeout 60 xl oci-create -p -n a short & a=$!
    timeout 60 xl oci-create -p -n b short & b=$!
    wait $a && wait $b
    ok $? "autoballoon: two creations at once"
    timeout 60 xl oci-delete -f a b
    xl_conf
    leaves_nothing autoballoon
}

ends_in() { [ "$(xl oci-logs "$1" | tail -n 1)" = "$2" ]; }

every_signal() {
    local n want=ready failed=
    detached all signals
    logs all ready
    for n in {1..64}; do
        case $n in 9 | 19) continue ;; esac
        timeout 30 xl oci-kill all "$n" || failed+=" $n"
        want+=" got $n"
    done
    is "$failed" "" "signals: each is delivered"
    is "$(xl oci-logs all | xargs)" "$want" "signals: each arrives, in order"
    xl oci-kill all STOP
    xl oci-kill all USR1
    sleep 1
    is "$(xl oci-logs all | xargs)" "$want" "signals: STOP stops"
    xl oci-kill all CONT
    wait_until 20 ends_in all "got 18"
    is "$(xl oci-logs all | tail -n 2 | xargs)" "got 10 got 18" \
        "signals: CONT goes on"
    xl oci-kill all KILL
    becomes all stopped
    like "$(state all)" '"kind":"signalled","code":137' "signals: KILL"
    deletes all
}

resized_terminal() {
    mkfifo "$scratch/typed"
    exec 7<>"$scratch/typed"
    timeout 60 script -qec "tty >$scratch/tty; stty rows 33 cols 99; \
        exec xl oci-create -c resized" /dev/null \
        <"$scratch/typed" >"$scratch/screen" 2>&1 &
    wait_until 30 grep -q ready "$scratch/screen"
    ok $? "resized: runs" "$(cat "$scratch/screen")"
    stty -F "$(cat "$scratch/tty")" rows 40 cols 120
    wait_until 20 grep -q '40 120' "$scratch/screen"
    ok $? "resized: the process is told, and sees it" \
        "$(cat "$scratch/screen")"
    echo quit >&7
    wait $!
    is $? 0 "resized: ends"
    exec 7>&-
}

# A bundle is only read.
odd_places() {
    local place=$scratch/place
    mkdir "$place"
    mount -t tmpfs -o size=8M tmpfs "$place"
    cp -a short "$place/"
    head -c 8M /dev/zero >"$place/filler" 2>/dev/null
    ends_with 0 "a full file system" "$place/short"
    is "$output" short "a full file system: the bundle runs"
    mount -o remount,ro "$place"
    ends_with 0 "a read-only file system" "$place/short"
    is "$output" short "a read-only file system: the bundle runs"
    umount "$place"
}

topics several_vcpus cpu_masks autoballoon every_signal \
    resized_terminal odd_places
[ ! -e "$scratch/xl.conf" ] || mv "$scratch/xl.conf" $conf
leaves_nothing host
done_testing
