#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Usage: the ways to name a command, help, errors, exit codes.
. "$(dirname "$0")/lib.sh"

commands="create check plan list state logs kill delete coverage explain"

run
exits 2 "no command"
has err "no command given" "... is told"
run help
exits 0 "help"
is_empty err "... without errors"
for c in $commands; do
    has out "  $c " "help lists $c"
done
lacks out generate "internal commands are not listed"
run --help
exits 0 "--help"
run --version
exits 0 "--version"
has out "xl-oci " "... names the program"

for c in $commands; do
    run "$c" --help
    exits 0 "$c --help"
    has out "Usage: xl oci-$c " "... shows the usage"
    has out "Exit codes:" "... the exit codes"
    has out "Example: " "... an example"
    cp "$work/out" "$work/help"
    run help "oci-$c"
    cmp -s "$work/out" "$work/help"
    result $? "help oci-$c is the same"
    # every option of the table, as the completion has it
    run generate completion
    options=$(sed -n "s/^        $c) options='\(.*\)' ;;/\1/p" "$work/out")
    [ -n "$options" ]
    result $? "the completion has options of $c"
    for option in $options; do
        grep -qF -- "$option" "$work/help"
        result $? "$c --help mentions $option"
    done
    run "$c" --no-such-option
    exits 2 "$c refuses an unknown option"
    has err "unknown option --no-such-option" "... by name"
    is_empty out "... and does nothing"
done

run crate
exits 2 "unknown command"
has err 'unknown command "crate"; did you mean create?' "... with a hint"
run oci-lst
has err 'did you mean oci-list?' "... in the spelling that was used"
run -x list
exits 2 "unknown global option"
run --frob list
exits 2 "unknown long global option"
run check
exits 2 "a missing argument"
has err "missing argument: BUNDLE" "... is named"
run check a b
exits 2 "one too many"
has err 'unexpected argument "b"' "... is named"
run check --fromat=json x
has err "did you mean --format?" "hint for an option"
run check --format=xl x
exits 2 "a choice that is none"
has err "one of text|json" "... is told the choices"
run plan --memory=lots x
exits 2 "a size that is none"
for none in --memory=0 --memory=0M --vcpus=0; do
    run plan "$none" x
    exits 2 "$none is no number of anything"
done
run help frobnicate
exits 2 "help of nothing"

# the other names: as xl's own argv, and as a link
run -vvv -fN oci-explain json-nul
exits 0 "global options before the command"
mkdir "$work/bin"
ln -s "$XL_OCI" "$work/bin/xl-oci-explain"
"$work/bin/xl-oci-explain" json-nul >"$work/out" 2>"$work/err"
result $? "by the name of a link"
has out "json-nul" "... it is the same command"
(exec -a /usr/sbin/xl "$work/bin/xl-oci-explain" -v oci-explain json-nul) \
    >"$work/out" 2>"$work/err"
result $? "executed with the argv of xl"
has out "json-nul" "... it is the same command"
(exec -a xl "$work/bin/xl-oci-explain" -T explain json-nlu) \
    >"$work/out" 2>"$work/err"
status=$?
exits 2 "... and its errors"

# output that cannot be written is an error
if [ -w /dev/full ]; then
    status=0
    "$XL_OCI" explain >/dev/full 2>"$work/err" || status=$?
    exits 1 "a full disk under standard output"
    has err "cannot write" "... is told"
fi
status=0
"$XL_OCI" explain json-nul >&- 2>"$work/err" || status=$?
exits 0 "without standard output nothing is written into other files"

# what is started is waited for, whatever the caller does with its own children
bundle sample
mkfifo "$work/conf"
XL_OCI_CONF=$work/conf env --ignore-signal=CHLD --block-signal=CHLD \
    "$XL_OCI" plan "$work/sample" >"$work/out" 2>"$work/err" </dev/null &
exec 8>"$work/conf"     # it has begun, and reads its settings
cp "/proc/$!/status" "$work/status"
exec 8>&-
wait $!
result $? "with SIGCHLD ignored and blocked by the caller"
for mask in SigIgn SigBlk; do
    bits=$(sed -n "s/^$mask:[[:space:]]*/0x/p" "$work/status")
    [ -n "$bits" ] && ! ((bits >> 16 & 1))
    result $? "... it is as ever ($mask $bits)"
done

finish
