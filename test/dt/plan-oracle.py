#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""plan-oracle.py PLAN-ALL [STEP]: what the planner makes of every device of
the trees named on standard input, against the reader of oracle.py and rules
written down anew from Xen's public headers and the Devicetree Specification.
Every STEPth partial tree also goes through dtc. Prints a line per fault, a
table of outcomes per board family as JSON, and a summary; exits 1 when there
was a fault."""
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict

import oracle

PAGE = 4096
# Xen's public header arch-arm.h: [start, end)
TAKEN = [(0x02000000, 0x02100000), (0x03001000, 0x04020000),
         (0x20000000, 0x22000000), (0x22000000, 0x22001000),
         (0x38000000, 0x3a000000), (0x40000000, 0x100000000),
         (0x200000000, 0x10000000000)]
CELLS = {"clocks": "#clock-cells", "power-domains": "#power-domain-cells",
         "resets": "#reset-cells", "interconnects": "#interconnect-cells",
         "dmas": "#dma-cells", "mboxes": "#mbox-cells", "phys": "#phy-cells",
         "hwlocks": "#hwlock-cells", "pwms": "#pwm-cells",
         "io-channels": "#io-channel-cells", "msi-parent": "#msi-cells",
         "gpio": "#gpio-cells", "gpios": "#gpio-cells",
         "nvmem-cells": "#nvmem-cell-cells",
         "mux-controls": "#mux-control-cells",
         "io-backends": "#io-backend-cells", "phy-handle": None,
         "extcon": None, "usb-phy": None, "mmc-pwrseq": None,
         "ptp-timer": None, "companion": None}
ABSENT = {"iommus", "msi-map", "iommu-map", "memory-region",
          "linux,phandle", "assigned-clocks", "operating-points-v2"}
# Numbers by their names: units (dt-schema property-units.yaml), and what the
# Devicetree Specification and Linux's bindings call so. A phandle may equal
# them by chance.
NUMBER = re.compile(
    r"(#|num-|max-|min-|dma-channel).*|"
    r".*-(k?hz|mhz|frequency|[pnum]s|sec|percent|bp|db|mm|milliamp|microamp|"
    r"microvolt|millivolt|ohms?|pascal|kBps|celsius)|"
    r".*-(width|depth|size|shift|masks?|bits|count|channels|lanes|mode|delay|"
    r"id|speed|cs|chipselects|adjust|adjustment|regions|queues|tap|step|"
    r"polarity|value|level)|.*_delay|"
    r"clock-(frequency|indices|div|mult)|current-speed|reg-(shift|offset)|"
    r"frame-number|bus-(range|num)|linux,pci-domain|cell-index|intf_mode|"
    r"dma-requests|arm,primecell-periphid|lanes-per-direction|"
    r"gpio-reserved-ranges|ngpios|ports-implemented")
# of the place and the interrupts of a node, checked by what they mean
MEANT = {"reg", "ranges", "dma-ranges", "interrupts", "interrupts-extended",
         "interrupt-parent", "interrupt-map", "interrupt-map-mask",
         "remote-endpoint", "phandle"}


def merge(partial):
    """The tree that libxl makes: root, GIC, /passthrough, /aliases."""
    names, tokens = bytearray(), bytearray()

    def put(node, name=None):
        tokens.extend(struct.pack(">I", 1))
        text = (node.name if name is None else name).encode("latin1") + b"\0"
        tokens.extend(text + b"\0" * (-len(text) % 4))
        for key, value in node.p.items():
            offset = names.find(b"\0" + key.encode("latin1") + b"\0") + 1
            if not offset and not names.startswith(key.encode("latin1") +
                                                   b"\0"):
                offset = len(names)
                names.extend(key.encode("latin1") + b"\0")
            tokens.extend(struct.pack(">3I", 3, len(value), offset))
            tokens.extend(value + b"\0" * (-len(value) % 4))
        for kid in node.kids:
            put(kid)
        tokens.extend(struct.pack(">I", 2))

    root = oracle.Node("", None)
    word = struct.Struct(">I").pack
    root.p = {"#address-cells": word(2), "#size-cells": word(2),
              "interrupt-parent": word(65000)}
    gic = oracle.Node("interrupt-controller@3001000", root)
    gic.p = {"compatible": b"arm,gic-v3\0", "#interrupt-cells": word(3),
             "#address-cells": word(0), "interrupt-controller": b"",
             "reg": struct.pack(">8I", 0, 0x3001000, 0, 0x10000,
                                0, 0x3020000, 0, 0x1000000),
             "phandle": word(65000)}
    for kid in partial.kids:
        if kid.name in ("passthrough", "aliases"):
            root.kids.append(kid)
            kid.up = root
    put(root)
    tokens.extend(struct.pack(">I", 9))
    head = struct.pack(">10I", 0xd00dfeed, 56 + len(tokens) + len(names), 56,
                       56 + len(tokens), 40, 17, 16, 0, len(names),
                       len(tokens))
    return head + b"\0" * 16 + bytes(tokens) + bytes(names)


def is_host_bridge(node):
    return oracle.is_pci(node) and node.up and not oracle.is_pci(node.up)


def windows(node):
    """[(address, size)] that a PCI host bridge forwards."""
    found, table = [], node.cells("ranges") if "ranges" in node.p else []
    if not is_host_bridge(node) or not oracle.regions(node):
        return []
    a, b = node.one("#address-cells", 2), node.up.one("#address-cells", 2)
    c = node.one("#size-cells", 1)
    for i in range(0, len(table), a + b + c):
        row = table[i:i + a + b + c]
        size = oracle.number(row[a + b:])
        address = oracle.to_cpu(node.up, oracle.number(row[a:a + b]), size)
        if size and address is not None:
            found.append((address, size))
    return found


def map_lines(tree, node):
    found = set()
    if "interrupt-map" not in node.p or not is_host_bridge(node):
        return found
    table, na = node.cells("interrupt-map"), node.one("#address-cells", 2)
    skip = na + node.one("#interrupt-cells", 0)
    while len(table) > skip:
        up = tree.by.get(table[skip])
        if up is None:
            return found
        first = skip + 1 + up.one("#address-cells", 0)
        n = up.one("#interrupt-cells", 0)
        line = tree.resolve(node, up, table[first:first + n])
        if line:
            found.add(line)
        table = table[first + n:]
    return found


class Host:
    def __init__(self, name):
        with open(name, "rb") as f:
            self.tree = oracle.Tree(f.read())
        self.name, self.warned = name, None
        self.by_path = {n.path: n for n in self.tree.nodes}
        self.place = {n: (oracle.regions(n) or []) + windows(n)
                      for n in self.tree.nodes}
        self.spans = sorted(
            (a >> 12, (a + s - 1) >> 12, i)
            for i, n in enumerate(self.tree.nodes) for a, s in self.place[n])

    def strangers(self, inside, first, last):
        """Nodes outside that have a page of first..last."""
        for a, b, i in self.spans:
            if a > last:
                return
            n = self.tree.nodes[i]
            if b >= first and n not in inside:
                yield n

    def warnings(self):
        if self.warned is None:
            self.warned = dtc_warnings(self.name)
        return self.warned


def dtc_warnings(name):
    run = subprocess.run(["dtc", "-I", "dtb", "-O", "dtb", "-o", "/dev/null",
                          name], stderr=subprocess.PIPE)
    text = run.stderr.decode("latin1")
    found = {line.split("(", 1)[1].split(")", 1)[0]
             for line in text.split("\n") if "Warning (" in line}
    return found | ({"ERROR"} if run.returncode or "ERROR" in text else set())


def lines_of(tree, nodes):
    own = [tree.interrupts(n) for n in nodes]
    mapped = [map_lines(tree, n) for n in nodes]
    return {line for lines in own + mapped for line in lines if line}


def check_pages(host, top, plan, say):
    own = [s for n in oracle.goes_along(top) for s in host.place[n]]
    mine = sorted((a >> 12, (a + s - 1) >> 12) for a, s in own)
    inside = set(top.walk())
    for n in inside:
        if oracle.is_xens(n):
            say("%s is Xen's" % n.path)
    guest = []
    for m in plan["iomem"]:
        first, last = m["mfn"], m["mfn"] + m["pages"] - 1
        at = first
        for a, b in mine:
            if a <= at <= b:
                at = b + 1
        if at <= last:
            say("page 0x%x is in no reg of the device" % at)
        for n in host.strangers(inside, first, last):
            say("a page of 0x%x+0x%x is of %s" % (first, m["pages"], n.path))
        low, high = m["gfn"] * PAGE, (m["gfn"] + m["pages"]) * PAGE
        if any(low < y and x < high for x, y in TAKEN):
            say("guest frame 0x%x is taken" % m["gfn"])
        if m["gfn"] == m["mfn"]:
            say("frame 0x%x is where the host has it" % m["gfn"])
        guest.append((low, high))
    guest.sort()
    if any(a[1] > b[0] for a, b in zip(guest, guest[1:])):
        say("guest frames overlap")


def to_host(plan, address):
    for m in plan["iomem"]:
        off = address - m["gfn"] * PAGE
        if 0 <= off < m["pages"] * PAGE:
            return m["mfn"] * PAGE + off
    return None


def is_pins(key):
    return re.fullmatch("pinctrl-[0-9]+", key)


def check_references(tree, node, say):
    for key, value in node.p.items():
        if key in ABSENT or key.startswith("xen,"):
            say("%s has %s" % (node.path, key))
        cells = node.cells(key) if len(value) % 4 == 0 else []
        if key in CELLS or re.search("-gpios?$", key) or is_pins(key):
            count = None if is_pins(key) else CELLS.get(key, "#gpio-cells")
            if "gpio-hog" in node.p:
                continue
            while cells:
                up = tree.by.get(cells[0])
                if cells[0] and up is None:
                    say("%s: %s dangles" % (node.path, key))
                    break
                cells = cells[1 + (up.one(count, 0) if up and count else 0):]
        elif key.endswith("-supply") or key in ("interrupt-parent",
                                                "remote-endpoint"):
            if not cells or cells[0] not in tree.by:
                say("%s: %s dangles" % (node.path, key))


def is_text(value):
    return value[-1:] == b"\0" and value[0] and \
        all(c == 0 or 32 <= c <= 126 for c in value)


def is_known(key):
    return key in CELLS or key in MEANT or NUMBER.fullmatch(key) or \
        is_pins(key) or re.search("-gpios?$|-supply$", key)


def check_unknown(host, a, b, say):
    """No word that the guest has as the host has it, in a property of which
    nothing is known, is a phandle: it would be another node's, or nobody's."""
    for key, value in b.p.items():
        if value != a.p.get(key) or is_known(key) or not value or \
                len(value) % 4 or is_text(value):
            continue
        for word in b.cells(key):
            if word in host.tree.by:
                say("%s: %s has 0x%x, which may be %s" %
                    (b.path, key, word, host.tree.by[word].path))


def check_tree(host, top, record, say):
    plan, partial = record["plan"], oracle.read(bytes.fromhex(record["dtb"]))
    blob = merge(partial)
    tree = oracle.Tree(blob)
    nodes = {n.path: n for n in tree.nodes}
    below = list(nodes["/passthrough"].walk())
    numbers = [n.one("phandle", 0) for n in below if "phandle" in n.p]
    if len(set(numbers)) != len(numbers) or \
            any(not 0 < x < 65000 for x in numbers):
        say("phandles %s" % numbers)
    seen_regions, seen_lines = set(), lines_of(tree, below)
    for n in below:
        place = oracle.regions(n)
        if place is None:
            say("%s: reg leads nowhere" % n.path)
        for a, s in (place or []) + windows(n):
            seen_regions.add((to_host(plan, a), s))
        check_references(tree, n, say)
    own = oracle.goes_along(top)
    mine = {r for n in own for r in host.place[n]}
    if not seen_regions <= mine:
        say("regions %s are not the device's" % (seen_regions - mine))
    if record["words"] != "uio":
        missing = {r for n in own for r in oracle.regions(n)} - seen_regions
        if missing:
            say("regions %s are missing" % missing)
        for g in plan["granted"]:
            a, b = host.by_path[g["path"]], nodes.get(g["guestPath"])
            if b is None:
                say("%s is not there" % g["guestPath"])
            elif [i for i in host.tree.interrupts(a) if i] != \
                    [i for i in tree.interrupts(b) if i]:
                say("%s: interrupts differ" % g["guestPath"])
            if b is not None:
                check_unknown(host, a, b, say)
    want = {i for i in lines_of(host.tree, own) if i[0] == "SPI"}
    if want != seen_lines:
        say("interrupts %s, the host has %s" % (seen_lines, want))
    if {(i["intid"], i["flags"]) for i in plan["irqs"]} != \
            {(n + 32, f) for _, n, f in want}:
        say("irqs %s, the host has %s" % (plan["irqs"], want))
    return blob


def check_dtc(host, blob, say):
    with tempfile.NamedTemporaryFile(suffix=".dtb") as f:
        f.write(blob)
        f.flush()
        new = dtc_warnings(f.name) - host.warnings()
    if new:
        say("dtc warns anew: %s" % ", ".join(sorted(new)))


def family(name):
    return os.path.basename(os.path.dirname(name))


def main():
    step = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    names = [n for n in sys.stdin.read().split("\n") if n]
    table, faults, plans, devices, by_dtc = defaultdict(Counter), 0, 0, 0, 0
    host = None
    for at in range(0, len(names), 16):
        run = subprocess.run([sys.argv[1]] + names[at:at + 16],
                             stdout=subprocess.PIPE, check=True)
        for line in run.stdout.decode("utf8").split("\n"):
            if not line:
                continue
            record = json.loads(line)
            name, path = record["tree"], record["device"]
            if host is None or host.name != name:
                host = Host(name)
                table[family(name)]["trees"] += 1
            if path is None:
                print("refused:", name)
                faults += 1
                continue
            row = table[family(name)]
            if record["words"] == "few":
                devices += 1
                row["devices"] += 1
                row.update(set(record.get("refused", [])))
            if "plan" not in record:
                if not record["refused"] or \
                        "plan-unverified" in record["refused"]:
                    print("wrong:", name, path, record)
                    faults += 1
                continue
            row["ok-" + record["words"]] += 1
            plans += 1
            bad = []
            top = host.by_path[path]
            check_pages(host, top, record["plan"], bad.append)
            blob = check_tree(host, top, record, bad.append)
            if plans % step == 0:
                by_dtc += 1
                check_dtc(host, blob, bad.append)
            for text in bad:
                print("wrong:", name, path, record["words"], text)
            faults += len(bad)
    print("TABLE " + json.dumps(table, sort_keys=True))
    print("%d trees, %d devices, %d partial trees (%d by dtc), %d faults" %
          (len(names), devices, plans, by_dtc, faults))
    sys.exit(1 if faults or not plans else 0)


main()
