#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The devices of a host tree: listed, judged, and every way to name the tree.
. "$(dirname "$0")/lib.sh"

tree() { dtc -q -@ -O dtb -o "$work/$1.dtb" "$top/test/dt/$1.dts"; }
tree good
tree device-unmarked
tree device-page-shared

run devices --host-dtb "$work/good.dtb"
exits 0 "a good tree"
has out "memory: 0x9010000+0x1000" "... the device's memory"
has out "SPI 2 (INTID 34)" "... its interrupt"
has out "may be passed through" "... the verdict"
has out "1 of 2 devices have xen,passthrough" "... and that there are others"

run devices --host-dtb "$work/good.dtb" --all
has out "device-of-xen" "--all: the GIC, and why not"

run devices --host-dtb "$work/device-unmarked.dtb" dut
exits 0 "a device by its alias"
has out "[device-unmarked]" "... why not"

run devices --host-dtb "$work/device-page-shared.dtb" --format=json
exits 0 "as JSON"
python3 -c '
import json, sys
(d,) = json.load(sys.stdin)
assert d["path"] == "/rtc@9010000" and d["compatible"] == ["arm,pl031"]
assert not d["passable"]
assert [r["check"] for r in d["reasons"]] == ["device-page-shared"]
assert d["reasons"][0]["remedy"]
assert d["regions"][0]["page"] == 0x9010 and d["regions"][0]["pages"] == 1
assert d["interrupts"][0]["intid"] == 34
' <"$work/out"
result $? "... with all it has"

run devices --host-dtb "$work/good.dtb" rtx
exits 1 "no such device"
has err "[dt-node-unknown]" "... by its check"
run devices --host-dtb "$work/good.dtb" /
exits 1 "a node that is no device"
run devices --host-dtb "$work/absent.dtb"
exits 1 "no such file"
has err "[dt-unreadable]" "... by its check"
head -c 1048577 /dev/zero >"$work/large.dtb"
run devices --host-dtb "$work/large.dtb"
exits 1 "a file that is too large"
echo "no tree" >"$work/text.dtb"
run devices --host-dtb "$work/text.dtb"
exits 1 "a file that is no tree"
has err "[dt-invalid]" "... by its check"

run devices --host-dtb "$work/good.dtb" --plan dut
exits 0 "a plan"
has out "/rtc@9010000 is /passthrough/rtc@4100000" "... its node"
has out "iomem 0x9010,0x1@0x4100" "... its page, elsewhere"
has out "irq 34" "... its interrupt"
run devices --host-dtb "$work/good.dtb" --plan dut --format=json
exits 0 "... as JSON"
python3 -c '
import json, sys
d = json.load(sys.stdin)
assert d["granted"] == [{"path": "/rtc@9010000", "device": "/rtc@9010000",
                         "guestPath": "/passthrough/rtc@4100000"}]
assert d["iomem"] == [{"path": "/rtc@9010000", "mfn": 0x9010, "gfn": 0x4100,
                       "pages": 1}]
assert d["irqs"] == [{"path": "/rtc@9010000", "intid": 34, "flags": 4}]
assert d["dtdevs"] == d["waived"] == d["stubs"] == []
' <"$work/out"
result $? "... with all of it"
run devices --host-dtb "$work/good.dtb" --plan dut --format=dtb
exits 0 "... as DTB"
cp "$work/out" "$work/partial.dtb"
dtc -I dtb -O dts "$work/partial.dtb" >"$work/by-dtc" 2>"$work/warnings"
result $? "... that dtc reads"
[ ! -s "$work/warnings" ]
result $? "... without a warning"
run devices --host-dtb "$work/good.dtb" --plan dut --format=dts
exits 0 "... as source"
dtc -q -I dts -O dts "$work/out" | cmp - "$work/by-dtc"
result $? "... that is the same tree"
run devices --host-dtb "$work/device-unmarked.dtb" --plan dut
exits 1 "a plan for a device that may not go"
has err "[device-unmarked]" "... why"
run devices --host-dtb "$work/device-unmarked.dtb" --plan dut --allow=unmarked
exits 0 "... with the administrator's word"
has out "waived for /rtc@9010000" "... which is shown"
run devices --host-dtb "$work/device-page-shared.dtb" --plan dut
exits 1 "a plan for one of two in a page"
has err "as they go together only: /other@9010800" "... names the other"
run devices --host-dtb "$work/good.dtb" --plan dut --allow=everything
exits 2 "an unknown reason"
run devices --host-dtb "$work/good.dtb" --plan dut --clocks=7
exits 2 "a clock without a rate"
run devices --host-dtb "$work/good.dtb" --plan
exits 2 "a plan for nothing"
run devices --host-dtb "$work/good.dtb" --format=dts
exits 2 "a tree without a plan"
run devices --host-dtb "$work/good.dtb" --allow=unmarked
exits 2 "an allowance without a plan"

run devices
exits 1 "no tree named"
has err "[dt-unnamed]" "... by its check"
has err "--host-dtb=FILE" "... tells the option"
echo "host_dtb = \"$work/good.dtb\"" >"$XL_OCI_CONF"
run devices
exits 0 "the tree of the configuration file"
has out "/rtc@9010000" "... is listed"

# Dom0's own tree, where none is named
cp "$work/good.dtb" "$work/dom0.dtb"
fdtput -d "$work/dom0.dtb" /rtc@9010000 xen,passthrough
fdtput -t s "$work/dom0.dtb" /rtc@9010000 status disabled
: >"$XL_OCI_CONF"
export XL_OCI_DOM0_DTB=$work/dom0.dtb
run devices
exits 0 "Dom0's own tree"
has err "[host-tree-of-dom0]" "... with a warning"
has err "does not tell which devices have xen,passthrough" "... of its limits"
has out "/rtc@9010000" "... a device that may be marked is listed"
has out "1 of 2 devices are disabled in Dom0's own tree" "... and only that"
has out "[device-unmarked]" "... and is not to be had"
run devices --format=json
exits 0 "... in JSON"
python3 -c 'import json, sys; assert len(json.load(sys.stdin)) == 1' \
    <"$work/out"
result $? "... which is whole"
has err "[host-tree-of-dom0]" "... the warning aside"
run devices --plan dut
exits 1 "... no plan"
echo 'device_allow = [ "/rtc@9010000 unmarked disabled" ]' >"$XL_OCI_CONF"
run devices --plan dut
exits 0 "... but with the administrator's word"
has out "irq 34" "... it is one"
has err "[host-tree-of-dom0]" "... with the warning"
run devices --doctor
exits 1 "... the doctor has nothing to say of it"
has err "[dt-unnamed]" "... by its check"
run devices --host-dtb "$work/good.dtb"
lacks err "[host-tree-of-dom0]" "a tree that is named: no warning"
XL_OCI_DOM0_DTB=$work/absent.dtb run devices
exits 1 "Dom0's own tree cannot be read"
has err "[dt-unreadable]" "... by its check"
unset XL_OCI_DOM0_DTB

# what the administrator allows holds for the host's own tree
cat >"$XL_OCI_CONF" <<CONF
host_dtb = "$work/device-unmarked.dtb"
device_allow = [ "/rtc@9010000 unmarked" ]
CONF
run devices dut
exits 0 "a device with the administrator's word in the file"
has out "may be passed through" "... it may"
has out "device_allow passes over: " "... what is passed over"
run devices --format=json dut
has out '"passable":true' "... in JSON"
has out '"check":"device-unmarked","allowed":true' "... with what is allowed"
run devices --plan dut
exits 0 "... a plan for it"
has out "waived for /rtc@9010000" "... says so"
run devices --host-dtb "$work/device-unmarked.dtb" dut
has out "    no: " "the tree of any machine: the file does not hold for it"
run devices --host-dtb "$work/device-unmarked.dtb" --plan dut
exits 1 "... no plan either"
finish
