#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# kill -9 at random moments: of the command, of the monitor, of what they
# start, of all at once; while a container is created, while it runs and while
# it ends. The next command must bring everything in order.
# The number of moments and the seed come from prepare/kills.
here=$(dirname "$0")
. "$here/lib/tap.sh"
. "$here/lib/containers.sh"
cd "$1" || exit 1
read -r points seed <plan
RANDOM=$seed
cache=/var/cache/xl-oci
run=/run/xl-oci/victim
settle_s=10
# of a creation, in their order; look() tells where it is. With "disk", it is
# connected, and the hooks and the console are next.
steps=(nothing files domain disk running)
last_step=$((${#steps[@]} - 1))
creations=0
declare -A killed_at=()

mkfifo /tmp/never
exec 8<>/tmp/never

# pause MS: without a process, so that short ones are short
pause() {
    local s
    printf -v s '%d.%03d' $(($1 / 1000)) $(($1 % 1000))
    read -r -t "$s" <&8
}

files_of_xen() { echo /var/lib/xen/* /run/xen/*; }

# Words on what is left, nothing when there is nothing.
leftovers() {
    local text
    shopt -s nullglob
    for text in /run/xl-oci/* /run/xl-oci/.[!.]*; do
        # what the ledger of devices locks stays once it has been made
        [ "$text" = /run/xl-oci/.devices ] || echo "run directory: $text"
    done
    for text in /sys/block/loop*/loop/backing_file; do
        echo "loop device: $text $(<"$text")"
    done
    for text in "$cache"/.[!.]*; do echo "in the cache: $text"; done
    shopt -u nullglob
    pgrep -l '^(xl-oci|mkfs|mke2fs|late|struck)' | sed 's/^/process: /'
    xl list | tail -n +3 | sed 's/^/domain: /'
    text=$(xenstore-ls -f)
    [ "$text" = "$xenstore_before" ] ||
        diff <(echo "$xenstore_before") <(echo "$text") |
        sed -n 's/^[<>]/xenstore: &/p'
    text=$(files_of_xen)
    [ "$text" = "$files_before" ] || echo "files: $text"
}

nothing_is_left() { left=$(leftovers); [ -z "$left" ]; }

has_loop() { [ "$(echo /sys/block/loop*/loop)" != '/sys/block/loop*/loop' ]; }

# How far the container has come, as an index of steps.
look() {
    local record=''
    { read -r -d '' record <"$run/record"; } 2>/dev/null
    case $record in
    *'"running"'* | *'"stopped"'*) step=$last_step ;;
    '') step=0; [ ! -d $run ] || step=1 ;;
    *)
        step=1
        [ ! -e $run/ramdisk ] || step=2
        ! has_loop || step=3
        ;;
    esac
}

# await STEP PID: until the creation by PID has come so far, or has ended
await() {
    look
    while [ "$step" -lt "$1" ] && kill -0 "$2" 2>/dev/null; do
        pause 4
        look
    done
}

# until_struck PID PKILL-ARGUMENTS: as soon as there is one, while PID lives
until_struck() {
    local pid=$1
    shift
    until pkill -9 "$@" || ! kill -0 "$pid"; do :; done
}

# strike WHOM COMMAND-PID
strike() {
    case $1 in
    command) kill -9 "$2" ;;
    monitor) until_struck "$2" -x xl-oci-monitor ;;
    both) kill -9 "$2"; pkill -9 -x xl-oci-monitor ;;
    reap) pkill -9 -x xl-oci ;;
    block) wait "$2" ;;     # struck-block does it
    all) pkill -9 '^xl-oci' ;;
    esac 2>/dev/null
}

problem() { problems+="$*
"; }

# tell_state ENDED: what oci-state tells must be true
tell_state() {
    told=$(timeout 60 xl oci-state victim 2>"$scratch/told")
    code=$?
    case $code in
    0) told=$(sed -n 's/.*"status":"\([a-z]*\)".*/\1/p' <<<"$told") ;;
    3) told=none ;;
    *) problem "oci-state: $code $(<"$scratch/told")" ;;
    esac
    [ "$1" != 0 ] || [ "$told" != none ] ||
        problem "the command succeeded, and there is no container"
}

# recovers ENDED: whichever command comes next
recovers() {
    local told=unknown
    [ $((RANDOM % 2)) = 0 ] || tell_state "$1"
    timeout 60 xl oci-delete -f victim >"$scratch/told" 2>&1
    code=$?
    case $told:$code in
    none:3 | [!n]*:0) ;;
    creating:3 | unknown:3) ;;  # the monitor was about to undo it
    *) problem "$told, then oci-delete: $code $(<"$scratch/told")" ;;
    esac
    wait_until $settle_s nothing_is_left || problem "left:
$left"
}

# verdict NAME
verdict() {
    [ -z "$problems" ]
    ok $? "$1" "$problems$(cat "$scratch/errors")"
}

# Roots of every kind, with and without an image in the cache.
choose_options() {
    problems='' options=()
    case $((RANDOM % 8)) in
    0 | 1) options=(--rootfs=ext4) ;;
    2) options=("--persist=/var/tmp/kill.ext4") ;;
    3) rm -rf "$cache" ;;
    esac
}

start() {
    xl oci-create -n victim "${options[@]}" "$@" >"$scratch/output" \
        2>"$scratch/errors" </dev/null &
    command=$!
}

# killed_creating N WHOM: at each step in turn, and up to 60 ms later
killed_creating() {
    local want=$((creations++ % ${#steps[@]})) delay=$((RANDOM % 60)) command
    local bundle=sleeper
    choose_options
    # what would be over too soon is made longer
    case ${steps[$want]} in
    nothing) delay=$((RANDOM % 200)) ;;
    files) rm -rf "$cache" ;;
    disk) bundle=hooked ;;
    esac
    start $bundle
    await $want $command
    pause $delay
    strike "$2" $command
    look
    killed_at[$step]=$((${killed_at[$step]-0} + 1))
    wait $command 2>/dev/null
    recovers $?
    verdict "$1: $2 killed in a creation, ${steps[$step]} (${options[*]})"
}

# struck N: a creation and an end whose disk's program is killed, sooner or
# later
struck() {
    export XL_OCI_CONF=$PWD/struck.conf
    killed_creating "$1" block
    unset XL_OCI_CONF
}

# killed_running N WHOM: an attached command, until its container has ended
killed_running() {
    local delay=$((RANDOM % 1500)) command
    choose_options
    start -c short
    await $last_step $command
    pause $delay
    strike "$2" $command
    wait $command 2>/dev/null
    recovers 1
    verdict "$1: $2 killed $delay ms after the start, attached (${options[*]})"
}

# killed_ending N WHOM: while a command ends it
killed_ending() {
    local delay=$((RANDOM % 500)) command
    local -a end=(oci-delete -f victim)
    [ $((RANDOM % 2)) = 0 ] || end=(oci-kill --grace=0 victim KILL)
    choose_options
    create -n victim "${options[@]}" sleeper
    [ "$code" = 0 ] || problem "not created: $code"
    xl "${end[@]}" >"$scratch/output" 2>&1 &
    command=$!
    pause $delay
    strike "$2" $command
    wait $command 2>/dev/null
    recovers 1
    verdict "$1: $2 killed $delay ms after xl ${end[0]} (${options[*]})"
}

one_point() {
    case $(($1 % 12)) in
    0 | 4 | 8) killed_creating "$1" command ;;
    1 | 7) killed_creating "$1" monitor ;;
    2) killed_creating "$1" both ;;
    3) killed_ending "$1" command ;;
    5) killed_running "$1" monitor ;;
    6) killed_ending "$1" monitor ;;
    9) struck "$1" ;;
    10) killed_ending "$1" all ;;
    11) killed_running "$1" reap ;;
    esac
}

all_points() {
    local i
    for ((i = 1; i <= points; i++)); do one_point $i; done
}

# What is there when all is well, after a first container.
undisturbed() {
    create -n victim sleeper
    is "$code" 0 "a creation that nobody disturbs"
    deletes victim -f
    xenstore_before=$(xenstore-ls -f)
    files_before=$(files_of_xen)
}

every_step() {
    local i
    for i in "${!steps[@]}"; do
        echo "# ${killed_at[$i]-0} killed at the step \"${steps[$i]}\""
    done
    # a few leave it to chance
    [ "$points" -lt 100 ] ||
        is "${#killed_at[@]}" "${#steps[@]}" "some were killed at every step"
}

# The program that connects a disk still runs when all else is dead and gone.
late_block() {
    local command whom
    export XL_OCI_CONF=$PWD/late.conf
    for whom in command both command both command; do
        problems='' options=()
        rm -f /tmp/late /tmp/go
        start sleeper
        wait_until 20 [ -e /tmp/late ] || problem "it did not start"
        strike $whom $command
        wait $command 2>/dev/null
        timeout 60 xl oci-delete -f victim >"$scratch/told" 2>&1
        wait_until $settle_s no_domain || problem "the domain is still there"
        touch /tmp/go
        wait_until $settle_s nothing_is_left || problem "left:
$left"
        verdict "$whom killed, what connects its disk goes on"
    done
    unset XL_OCI_CONF
}

no_domain() { [ -z "$(domains)" ]; }

work_goes_on() {
    ends_with 0 "afterwards" short
    is "$output" short "afterwards: as ever"
    ends_with 0 "afterwards, a persistent one" \
        --persist=/var/tmp/kill.ext4 short
    rm -f /var/tmp/kill.ext4
}

echo "# seed $seed, $points moments"
topics undisturbed late_block all_points every_step work_goes_on
leaves_nothing kills
done_testing
