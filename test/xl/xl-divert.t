#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# xl-divert runs oci-* commands itself and the stock xl for all else, with the
# command line as it was. The recorder only observes what is executed.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=command-lines.sh
. "$here/command-lines.sh"

libexec=$scratch/libexec
mkdir -p "$libexec"
compile "$scratch/recorder" "$here/recorder.c"
compile "$scratch/xl" "$top/xl-oci/xl-divert.c" \
    -DLIBEXEC_BIN="\"$libexec\"" -DXL_STOCK="\"$scratch/xl.stock\""
cp "$scratch/recorder" "$scratch/xl.stock"
cp "$scratch/recorder" "$libexec/xl-oci-create"
# Must never run: not an oci-* command, a name of no length.
cp "$scratch/recorder" "$libexec/xl-list"
cp "$scratch/recorder" "$libexec/xl-"
cp "$scratch/recorder" "$libexec/xl-oci-Create"

exit_of() {
    case $1 in exit=*) echo "${1#exit=}" ;; *) echo 0 ;; esac
}

expect() {
    local who=$1 name=$2 path=$scratch/xl.stock last
    shift 2
    [ "$who" = xl ] || path=$libexec/xl-$who
    last=${*: -1}
    run "$scratch/xl" "$@"
    if [ "$name" = "a byte above 127" ]; then
        output=${output//\\x??/\\x..}
        set -- 'oci-create\x..'
    fi
    is "$name: $who runs, arguments as they were" \
        "$output" "$(quoted "$path" "$scratch/xl" "$@")"
    is "$name: its exit status" "$status" "$(exit_of "$last")"
}

each_command_line
expect xl "a command of another prefix" foo
expect xl "a program that exists, of another prefix" lis

run "$scratch/xl" "$long_name"
is "a name too long for a file: exit status" "$status" 1
ok "a name too long for a file: says so" \
    grep -q 'File name too long' <<<"$output"

chmod -x "$libexec/xl-oci-create"
run "$scratch/xl" oci-create
is "a program that cannot be executed: exit status" "$status" 1
ok "a program that cannot be executed: path and reason" \
    grep -qF "$libexec/xl-oci-create: Permission denied" <<<"$output"
ok "a program that cannot be executed: one line" \
    test "$(wc -l <<<"$output")" = 1
chmod +x "$libexec/xl-oci-create"

(cd "$scratch" && mkdir path && cp recorder path/xl-oci-other)
run env PATH="$scratch/path:$PATH" "$scratch/xl" oci-other
is "\$PATH is not searched" "$output" \
    "$(quoted "$scratch/xl.stock" "$scratch/xl" oci-other)"

run bash -c "exec -a /elsewhere/xl $scratch/xl oci-create"
is "argv[0] does not choose the directory" "$output" \
    "$(quoted "$libexec/xl-oci-create" /elsewhere/xl oci-create)"

mv "$scratch/xl.stock" "$scratch/xl.gone"
run "$scratch/xl" list
is "no stock xl: exit status" "$status" 1
ok "no stock xl: path, reason, remedy" \
    grep -q "xl.stock: No such file or directory (remedy: " <<<"$output"
run "$scratch/xl" oci-create
is "no stock xl: oci-create works" "$status" 0

finish
