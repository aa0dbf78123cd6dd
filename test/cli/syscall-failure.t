#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Each system call that a program makes after its start fails once, by
# strace's fault injection: the result is the right one or an error that is
# told, never a crash, never a wrong answer with exit code 0, and nothing is
# left behind.
. "$(dirname "$0")/lib.sh"

command -v strace >/dev/null || {
    echo "1..0 # SKIP no strace (remedy: test/qemu/setup-host)"
    exit 0
}
image_provide=$top/${O:-build}/test/bench/image-provide
[ -x "$image_provide" ] || {
    echo "Bail out! make ${image_provide#"$top"/} first"
    exit 1
}

mkdir -p "$work/bundle/rootfs"
printf '{"ociVersion":"1.0.2","root":{"path":"rootfs"},%s}\n' \
    '"process":{"cwd":"/","args":["/a"]},"hostname":"h"' \
    >"$work/bundle/config.json"

# --- one fault at a time ------------------------------------------------------

# What is failed: the words of the command, the word whose first use ends the
# start-up, the errors to inject (or "fit": one that fits each call), and
# functions: what comes before each run, and what tells, after one with that
# exit code, of what it left.
command=() marker= errors= before=: after=:
skip=   # calls that are left out, a pattern

# calls: lines "NAME COUNT", one per call after the start-up
calls()
{
    $before
    strace -o "$work/trace" "${command[@]}" >"$work/good" 2>/dev/null \
        </dev/null
    $after $? >/dev/null
    awk -v marker="$marker" '
        match($0, /^[a-z0-9_]+\(/) {
            name = substr($0, 1, RLENGTH - 1)
            count[name]++
            if (started && name != "exit_group") print name, count[name]
            if (index($0, marker)) started = 1
        }' "$work/trace"
}

errors_of()
{
    case $errors:$1 in
    fit:open* | fit:pipe* | fit:fcntl) echo EMFILE ;;
    fit:mmap | fit:brk | fit:mremap | fit:clone* | fit:vfork) echo ENOMEM ;;
    # strace would leave it open, which no kernel does
    fit:close) ;;
    fit:*) echo EIO ;;
    *) echo "$errors" ;;
    esac
}

# inject CALL COUNT ERROR: one fault: is what came of it acceptable?
inject()
{
    local code=0 how=error=$3
    # the kernel answers a refused brk() with the break as it is, no error
    [ "$1" != brk ] || how=retval=0
    $before
    timeout -s KILL 30 strace -o /dev/null -e "inject=$1:$how:when=$2" \
        "${command[@]}" >"$work/out" 2>"$work/err" </dev/null || code=$?
    if [ $code = 0 ]; then
        cmp -s "$work/good" "$work/out" ||
            echo "$1 $2 $3: exit code 0 with another result"
    elif [ $code = 1 ]; then
        [ -s "$work/err" ] || echo "$1 $2 $3: no word of why"
    else
        echo "$1 $2 $3: exit code $code"
    fi
    $after $code | sed "s/^/$1 $2 $3: /"
}

# fail_each NAME AT_LEAST
fail_each()
{
    local list n wrong call count error
    list=$(calls | grep -vE "^(${skip:-none}) ")
    n=$(wc -l <<<"$list")
    [ "$n" -ge "$2" ]
    result $? "$1: $n calls to fail"
    wrong=$(while read -r call count; do
        for error in $(errors_of "$call"); do
            inject "$call" "$count" "$error"
        done
    done <<<"$list")
    printf '%s\n' "$wrong" >"$work/out"
    : >"$work/err"
    [ -z "$wrong" ]
    result $? "$1: each failing call is told or does no harm"
}

# --- bundles -------------------------------------------------------------------

for name in check plan; do
    command=("$XL_OCI" "$name" "$work/bundle")
    marker=$XL_OCI_CONF errors="EIO ENOMEM"
    fail_each "$name" 10
done

# --- containers that have stopped ----------------------------------------------

errors=fit marker=$XL_OCI_RUN_ROOT

make_container()
{
    local dir=$XL_OCI_RUN_ROOT/box
    [ ! -e "$dir/record" ] || return
    mkdir -p -m 0700 "$XL_OCI_RUN_ROOT" "$dir"
    : >"$dir/lock"
    printf 'one\n' >"$dir/log.1"
    printf 'two\n' >"$dir/log"
    printf '1700000000 9 -1\nit was killed\n/srv' >"$dir/share-1-failed"
    cat >"$dir/record" <<END
{"version": 1, "status": "stopped", "domid": -1, "monitor": 0,
 "created": 1700000000, "name": "box",
 "uuid": "6b1f3a0c-1111-4222-8333-9444aaaabbb1", "bundle": "/srv/box",
 "ociVersion": "1.2.0", "annotations": {"a": "b"},
 "exit": {"kind": "exited", "number": 7}}
END
}

untouched()
{
    [ "$(ls -A "$XL_OCI_RUN_ROOT" "$XL_OCI_RUN_ROOT/box" | tr '\n' ' ')" = \
        "$whole" ] || echo "something is left or gone"
}

# What a deletion that failed has left does not keep the next from its work.
deleted()
{
    [ "$1" != 0 ] || [ ! -e "$XL_OCI_RUN_ROOT/box" ] || echo "it is there"
    "$XL_OCI" delete box >/dev/null 2>&1
    rmdir "$XL_OCI_RUN_ROOT" 2>/dev/null || {
        echo "not all of it can be deleted"
        rm -rf "$XL_OCI_RUN_ROOT"
    }
}

make_container
whole=$(ls -A "$XL_OCI_RUN_ROOT" "$XL_OCI_RUN_ROOT/box" | tr '\n' ' ')
before=make_container after=untouched
command=("$XL_OCI" list --format=json)
fail_each list 40
# the others begin as that: from where the container has been read
marker='"share-11-failed"'
command=("$XL_OCI" state box)
fail_each state 2
command=("$XL_OCI" logs box)
fail_each logs 8
command=("$XL_OCI" delete box) after=deleted
fail_each delete 20

# --- images ----------------------------------------------------------------------

mkdir -p "$work/tree/bin"
echo text >"$work/tree/bin/a"
ln -s a "$work/tree/bin/b"
touch -h -d 2020-01-01 "$work/tree/bin/"* "$work/tree/bin" "$work/tree"
sleep 0.1   # older than the clock's margin, so that it is remembered

empty_cache()
{
    rm -rf "$work/cache"
    mkdir -m 700 "$work/cache"
}

# An image that is there is whole, even where its maker failed after that.
only_images()
{
    local file
    for file in "$work/cache/"* "$work/cache/".[!.]*; do
        case ${file##*/} in
        lock | '*' | '.[!.]*') ;;
        *.tree)
            ls "$work/cache/"*.e[rx]* >/dev/null 2>&1 ||
                echo "what there is no image of is remembered" ;;
        *.erofs | *.ext4)
            [ -e "$work/${file##*.}" ] || cp --sparse=always "$file" \
                "$work/${file##*.}"
            cmp -s -n 1000000 "$file" "$work/${file##*.}" ||
                echo "another image" ;;
        *) echo "${file##*/} is left" ;;
        esac
    done
}

before=empty_cache after=only_images marker="AT_FDCWD, \"$work/tree\""
command=("$image_provide" "$work/cache" "$work/tree")
fail_each "an image of erofs" 60
# mke2fs takes its time: from where it is started, without what looks at the
# tree as above
skip="newfstatat|getdents64|llistxattr|lseek|readlinkat|close"
command=("$image_provide" "$work/cache" "$work/tree" ext4) marker=pipe2
fail_each "an image of ext4" 25
finish
