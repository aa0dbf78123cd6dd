#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""corpus-table.py FILE: docs/devices-corpus.md from what corpus.t gathered
with CORPUS_TABLE=FILE: outcomes per board family, then per check."""
import json
import sys
from collections import Counter, defaultdict

SUMS = ("trees", "devices", "ok-few", "ok-many", "ok-uio")
DOCTOR = ("examined", "sound", "mended")


def read(name):
    """{kernel: {family: Counter}}"""
    found = defaultdict(lambda: defaultdict(Counter))
    with open(name) as f:
        for line in f:
            kernel, _, text = line.partition(" ")
            for family, row in json.loads(text).items():
                found[kernel][family].update(row)
    return found


def refusals(row, most=None):
    list_ = [(n, c) for c, n in row.items()
             if c not in SUMS + DOCTOR and not c.startswith("board-")]
    list_.sort(key=lambda x: (-x[0], x[1]))
    return ", ".join("%s %d" % (c.replace("device-", ""), n)
                     for n, c in list_[:most])


def found(row, most=None):
    list_ = [(n, c) for c, n in row.items() if c.startswith("board-")]
    list_.sort(key=lambda x: (-x[0], x[1]))
    return ", ".join("%s %d" % (c.replace("board-", ""), n)
                     for n, c in list_[:most])


def doctor(families, total):
    print("\nWhat the doctor finds in the trees:\n")
    print("| family | trees | without error | corrected | found in most |")
    print("|---|---|---|---|---|")
    for family, row in sorted(families.items()):
        print("| %s | %d | %d | %d | %s |" %
              (family, row["examined"], row["sound"], row["mended"],
               found(row, 4)))
    print("| all | %d | %d | %d | %s |" %
          (*(total[d] for d in DOCTOR), found(total)))


def main():
    print("""<!-- SPDX-License-Identifier: LGPL-2.1-or-later -->
<!-- made by test/dt/corpus-table.py: not by hand -->
# Devices of Debian's arm64 device trees

Each device of each tree was planned to go to a guest, alone. `few`: the
administrator says only what a tree that is not made for Xen lacks (`unmarked`,
`unprotected-dma`). `many`: of the rest, how many have a plan once `partial-page`,
`needed-by-dom0`, `without-provider` and `unknown-clock-rate` are said as well
(disabled devices and shared pages stay refused); `uio`: the same for a device
that a program in the guest drives, with `generic-uio`. Every plan was checked
by the independent reader of `test/dt/plan-oracle.py`. Refusals are those of
`few`; a device may have several; `xl oci-explain CHECK` tells more.
Names without a prefix are `device-...`.

Then what `oci-devices --doctor` finds: trees without an error, trees without
one after `--fix`, and trees by finding (`board-...`). No device was named, so
what devices need is not among it. `test/dt/doctor-oracle.py` checked each
corrected tree. That Xen boots on a board no tree can promise.""")
    for kernel, families in sorted(read(sys.argv[1]).items(),
                                   key=lambda x: x[0], reverse=True):
        total = Counter()
        for row in families.values():
            total.update(row)
        print("\n## Linux %s: %d trees, %d devices\n" %
              (kernel, total["trees"], total["devices"]))
        print("| family | trees | devices | few | many | uio | "
              "refused most for |")
        print("|---|---|---|---|---|---|---|")
        for family, row in sorted(families.items()):
            print("| %s | %d | %d | %d | %d | %d | %s |" %
                  (family, row["trees"], row["devices"], row["ok-few"],
                   row["ok-many"], row["ok-uio"], refusals(row, 4)))
        print("| all | %d | %d | %d | %d | %d | |" %
              tuple(total[s] for s in SUMS))
        print("\nAll refusals: %s." % refusals(total))
        doctor(families, total)


main()
