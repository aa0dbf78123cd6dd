# SPDX-License-Identifier: LGPL-2.1-or-later
"""The cases: each part alone, then several at once, among them all that go
together and some drawn at random, always the same ones."""

import copy
import os
import random

from cases import BASE, PARTS, configure

# all at once, and the confined service of an ordinary user
CHOSEN = {
    "everything": [
        "user-namespace", "terminal", "start-hook", "limits", "scheduling-rr",
        "names", "own-devices", "kernel-parameters", "restricted-paths",
        "mounts", "mount-types", "many-mounts", "cgroup-limits",
        "time-namespace", "seccomp", "capability-sets"],
    "confined": [
        "user-namespace", "terminal", "limits", "seccomp-whitelist",
        "cgroup-limits", "recursive-propagation"],
}
DRAWS = 4
PARTS_OF_A_DRAW = 6

# What is about a domain as a whole, and ends, or has no room for actions.
ALONE = {"plain", "odd-arguments", "big-environment", "own-initrd", "exit-7",
         "killed"}
# Not the same property, but they cannot be together all the same.
EXCLUDE_EACH_OTHER = [
    # a group that the maps do not have; a top directory that is not root's
    {"user-namespace", "user-and-groups"},
    {"user-namespace", "top-directory"},
    # the whitelist has the calls of `observe` alone, not of those it names
    {"seccomp-whitelist", "no-pid-namespace"},
    # asks for what "propagation" has set otherwise, of each mount
    {"propagation", "recursive-propagation"},
]


def changes(value, base, path=""):
    """The properties that differ from BASE's, and to what; a list that only
    grew may grow by another part as well."""
    if isinstance(value, dict) and isinstance(base, dict):
        for key in value:
            yield from changes(value[key], base.get(key), f"{path}/{key}")
    elif isinstance(value, list) and isinstance(base, list) and \
            value[:len(base)] == base:
        if len(value) > len(base):
            yield path, "grew"
    elif value != base:
        yield path, value


def changes_of(part):
    config = copy.deepcopy(BASE)
    if PARTS[part][0]:
        PARTS[part][0](config)
    return dict(changes(config, BASE))


def go_together(a, b):
    one, other = changes_of(a), changes_of(b)
    same = [p for p in one if p in other and one[p] != other[p] and
            p != "/ociVersion"]
    return not same and {a, b} not in EXCLUDE_EACH_OTHER


def draw(rng):
    """Parts that go together, in the order of PARTS."""
    left = [p for p in PARTS if p not in ALONE]
    rng.shuffle(left)
    drawn = []
    for part in left:
        if len(drawn) < PARTS_OF_A_DRAW and \
                all(go_together(part, d) for d in drawn):
            drawn.append(part)
    return [p for p in PARTS if p in drawn]


def all_cases():
    """name: (configuration, exit code, parts)"""
    rng = random.Random(20)
    parts = {name: [name] for name in PARTS}
    parts.update(CHOSEN)
    parts.update({f"drawn-{i}": draw(rng) for i in range(1, DRAWS + 1)})
    return {name: (configure(p), PARTS[p[0]][2], p)
            for name, p in parts.items()}


# What depends on the Xen: kernel, ramdisk and disks as libxl takes them, a
# console, how the end is told; and all properties at once. For the rest, what
# the guest sees is as on another Xen (AGAIN, see test/boot/run).
AGAIN = ["plain", "big-environment", "own-initrd", "exit-7", "killed",
         "everything", "confined"]


def chosen(cases):
    """FIDELITY_CASES="one another": only these."""
    names = os.environ.get("FIDELITY_CASES", "").split()
    if not names and os.environ.get("AGAIN"):
        names = AGAIN
    return {name: cases[name] for name in names or cases}


CASES = chosen(all_cases())
