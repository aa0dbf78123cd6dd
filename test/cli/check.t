#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# oci-check and oci-plan: codes, places, formats, and that a bundle is only
# looked at. Needs neither root nor Xen.
. "$(dirname "$0")/lib.sh"

json() # PATH EXPRESSION: a value of the JSON in $work/out by perl
{
    perl -MJSON::PP -0777 -e '
        my $j = decode_json(<STDIN>);
        my $v = eval shift; die $@ if $@; print defined $v ? $v : "";
    ' "$1" <"$work/out"
}

bundle good
find "$work/good" -printf '%p %m %T@ %s\n' | sort >"$work/before"
run check "$work/good"
exits 0 "a good bundle"
has out "good: 0 errors" "... is told"
run check --format=json "$work/good"
exits 0 "as JSON"
[ "$(json '$j->{errors}')" = 0 ]
result $? "... no errors"

bundle bad '{
  "ociVersion": "1.2.0",
  "process": { "cwd": "relative", "args": [] },
  "root": { "path": "rootfs" },
  "mounts": [ { "destination": "/x", "type": "bind", "source": "/no/such",
                "options": ["bind", "ro"] } ]
}'
run check "$work/bad"
exits 1 "a bad bundle"
has err "bad/config.json:3:" "the place of the first problem"
has err "/process/cwd" "its pointer"
has err "remedy: " "a remedy"
[ "$(grep -c 'error: ' "$work/err")" -ge 2 ]
result $? "several problems in one run"
run check --format=json "$work/bad"
exits 1 "as JSON"
is_empty err "... on standard output alone"
[ "$(json '$j->{errors}')" -ge 2 ]
result $? "... counts them"
[ "$(json '$j->{diagnostics}[0]{line}')" = 3 ]
result $? "... with the line"
[ "$(json 'scalar grep { !$_->{check} || !$_->{message} || !$_->{remedy} }
           @{$j->{diagnostics}}')" = 0 ]
result $? "... check, message and remedy each"
run plan "$work/bad"
exits 1 "no plan of a bad bundle"
is_empty out "... nothing on standard output"
run plan --format=json "$work/bad"
[ "$(json '$j->{errors}')" -ge 2 ]
result $? "a plan as JSON tells the errors as JSON"

odd=$(printf 'odd\344')
cp -r "$work/good" "$work/$odd"
run check --format=json "$work/$odd"
perl -MJSON::PP -0777 -e 'decode_json(<STDIN>)' <"$work/out" 2>"$work/err"
result $? "a path that is no UTF-8 still gives JSON"

run check "$work/nowhere"
exits 1 "no bundle"
has err "[bundle-open]" "... by name"
mkdir "$work/empty"
run check "$work/empty"
exits 1 "no config.json"
has err "[config-missing]" "... by name"
printf '{"a":1,\033[31m}' >"$work/empty/config.json"
run check "$work/empty"
exits 1 "not JSON"
! grep -q "$(printf '\033')" "$work/err"
result $? "terminal escapes are not passed on"

run plan "$work/good"
exits 0 "a plan"
has out "org.xenproject.oci.memory" "... names what caused the memory"
grep -qE '^memory +64 +<- /annotations/org.xenproject.oci.memory' "$work/out"
result $? "... on the line of the memory, in MiB"
cp "$work/out" "$work/first"
run plan "$work/good"
cmp -s "$work/out" "$work/first"
result $? "the same plan again, byte for byte"
run plan -m 96M --vcpus=2 -n other "$work/good"
has out "--memory" "an option as cause"
grep -qE '^memory +96 +<- --memory$' "$work/out"
result $? "... on the line that it caused"
has out "other" "the name given"
run plan --format=json "$work/good"
exits 0 "as JSON"
[ "$(json 'scalar grep { !defined $_->{key} || !$_->{from} }
           @{$j->{lines}}')" = 0 ]
result $? "every line has a key and a cause"
[ "$(json 'scalar @{$j->{program}}')" -gt 3 ]
result $? "the program of init is shown"
run plan --format=xl "$work/good"
exits 0 "as xl.cfg"
grep -qE '^memory *= *64 +#' "$work/out"
result $? "... memory in MiB"
grep -qE '^name *= *"good" +#' "$work/out"
result $? "... and the name, of the bundle's directory"

echo 'memory_max = "32M"' >"$XL_OCI_CONF"
run check "$work/good"
exits 1 "more than the policy allows"
has err "[policy-ceiling]" "... by name"
run plan "$work/good"
exits 1 "nor is there a plan"
has err "/annotations/org.xenproject.oci.memory" "... and where it is asked"
run check -m 32M "$work/good"
exits 0 "an option may ask for less"
run check -m 33M "$work/good"
exits 1 "but not for more"
has err "--memory" "... which is told"
echo 'vcpus_max = 2' >"$XL_OCI_CONF"
run check --vcpus=2 "$work/good"
exits 0 "as many vCPUs as the policy allows"
run check --vcpus=3 "$work/good"
exits 1 "one more"
has err "3 vCPUs are more than vcpus_max = 2" "... is told"
echo 'memory_maximum = "32M"' >"$XL_OCI_CONF"
run check "$work/good"
has err "[settings-invalid]" "a misspelt key of xl-oci.conf"
has err "xl-oci.conf(5) lists the keys" "... and where the right ones are"
rm "$XL_OCI_CONF"

find "$work/good" -printf '%p %m %T@ %s\n' | sort >"$work/after"
cmp -s "$work/before" "$work/after"
result $? "the bundle was not touched"
[ ! -e "$XL_OCI_RUN_ROOT" ]
result $? "no run directory was made"
finish
