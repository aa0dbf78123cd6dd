# SPDX-License-Identifier: LGPL-2.1-or-later
"""The bundles of the fidelity tests: each a config.json whose process is
`observe`, which prints what it sees. compare.py derives what it must see from
the same config.json, so a case is nothing but a configuration."""

import copy
import os
import random

DEFAULT_CAPS = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]

BASE = {
    "ociVersion": "1.0.2",
    "process": {
        "terminal": False,
        "user": {"uid": 0, "gid": 0},
        "args": ["/observe"],
        "env": ["PATH=/usr/bin:/bin", "TERM=xterm"],
        "cwd": "/",
        "capabilities": {s: list(DEFAULT_CAPS) for s in
                         ("bounding", "effective", "permitted")},
        "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}],
        "noNewPrivileges": True,
    },
    "root": {"path": "rootfs", "readonly": True},
    "hostname": "observed",
    "mounts": [
        {"destination": "/proc", "type": "proc", "source": "proc"},
        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
         "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
        {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
         "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666",
                     "mode=0620", "gid=5"]},
        {"destination": "/dev/shm", "type": "tmpfs", "source": "shm",
         "options": ["nosuid", "noexec", "nodev", "mode=1777",
                     "size=65536k"]},
        {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue",
         "options": ["nosuid", "noexec", "nodev"]},
        {"destination": "/sys", "type": "sysfs", "source": "sysfs",
         "options": ["nosuid", "noexec", "nodev", "ro"]},
        {"destination": "/sys/fs/cgroup", "type": "cgroup",
         "source": "cgroup",
         "options": ["nosuid", "noexec", "nodev", "relatime", "ro"]},
    ],
    "linux": {
        "resources": {"devices": [{"allow": False, "access": "rwm"}]},
        "namespaces": [{"type": t} for t in
                       ("pid", "network", "ipc", "uts", "mount", "cgroup")],
        "maskedPaths": ["/proc/kcore", "/proc/keys", "/sys/firmware",
                        "/nowhere"],
        "readonlyPaths": ["/proc/bus", "/proc/irq", "/proc/sys"],
    },
}

DEVICES = ["null", "zero", "full", "random", "urandom", "tty"]


def case(change=None, do=()):
    config = copy.deepcopy(BASE)
    if change:
        change(config)
    if do:
        config["process"]["args"] += ["--do", *(w for d in do for w in d)]
    return config


def odd_arguments(c):
    c["process"]["args"] = [
        "/observe", "", "two words", "it's \"quoted\"", "$(id) `id` ${HOME}",
        "line\nbreak\ttab\\", "*?[a]", "\u00e9\u4e2d\U0001f680", "-", "--",
        "\x01\x7f", " "]
    c["process"]["env"] = ["PATH=/bin", "EMPTY=", "QUOTES='\"`", "A=b=c",
                           "NL=a\nb", "UTF=\u00fc", "DOLLAR=$HOME"]


def big_environment(c):
    rng = random.Random(7)
    c["process"]["env"] = ["PATH=/bin"] + [
        f"V{i}=" + "".join(rng.choice("abc \"'\\$") for _ in range(997))
        for i in range(100)]


def user_and_groups(c):
    c["process"]["user"] = {"uid": 1000, "gid": 1001, "umask": 0o27,
                            "additionalGids": [5, 27, 4294967294]}
    c["process"]["cwd"] = "/made/by/init"
    c["root"]["readonly"] = False


def top_directory(c):
    c["process"]["user"] = {"uid": 1000, "gid": 34}
    c["root"]["readonly"] = False


def own_initrd(c):
    c["vm"] = {"kernel": {
        "path": "", "initrd": "/work/fidelity/own-initrd/initrd"}}


def capability_sets(c):
    c["process"]["user"] = {"uid": 1000, "gid": 1000}
    c["process"]["capabilities"] = {
        "bounding": ["CAP_CHOWN", "CAP_NET_RAW", "CAP_SYS_TIME", "CAP_KILL"],
        "permitted": ["CAP_CHOWN", "CAP_NET_RAW", "CAP_KILL"],
        "effective": ["CAP_CHOWN"],
        "inheritable": ["CAP_NET_RAW", "CAP_KILL"],
        "ambient": ["CAP_NET_RAW"],
    }
    c["process"]["noNewPrivileges"] = False


def no_capabilities(c):
    c["process"]["capabilities"] = {}
    c["process"]["user"] = {"uid": 65534, "gid": 65534}


def limits(c):
    c["process"]["rlimits"] = [
        {"type": "RLIMIT_CORE", "soft": 0, "hard": 0},
        {"type": "RLIMIT_CPU", "soft": 60, "hard": 61},
        {"type": "RLIMIT_FSIZE", "soft": 1 << 30, "hard": 1 << 31},
        {"type": "RLIMIT_NOFILE", "soft": 77, "hard": 99},
        {"type": "RLIMIT_STACK", "soft": 1 << 20, "hard": 8 << 20},
        {"type": "RLIMIT_MSGQUEUE", "soft": 4096, "hard": 8192},
        {"type": "RLIMIT_NICE", "soft": 3, "hard": 5},
        {"type": "RLIMIT_RTPRIO", "soft": 1, "hard": 2},
        {"type": "RLIMIT_SIGPENDING", "soft": 10, "hard": 20},
        {"type": "RLIMIT_MEMLOCK", "soft": 18446744073709551615,
         "hard": 18446744073709551615},
    ]


def scheduling_batch(c):
    c["ociVersion"] = "1.2.0"
    c["process"]["scheduler"] = {"policy": "SCHED_BATCH", "nice": 7}
    c["process"]["ioPriority"] = {"class": "IOPRIO_CLASS_BE", "priority": 6}
    c["process"]["oomScoreAdj"] = 321


def scheduling_fifo(c):
    c["ociVersion"] = "1.2.0"
    c["process"]["scheduler"] = {"policy": "SCHED_FIFO", "priority": 3,
                                 "flags": ["SCHED_FLAG_RESET_ON_FORK"]}
    c["process"]["ioPriority"] = {"class": "IOPRIO_CLASS_IDLE"}
    c["process"]["oomScoreAdj"] = -500


def names(c):
    c["hostname"] = "a-longer.name.example"
    c["ociVersion"] = "1.1.0"
    c["domainname"] = "domain.example"


def own_devices(c):
    c["linux"]["devices"] = [
        {"path": "/dev/mem-like", "type": "c", "major": 1, "minor": 3,
         "fileMode": 0o640, "uid": 12, "gid": 34},
        {"path": "/dev/dir/fifo", "type": "p", "fileMode": 0o600},
        {"path": "/dev/unbuffered", "type": "u", "major": 1, "minor": 5,
         "fileMode": 0o666},
    ]


def kernel_parameters(c):
    c["linux"]["sysctl"] = {
        "net.ipv4.ip_forward": "1", "kernel.msgmax": "12345",
        "net.core.somaxconn": "321", "vm.swappiness": "10"}


def restricted_paths(c):
    c["linux"]["maskedPaths"] = ["/etc/secret", "/secrets", "/absent/file"]
    c["linux"]["readonlyPaths"] = ["/etc/fixed", "/data", "/absent/dir"]
    c["root"]["readonly"] = False


def mounts(c):
    c["root"]["readonly"] = False
    c["mounts"] += [
        {"destination": "/mnt/tmp", "type": "tmpfs", "source": "tmpfs",
         "options": ["nosuid", "nodev", "noexec", "size=1m", "mode=1750",
                     "uid=7", "gid=8"]},
        {"destination": "/mnt/copied", "type": "tmpfs", "source": "tmpfs",
         "options": ["ro", "noatime"]},
        {"destination": "/link/inside", "type": "tmpfs", "source": "t",
         "options": ["private"]},
        {"destination": "/etc/hosts", "type": "bind", "source": "hosts",
         "options": ["rbind", "ro"]},
        {"destination": "/new/file.txt", "type": "bind",
         "source": "hosts", "options": ["bind", "rw", "nodev"]},
        {"destination": "/volume", "type": "none", "source": "volume",
         "options": ["rbind", "ro", "nosuid"]},
    ]


def many_mounts(c):
    c["root"]["readonly"] = False
    c["mounts"] += [
        {"destination": f"/many/{i}", "type": "tmpfs", "source": "tmpfs",
         "options": [f"size={i * 4}k"]} for i in range(1, 41)]


def seccomp(c):
    c["linux"]["seccomp"] = {
        "defaultAction": "SCMP_ACT_ALLOW",
        "architectures": ["SCMP_ARCH_AARCH64"],
        "syscalls": [
            {"names": ["sethostname"], "action": "SCMP_ACT_ERRNO",
             "errnoRet": 42},
            {"names": ["mkdirat"], "action": "SCMP_ACT_ERRNO"},
            {"names": ["personality"], "action": "SCMP_ACT_ERRNO",
             "errnoRet": 7,
             "args": [{"index": 0, "value": 8, "op": "SCMP_CMP_EQ"}]},
            {"names": ["no_such_call_anywhere"],
             "action": "SCMP_ACT_ERRNO"},
        ]}


def cgroup_limits(c):
    c["linux"]["resources"].update(
        {"memory": {"limit": 50331648}, "pids": {"limit": 23},
         "cpu": {"shares": 512},
         "unified": {"memory.high": "40000000"}})


def terminal(c):
    c["process"]["terminal"] = True
    c["process"]["consoleSize"] = {"height": 33, "width": 99}


def time_and_personality(c):
    c["ociVersion"] = "1.1.0"
    c["linux"]["namespaces"] += [{"type": "time"}]
    c["linux"]["timeOffsets"] = {"monotonic": {"secs": 5000, "nanosecs": 1},
                                 "boottime": {"secs": 700000}}


def user_namespace(c):
    c["linux"]["namespaces"] += [{"type": "user"}]
    c["linux"]["uidMappings"] = [
        {"containerID": 0, "hostID": 100000, "size": 65536}]
    c["linux"]["gidMappings"] = [
        {"containerID": 0, "hostID": 100000, "size": 65536}]


def start_hook(c):
    c["root"]["readonly"] = False
    c["hooks"] = {"startContainer": [
        {"path": "/observe", "args": ["observe", "hook"],
         "env": ["PATH=/bin", "HOOK=yes"], "timeout": 30}]}


def no_pid_namespace(c):
    c["linux"]["namespaces"] = [{"type": t} for t in ("mount", "network")]


PATHS = [("stat", f"/dev/{d}") for d in DEVICES] + [
    ("stat", "/dev/ptmx"), ("stat", "/dev/fd"), ("stat", "/dev/stdout"),
    ("list", "/sys/firmware"), ("try", "/proc/keys"),
    ("try", "/proc/sys/kernel/hostname")]

# name: (configuration, exit code expected of the container)
CASES = {
    "plain": (case(do=PATHS), 0),
    "odd-arguments": (case(odd_arguments), 0),
    "big-environment": (case(big_environment), 0),
    "user-and-groups": (case(user_and_groups), 0),
    "top-directory": (case(top_directory, [
        ("stat", "/"), ("mark", "/")]), 0),
    "own-initrd": (case(own_initrd), 0),
    "capability-sets": (case(capability_sets), 0),
    "no-capabilities": (case(no_capabilities), 0),
    "limits": (case(limits), 0),
    "scheduling-batch": (case(scheduling_batch), 0),
    "scheduling-fifo": (case(scheduling_fifo), 0),
    "names": (case(names), 0),
    "own-devices": (case(own_devices, [
        ("stat", "/dev/mem-like"), ("stat", "/dev/dir/fifo"),
        ("stat", "/dev/unbuffered")]), 0),
    "kernel-parameters": (case(kernel_parameters, [
        ("read", "/proc/sys/net/ipv4/ip_forward"),
        ("read", "/proc/sys/kernel/msgmax"),
        ("read", "/proc/sys/net/core/somaxconn"),
        ("read", "/proc/sys/vm/swappiness")]), 0),
    "restricted-paths": (case(restricted_paths, [
        ("try", "/etc/secret"), ("list", "/secrets"), ("try", "/etc/fixed"),
        ("try", "/data/file"), ("try", "/etc/free")]), 0),
    "mounts": (case(mounts, [
        ("stat", "/mnt/tmp"), ("read", "/etc/hosts"), ("try", "/etc/hosts"),
        ("read", "/new/file.txt"), ("try", "/new/file.txt"),
        ("read", "/volume/deep/file"), ("try", "/volume/deep/file"),
        ("stat", "/volume/deep/file"), ("stat", "/target/inside")]), 0),
    "many-mounts": (case(many_mounts), 0),
    "seccomp": (case(seccomp, [
        ("call", "sethostname"), ("call", "mkdir"), ("call", "getcwd"),
        ("call", "personality32"), ("call", "fork")]), 0),
    "cgroup-limits": (case(cgroup_limits, [
        ("read", "/sys/fs/cgroup/pids.max"),
        ("read", "/sys/fs/cgroup/memory.max"),
        ("read", "/sys/fs/cgroup/memory.high")]), 0),
    "terminal": (case(terminal, [("stat", "/dev/console")]), 0),
    "time-namespace": (case(time_and_personality), 0),
    "user-namespace": (case(user_namespace, [
        ("read", "/proc/self/uid_map"), ("stat", "/observe")]), 0),
    "start-hook": (case(start_hook), 0),
    "no-pid-namespace": (case(no_pid_namespace), 0),
    "exit-7": (case(do=[("exit", "7")]), 7),
    "killed": (case(no_pid_namespace, [("kill", "9")]), 137),
}

# FIDELITY_CASES="one another": only these
CASES = {name: CASES[name]
         for name in os.environ.get("FIDELITY_CASES", "").split() or CASES}
