#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Containers from their creation to their end, as xl-oci(1) promises it.
here=$(dirname "$0")
. "$here/lib/tap.sh"
. "$here/lib/containers.sh"
cd "$1" || exit 1

exit_codes() {
    ends_with 0 "true" true
    ends_with 7 "seven" seven
    is "$output" "out
err" "seven: both streams arrive"
    ends_with 139 "segmentation fault" crash
    ends_with 125 "no such program" absent
    like "$errors" "failed.*No such file" "no such program: the reason is told"
    ends_with 125 "hostile text" escapes
    ! grep -q $'\033' <<<"$errors"
    ok $? "hostile text: no escape sequence gets through" "$errors"
    is "$(wc -l <<<"$errors")" 1 "hostile text: stays one line"
}

streams() {
    local sum
    printf 'a\nb\n\nlast' | timeout 60 xl oci-create -c cat >"$scratch/cat"
    is "$?" 0 "cat: ends at the end of its input"
    is "$(cat "$scratch/cat")" $'a\nb\n\nlast' "cat: input comes back"
    sum=$(timeout 60 xl oci-create -c binary </dev/null | sha256sum)
    is "$sum" "$(head -c 1048576 binary/rootfs/bin/busybox | sha256sum)" \
        "binary: 1 MiB arrives byte for byte"
}

log_is_bounded() {
    detached flood flood
    becomes flood stopped 200
    is "$(xl oci-logs flood | tail -n 1)" "the end" "flood: the end is kept"
    [ "$(cat /run/xl-oci/flood/log* | wc -c)" -le 2097152 ]
    ok $? "flood: 2 MiB of log at most" "$(ls -l /run/xl-oci/flood)"
    xl oci-logs flood | head -n -1 | tail -n +2 |
        awk 'NR > 1 && $1 != last + 1 { bad = 1 } { last = $1 }
             END { exit bad || last != 450000 }'
    ok $? "flood: no line is missing in what is kept"
    deletes flood
}

terminal() {
    mkfifo "$scratch/typed"
    exec 7<>"$scratch/typed"
    timeout 60 script -qec "stty rows 33 cols 99; \
        exec xl oci-create -c terminal" /dev/null \
        <"$scratch/typed" >"$scratch/screen" 2>&1 &
    wait_until 30 grep -q ready "$scratch/screen"
    ok $? "terminal: is used" "$(cat "$scratch/screen")"
    echo "hello there" >&7
    wait $!
    is $? 5 "terminal: the exit code comes back"
    exec 7>&-
    like "$(cat "$scratch/screen")" "33 99" "terminal: has its size"
    like "$(cat "$scratch/screen")" "typed: hello there" \
        "terminal: what is typed arrives"
}

detached_container() {
    detached one sleeper
    logs one ready
    is "$(status one)" running "one: runs"
    like "$(xl oci-list)" "^one +[0-9]+ +running" "one: is listed"
    like "$(state one)" "\"bundle\":\"$PWD/sleeper\"" "one: its bundle is told"
    refuses container-exists "a second of the name" -n one true
    detached two sleeper2
    logs two ready
    xl oci-kill one USR1
    logs one "got USR1"
    xl oci-kill one 28
    logs one "got WINCH"
    xl oci-delete one 2>"$scratch/errors"
    is $? 1 "one: is not deleted while it runs"
    like "$(<"$scratch/errors")" '\[container-state-wrong\]' "one: the reason is told"
    xl oci-kill one
    becomes one stopped
    like "$(state one)" '"kind":"exited","code":15' "one: ended by its handler"
    is "$(xl oci-logs one | tail -n 1)" "got TERM" "one: the log outlives it"
    refuses container-exists "a stopped one's name" -n one true
    like "$errors" "oci-delete" "a stopped one's name: the remedy is told"
    deletes one
    is "$(status two)" running "two: is not touched by one's end"
    xl oci-kill two KILL
    becomes two stopped
    like "$(state two)" '"kind":"signalled","code":137' "two: killed"
    deletes two
    xl oci-state two 2>"$scratch/errors"
    is $? 3 "two: not known any more"
}

killed_while_attached() {
    timeout 60 xl oci-create -c -n watched sleeper >"$scratch/watched" \
        2>&1 </dev/null &
    wait_until 30 grep -q ready "$scratch/watched"
    xl oci-kill watched KILL
    wait $!
    is $? 137 "watched: 128 + 9 after KILL"
}

paused() {
    detached asleep -p true
    is "$(status asleep)" created "asleep: is created, not running"
    like "$(xl list asleep)" "--p---" "asleep: its domain is paused"
    xl unpause asleep
    becomes asleep stopped
    like "$(state asleep)" '"kind":"exited","code":0' "asleep: ran to its end"
    deletes asleep
    detached never -p true
    deletes never -f
    detached woken -p sleeper
    xl unpause woken
    logs woken ready
    is "$(status woken)" running "woken: runs"
    deletes woken -f
}

behind_our_back() {
    local pid
    detached taken sleeper
    xl destroy taken
    becomes taken stopped
    like "$(state taken)" '"kind":"destroyed"' "taken: how it ended is known"
    deletes taken
    detached alone sleeper
    logs alone ready
    pid=$(monitor_of alone)
    kill -9 "$pid"
    is "$(status alone)" running "alone: runs without its monitor"
    [ "$(monitor_of alone)" != "$pid" ] && kill -0 "$(monitor_of alone)"
    ok $? "alone: has another monitor" "$(state alone)"
    xl oci-kill alone USR1
    logs alone "got USR1"
    kill -9 "$(monitor_of alone)"
    xl destroy alone
    is "$(status alone)" stopped "alone: its end without a monitor is noticed"
    deletes alone
}

command_killed() {
    xl oci-create -c -n orphan sleeper >"$scratch/orphan" 2>&1 </dev/null &
    wait_until 30 grep -q ready "$scratch/orphan"
    # what holds the terminal: xl has become it
    kill -9 $!
    wait $! 2>/dev/null
    is "$(status orphan)" running "orphan: outlives its command"
    xl oci-kill orphan USR1
    logs orphan "got USR1"
    deletes orphan -f
}

stages() { awk '{print $1}' /tmp/hooks.log; }
statuses() { sed 's/.*"status": *"\([a-z]*\)".*/\1/' /tmp/hooks.log; }

hooks() {
    rm -f /tmp/hooks.log
    ends_with 0 "hooks" -n hooked hooks
    is "$output" hooked "hooks: the process runs"
    is "$(stages)" "prestart
createRuntime
poststart
poststop" "hooks: in their order"
    is "$(statuses)" "creating
creating
running
stopped" "hooks: the state tells the status"
    is "$(grep -c "\"id\": *\"hooked\".*\"bundle\": *\"$PWD/hooks\"" \
        /tmp/hooks.log)" 4 "hooks: the state names container and bundle"

    rm -f /tmp/hooks.log
    refuses hook-failed "hook-fails" hook-fails
    like "$errors" "the hook says no" "hook-fails: its words are told"
    is "$(stages)" "prestart
createRuntime
poststop" "hook-fails: no further one but poststop"
    leaves_nothing hook-fails

    refuses hook-failed "hook-slow" hook-slow
    like "$errors" "within 1 s" "hook-slow: its time is told"
    is "$(pgrep -f 'sleep 60')" "" "hook-slow: and its children end"
    ends_with 0 "hook-warns" hook-warns
    like "$errors" '\[hook-warning\]' "hook-warns: is told"

    ends_with 0 "startContainer" start-container
    like "$output" '"status": *"created"' "startContainer: has the state"
    ends_with 125 "startContainer that fails" start-container-fails
    ! grep -q "must not run" <<<"$output"
    ok $? "startContainer that fails: no process" "$output"
}

dry_run() {
    create -N --format=xl true
    is "$code" 0 "dry run: succeeds"
    like "$output" "memory *=" "dry run: shows the domain"
    leaves_nothing "dry run"
}

small() {
    ends_with 0 "24 MiB" tiny
    like "$output" "^tiny" "24 MiB: its output arrives"
}

versions() {
    local bundle
    for bundle in versions/*; do
        ends_with 0 "$bundle" "$bundle"
        is "$output" "version ${bundle#*/}" "$bundle: runs"
    done
}

tools() {
    local tool
    for tool in umoci podman buildah oci-runtime-tool; do
        ends_with 3 "$tool" -n "$tool" -m 32M "tools/$tool"
        like "$output" "^hello from $tool" "$tool: its bundle runs"
        case $tool in
        podman) like "$output" "^/root\$" "podman: workdir"
                like "$output" "^B\$" "podman: environment" ;;
        oci-runtime-tool)
                like "$output" "^generated\$" "oci-runtime-tool: hostname"
                like "$output" "^SET_BY=the tool\$" \
                    "oci-runtime-tool: environment" ;;
        esac
    done
    # runc's specification is a shell on a terminal
    exec 7<>"$scratch/typed"
    timeout 60 script -qec "exec xl oci-create -m 32M -c tools/runc" \
        /dev/null <"$scratch/typed" >"$scratch/screen" 2>&1 &
    wait_until 30 grep -q '#' "$scratch/screen"
    echo 'echo hello from $((40 + 2)); exit 3' >&7
    wait $!
    is $? 3 "runc: the shell's exit code"
    exec 7>&-
    like "$(cat "$scratch/screen")" "^hello from 42" "runc: the shell works"
}

# Through /usr/sbin/xl-oci, as README has it for an xl that knows no oci-*.
by_its_own_name() {
    output=$(timeout 60 /usr/sbin/xl-oci create -c seven 2>/dev/null </dev/null)
    is "$?" 7 "xl-oci create: the exit code comes back"
    is "$output" "out
err" "xl-oci create: so does the output"
    like "$(timeout 60 /usr/sbin/xl-oci list)" "^NAME .*DOMID" \
        "xl-oci list: the heading"
}

topics by_its_own_name exit_codes streams terminal detached_container \
    killed_while_attached paused behind_our_back command_killed small
topics_once log_is_bounded hooks dry_run versions tools
leaves_nothing lifecycle
done_testing
