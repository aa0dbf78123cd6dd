#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""oracle.py PROGRAM: what `xl oci-devices` says of every tree named on
standard input, against a reader of device trees written on its own from the
Devicetree Specification: regions, interrupts, page sharing, what is Xen's,
DMA. Prints one line per difference and a summary; exits 1 when there was one."""
import json
import re
import struct
import subprocess
import sys
from collections import Counter

GIC = {"arm,gic-v3", "arm,gic-400", "arm,cortex-a15-gic", "arm,cortex-a9-gic",
       "arm,cortex-a7-gic", "arm,pl390", "arm,arm11mp-gic",
       "arm,arm1176jzf-devchip-gic", "qcom,msm-qgic2", "qcom,msm-8660-qgic"}
XENS = GIC | {"arm,gic-v3-its", "arm,gic-v2m-frame", "arm,armv7-timer",
              "arm,armv8-timer", "arm,armv7-timer-mem", "arm,smmu-v1",
              "arm,smmu-v2", "arm,smmu-v3", "arm,mmu-400", "arm,mmu-401",
              "arm,mmu-500", "cavium,smmu-v2"}
# by the words of which names are made: what has registers alone, and what
# writes to memory
PIO = re.compile("uart|serial|16[45]50|scif|pl011|gpio|pl061|i2c|iic|pl022|"
                 "spi|ssi|rtc|pl031|time|sp804|ttc|gpt|tpm|tmu|wdt|sp805|"
                 "watchdog|pwm|sram")
MASTER = re.compile("ahci|[exo]hci|dwc[23]|usb|mmc|sdhc|dma|pl330|pl080|gem|"
                    "macb|ethernet|gmac|pci|gpu|mali|vpu|vdec|venc|jpeg|"
                    "video|crypto|virtio|qspi|ufs|hdlcd|isp|iommu|smmu|mixer|"
                    "display|lcd|remoteproc|hdmi|fw-cfg")
# one of these, and what the device does to memory is of no interest
DECISIVE = {"device-dma", "device-dma-unknown", "device-of-xen",
            "device-reserved"}
KINDS = [("SPI", 988), ("PPI", 16), ("ESPI", 1024), ("EPPI", 64)]


class Node:
    def __init__(self, name, up):
        self.name, self.up, self.kids, self.p = name, up, [], {}
        self.path = (up.path.rstrip("/") + "/" + name) if up else "/"
        if up:
            up.kids.append(self)

    def cells(self, name):
        v = self.p[name]
        return list(struct.unpack(">%dI" % (len(v) // 4), v[:len(v) & ~3]))

    def one(self, name, other):
        return self.cells(name)[0] if name in self.p else other

    def text(self, name):
        return self.p.get(name, b"\0").split(b"\0")[0].decode("latin1")

    def strings(self, name):
        return {s.decode("latin1") for s in self.p.get(name, b"").split(b"\0")}

    def walk(self):
        yield self
        for kid in self.kids:
            yield from kid.walk()

    def above(self):
        up = self.up
        while up:
            yield up
            up = up.up


def read(blob):
    _, _, off, strs = struct.unpack(">4I", blob[:16])
    at, node, root = off, None, None
    while True:
        tag, = struct.unpack_from(">I", blob, at)
        at += 4
        if tag == 1:
            end = blob.index(b"\0", at)
            node = Node(blob[at:end].decode("latin1"), node)
            root = root or node
            at = (end + 4) & ~3
        elif tag == 2:
            node = node.up
        elif tag == 3:
            size, name = struct.unpack_from(">II", blob, at)
            start = strs + name
            key = blob[start:blob.index(b"\0", start)].decode("latin1")
            node.p[key] = blob[at + 8:at + 8 + size]
            at = (at + 8 + size + 3) & ~3
        elif tag == 9:
            return root


def number(cells):
    value = 0
    for cell in cells:
        value = (value << 32) + cell
    return value


def is_pci(node):
    return node.text("device_type") in ("pci", "pciex")


def regions(node):
    """[(address, size)], or None when the tree is wrong there."""
    up = node.up
    if up is None or not node.p.get("reg"):
        return []
    if not up.one("#size-cells", 1) or is_pci(up):
        return []
    for bus in node.above():
        if bus.up and ("ranges" not in bus.p or is_pci(bus)):
            return []
    na, ns = up.one("#address-cells", 2), up.one("#size-cells", 1)
    cells, found = node.cells("reg"), []
    if not na or len(cells) * 4 != len(node.p["reg"]) or \
            len(cells) % (na + ns):
        return None
    while cells:
        address, size = number(cells[:na]), number(cells[na:na + ns])
        cells = cells[na + ns:]
        if size:
            address = to_cpu(up, address, size)
            if address is None or address + size > 1 << 64:
                return None
            found.append((address, size))
    return found


def to_cpu(bus, address, size):
    if bus.up is None:
        return address
    table = bus.cells("ranges")
    if table:
        a, b = bus.one("#address-cells", 2), bus.up.one("#address-cells", 2)
        c = bus.one("#size-cells", 1)
        for i in range(0, len(table), a + b + c):
            row = table[i:i + a + b + c]
            low, length = number(row[:a]), number(row[a + b:])
            if low <= address < low + length:
                if address + size > low + length:
                    return None
                address = address - low + number(row[a:a + b])
                break
        else:
            return None
    return to_cpu(bus.up, address, size)


class Tree:
    def __init__(self, blob):
        self.root = read(blob)
        self.nodes = list(self.root.walk())
        self.by = {n.one("phandle", 0): n for n in self.nodes
                   if "phandle" in n.p}

    def parent(self, node):
        for _ in range(100):
            if "interrupt-parent" in node.p:
                node = self.by.get(node.one("interrupt-parent", 0))
            else:
                node = node.up
            if node is None or "#interrupt-cells" in node.p:
                return node
        return None

    def resolve(self, device, at, spec):
        for _ in range(8):
            if "interrupt-map" in at.p:
                at, spec = self.nexus(device, at, spec)
                if at is None:
                    return None
            elif "interrupt-controller" in at.p:
                break
            else:
                at = self.parent(at)
                if at is None or at.one("#interrupt-cells", 0) != len(spec):
                    return None
        if not at.strings("compatible") & GIC or len(spec) < 3 or spec[0] > 3:
            return None
        kind, most = KINDS[spec[0]]
        return (kind, spec[1], spec[2]) if spec[1] < most else None

    def nexus(self, device, at, spec):
        owner = at
        while owner and "#address-cells" not in owner.p:
            owner = owner.up
        na = owner.one("#address-cells", 2) if owner else 2
        reg = device.cells("reg") if "reg" in device.p else []
        key = (reg + [0] * na)[:na] + spec
        mask = at.cells("interrupt-map-mask") \
            if "interrupt-map-mask" in at.p else []
        mask = (mask + [0xffffffff] * len(key))[:len(key)]
        table = at.cells("interrupt-map")
        while len(table) > len(key):
            row, up = table[:len(key)], self.by.get(table[len(key)])
            if up is None:
                return None, None
            skip = len(key) + 1 + up.one("#address-cells", 0)
            n = up.one("#interrupt-cells", 0)
            if all((x ^ y) & m == 0 for x, y, m in zip(row, key, mask)):
                return up, table[skip:skip + n]
            table = table[skip + n:]
        return None, None

    def interrupts(self, node):
        """Of each: (kind, number, flags), or None: not a GIC's."""
        found = []
        if "interrupts-extended" in node.p:
            cells = node.cells("interrupts-extended")
            while cells:
                up = self.by.get(cells[0])
                n = up.one("#interrupt-cells", 0) if up else 0
                if not n or len(cells) < 1 + n:
                    return found + [None]
                found.append(self.resolve(node, up, cells[1:1 + n]))
                cells = cells[1 + n:]
        elif node.p.get("interrupts"):
            cells, up = node.cells("interrupts"), self.parent(node)
            n = up.one("#interrupt-cells", 0) if up else 0
            while cells:
                if not n or len(cells) < n:
                    return found + [None]
                found.append(self.resolve(node, up, cells[:n]))
                cells = cells[n:]
        return found


def goes_along(node):
    kids = [k for k in node.kids
            if k.text("status") in ("", "ok", "okay")]
    return [node] + [x for k in kids for x in goes_along(k)]


def is_memory(node):
    top = ([node] + list(node.above()))[:-1]
    return node.text("device_type") == "memory" or \
        bool(top) and top[-1].name == "reserved-memory"


def is_xens(node):
    """Whether Xen drives it, or what it is a part of."""
    for x in [node] + list(node.above()):
        if x.strings("compatible") & XENS:
            return True
        if x.text("status") == "reserved":
            return False
    return False


def lacks_dma(device, node):
    """Whether an SMMU confines it, or all that it is has registers alone."""
    if "iommus" in device.p or "iommus" in node.p:
        return True
    words = " ".join(node.strings("compatible"))
    return bool(PIO.search(words)) and not MASTER.search(words) and \
        not MASTER.search(node.name.split("@")[0]) and \
        not {"dma-coherent", "dma-ranges", "#dma-cells"} & set(node.p)


def expected(blob):
    tree, result, pages = Tree(blob), {}, {}
    place = {n: regions(n) for n in tree.nodes}
    for n in tree.nodes:
        for a, s in place[n] or []:
            pages.setdefault(n, []).append((a >> 12, (a + s - 1) >> 12))
    xens_nodes = [n for n in tree.nodes if is_xens(n)]
    for n in tree.nodes:
        top = ([n] + list(n.above()))[:-1]
        if place[n] == [] or is_memory(n) or top[-1].name == "cpus":
            continue
        own = goes_along(n)
        inside = set(n.walk())
        mine = [s for x in own for s in pages.get(x, [])]
        shared = any(a <= d and c <= b for o, spans in pages.items()
                     if o not in inside and not is_memory(o)
                     for c, d in spans for a, b in mine)
        xens = any(is_xens(x) for x in inside) or \
            any(a <= d and c <= b for o in xens_nodes if o not in inside
                for c, d in pages.get(o, []) for a, b in mine)
        confined = all(lacks_dma(n, x) for x in own if place[x])
        result[n.path] = (
            sorted((x.path, *r) for x in own for r in place[x] or []),
            sorted((x.path, *i) for x in own
                   for i in tree.interrupts(x) if i), shared, xens,
            confined)
    return result


def is_right(want, got):
    """The last of both is about DMA: to be told of too much is no fault."""
    return want and got and want[:-1] == got[:-1] and \
        (want[-1] or not got[-1])


def claimed(program, name):
    run = subprocess.run([program, "devices", "--all", "--format=json",
                          "--host-dtb", name], stdout=subprocess.PIPE)
    if run.returncode:
        return None, Counter()
    reasons, result = Counter(), {}
    for d in json.loads(run.stdout):
        checks = {r["check"] for r in d["reasons"]}
        reasons.update(checks or {"(passable)"})
        result[d["path"]] = (
            sorted((r["path"], r["address"], r["size"])
                   for r in d["regions"]),
            sorted((i["path"], i["kind"], i["number"], i["flags"])
                   for i in d["interrupts"]),
            "device-page-shared" in checks, "device-of-xen" in checks,
            not DECISIVE & checks)
    return result, reasons


def main():
    trees = devices = wrong = refused = 0
    total = Counter()
    for name in sys.stdin.read().split("\n"):
        if not name:
            continue
        trees += 1
        with open(name, "rb") as f:
            want = expected(f.read())
        got, reasons = claimed(sys.argv[1], name)
        total += reasons
        if got is None:
            refused += 1
            print("refused:", name)
            continue
        devices += len(want)
        for path in sorted(set(want) | set(got)):
            if not is_right(want.get(path), got.get(path)):
                wrong += 1
                print("differs:", name, path, "\n  want", want.get(path),
                      "\n  got ", got.get(path))
    for check, count in total.most_common():
        print("%7d %s" % (count, check))
    print("%d trees, %d devices, %d differ, %d trees refused" %
          (trees, devices, wrong, refused))
    sys.exit(1 if wrong or refused or not devices else 0)


if __name__ == "__main__":
    main()
