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

run devices
exits 1 "no tree named"
has err "[dt-unnamed]" "... by its check"
has err "--host-dtb=FILE" "... tells the option"
echo "host_dtb = \"$work/good.dtb\"" >"$XL_OCI_CONF"
run devices
exits 0 "the tree of the configuration file"
has out "/rtc@9010000" "... is listed"
finish
