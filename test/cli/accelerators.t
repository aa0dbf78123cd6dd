#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Accelerators of a bundle: the side file and its schema, every way to ask for
# a device, what the administrator says, and which tree is the host's.
. "$(dirname "$0")/lib.sh"

vectors=$top/test/data/accelerators
tree() { dtc -q -@ -O dtb -o "$work/$2.dtb" "$top/test/$1/$2.dts"; }
tree dt good
tree dt device-unmarked

# using ANNOTATIONS [SIDE-FILE]: $work/app with these
using()
{
    bundle app "{ \"ociVersion\": \"1.3.0\",
  \"process\": { \"cwd\": \"/\", \"args\": [\"/bin/true\"] },
  \"root\": { \"path\": \"rootfs\" },
  \"annotations\": { $1 } }"
    rm -f "$work/app/accelerators.json"
    [ $# -lt 2 ] || cp "$2" "$work/app/accelerators.json"
}
conf() { printf '%s\n' "$@" >"$XL_OCI_CONF"; }
one=org.xenproject.oci.accelerator.
list=org.xenproject.oci.accelerators

# the schema and the reader agree on each vector
python3 - "$top/docs/accelerators.schema.json" "$vectors" <<'END' \
    >"$work/out" 2>"$work/err"
import glob, json, sys, warnings
warnings.simplefilter("ignore")
import jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft7Validator.check_schema(schema)
wrong = 0
for path in sorted(glob.glob(sys.argv[2] + "/*.json")):
    valid = jsonschema.Draft7Validator(schema).is_valid(json.load(open(path)))
    if valid != ("/good-" in path):
        print(path, "valid" if valid else "not valid")
        wrong = 1
sys.exit(wrong)
END
result $? "the schema tells good from bad"

conf "host_dtb = \"$work/good.dtb\""
for file in "$vectors"/good-*.json; do
    using "" "$file"
    run check "$work/app"
    ! grep -qE '\[(spec-|accelerator-invalid|accelerator-pci|json-)' \
        "$work/err" "$work/out"
    result $? "${file##*/} is read"
done
while read -r name check pointer; do
    using "" "$vectors/bad-$name.json"
    run check "$work/app"
    cat "$work/out" "$work/err" >"$work/both"
    [ "$status" = 1 ] &&
        grep -qE "accelerators\.json:[0-9]+:[0-9]+: error: ${pointer:+$pointer: }.*\[$check\]" \
            "$work/both"
    result $? "bad-$name.json: [$check] at ${pointer:-the top}"
done <"$vectors/expect"

using "\"${one}rtc\": \"dut\", \"${one}rtc.nodes\": \"/dev/rtc0\""
run plan "$work/app"
exits 0 "by annotations"
has out "iomem          9010,1@4100 (/rtc@9010000)" "... its page"
has out "irqs           34 (/rtc@9010000)" "... its interrupt"
has out "wait-node  /dev/rtc0" "... its node, waited for"
has out "bind-node  /dev/rtc0 /dev/rtc0" "... and bound"
run plan --format=dts "$work/app"
has out "rtc@4100000 {" "... its node of the partial tree"
dtc -q -I dts -O dtb -o /dev/null "$work/out"
result $? "... which dtc reads"

using "\"$list\": \"/rtc@9010000=/boot/rtc.bin\""
mkdir -p "$work/app/rootfs/boot"
echo data >"$work/app/rootfs/boot/rtc.bin"
run plan "$work/app"
exits 0 "RESOURCE=DEVICE_DATA"
has out "to load: /boot/rtc.bin" "... the data is in the plan"
run check "$work/app"
exits 1 "... and an error, as nothing loads it"
grep -qF "[accelerator-load]" "$work/out" "$work/err"
result $? "... [accelerator-load]"
ln -sf ../../../../etc/hostname "$work/app/rootfs/boot/rtc.bin"
run plan "$work/app"
has err "[accelerator-load-missing]" "a link out of the root is not followed"

using "\"${one}a\": \"dut\", \"$list\": \"/rtc@9010000\""
run plan "$work/app"
exits 1 "one device twice"
has err "config.json:4:" "... is told where"

using "\"${one}a\": \"rtx\""
run plan "$work/app"
has err "[dt-node-unknown]" "no such device"

# vm.hwConfig
# hardware MEMBERS [ANNOTATIONS]
hardware()
{
    bundle app "{ \"ociVersion\": \"1.3.0\",
  \"process\": { \"cwd\": \"/\", \"args\": [\"/bin/true\"] },
  \"root\": { \"path\": \"rootfs\" },
  \"vm\": { \"hwConfig\": { $1 } }${2+,
  \"annotations\": { $2 \}} }"
}
hardware '"iomems": [ { "firstMFN": 36880, "nrMFNs": 1, "firstGFN": 16896 } ]'
run plan "$work/app"
exits 0 "by a page"
has out "iomem          9010,1@4200 (/rtc@9010000)" "... where it is wanted"
has out "irqs           34 (/rtc@9010000)" "... with the interrupt"
hardware '"iomems": [ { "firstMFN": 36880, "nrMFNs": 1 } ]'
run plan "$work/app"
has out "iomem          9010,1@9010" "a page without a GFN is at the MFN"
hardware '"irqs": [ 34 ]'
run plan "$work/app"
has out "9010,1@4100 (/rtc@9010000)" "by an interrupt"
hardware '"iomems": [ { "firstMFN": 36881, "nrMFNs": 1 } ], "irqs": [ 27, 200 ],
    "dtdevs": [ "/rtc@9010000", "/absent" ]'
run plan "$work/app"
exits 1 "none of them"
has err "[raw-iomem]" "... a page of nothing"
has err "/vm/hwConfig/irqs/0: " "... a private interrupt"
has err "/vm/hwConfig/irqs/1: " "... an interrupt of nothing"
has err "/vm/hwConfig/dtdevs/0: " "... a device without an IOMMU"
has err "/vm/hwConfig/dtdevs/1: " "... a device that is not there"
dtc -q -O dtb -o "$work/app/guest.dtb" - <<'END'
/dts-v1/;
/ { passthrough { #address-cells = <2>; #size-cells = <2>; ranges;
    rtc@9010000 { compatible = "example,rtc"; xen,path = "/rtc@9010000";
        reg = <0 0x9010000 0 0x1000>; interrupts = <0 99 4>; }; }; };
END
hardware '"deviceTree": "guest.dtb"'
run plan --format=dts "$work/app"
exits 0 "by a partial tree"
has out 'compatible = "example,rtc";' "... what it is called is taken"
has out "interrupts = <0x0 0x2 0x4>;" "... what it has is the host's"
dtc -q -O dtb -o "$work/app/guest.dtb" - <<'END'
/dts-v1/;
/ { passthrough { #address-cells = <2>; #size-cells = <2>; ranges;
    rtc@9010000 { compatible = "generic-uio"; xen,path = "/rtc@9010000"; };
}; };
END
run plan "$work/app"
exits 0 "a UIO device by a partial tree"
has out "uio_pdrv_genirq.of_id=generic-uio " "... the guest's driver is told"
has out "/rtc@9010000, as generic-uio" "... and who reads the plan"
dtc -q -I dtb -O dts "$work/app/guest.dtb" |
    sed 's/generic-uio/a init=\/sh -uio/' |
    dtc -q -O dtb -o "$work/app/other.dtb" -
hardware '"deviceTree": "other.dtb"'
run plan "$work/app"
exits 0 "a name with spaces"
! grep -q '^cmdline .*init=/sh' "$work/out"
result $? "... is no word for the guest's kernel"
nodes='"org.xenproject.oci.nodes"'
hardware '"deviceTree": "guest.dtb"' "$nodes: \"/dev/rtc0 /dev/uio0\""
run plan "$work/app"
exits 0 "nodes of what vm.hwConfig names"
has out "wait-node  /dev/rtc0" "... waited for"
has out "bind-node  /dev/uio0 /dev/uio0" "... and bound, all of them"
hardware '"irqs": [ 34 ]' "$nodes: \"/dev/rtc0\",
    \"${one}rtc\": \"dut\", \"${one}rtc.nodes\": \"/dev/rtc0\""
run plan "$work/app"
has err "[accelerator-node]" "a node of two"
hardware '"irqs": [ 34 ]' "$nodes: \"/etc/rtc0\""
run plan "$work/app"
has err "[spec-extension]" "a node outside /dev"
hardware '"deviceTree": "guest.dtb"'
# at_tree TEXT NAME: an error at the bundle's word, that names the file
at_tree()
{
    grep -qE "config\.json:4:[0-9]+: error: /vm/hwConfig/deviceTree: .*$1" \
        "$work/err"
    result $? "$2"
}
conf "host_dtb = \"$work/device-unmarked.dtb\""
run plan "$work/app"
exits 1 "by a partial tree, a device that is not marked"
at_tree "/rtc@9010000.*\[device-unmarked\]" "... is told where it is asked for"
conf "host_dtb = \"$work/good.dtb\""
for check in shape unmatched; do
    dtc -q -O dtb -o "$work/app/guest.dtb" "$top/test/dt/template-$check.dts"
    run plan "$work/app"
    exits 1 "a partial tree that may not be"
    at_tree "guest\.dtb: /.*@.*: .*\[template-$check\]" "... is told where"
done
dtc -q -O dtb -o "$work/app/guest.dtb" "$top/test/dt/good.dts"
run plan "$work/app"
at_tree "guest\.dtb: .*/passthrough .*\[template-shape\]" "no partial tree"
hardware '"deviceTree": "absent.dtb"'
run plan "$work/app"
exits 1 "no such tree"
has err "[device-tree-file]" "... is told"
hardware '"deviceTree": "config.json"'
run plan "$work/app"
exits 1 "a tree that is none"
lacks err "[device-tree-file]" "... is told by dt"
at_tree "config\.json: .*\[dt-invalid\]" "... where it is asked for"
using "\"${one}a\": \"dut\""

# the administrator's word
conf "host_dtb = \"$work/device-unmarked.dtb\""
using "\"${one}a\": \"dut\""
run plan "$work/app"
has err "[device-unmarked]" "an unmarked device"
conf "host_dtb = \"$work/device-unmarked.dtb\"" \
    'device_allow = [ "dut unmarked" ]'
run plan "$work/app"
exits 0 "... that is allowed"
has err "[device-allowed]" "... which is told"
conf 'device_allow = [ "dut unmarkd" ]'
run plan "$work/app"
has err "[settings-invalid]" "a word that is none"
conf 'device_allow = "dut unmarked"'
run plan "$work/app"
has err "[settings-invalid]" "no list"

# which tree
conf ""
export XL_OCI_DOM0_DTB=$work/good.dtb
run plan "$work/app"
exits 0 "Dom0's own tree"
has err "[host-tree-of-dom0]" "... with a warning"
dtc -q -O dts "$top/test/dt/good.dts" |
    sed 's/0x9010000 0x1000/0x9011000 0x1000/' >"$work/other.dts"
dtc -q -O dtb -o "$work/other.dtb" "$work/other.dts"
conf "host_dtb = \"$work/good.dtb\""
export XL_OCI_DOM0_DTB=$work/other.dtb
run plan "$work/app"
exits 1 "another machine's tree"
has err "[host-tree-mismatch]" "... is told"
export XL_OCI_DOM0_DTB=$work/good.dtb
run plan "$work/app"
has err "Dom0 has the device" "a mark that Xen was not booted with"

# a device and what is in it, as Xen shows it to Dom0
dtc -q -@ -O dtb -i "$top/test/dt" -o "$work/parts.dtb" - <<'END'
/dts-v1/;
/include/ "board.dtsi"
/ { bus@9000000 {
    compatible = "simple-bus"; #address-cells = <1>; #size-cells = <1>;
    ranges = <0 0x9000000 0x100000>;
    dut: part@10000 {
        compatible = "example,part"; reg = <0x10000 0x1000>; xen,passthrough;
        #address-cells = <1>; #size-cells = <1>; ranges = <0 0x10000 0x2000>;
        engine@1000 {
            compatible = "example,engine"; reg = <0x1000 0x1000>;
            interrupts = <0 2 4>; xen,passthrough;
        }; }; }; };
END
bus=/bus@9000000 part=/bus@9000000/part@10000
engine=$part/engine@1000
conf "host_dtb = \"$work/parts.dtb\"" "device_allow = [ \"$part no-dma\" ]"
export XL_OCI_DOM0_DTB=$work/dom0.dtb
# in_dom0 FDTPUT-ARGUMENT...: the plan, where Dom0 has the tree with that change
in_dom0()
{
    local node
    cp "$work/parts.dtb" "$work/dom0.dtb"
    for node in "$part" "$engine"; do
        fdtput -d "$work/dom0.dtb" "$node" xen,passthrough
        fdtput -t s "$work/dom0.dtb" "$node" status disabled
    done
    [ $# = 0 ] || fdtput "${@:1:2}" "$work/dom0.dtb" "${@:3}"
    run plan "$work/app"
}
in_dom0
exits 0 "a device with what is in it"
is_mismatch()
{
    exits 1 "... of which $1"
    grep -qE "$2: $3.*\[host-tree-mismatch\]" "$work/err"
    result $? "... is told"
}
in_dom0 -t s "$engine" compatible example,other
is_mismatch "a part is another" "$engine" '"compatible" is another'
in_dom0 -t x "$engine" reg 1000 800
is_mismatch "a part is smaller" "$engine" '"reg" is another'
in_dom0 -t x "$engine" interrupts 0 3 4
is_mismatch "an interrupt is another" "$engine" '"interrupts" is another'
in_dom0 -t x "$bus" ranges 0 8000000 100000
is_mismatch "the bus is elsewhere" "$part" 'the buses above put it elsewhere'
in_dom0 -t s "$engine" status okay
is_mismatch "a part is Dom0's" "$engine" 'Dom0 has the device'
in_dom0 -r -p "$engine"
is_mismatch "a part is not there" "$engine" "Dom0's own tree has no such node"
# a driver of Dom0's kernel on it, which only one that is not marked can have
sys=$work/sys/bus/amba/devices/9011000.engine
mkdir -p "$sys"
ln -s ../../../firmware/devicetree/base$engine "$sys/of_node"
XL_OCI_DOM0_SYS=$work/sys in_dom0
exits 0 "a device of a bus in Dom0 without a driver"
ln -s ../../../bus/amba/drivers/engine-driver "$sys/driver"
XL_OCI_DOM0_SYS=$work/sys in_dom0
exits 1 "... with one"
has err "$engine: Dom0's kernel drives it (engine-driver) [device-driven]" \
    "... which is named"
has err "echo 9011000.engine >/sys/bus/amba/drivers/engine-driver/unbind" \
    "... and how to take it away"
ln -sfn ../../../firmware/devicetree/base/other "$sys/of_node"
XL_OCI_DOM0_SYS=$work/sys in_dom0
exits 0 "a driver of another device"
unset XL_OCI_DOM0_DTB
finish
