#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Pictures of a host tree: what they show, whatever is in the tree.
# ACCEPT=1 renews the picture that is compared.
. "$(dirname "$0")/lib.sh"

tree() { dtc -q -@ -O dtb -o "$work/$1.dtb" "$top/test/dt/$1.dts"; }
tree good
tree complex

# draws NAME ARGUMENTS...: a picture of that name, which is XML
draws()
{
    local name=$1
    shift
    run devices --draw "$@"
    exits 0 "$name"
    xmllint --noout --nonet "$work/out" >"$work/err" 2>&1
    result $? "... is XML"
}

# The picture as a whole, with all that there can be in one.
cd "$work" || exit 1
plan=(--host-dtb complex.dtb --plan serial0 dma0
    --allow=unknown-clock-rate,unmarked)
draws "a plan" "${plan[@]}"
golden=$top/test/data/draw/plan.svg
[ -z "${ACCEPT:-}" ] || cp out "$golden"
cmp out "$golden" >"$work/err" 2>&1
result $? "... the one that was accepted"
cp out first
run devices --draw "${plan[@]}"
cmp -s out first
result $? "... the same bytes each time"

draws "a tree" --host-dtb good.dtb
has out ">rtc@9010000<" "... has what is meant for guests"
has out ">may be passed through<" "... tells that it may go"
has out "--all draws them" "... counts the rest"
draws "a tree, all of it" --host-dtb good.dtb --all
has out ">interrupt-controller@8000000<" "... has every node"
lacks out "nodes not drawn" "... leaves none out"
draws "a device that is named" --host-dtb complex.dtb \
    /soc/clock-controller
has out ">clock-controller@90f0000<" "... is there"

# Texts of a tree are anybody's; dtc would not write these.
python3 - <<'END'
import struct
text = b"</title><script>alert(1)</script>&]]>\0"
strings = b"model\0compatible\0reg\0xen,passthrough\0#address-cells\0#size-cells\0"
at = lambda name: strings.index(name + b"\0")
pad = lambda b: b + bytes(-len(b) % 4)
prop = lambda n, v: struct.pack(">III", 3, len(v), at(n)) + pad(v)
begin = lambda n: struct.pack(">I", 1) + pad(n + b"\0")
cell = lambda v: struct.pack(">I", v)
body = (begin(b"") + prop(b"model", text) + prop(b"#address-cells", cell(1)) +
        prop(b"#size-cells", cell(1)) + begin(b"a,<!--\"'&b@9010000") +
        prop(b"reg", cell(0x9010000) + cell(0x1000)) +
        prop(b"xen,passthrough", b"") +
        prop(b"compatible", b"\x1b]0;\x07\xff\xc2\x9b\xe2\x80\xae&amp;\0") +
        cell(2) + cell(2) + cell(9))
head = 40 + 16
sizes = (0xd00dfeed, head + len(body) + len(strings), head, head + len(body),
         40, 17, 16, 0, len(strings), len(body))
open("hostile.dtb", "wb").write(
    struct.pack(">10I", *sizes) + bytes(16) + body + strings)
END
draws "a hostile tree" --host-dtb hostile.dtb --all
lacks out "<script" "... has no markup of its own"
xmllint --xpath 'string(/*/*[local-name()="title"])' out >text 2>err
has text '</title><script>alert(1)</script>&]]>' "... its title is text"
has out "a,&lt;!--&quot;&#39;&amp;b@9010000" "... as are names"
has out '\x1b]0;\x07\xff\xc2\x9b\xe2\x80\xae&amp;amp;' \
    "... and what is no text is told as such"
draws "... with a plan" --host-dtb hostile.dtb --plan \
    "/a,<!--\"'&b@9010000" --allow=no-dma
rm hostile.dtb

# Who holds what is only root's to know.
if [ "$(id -u)" = 0 ]; then
    echo "host_dtb = \"$work/good.dtb\"" >"$XL_OCI_CONF"
    mkdir -p "$XL_OCI_RUN_ROOT/web"
    echo '{"pages":[[36880,1,16640]],"interrupts":[34],"dtdevs":[],
        "nodes":[["/rtc@9010000","/passthrough/rtc@4100000"]],
        "stubs":[]}' >"$XL_OCI_RUN_ROOT/web/claim"
    draws "what is held"
    has out ">web<" "... names the container"
    has out ">rtc@4100000<" "... its node"
    has out ">0x4100000, 4 KiB<" "... its page"
    has out ">SPI 2 (INTID 34)<" "... its interrupt"
    draws "what is held, of a tree that is named" --host-dtb good.dtb
    lacks out ">web<" "... is not told: it may be another machine's"
fi

run devices --draw --format=json --host-dtb good.dtb
exits 2 "a picture as JSON"
run devices --draw --host-dtb absent.dtb
exits 1 "a picture of no tree"
is_empty out "... is not begun"
run devices --draw --plan dut --host-dtb good.dtb --allow=everything
exits 2 "a wrong word"
finish
