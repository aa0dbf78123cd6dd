#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Devices of the machine in containers, and who holds them.
. "$(dirname "$0")/lib/devices.sh"

rtc() {
    ends_with 0 "RTC" rtc
    like "$output" '^clock [0-9]{10}$' "RTC: the clock is read"
    like "$output" '^interrupts 1, alarm yes' "RTC: the alarm interrupts"
}

two_in_one() {
    ends_with 0 "RTC and GPIO in one container" both
    like "$output" 'interrupts 1, alarm yes' "both: the RTC interrupts"
    like "$output" 'driven low 0, high 1' "both: the GPIO is driven"
}

by_tree() {
    ends_with 0 "RTC and TPM by a partial tree of the bundle" tree
    like "$output" 'interrupts 1, alarm yes' "partial tree: the RTC interrupts"
    like "$output" '^random( [0-9a-f]{2}){16}' \
        "partial tree: its name makes the TPM a UIO device"
}

edu() {
    refuses device-dma "edu without the administrator's word" edu
    settings 'device_allow = [ "/pcie@10000000 unprotected-dma" ]'
    ends_with 0 "edu" edu
    like "$output" '5! = 120, 10! = 3628800, 7! = 5040' "edu: factorials"
    like "$output" 'interrupts 1, cause 0x1' "edu: one by its interrupt"
    settings
}

tpm() {
    ends_with 0 "TPM" tpm
    like "$output" '^vendor and device 0x00011014' "TPM: it is QEMU's"
    like "$output" '^random( [0-9a-f]{2}){16}' "TPM: random bytes"
}

no_node() {
    ends_with 125 "a node that no driver makes" no-node
    like "$errors" '/dev/nothing' "a node that no driver makes: it is named"
}

# Dom0's own tree, as Xen made it: it tells another machine's from this one's,
# and serves where none is named.
dom0_tree() {
    LC_ALL=C sed 's/arm,primecell/arm,primecelX/g' /run/testbed/host.dtb \
        >"$scratch/other.dtb"
    echo "host_dtb = \"$scratch/other.dtb\"" >"$scratch/conf"
    refuses host-tree-mismatch "RTC by the tree of another machine" rtc
    echo 'device_allow = [ "/pl031@9010000 unmarked disabled" ]' \
        >"$scratch/conf"
    xl oci-devices >"$scratch/listed" 2>&1
    like "$(<"$scratch/listed")" 'host-tree-of-dom0' "Dom0's tree: a warning"
    like "$(tr -s '\n ' ' ' <"$scratch/listed")" \
        '/pl031@9010000 .*SPI 2 .*may be passed through' \
        "Dom0's tree: the RTC may be had by it"
    settings
}

# held_by NAME WHAT: nobody else gets the RTC, and is told who has it
held_by() {
    refuses device-held "RTC held by $2" -n second rtc
    like "$errors" "/pl031@9010000 .* held by the $2 \"$1\"" \
        "RTC held by $2: $1 is named"
}

# drawn WHO TEXT...: the picture of what is held now has these texts
drawn() {
    local text who=$1 missing=
    shift
    xl oci-devices --draw >"$scratch/devices.svg"
    for text in "$who" "$@"; do
        grep -qF ">$text</text>" "$scratch/devices.svg" ||
            missing+=" \"$text\""
    done
    is "$missing" "" "oci-devices --draw: what $who has"
}

# One each in two containers at once, the second by vm.hwConfig. The device
# outlives its monitor, and is free when its container is gone.
two_at_once() {
    local monitor
    detached first rtc-hold
    detached other gpio-hold
    logs first 'alarm yes' 40
    logs other 'high 1' 40
    held_by first container
    like "$(xl oci-devices)" 'held by the container "first"' \
        "oci-devices: tells who has the RTC"
    like "$(told_of /pl061@9030000)" 'held by the container "other"' \
        "oci-devices: tells who has the GPIO"
    drawn first 'pl031@4100000' '0x9010000, 4 KiB' '0x4100000, 4 KiB' \
        'SPI 2 (INTID 34)' 'clock-1, 24 MHz' 'container'
    drawn other 'pl061@4100000' '0x9030000, 4 KiB' 'SPI 7 (INTID 39)'
    monitor=$(monitor_of first)
    kill -9 "$monitor"
    wait_until 5 is_gone "$monitor"
    held_by first container
    has_status first running
    ok $? "RTC held by a container without a monitor: it is recovered"
    kill -9 "$(monitor_of first)"
    xl destroy first
    ends_with 0 "RTC of a container that was destroyed unseen" -n second rtc
    deletes other -f
    deletes first
}

claimed() { [ -e "/run/xl-oci/$1/claim" ]; }

# Who makes the container dies after the claim: it is worth nothing.
creator_killed() {
    local pid
    xl oci-create -n first rtc-hold >/dev/null 2>&1 &
    pid=$!
    wait_until 20 claimed first
    pkill -9 -P $pid -x xl-oci
    kill -9 $pid
    wait $pid
    create -n second -p rtc
    ok "$code" "RTC claimed by a dead creator: it is free" "$errors"
    deletes second -f
}

same_instant() {
    local i a b wins=0
    for i in 1 2 3; do
        xl oci-create -p -n one rtc >"$scratch/a" 2>&1 &
        a=$!
        xl oci-create -p -n two rtc >"$scratch/b" 2>&1 &
        b=$!
        wait $a; a=$?
        wait $b; b=$?
        [ $((a + b)) = 1 ] && wins=$((wins + 1))
        cat "$scratch/a" "$scratch/b" >>"$scratch/claims"
        xl oci-delete -f one >/dev/null 2>&1
        xl oci-delete -f two >/dev/null 2>&1
    done
    is $wins 3 "two claims at one instant: one succeeds, one does not" \
        "$(<"$scratch/claims")"
    is "$(grep -c 'held by the container "\(one\|two\)"' "$scratch/claims")" \
        3 "two claims at one instant: the other is told by whom"
}

# A name proves nothing: that of a container that has ended is another's here.
plain_xl() {
    create -n plain -p rtc
    ok "$code" "the RTC in a container" "$errors"
    xl destroy plain
    wait_until 20 has_status plain stopped
    ok $? "it has ended, and is not deleted"
    printf '%s\n' 'name = "plain"' 'memory = 32' \
        'kernel = "/usr/lib/xl-oci/kernel"' 'irqs = [ 34 ]' \
        'iomem = [ "9010,1@4100" ]' >"$scratch/plain.cfg"
    xl create -q -p "$scratch/plain.cfg"
    ok $? "a domain of xl with the RTC, of the same name"
    held_by plain domain
    drawn plain '0x9010000, 4 KiB' '0x4100000, 4 KiB' 'SPI 2 (INTID 34)' \
        'domain'
    xl destroy plain
    deletes plain
}

settings
topics rtc two_in_one two_at_once creator_killed plain_xl edu tpm
topics_once by_tree dom0_tree same_instant no_node
leaves_nothing devices
done_testing
