#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# An xl with our patch runs LIBEXEC_BIN/xl-<command> for what it does not know,
# and says and does what an unpatched xl does for all else. Both are Debian's
# 4.17, built for this machine; neither needs Xen for that.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=command-lines.sh
. "$here/command-lines.sh"

case $(uname -m) in
x86_64 | aarch64) ;;
*) skip_all "Xen's tools are for x86-64 and arm64" ;;
esac
libexec=./libexec # relative, so that one cached xl serves every test
patched=$("$here/build-patched-xl" native $libexec)
stock=$("$here/build-patched-xl" --unpatched native $libexec)

mkdir "$scratch/new" "$scratch/old"
cp "$patched" "$scratch/new/xl"
cp "$stock" "$scratch/old/xl"
cd "$scratch/new" || exit
mkdir $libexec path
compile "$scratch/recorder" "$here/recorder.c"
cp "$scratch/recorder" $libexec/xl-oci-create
cp "$scratch/recorder" $libexec/xl-foo
# Must never run: built-in commands, the abbreviation of one, names that are
# refused, and what is in $PATH only.
for name in list create cre help "" oci-Create; do
    cp "$scratch/recorder" "$libexec/xl-$name"
done
cp "$scratch/recorder" path/xl-oci-other

# Without Xen, xl stops with the same message whatever the command is; what
# counts is that it is xl, unpatched or not, that has to say it.
expect() {
    local who=$1 name=$2 last
    shift 2
    last=${*: -1}
    run ./xl "$@"
    if [ "$who" != xl ]; then
        is "$name: $who runs, arguments as they were" \
            "$output" "$(quoted "$libexec/xl-$who" ./xl "$@")"
        case $last in
        exit=*) is "$name: its exit status" "$status" "${last#exit=}" ;;
        *) is "$name: its exit status" "$status" 0 ;;
        esac
        return
    fi
    got="$status $output"
    run env -C "$scratch/old" ./xl "$@"
    is "$name: as an unpatched xl" "$got" "$status $output"
    ok "$name: no program ran" test "${got#*"[$libexec/"}" = "$got"
}

each_command_line
expect foo "a command of another prefix" -N foo bar
expect xl "an abbreviation of a built-in command" cre
expect xl "a built-in command that also exists outside" create -h
expect xl "help that also exists outside" help

PATH=$PWD/path:$PATH expect xl "a program that is in \$PATH only" oci-other

run ./xl "$long_name"
is "a name too long for a file: exit status" "$status" 1
ok "a name too long for a file: says so" \
    grep -q 'File name too long' <<<"$output"

chmod -x $libexec/xl-foo
run ./xl foo
is "a program that cannot be executed: exit status" "$status" 1
is "a program that cannot be executed: path and reason" "$output" \
    "xl: cannot run $libexec/xl-foo: Permission denied"

finish
