#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Mistakes that earlier runtimes for Xen made. Each must not happen here. Those
# that show with a domain only are in test/boot/in-dom0/: a creation that fails
# is told (faults), any signal but KILL is delivered, a name that is taken or
# runs is not touched, pid is that of the monitor (lifecycle), links of the root
# lead nowhere outside and arguments arrive byte for byte (fidelity).
. "$(dirname "$0")/lib.sh"

run state nobody
exits 3 "the state of what is not there is an error"
is_empty out "... and not a state"
[ ! -e "$XL_OCI_RUN_ROOT" ]
result $? "... nor is anything made"

mkdir -p -m 0700 "$XL_OCI_RUN_ROOT/web"
: >"$XL_OCI_RUN_ROOT/web/lock"
cat >"$XL_OCI_RUN_ROOT/web/record" <<'END'
{"version": 1, "status": "stopped", "domid": -1, "monitor": 0,
 "created": 1700000000, "name": "web", "uuid":
 "6b1f3a0c-1111-4222-8333-9444aaaabbb1", "bundle": "/srv/web",
 "ociVersion": "1.2.0", "annotations": {}, "exit": {"kind": "exited",
 "number": 0}}
END
run -v state web
exits 0 "an option before the command does not swallow it"
grep -q '"created":"2023-11-14T22:13:20' "$work/out"
result $? "created is when it was created"
run frobnicate web
exits 2 "a command that is none"
run delete --force web
exits 0 "delete --force"
[ ! -e "$XL_OCI_RUN_ROOT/web" ]
result $? "... deletes"

# What an image can say (environment, arguments, annotations from its labels)
# and what decides over the host are apart.
# environment LINE: the bundle "plain" with it
environment()
{
    bundle plain "{
  \"ociVersion\": \"1.2.0\",
  \"process\": { \"cwd\": \"/\", \"args\": [ \"/bin/true\" ],
    \"env\": [ $1 ] },
  \"root\": { \"path\": \"rootfs\" }
}"
}

environment '"A=B"'
run plan --format=xl -n x "$work/plain"
sed 's/ *#.*//' "$work/out" >"$work/without" # places may differ
environment '"RUNX_KERNEL=/../../../../../../etc/shadow",
    "RUNX_RAMDISK=/etc/shadow", "XLCONF=/../rootfs//evil.cfg"'
echo "iomem = ['0xff5e0,1']" >"$work/plain/rootfs/evil.cfg"
run plan --format=xl -n x "$work/plain"
exits 0 "an environment that names kernels and configurations"
sed 's/ *#.*//' "$work/out" | cmp -s - "$work/without"
result $? "... changes nothing of the domain"

# Text of the bundle stays text in the domain's configuration.
bundle "$(printf 'odd"\niomem = ["0xff5e0,1"]\n#')"
run plan --format=xl -n x "$work/"odd*
exits 0 "a path with quotes and lines"
! grep -q '^iomem' "$work/out"
result $? "... adds no line to the configuration"
bundle parameters '{
  "ociVersion": "1.3.0",
  "process": { "cwd": "/", "args": [ "/bin/true" ] },
  "root": { "path": "rootfs" },
  "vm": { "kernel": { "path": "",
    "parameters": [ "a=\"\niomem = [ \"0xff5e0,1\" ]\n" ] } }
}'
run plan --format=xl -n x "$work/parameters"
! grep -q '^iomem' "$work/out"
result $? "... nor do kernel parameters"

# Forty mounts are forty mounts.
mounts=
for i in $(seq 40); do
    mounts+="${mounts:+,}{ \"destination\": \"/m$i\", \"type\": \"tmpfs\",
      \"source\": \"tmpfs\", \"options\": [ \"size=${i}k\" ] }"
done
bundle forty "{
  \"ociVersion\": \"1.2.0\",
  \"process\": { \"cwd\": \"/\", \"args\": [ \"/bin/true\" ] },
  \"root\": { \"path\": \"rootfs\" }, \"mounts\": [ $mounts ]
}"
run plan "$work/forty"
for i in 1 16 31 40; do
    has out "size=${i}k" "mount $i of forty is in the plan"
done
[ "$(grep -cE 'mount-in +tmpfs /m[0-9]+ .*size=[0-9]+k' "$work/out")" = 40 ]
result $? "all forty are"

# One that cannot be mounted is refused, and not left out.
bundle other '{
  "ociVersion": "1.2.0",
  "process": { "cwd": "/", "args": [ "/bin/true" ] },
  "root": { "path": "rootfs" },
  "mounts": [ { "destination": "/m", "type": "zfs", "source": "pool" } ]
}'
run plan "$work/other"
exits 1 "a mount of an unknown type"
has err "[mount-type-unavailable]" "... is told"
finish
