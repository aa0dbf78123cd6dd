#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Directories of Dom0 as they are: roots and volumes over 9pfs.
here=$(dirname "$0")
. "$here/lib/tap.sh"
. "$here/lib/containers.sh"
cd "$1" || exit 1
backends=/local/domain/0/backend/9pfs
programs=$(dirname "$(readlink -f "$(command -v xl-oci)")")
[ -x "$programs/xl-oci-9pfs" ] ||
    programs=$(echo /usr/lib/xen-*/bin)

# leaves_no_share NAME: beyond what leaves_nothing looks for
leaves_no_share() {
    leaves_nothing "$1"
    is "$(xenstore-ls "$backends" 2>/dev/null)" "" "$1: no node left"
}

# The jailed process of the only backend there is, and its parent.
server() { pgrep -P "$(pgrep -o -x xl-oci-9pfs)"; }
parent() { pgrep -o -x xl-oci-9pfs; }

# exercise BUNDLE [OPTION]
exercise() {
    limit_s=200 ends_with 0 "$*" ${2-} "$1"
    is "$(grep -c 'no difference$' <<<"$output")" 2 "$*: no difference" \
        "$output"
    rm -rf volume/* "$1"/rootfs/tmp/*
}

exercised() {
    exercise exercise-volume
    leaves_no_share "exercise"
}

# In the other mode, as a root, and on block.
exercised_elsewhere() {
    exercise exercise-private
    exercise exercise --rootfs=ext4
    exercise exercise --rootfs=9pfs
    limit_s=200 ends_with 0 "fio" --rootfs=ext4 fio
    is "$output" "/volume: no difference
/tmp: no difference" "fio: on 9pfs and on block, it reads what it wrote"
    rm -rf volume/*
    leaves_no_share "exercise elsewhere"
}

# A directory of 100,000 entries, access control lists, names, sizes; ramfs has
# no extended attributes.
edges() {
    mount -t ramfs none plain
    mount -t tmpfs -o nr_inodes=0 none many
    edges/rootfs/edges fill many | sed 's/^# /# Dom0: /'
    : >volume/from-dom0
    chmod 600 volume/from-dom0
    setfacl -m u:1000:r volume/from-dom0
    limit_s=120 ends_with 0 "edges" edges
    is "$(grep -v '^#' <<<"$output")" "names: as they should be
sizes: as they should be
xattrs: as they should be
acl: as they should be
entries: 100000, each once
no xattrs: but all else" "edges: all is as on any file system"
    grep '^#' <<<"$output"
    like "$errors" "/plain.*share-without-xattrs" \
        "edges: a file system without extended attributes is warned of"
    like "$(getfacl -nc volume/of-guest)" "^user:1000:r--$" \
        "edges: Dom0 sees the guest's list"
    like "$(getfacl -nc volume/heir/file)" "^user:1000:rw" \
        "edges: and one that was inherited"
    umount plain many
    rm -rf volume/*
    leaves_no_share "edges"
}

worked() {
    limit_s=300 ends_with 0 "workshop" --rootfs=9pfs workshop
    is "$(grep -Ev '^#|^make:' <<<"$output")" "clock: Dom0's
unpacked: 6 files
built: 45
built again
cloned: 3 commits, 0 changes
database: delete, 80 rows, ok
database: wal, 80 rows, ok
python: as on any file system" "workshop: all work is done"
    grep '^#' <<<"$output"
    is "$(stat -c '%u:%g' workshop/rootfs/tmp/mapped)" 1234:70000 \
        "workshop: Dom0 sees the owner"
    is "$(find workshop/rootfs/tmp/many -type f | wc -l)" 200 \
        "workshop: and the files"
}

# The same root for others as well: no page is kept but while it is mapped.
worked_shared() {
    limit_s=300 ends_with 0 "workshop, shared" --rootfs=9pfs workshop-shared
    is "$(grep -Ev '^#|^make:' <<<"$output")" "clock: Dom0's
built: 45
built again
python: as on any file system" "workshop, shared: all work is done"
    grep '^#' <<<"$output"
}

both_sides() {
    printf 'begin ' >volume/growing
    detached both both-sides
    wait_until 20 test -e volume/from-guest
    is "$(cat volume/from-guest)" guest "both sides: Dom0 sees a new file"
    echo dom0 >volume/from-dom0
    logs both "begin ready"
    printf 'and end' >>volume/growing
    mkdir volume/directory
    : >volume/directory/name
    : >volume/grown
    becomes both stopped
    is "$(xl oci-logs both)" "dom0
begin ready
and endname" "both sides: the guest sees files, appended text, names"
    deletes both
    rm -rf volume/*
}

# Two guests count in one file, by a lock that is a directory.
two_guests() {
    echo 0 >volume/count
    detached first counter
    detached second counter
    becomes first stopped 60
    becomes second stopped 60
    is "$(cat volume/count)" 30 "two guests: no step is lost"
    deletes first
    deletes second
    rm -rf volume/*
    leaves_no_share "two guests"
}

# Between guests and with Dom0. Whoever waits is served soon after it is free:
# Linux asks again, by default every 30 seconds.
locked() {
    detached holder holder
    logs holder "^held"
    is "$(holder/rootfs/locks try volume/locked)" taken "locks: Dom0 sees a guest's"
    detached taker taker
    logs taker "^taken"
    sleep 3
    has_logged taker "^got it"
    is $? 1 "locks: another guest waits"
    : >volume/release
    logs taker "^got it" 8
    becomes holder stopped
    becomes taker stopped
    is "$(holder/rootfs/locks try volume/locked)" free "locks: nothing stays"
    deletes holder
    deletes taker
    rm -rf volume/*
}

sealed() {
    echo content >one/file
    ends_with 0 "read-only directory" sealed
    is "$(grep -v : <<<"$output")" "content
code 1
code 1" "read-only directory: nothing is written"
    like "$output" "Read-only file system" "read-only directory: EROFS"
    is "$(ls one)" file "read-only directory: as it was"
    ends_with 0 "read-only root" --rootfs=9pfs sealed-root
    like "$output" "Read-only file system" "read-only root: EROFS"
    like "$output" "^/made" "read-only root: a missing mount point is made"
    [ ! -e sealed-root/rootfs/made ] && [ ! -e sealed-root/rootfs/file ]
    ok $? "read-only root: but not in Dom0"
}

full() {
    mount -t tmpfs -o size=1M none tiny
    ends_with 0 "full" small
    like "$output" "No space left on device" "full: ENOSPC"
    like "$output" "^[0-9]{5,} the same$" "full: nothing is lost of what fits"
    like "$output" "^x$" "full: goes on when there is room"
    umount tiny
    mount -t tmpfs -o ro none tiny
    attached small
    like "$output" "Read-only file system" "mounted read-only: EROFS"
    umount tiny
    is "$(ls tiny)" "" "the directory below a mount is not touched"
}

# confined PID NAME DIRECTORY: what Dom0's kernel says of a server in its jail,
# whose guest is paused
confined() {
    local fd out="" kinds=""
    for fd in $(ls "/proc/$1/fd" | sort -n); do
        fd=/proc/$1/fd/$fd
        if [ -f "$fd" ]; then
            [ "$(stat -Lc %d "$fd")" = "$(stat -c %d "$3")" ]
        elif [ -d "$fd" ]; then
            [ "$(stat -Lc %d:%i "$fd/.")" = "$(stat -Lc %d:%i "$fd/..")" ]
        else
            kinds+="$(readlink "$fd" | sed 's/:.*//') "
        fi || out+="$fd $(readlink "$fd") "
    done
    is "$out" "" "$2: no descriptor leads out of the directory"
    is "$kinds" "/dev/null /dev/null /dev/null pipe pipe /dev/xen/evtchn " \
        "$2: nor is there any but what it needs"
    is "$(ls -A "/proc/$1/root/")" "" "$2: its root is empty"
    is "$(sed -n 's/^\(CapEff\|CapBnd\|NoNewPrivs\|Seccomp\|Groups\):\s*/\1 /p
        ' "/proc/$1/status" | tr -s ' \n' ' ')" \
        "Groups CapEff 00000000800000db CapBnd 0000000000000000 \
NoNewPrivs 1 Seccomp 2 " "$2: its privileges"
    like "$(cat "/proc/$1/limits")" "Max address space +[0-9]+ +[0-9]+ " \
        "$2: its memory is bounded"
    like "$(cat "/proc/$1/limits")" "Max open files +[0-9]{4,5} +[0-9]{4,5} " \
        "$2: and its descriptors"
}

memory_kib() {
    awk '/^Private_/ { n += $2 } END { print n }' "/proc/$1/smaps_rollup"
}

# Of the share N of reader: its outer process, and the one in the jail.
parent_of() { awk 'NR == 1 { print $1 }' "/run/xl-oci/reader/share-$1"; }
server_of() { pgrep -P "$(parent_of "$1")"; }

errors_of_reader() { xl oci-logs reader | grep -c "I/O error\|Input/output"; }
more_errors_than() { [ "$(errors_of_reader)" -gt "$1" ]; }

# gets_errors NAME: it does not hang
gets_errors() {
    wait_until 40 more_errors_than "$(($(errors_of_reader) + 1))"
    ok $? "reader: gets errors $1" "$(xl oci-logs reader | tail -n 4
        cat /run/xl-oci/reader/share-0)"
}

# Whoever answers with errors dies too, also in ways that take time: what is
# stopped ends as late as what waits for a disk.
killed_again() {
    local pid
    xl pause reader
    sleep 1
    confined "$(server_of 0)" "the server of errors" one
    xl unpause reader
    kill -9 "$(server_of 0)"
    gets_errors "when the server of errors was killed"
    kill -9 "$(parent_of 0)"
    gets_errors "when its outer process was killed"
    pid=$(server_of 0)
    kill -STOP "$pid"
    kill -9 "$(parent_of 0)"
    sleep 10
    kill -CONT "$pid"
    gets_errors "when the one before was slow to die"
}

killed() {
    local pid kib
    echo "here" >one/file
    detached reader reader
    logs reader "^here"
    for pid in $(pgrep -x xl-oci-9pfs) "$(monitor_of reader)"; do
        kib=$(memory_kib "$pid")
        echo "# private memory of $(cat "/proc/$pid/comm"): $kib KiB"
        [ "$kib" -le 4096 ]
        ok $? "reader: process $pid has at most 4 MiB" "$kib KiB"
    done
    xl pause reader
    sleep 1
    confined "$(server)" "reader's server" one
    xl unpause reader
    kill -9 "$(server)"
    logs reader "the backend of share 0 (.*/one) has ended"
    logs reader "I/O error\|Input/output error"
    has_status reader running
    ok $? "reader: lives on, with errors" "$(state reader)"
    like "$(state reader)" '"failedShares":\[\{"share":0,"path":"[^"]*/one",'\
'"ended":"[^"]*Z","signal":9,"reason":"the server was killed' \
        "reader: its state tells which share, when and how"
    like "$(xl oci-list)" "^reader +[0-9]+ +degraded " "reader: is listed so"
    again || killed_again
    kill -9 "$(monitor_of reader)"
    sleep 0.5
    becomes reader running
    pid=$(pgrep -x xl-oci-9pfs | wc -l)
    is "$pid" 4 "reader: the backends outlive the monitor"
    kill -9 "$(monitor_of reader)" $(pgrep -x xl-oci-9pfs)
    sleep 0.5
    becomes reader running
    wait_until 20 pgrep -x xl-oci-9pfs
    ok $? "reader: killed together, somebody answers again"
    like "$(state reader)" '\{"share":1,"path":"[^"]*/two"' \
        "reader: and the other share is told of too"
    wait_until 20 server
    pid=$(server)
    kill -9 "$(parent)"
    wait_until 10 is_gone "$pid"
    ok $? "reader: a server goes with its parent"
    deletes reader -f
    rm -f one/file
    leaves_no_share "reader"
}

destroyed() {
    local pids
    detached writer writer
    logs writer "^round"
    xl pause writer
    sleep 1
    is "$(xenstore-read "$backends/$(xl domid writer)/0/state")" 4 \
        "writer: paused, stays connected"
    xl unpause writer
    xl oci-logs writer | wc -l >"$scratch/lines"
    wait_until 20 eval \
        '[ "$(xl oci-logs writer | wc -l)" -gt "$(cat $scratch/lines)" ]'
    ok $? "writer: goes on"
    pids=$(pgrep -x xl-oci-9pfs)
    xl destroy writer
    for pid in $pids; do
        wait_until 10 is_gone "$pid"
        ok $? "writer: destroyed in its midst, the backend ends"
    done
    becomes writer stopped
    deletes writer
    rm -rf volume/*
    leaves_no_share "writer"
}

not_started() {
    mv "$programs/xl-oci-9pfs" "$programs/away"
    refuses share-backend-failed "no backend" --rootfs=9pfs sealed-root
    mv "$programs/away" "$programs/xl-oci-9pfs"
    leaves_no_share "no backend"
}

topics both_sides locked sealed killed destroyed not_started edges exercised \
    worked
topics_once full two_guests exercised_elsewhere worked_shared
done_testing
