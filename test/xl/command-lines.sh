# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The command lines on which the patched xl and xl-divert must agree. For each:
# expect WHO NAME ARGUMENT..., where WHO is the program that has to run:
# "oci-create" for LIBEXEC_BIN/xl-oci-create, "xl" for xl itself.

long_name=oci-$(printf '%0300d' 0)

each_command_line() {
    expect oci-create "a command alone" oci-create
    expect oci-create "its own options" oci-create -x -- bundle/
    expect oci-create "options of xl's names after it" oci-create -v -N -f
    expect oci-create "one global option" -v oci-create bundle
    expect oci-create "all global options" -v -f -t -T -N oci-create -x
    expect oci-create "bundled global options" -vvvN oci-create
    expect oci-create "-- before the command" -- oci-create bundle
    expect oci-create "empty, blank and newline arguments" \
        oci-create "" "a b" $'a\nb'
    expect oci-create "exit status 7" oci-create exit=7
    expect oci-create "exit status 255" -N oci-create exit=255

    expect xl "no arguments"
    expect xl "global options alone" -v -N
    expect xl "a global option xl does not know" -Q oci-create
    expect xl "a known and an unknown one in one word" -vQ oci-create
    expect xl "a long option" --help oci-create
    expect xl "help" help
    expect xl "help about it" help oci-create
    expect xl "a built-in command" list
    expect xl "a built-in command, as its argument" list oci-create
    expect xl "an empty name" ""
    expect xl "an empty name first" "" oci-create
    expect xl "a hyphen" -
    expect xl "a path" ../../bin/sh
    expect xl "a path that begins well" oci-/../oci-create
    expect xl "an absolute path" /bin/sh
    expect xl "a slash at the end" oci-create/
    expect xl "upper case" oci-Create
    expect xl "upper case throughout" OCI-CREATE
    expect xl "a dot" oci-create.
    expect xl "an underscore" oci_create
    expect xl "a blank" "oci-create "
    expect xl "a newline" $'oci-create\n'
    expect xl "a byte above 127" $'oci-create\351'
    expect xl "a program that does not exist" oci-absent
    expect xl "the prefix alone" oci-
}
