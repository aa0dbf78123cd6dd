#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""doctor-oracle.py PROGRAM: `xl oci-devices --doctor --fix` on every tree
named on standard input. The corrected tree is the tree with just the changes
that were told, is what fdtoverlay makes of the overlay, and has nothing left
to correct; a second run has the same findings. Where Xen can translate an
address is decided anew here. Prints a line per fault, the findings per board
family as JSON, and a summary; exits 1 when there was a fault."""
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict

import oracle

# of Xen's handle_node(): nodes that it does not look at, with all below
SKIPPED = {"arm,psci", "arm,psci-0.2", "arm,psci-1.0", "arm,armv8-pmuv3",
           "arm,cortex-a15-pmu", "arm,cortex-a7-pmu", "arm,cortex-a53-edac",
           "arm,armv7-timer-mem", "arm,armv7-timer", "arm,armv8-timer",
           "arm,gic-v3", "arm,gic-400", "arm,cortex-a15-gic",
           "arm,cortex-a7-gic", "arm,mmu-400", "arm,mmu-401", "arm,mmu-500",
           "arm,smmu-v1", "arm,smmu-v2"}


def run(program, name, *words):
    done = subprocess.run([program, "devices", "--host-dtb", name, "--doctor",
                           "--format=json", *words], capture_output=True,
                          text=True)
    if done.returncode not in (0, 1) or done.stderr:
        raise ValueError("exit %d: %s" % (done.returncode, done.stderr))
    return json.loads(done.stdout)


def read(name):
    with open(name, "rb") as f:
        return {n.path: n for n in oracle.read(f.read()).walk()}


def properties(tree):
    return {path: dict(node.p) for path, node in tree.items()}


def inherited(node, name, other):
    for n in [node, *node.above()]:
        if name in n.p:
            return n.cells(name)[0]
    return other


def is_pci(node):
    return node.text("device_type") in ("pci", "pciex", "vci", "ht") or \
        node.name.split("@")[0] in ("pci", "pcie")


def cells_below(bus):
    """Of addresses and sizes; None where Xen sees no bus."""
    if bus.up and "ranges" not in bus.p:
        return None
    na = inherited(bus, "#address-cells", 2)
    ns = inherited(bus, "#size-cells", 1)
    return (na, ns) if 0 < na <= 4 and 0 < ns <= 4 else None


def reaches(node, address):
    """Whether an address on the bus above node becomes one of the CPU."""
    bus = node.up
    while bus.up:
        here, above = cells_below(bus), cells_below(bus.up)
        if not here or not above:
            return False
        table = bus.cells("ranges")
        width = sum(here) + above[0]
        for i in range(0, len(table) - width + 1, width):
            row = table[i:i + width]
            low = oracle.number(row[:here[0]][-2:])
            size = oracle.number(row[-here[1]:][-2:])
            if low <= address < low + size and (here[0] < 3 or
                                                address == low):
                start = row[here[0]:here[0] + above[0]]
                address = oracle.number(start[-2:]) + address - low
                break
        else:
            if table or bus.p["ranges"]:
                return False
        bus = bus.up
    return True


def is_skipped(node):
    return any(n.path == "/cpus" or n.text("device_type") == "memory" or
               n.strings("compatible") & SKIPPED
               for n in [node, *node.above()])


def is_unreadable(node):
    """Whether an entry of reg does; None where PCI is in the way."""
    if not node.up or "reg" not in node.p:
        return False
    if any(is_pci(n) for n in node.above()):
        return None
    cells = cells_below(node.up)
    if not cells:
        return False
    reg, width = node.cells("reg"), sum(cells)
    return any(not reaches(node, oracle.number(reg[i:i + cells[0]][-2:]))
               for i in range(0, len(reg) - width + 1, width))


def check_addresses(tree, findings):
    told = {f["path"] for f in findings if f["check"] == "board-address"}
    for path, node in tree.items():
        wrong = is_unreadable(node)
        if wrong and path not in told and not is_skipped(node) and \
                not any("interrupts" in n.p for n in [node, *node.above()]):
            yield "%s: no board-address" % path
        if wrong is False and path in told and \
                node.text("device_type") != "pci":
            yield "%s: board-address, but it can be read" % path


def check(program, name, work):
    fixed, overlay = work + "/fixed.dtb", work + "/fixed.dtbo"
    overlaid = work + "/overlaid.dtb"
    first = run(program, name, "--fix", fixed)
    second = run(program, name, "--fix", overlay)
    again = run(program, fixed)
    if first["findings"] != second["findings"] or \
            first["fixed"]["changes"] != second["fixed"]["changes"]:
        yield "a second run differs"
    if again["findings"] != first["fixed"]["findings"]:
        yield "the corrected tree has other findings than told"
    if any(f["correctable"] for f in again["findings"]):
        yield "something is left to correct"
    tree = read(name)
    want = properties(tree)
    for c in first["fixed"]["changes"]:
        want[c["path"]][c["property"]] = bytes.fromhex(c["value"])
    got = read(fixed)
    if properties(got) != want:
        yield "the corrected tree is not the tree with the changes"
    subprocess.run(["fdtoverlay", "-i", name, "-o", overlaid, overlay],
                   check=True)
    if properties(read(overlaid)) != want:
        yield "the overlay makes another tree"
    yield from check_addresses(tree, first["findings"])
    yield from check_addresses(got, again["findings"])
    yield first


def family(name):
    return os.path.basename(os.path.dirname(name))


def main():
    faults = 0
    table = defaultdict(Counter)
    with tempfile.TemporaryDirectory() as work:
        for name in sys.stdin.read().split():
            row = table[family(name)]
            row["examined"] += 1
            for found in check(sys.argv[1], name, work):
                if isinstance(found, str):
                    faults += 1
                    print("%s: %s" % (name, found))
                    continue
                row["sound"] += not found["errors"]
                row["mended"] += not found["fixed"]["errors"]
                row.update({f["check"] for f in found["findings"]})
    print("TABLE " + json.dumps(table, sort_keys=True))
    total = sum(table.values(), Counter())
    print("%d trees examined and corrected, %d faults: %d without error, %d "
          "after the correction" % (total["examined"], faults,
                                    total["sound"], total["mended"]))
    sys.exit(1 if faults or not total["examined"] else 0)


if __name__ == "__main__":
    main()
