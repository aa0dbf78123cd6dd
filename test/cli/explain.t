#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every check has an explanation, and is found by its name.
. "$(dirname "$0")/lib.sh"

run explain
exits 0 "the list"
cp "$work/out" "$work/list"
[ "$(wc -l <"$work/list")" -eq \
  "$(cat "$top/libxl-oci/checks.def" "$top/dt/checks.def" |
     grep -c '^CHECK(')" ]
result $? "one line per row of checks.def, of both"
[ -z "$(cut -d' ' -f1 "$work/list" | sort | uniq -d)" ]
result $? "names are unique"

while read -r name severity title; do
    run explain "$name"
    exits 0 "explain $name"
    tr -s '\n ' '  ' <"$work/out" | grep -qF -- "$name ($severity) $title "
    result $? "... its severity and title"
    [ "$(wc -l <"$work/out")" -ge 3 ] && ! grep -qE '^.{81}' "$work/out"
    result $? "... a text, in 80 columns"
done <"$work/list"

run explain plan-clock-rate
tr -s '\n ' '  ' <"$work/out" | grep -q 'found nothing: .*dt-invalid, .*device-dma, '
result $? "what must have found nothing before"
run explain dt-invalid
lacks out "plan-" "... and nothing that comes after"
run explain json-syntax
lacks out "Asked where" "... nor of others than device trees"

run explain mount-source-mising
exits 2 "a name that is none"
has err "did you mean mount-source-missing?" "... has a neighbour"
run explain qqqq
has err "lists all" "... or a list"
finish
