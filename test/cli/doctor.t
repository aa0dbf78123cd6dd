#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The doctor: findings, corrected trees in each form, and every way to ask
# wrongly.
. "$(dirname "$0")/lib.sh"

tree() { dtc -q -@ -O dtb -o "$work/$1.dtb" "$top/test/dt/$1.dts"; }
tree board-good
tree board-address
tree board-gic-alias
tree board-timer
tree device-unmarked

# same TREE TREE: but for the order of properties and nodes
same() {
    cmp <(dtc -q -s -I dtb -O dts "$1") <(dtc -q -s -I dtb -O dts "$2")
}

run devices --host-dtb "$work/board-good.dtb" --doctor
exits 0 "a board that works"
has out "nothing found" "... says so"

run devices --host-dtb "$work/board-address.dtb" --doctor
exits 1 "a board that does not"
has out "/bus@10000000/core@1000: Xen cannot read entry 0 of its reg, though \
it is disabled" "... where and why"
has out "[board-address]" "... the check"
has out "remedy: take reg out of the node" "... the remedy"
has out "--fix corrects it" "... and that it can be corrected"

for kind in dtb dtbo dts; do
    run devices --host-dtb "$work/board-address.dtb" --doctor \
        --fix "$work/fixed.$kind"
    exits 0 "... corrected, .$kind"
    has out "fixed.$kind: 1 property changed; 0 errors left" "... shown"
done
run devices --host-dtb "$work/fixed.dtb" --doctor
exits 0 "... the corrected tree works"
dtc -q -I dts -O dtb -o "$work/by-dtc.dtbo" "$work/fixed.dts" &&
    same "$work/by-dtc.dtbo" "$work/fixed.dtbo"
result $? "... the source is the overlay"
fdtoverlay -i "$work/board-address.dtb" -o "$work/overlaid.dtb" \
    "$work/fixed.dtbo" && same "$work/overlaid.dtb" "$work/fixed.dtb"
result $? "... which makes the same tree by fdtoverlay"

run devices --host-dtb "$work/board-gic-alias.dtb" --doctor
exits 0 "warnings alone"
has out "0 errors, 1 warning; 1 of them is correctable" "... are counted"

run devices --host-dtb "$work/board-timer.dtb" --doctor --fix "$work/t.dtb"
exits 1 "an error that stays"
cmp -s "$work/t.dtb" "$work/board-timer.dtb"
result $? "... and nothing changed"

run devices --host-dtb "$work/device-unmarked.dtb" --doctor dut \
    --format=json --fix "$work/marked.dtb"
exits 1 "a device, as JSON"
python3 -c '
import json, sys
d = json.load(sys.stdin)
assert d["errors"] == len([f for f in d["findings"]
                           if f["severity"] == "error"])
(f,) = [f for f in d["findings"] if f["check"] == "device-unmarked"]
assert f["path"] == "/rtc@9010000" and f["correctable"] and f["remedy"]
fixed = d["fixed"]
assert fixed["changes"] == [{"path": "/rtc@9010000", "value": "",
                             "property": "xen,passthrough"}]
assert fixed["errors"] == d["errors"] - 1 == len(
    [f for f in fixed["findings"] if f["severity"] == "error"])
' <"$work/out"
result $? "... with all it has"
fdtget "$work/marked.dtb" /rtc@9010000 xen,passthrough >/dev/null
result $? "... which is marked then"

run devices --host-dtb "$work/board-good.dtb" --doctor /rtx@9010000
exits 1 "no such device"
has err "did you mean /rtc@9010000?" "... the nearest"
has err "[dt-node-unknown]" "... by its check"
run devices --host-dtb "$work/board-good.dtb" --doctor /chosen
exits 1 "a node that is no device"
has err "this node has no place in memory" "... says so"
run devices --host-dtb "$work/absent.dtb" --doctor
exits 1 "no such file"
has err "[dt-unreadable]" "... by its check"
echo "no tree" >"$work/text.dtb"
run devices --host-dtb "$work/text.dtb" --doctor --fix "$work/none.dtb"
exits 1 "a file that is no tree"
has out "[dt-invalid]" "... is a finding"
[ ! -e "$work/none.dtb" ]
result $? "... and nothing is written"

cp "$work/board-good.dtb" "$work/old.dtb"
run devices --host-dtb "$work/board-address.dtb" --doctor \
    --fix "$work/absent/fixed.dtb"
exits 1 "no such folder"
has err "[dt-unwritable]" "... by its check"
mkdir "$work/folder.dtb"
run devices --host-dtb "$work/board-address.dtb" --doctor \
    --fix "$work/folder.dtb"
exits 1 "a folder in place of the file"
has err "[dt-unwritable]" "... by its check"
run devices --host-dtb "$work/board-address.dtb" --doctor rtx \
    --fix "$work/old.dtb"
exits 1 "a wrong device"
cmp -s "$work/old.dtb" "$work/board-good.dtb"
result $? "... leaves the file that was there"
run devices --host-dtb "$work/board-address.dtb" --doctor \
    --fix "$work/board-address.dtb"
exits 0 "the tree itself may be replaced"
run devices --host-dtb "$work/board-address.dtb" --doctor
exits 0 "... and is right then"
[ -z "$(find "$work" -name '.*.dtb*')" ]
result $? "no temporary file is left"

run devices --doctor --fix "$work/fixed"
exits 2 "a file of no known kind"
run devices --fix "$work/fixed.dtb"
exits 2 "--fix without --doctor"
run -N devices --host-dtb "$work/board-address.dtb" --doctor \
    --fix "$work/dry.dtb"
exits 2 "--fix has no dry run"
has err "leave out --fix, which would write" "... which is told"
[ ! -e "$work/dry.dtb" ]
result $? "... and writes nothing"
run devices --doctor --plan dut
exits 2 "--doctor with --plan"
run devices --doctor --format=dts
exits 2 "a tree as format"
finish
