#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Bundles that nobody should have made: each is refused with an error that says
# where, by oci-check and by oci-create, which makes nothing. The smallest
# example of every check is in test/bad/; here are the well-known ones whole.
. "$(dirname "$0")/lib.sh"

# config NAME MEMBER...: a bundle that is right but for what MEMBERs add
config()
{
    local name=$1 members=$2
    bundle "$name" "{
  \"ociVersion\": \"1.3.0\",
  \"root\": { \"path\": \"rootfs\" },
$members
}"
}

process='"process": { "cwd": "/", "args": [ "a" ] }'

# refused NAME CHECK PLACE: by both commands
refused()
{
    local c
    for c in check create; do
        run "$c" "$work/$1"
        exits 1 "$1: $c"
        grep -F "[$2]" "$work/err" | grep -qF -- "$3"
        result $? "... [$2] at $3"
        has err "remedy: " "... with a remedy"
    done
    [ ! -e "$XL_OCI_RUN_ROOT" ]
    result $? "... nothing is made"
}

mkdir -p "$work/no-config/rootfs"
refused no-config config-missing no-config/config.json
bundle not-json 'ociVersion: 1.0.0'
refused not-json json-syntax config.json:1:1
config duplicate "$process, $process"
refused duplicate json-duplicate-key config.json:4:
mkdir -p "$work/brackets/rootfs"
head -c 1M /dev/zero | tr '\0' '[' >"$work/brackets/config.json"
refused brackets json-too-deep config.json:1:65
config nul '"process": { "cwd": "/", "args": [ "a\u0000b" ] }'
refused nul json-nul config.json:4:
config wrong-types '"process": { "cwd": 7, "args": { "a": 1 } }'
refused wrong-types spec-type /process/cwd
has err "/process/args" "... and the other in the same run"
config relative '"process": { "cwd": "home", "args": [ "a" ] }'
refused relative spec-path-not-absolute /process/cwd
config capability '"process": { "cwd": "/", "args": [ "a" ],
  "capabilities": { "bounding": [ "CAP_FLY" ] } }'
refused capability spec-capability-unknown /process/capabilities/bounding/0
config no-rootfs "$process"
rm -r "$work/no-rootfs/rootfs"
refused no-rootfs rootfs-missing /root/path
config root-link "$process"
rmdir "$work/root-link/rootfs/bin" "$work/root-link/rootfs"
ln -s / "$work/root-link/rootfs"
refused root-link rootfs-outside /root/path
config root-dots "$process"
sed -i 's|"rootfs"|"../root-dots-else"|' "$work/root-dots/config.json"
mkdir "$work/root-dots-else"
refused root-dots rootfs-outside /root/path
config mount-link "$process,
  \"mounts\": [ { \"destination\": \"/m\", \"type\": \"bind\",
    \"source\": \"data\", \"options\": [ \"ro\", \"bind\" ] } ]"
ln -s /etc/passwd "$work/mount-link/data"
refused mount-link mount-source-outside /mounts/0/source
mkdir -p "$work/fifo/rootfs"
mkfifo "$work/fifo/config.json"
refused fifo config-not-regular fifo/config.json

# memory N CHECK: as the bundle and as the option say it
memory()
{
    config "memory-$1" "$process, \"vm\": { \"hwConfig\": { \"memory\": $1 } }"
    refused "memory-$1" "$2" /vm/hwConfig/memory
}

memory 1 memory-too-small
memory 9223372036854775807 spec-range
memory 9223372036854775808 spec-range
memory 18446744073709551616 spec-range
memory -1 spec-range
memory 1.5 spec-range
config good "$process"
run check -m 9223372036854775808 "$work/good"
exits 1 "--memory of 2^63"
has err "[memory-too-large]" "... is told"

# everything at once: what the file says, what is not there, what cannot be
config stages '"process": { "cwd": "home", "args": [ "a" ],
    "capabilities": { "bounding": [ "CAP_FLY" ] } },
  "mounts": [
    { "destination": "/d", "type": "bind", "source": "gone",
      "options": [ "bind", "ro" ] },
    { "destination": "/z", "type": "zfs", "source": "tank" } ],
  "annotations": { "org.xenproject.oci.vcpus": "3" },
  "vm": { "hwConfig": { "memory": 1 } }'
rm -r "$work/stages/rootfs"
echo 'vcpus_max = 2' >"$XL_OCI_CONF"
for check in spec-path-not-absolute spec-capability-unknown rootfs-missing \
    mount-source-missing mount-type-unavailable memory-too-small \
    policy-ceiling; do
    refused stages "$check" ': error: '
done
[ "$(grep -c 'error: ' "$work/err")" = 7 ]
result $? "all stages in one run, and nothing twice"
cp "$work/err" "$work/first"
run create "$work/stages"
cmp -s "$work/first" "$work/err"
result $? "... in the same order each time"
echo 'vcpus_maximum = 2' >"$XL_OCI_CONF"
run check "$work/stages"
has err '[settings-invalid]' "a wrong xl-oci.conf as well"
has err '[mount-type-unavailable]' "... beside the bundle's own errors"
rm "$XL_OCI_CONF"

config all '"process": { "cwd": "home", "args": [ 1 ],
    "capabilities": { "bounding": [ "CAP_FLY" ] } },
  "hostname": 7, "mounts": [ { "destination": "x" } ],
  "vm": { "hwConfig": { "memory": "much" } }'
run check "$work/all"
exits 1 "many mistakes"
[ "$(grep -c 'error: ' "$work/err")" -ge 5 ]
result $? "... all of them in one run"
finish
