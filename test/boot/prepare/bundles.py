# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bundles of the boot tests: busybox and a small config.json."""

import functools
import json
import os
import subprocess

ACCELERATOR = "org.xenproject.oci.accelerator."
TEST = os.path.dirname(os.path.realpath(__file__)) + "/../.."


def output_of(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE,
                          text=True).stdout.strip()


@functools.lru_cache
def busybox():
    """The directory of busybox's root file system."""
    return output_of(f"{TEST}/bundles/rootfs", "busybox")


def configuration(*args, memory="32M", **members):
    """A config.json that runs args, or the text after `sh`."""
    config = {
        "ociVersion": "1.2.0",
        "process": {"cwd": "/", "args": list(args),
                    "env": ["PATH=/bin", "HOME=/root"]},
        "root": {"path": "rootfs"},
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
             "options": ["mode=755", "nosuid"]},
            {"destination": "/dev/pts", "type": "devpts",
             "source": "devpts", "options": ["newinstance",
                                             "ptmxmode=0666"]},
        ],
        "annotations": {"org.xenproject.oci.memory": memory},
    }
    for name, value in members.items():
        config[name] = value
    return config


def shell(script, **members):
    return configuration("/bin/sh", "-c", script, **members)


def using(devices, *args):
    """A config.json that runs args with devices, which are annotations."""
    config = configuration(*args)
    config["annotations"].update(devices)
    return config


def write_config(directory, config):
    os.makedirs(directory, exist_ok=True)
    with open(f"{directory}/config.json", "w", encoding="utf-8") as f:
        json.dump(config, f, indent=1)


def write_bundle(directory, config, rootfs=None):
    """Hard links: the same files in every bundle, on the disk once."""
    write_config(directory, config)
    subprocess.run(["cp", "-al", rootfs or busybox(), f"{directory}/rootfs"],
                   check=True)


def compile_static(source, target):
    """A small static arm64 program from the text of a C file."""
    cross = output_of(f"{TEST}/qemu/sysroot", "4.20") + "/cross"
    subprocess.run([f"{cross}/musl-cc", "-std=gnu11", "-Wall", "-Wextra",
                    "-Werror", "-Os", "-s", f"-I{TEST}/devices",
                    "-o", target, "-x", "c", "-",
                    "-x", "none"],
                   input=source, text=True, check=True)


def write_device_bundles(directory, configs, *programs):
    """A bundle for each of configs, with the programs of test/devices."""
    for program in programs:
        os.makedirs(directory, exist_ok=True)
        with open(f"{TEST}/devices/{program}.c", encoding="utf-8") as f:
            compile_static(f.read(), f"{directory}/.{program}")
    for name, config in configs.items():
        write_bundle(f"{directory}/{name}", config)
        for program in programs:
            os.link(f"{directory}/.{program}",
                    f"{directory}/{name}/rootfs/{program}")
