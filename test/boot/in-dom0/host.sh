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

# own_domain [LINE]: of xl, paused
own_domain() {
    printf '%s\n' 'name = "own"' 'memory = 32' 'vcpus = 2' \
        'kernel = "/usr/lib/xl-oci/kernel"' "$@" >"$scratch/own.cfg"
    timeout 60 xl create -q -p "$scratch/own.cfg"
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

# What libxl keeps of a domain that xl.conf decides, in one line.
decided() {
    xl list -l "$1" | tr -d ' ,"' | sort | grep -E \
        '^(claim_mode|max_(grant|maptrack)_frames|run_hotplug_scripts):' |
        xargs
}

# frames NAME: what Xen itself lets the domain have
frames() {
    xl debug-keys g
    xl dmesg | grep -A 1 "grant-table for remote d$(xl domid "$1") " | tail -n 1
}

domain_settings() {
    xl_conf claim_mode=0 run_hotplug_scripts=0 max_grant_frames=16 \
        max_maptrack_frames=77
    detached set -p short
    own_domain
    is "$(decided set)" "claim_mode:False max_grant_frames:16 \
max_maptrack_frames:77 run_hotplug_scripts:False" \
        "xl.conf: what it says of domains is honoured"
    is "$(decided set)" "$(decided own)" "xl.conf: as by xl"
    like "$(frames set)" '\(16 max\).*\(77 max\)' "xl.conf: Xen knows it"
    xl destroy own
    deletes set -f
    ends_with 0 "xl.conf: and the container runs with it" short
    xl_conf
    leaves_nothing "xl.conf of domains"
}

# is_random FIRST: of two more domains one is not the next after FIRST
is_random() {
    local try id
    for try in 1 2; do
        create -p -n drawn short
        [ "$code" = 0 ] || return 1
        id=$(xl domid drawn)
        timeout 30 xl oci-delete -f drawn
        [ $((id - $1)) -ge 1 ] && [ $((id - $1)) -le 2 ] || return 0
    done
    return 1
}

domid_policy() {
    local first word
    for word in random libxl; do
        xl_conf 'domid_policy="xen"'
        detached counted -p short
        first=$(xl domid counted)
        deletes counted -f
        xl_conf "domid_policy=\"$word\""
        is_random "$first"
        ok $? "domid_policy=\"$word\": numbers do not follow one another"
    done
    xl_conf
    leaves_nothing domid_policy
}

# slow_script: one for disks, which libxl runs and waits for, under xl's lock;
# it goes on when $scratch/go is there
slow_script() {
    rm -f "$scratch/begun" "$scratch/go"
    cat >"$scratch/slow" <<EOF
#!/bin/sh
touch $scratch/begun
until [ -e $scratch/go ]; do sleep 0.1; done
exec /usr/lib/xl-oci/xl-oci-block "\$@"
EOF
    chmod 755 "$scratch/slow"
}

waits_for_lock() {
    grep -qE -- "-> POSIX .*:$(stat -c %i "$scratch/xl-lock") " /proc/locks
}

# taking_turns NAME FIRST SECOND: PID SECOND waits for xl's lock, PID FIRST has
# it and goes on now
taking_turns() {
    wait_until 30 waits_for_lock
    ok $? "$1: waits for xl's lock" "$(cat /proc/locks)"
    is "$(domains | wc -l)" 1 "$1: has made no domain meanwhile"
    touch "$scratch/go"
    wait "$2" && wait "$3"
    ok $? "$1: goes on when it is free"
}

xl_lock() {
    local first disk
    xl_conf 'autoballoon="on"' "lockfile=\"$scratch/xl-lock\""
    echo "block_script = \"$scratch/slow\"" >"$scratch/conf"
    slow_script
    XL_OCI_CONF=$scratch/conf timeout 60 xl oci-create -p -n ours short &
    first=$!
    wait_until 30 test -e "$scratch/begun"
    own_domain &
    taking_turns "xl beside us" $first $!
    xl destroy own
    deletes ours -f

    slow_script
    truncate -s 1M "$scratch/disk"
    disk="format=raw,vdev=xvda,access=ro,script=$scratch/slow"
    own_domain "disk = [ \"$disk,target=$scratch/disk\" ]" &
    first=$!
    wait_until 30 test -e "$scratch/begun"
    timeout 60 xl oci-create -p -n ours short &
    taking_turns "we beside xl" $first $!
    xl destroy own
    deletes ours -f
    xl_conf
    leaves_nothing "xl's lock"
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

topics several_vcpus cpu_masks autoballoon resized_terminal
topics_once domain_settings domid_policy xl_lock every_signal odd_places
[ ! -e "$scratch/xl.conf" ] || mv "$scratch/xl.conf" $conf
leaves_nothing host
done_testing
