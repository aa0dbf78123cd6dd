#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""make_bundles.py OBSERVE DIR: writes DIR/<case>/{config.json,rootfs,...}."""

import json
import os
import shutil
import subprocess
import sys

from combinations import CASES


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, mode)
    os.utime(path, (1600000000, 1600000000))


def make_rootfs(root, observe):
    for d in ("bin", "proc", "sys", "dev", "etc", "secrets", "data", "tmp",
              "target/inside", "mnt"):
        os.makedirs(f"{root}/{d}", exist_ok=True)
    shutil.copy(observe, f"{root}/observe")
    os.chmod(f"{root}/observe", 0o755)
    write(f"{root}/etc/secret", "secret\n")
    write(f"{root}/etc/fixed", "fixed\n", 0o666)
    write(f"{root}/etc/free", "free\n", 0o666)
    write(f"{root}/etc/hosts", "image\n")
    write(f"{root}/secrets/one", "1\n")
    write(f"{root}/data/file", "data\n", 0o666)
    write(f"{root}/held/deep/file", "held\n", 0o666)
    os.symlink("/target", f"{root}/link")


def give_to_mapped(bundle, linux):
    """As tools for user namespaces do; /etc/free stays root's."""
    uid, gid = (linux[k][0]["hostID"] for k in ("uidMappings", "gidMappings"))
    for top in ("rootfs", "volume"):
        for where, dirs, files in os.walk(f"{bundle}/{top}"):
            for name in [where] + [f"{where}/{n}" for n in dirs + files]:
                if not name.endswith("/etc/free"):
                    os.chown(name, uid, gid, follow_symlinks=False)
    os.chown(f"{bundle}/hosts", uid, gid)


def make_initrd(bundle):
    """An archive whose /init and /program would be the end of the domain."""
    os.makedirs(f"{bundle}/tree/dev")
    write(f"{bundle}/tree/init", "not a program\n", 0o755)
    write(f"{bundle}/tree/program", "nor this\n")
    with open(f"{bundle}/initrd", "wb") as out:
        subprocess.run(["cpio", "--quiet", "-o", "-H", "newc"], check=True,
                       cwd=f"{bundle}/tree", stdout=out,
                       input=b"dev\ninit\nprogram\n")


def main():
    observe, out = sys.argv[1:]
    shutil.rmtree(out, ignore_errors=True)
    for name, (config, _, parts) in CASES.items():
        bundle = f"{out}/{name}"
        make_rootfs(f"{bundle}/rootfs", observe)
        if "own-initrd" in parts:
            make_initrd(bundle)
        if "top-directory" in parts:
            os.chown(f"{bundle}/rootfs", 12, 34)
            os.chmod(f"{bundle}/rootfs", 0o2750)
            os.setxattr(f"{bundle}/rootfs", "user.top", b"yes")
        write(f"{bundle}/hosts", "127.0.0.1 from-bundle\n", 0o666)
        write(f"{bundle}/volume/deep/file", "in the volume\n", 0o666)
        if "uidMappings" in config["linux"]:
            give_to_mapped(bundle, config["linux"])
        with open(f"{bundle}/config.json", "w", encoding="utf-8") as f:
            json.dump(config, f, indent=2)
    print("\n".join(CASES))


main()
