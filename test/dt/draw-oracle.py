#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""draw-oracle.py PROGRAM STEP: the picture of each STEPth tree named on
standard input: valid XML to xmllint, nothing in it but text and shapes, and
with --all every node that the reader of oracle.py finds. Prints one line per
finding and a summary; exits 1 when there was one."""
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import oracle

SVG = "{http://www.w3.org/2000/svg}"
SHAPES = {SVG + name for name in ("svg", "title", "desc", "style", "g",
                                  "rect", "path", "circle", "text")}
ATTRIBUTES = {"class", "x", "y", "d", "width", "height", "rx", "cx", "cy", "r",
              "transform", "fill", "version", "viewBox", "role"}


def findings(program, path):
    svg = subprocess.run([program, "devices", "--host-dtb", path, "--draw",
                          "--all"], stdout=subprocess.PIPE, check=True).stdout
    lint = subprocess.run(["xmllint", "--noout", "--nonet", "-"], input=svg,
                          stderr=subprocess.PIPE, check=False)
    if lint.returncode:
        yield "no XML: " + lint.stderr.decode("utf-8", "replace")
        return
    picture = ElementTree.fromstring(svg)
    for element in picture.iter():
        if element.tag not in SHAPES or set(element.attrib) - ATTRIBUTES:
            yield "a %s with %s" % (element.tag, sorted(element.attrib))
    width, height = int(picture.get("width")), int(picture.get("height"))
    for text in picture.iter(SVG + "text"):
        x, y = int(text.get("x")), int(text.get("y"))
        if not (0 <= x < width and 0 <= y < height):
            yield "text at %d,%d is not in the picture" % (x, y)
    drawn = {tip.text.split(": ")[0] for tip in picture.iter(SVG + "title")
             if tip.text}
    with open(path, "rb") as tree:
        for node in oracle.read(tree.read()).walk():
            if node.path not in drawn:
                yield "%s is not drawn" % node.path


def main(program, step):
    trees = sys.stdin.read().split("\n")[:-1:int(step)]
    wrong = 0
    for path in trees:
        for finding in findings(program, path):
            print("%s: %s" % (path, finding))
            wrong += 1
    print("%d pictures, %d findings" % (len(trees), wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
