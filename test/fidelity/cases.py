# SPDX-License-Identifier: LGPL-2.1-or-later
"""The bundles of the fidelity tests: each a config.json whose process is
`observe`, which prints what it sees. compare.py derives what it must see from
the same config.json, so a case is nothing but a configuration: BASE, changed by
one part or by several (combinations.py)."""

import copy
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
        {"type": "RLIMIT_AS", "soft": 1 << 32, "hard": 1 << 33},
        {"type": "RLIMIT_DATA", "soft": 1 << 28, "hard": 1 << 29},
        {"type": "RLIMIT_NPROC", "soft": 70, "hard": 80},
        {"type": "RLIMIT_RSS", "soft": 1 << 26, "hard": 1 << 27},
        {"type": "RLIMIT_LOCKS", "soft": 30, "hard": 40},
        {"type": "RLIMIT_RTTIME", "soft": 30000000, "hard": 40000000},
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


def scheduling_rr(c):
    c["ociVersion"] = "1.2.0"
    c["process"]["scheduler"] = {"policy": "SCHED_RR", "priority": 42}
    c["process"]["ioPriority"] = {"class": "IOPRIO_CLASS_RT", "priority": 2}
    c["process"]["oomScoreAdj"] = -1000
    c["linux"]["personality"] = {"domain": "LINUX32"}


def scheduling_idle(c):
    c["ociVersion"] = "1.2.0"
    c["process"]["scheduler"] = {"policy": "SCHED_IDLE"}
    c["process"]["ioPriority"] = {"class": "IOPRIO_CLASS_RT"}
    c["process"]["oomScoreAdj"] = 1000
    c["linux"]["personality"] = {"domain": "LINUX"}


def scheduling_deadline(c):
    c["ociVersion"] = "1.2.0"
    c["process"]["scheduler"] = {
        "policy": "SCHED_DEADLINE", "runtime": 20000000,
        "deadline": 40000000, "period": 50000000,
        "flags": ["SCHED_FLAG_RECLAIM", "SCHED_FLAG_RESET_ON_FORK"]}


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


def mount_types(c):
    c["root"]["readonly"] = False
    c["mounts"] += [
        {"destination": "/types/dev", "type": "devtmpfs", "source": "dev",
         "options": ["nosuid", "noexec"]},
        {"destination": "/types/ram", "type": "ramfs", "source": "ram",
         "options": ["nodev", "mode=1711"]},
        {"destination": "/types/cgroup", "type": "cgroup2", "source": "cg",
         "options": ["nosuid", "noexec", "nodev"]},
        {"destination": "/types/strict", "type": "tmpfs", "source": "t",
         "options": ["strictatime", "nodiratime", "nosymfollow"]},
        {"destination": "/types/sync", "type": "tmpfs", "source": "t",
         "options": ["sync", "dirsync", "lazytime", "relatime"]},
        {"destination": "/types/undone", "type": "tmpfs", "source": "t",
         "options": ["ro", "noexec", "noatime", "rw", "exec", "atime"]},
        {"destination": "/held", "type": "tmpfs", "source": "tmpfs",
         "options": ["tmpcopyup", "ro"]},
    ]


def propagation(c):
    c["root"]["readonly"] = False
    c["linux"]["rootfsPropagation"] = "shared"
    c["mounts"] += [
        {"destination": "/spread/shared", "type": "tmpfs", "source": "t",
         "options": ["shared"]},
        {"destination": "/spread/slave", "type": "tmpfs", "source": "t",
         "options": ["rslave"]},
        {"destination": "/spread/unbindable", "type": "tmpfs", "source": "t",
         "options": ["unbindable"]},
        {"destination": "/spread/private", "type": "tmpfs", "source": "t",
         "options": ["rprivate"]},
        {"destination": "/spread/bind", "type": "bind", "source": "hosts",
         "options": ["rbind", "rshared", "nosymfollow", "strictatime"]},
        {"destination": "/spread/bound", "type": "bind", "source": "volume",
         "options": ["bind", "runbindable", "nodiratime", "noatime"]},
    ]


def recursive_propagation(c):
    c["linux"]["rootfsPropagation"] = "runbindable"


def many_mounts(c):
    c["root"]["readonly"] = False
    c["mounts"] += [
        {"destination": f"/many/{i}", "type": "tmpfs", "source": "tmpfs",
         "options": [f"size={i * 4}k"]} for i in range(1, 41)]


def seccomp(c):
    c["linux"]["seccomp"] = {
        "defaultAction": "SCMP_ACT_ALLOW",
        "architectures": ["SCMP_ARCH_AARCH64"],
        "flags": ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_TSYNC",
                  "SECCOMP_FILTER_FLAG_SPEC_ALLOW"],
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


# what `observe` does, then what init does between the filter and exec
WHITELIST = """
    brk clock_gettime clone close dup3 execve exit exit_group faccessat fcntl
    fstat futex getcwd getdents64 getegid geteuid getgid getgroups getpid
    getrandom gettid getuid ioctl ioprio_get kill lgetxattr lseek madvise mmap
    mprotect mremap munmap nanosleep clock_nanosleep newfstatat openat pipe2
    ppoll prctl prlimit64 getrlimit read readlinkat rt_sigaction
    rt_sigprocmask rt_sigreturn sched_getattr sched_yield set_robust_list
    set_tid_address statx tgkill umask uname wait4 write writev

    capget capset fchown setgroups setresgid setresuid sendmsg seccomp
""".split()


def seccomp_whitelist(c):
    """Without noNewPrivileges the filter stands before the user changes."""
    c["process"]["noNewPrivileges"] = False
    c["process"]["user"] = {"uid": 1000, "gid": 1000, "additionalGids": [7]}
    c["linux"]["seccomp"] = {
        "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38,
        "architectures": ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
        "syscalls": [
            {"names": WHITELIST, "action": "SCMP_ACT_ALLOW"},
            {"names": ["personality"], "action": "SCMP_ACT_ALLOW",
             "args": [{"index": 0, "value": 0xffffffff,
                       "op": "SCMP_CMP_EQ"}]},
            {"names": ["mkdirat"], "action": "SCMP_ACT_ERRNO",
             "errnoRet": 99},
        ]}


def cgroup_limits(c):
    c["linux"]["resources"].update(
        {"memory": {"limit": 50331648, "reservation": 33554432},
         "pids": {"limit": 23},
         "cpu": {"shares": 512},
         "unified": {"memory.high": "40000000"}})


def terminal(c):
    c["process"]["terminal"] = True
    c["process"]["consoleSize"] = {"height": 33, "width": 99}


def time_namespace(c):
    c["ociVersion"] = "1.1.0"
    c["linux"]["namespaces"] += [{"type": "time"}]
    c["linux"]["timeOffsets"] = {"monotonic": {"secs": 5000, "nanosecs": 1},
                                 "boottime": {"secs": 700000}}


def user_namespace(c):
    c["linux"]["namespaces"] += [{"type": "user"}]
    c["linux"]["uidMappings"] = [
        {"containerID": 0, "hostID": 100000, "size": 65536}]
    c["linux"]["gidMappings"] = [
        {"containerID": 0, "hostID": 200000, "size": 1000},
        {"containerID": 1000, "hostID": 300000, "size": 64536}]


def start_hook(c):
    c["root"]["readonly"] = False
    c["hooks"] = {"startContainer": [
        {"path": "/observe", "args": ["observe", "hook"],
         "env": ["PATH=/bin", "HOOK=yes"], "timeout": 30}]}


def no_pid_namespace(c):
    c["linux"]["namespaces"] = [{"type": t} for t in ("mount", "network")]


STREAMS = [("stream", "/dev/stdout"), ("try", "/dev/stdin"),
           ("open", "/dev/stderr")]
PATHS = STREAMS + [("stat", f"/dev/{d}") for d in DEVICES] + [
    ("stat", "/dev/ptmx"), ("stat", "/dev/fd"), ("stat", "/dev/stdin"),
    ("stat", "/dev/stdout"), ("stat", "/dev/stderr"),
    ("list", "/sys/firmware"), ("try", "/proc/keys"),
    ("try", "/proc/sys/kernel/hostname")]

# name: (change of BASE, what to do, exit code expected of the container)
PARTS = {
    "plain": (None, PATHS, 0),
    "odd-arguments": (odd_arguments, [], 0),
    "big-environment": (big_environment, [], 0),
    "user-and-groups": (user_and_groups, STREAMS, 0),
    "top-directory": (top_directory, [("stat", "/"), ("mark", "/")], 0),
    "own-initrd": (own_initrd, [], 0),
    "capability-sets": (capability_sets, [], 0),
    "no-capabilities": (no_capabilities, [], 0),
    "limits": (limits, [], 0),
    "scheduling-batch": (scheduling_batch, [], 0),
    "scheduling-fifo": (scheduling_fifo, [], 0),
    "scheduling-rr": (scheduling_rr, [], 0),
    "scheduling-idle": (scheduling_idle, [], 0),
    "scheduling-deadline": (scheduling_deadline, [], 0),
    "names": (names, [], 0),
    "own-devices": (own_devices, [
        ("stat", "/dev/mem-like"), ("stat", "/dev/dir/fifo"),
        ("stat", "/dev/unbuffered")], 0),
    "kernel-parameters": (kernel_parameters, [
        ("read", "/proc/sys/net/ipv4/ip_forward"),
        ("read", "/proc/sys/kernel/msgmax"),
        ("read", "/proc/sys/net/core/somaxconn"),
        ("read", "/proc/sys/vm/swappiness")], 0),
    "restricted-paths": (restricted_paths, [
        ("try", "/etc/secret"), ("list", "/secrets"), ("try", "/etc/fixed"),
        ("try", "/data/file"), ("try", "/etc/free")], 0),
    "mounts": (mounts, [
        ("stat", "/mnt/tmp"), ("read", "/etc/hosts"), ("try", "/etc/hosts"),
        ("read", "/new/file.txt"), ("try", "/new/file.txt"),
        ("read", "/volume/deep/file"), ("try", "/volume/deep/file"),
        ("stat", "/volume/deep/file"), ("stat", "/target/inside")], 0),
    "mount-types": (mount_types, [
        ("stat", "/types/dev/null"), ("stat", "/types/ram"),
        ("read", "/types/cgroup/cgroup.controllers"),
        ("read", "/held/deep/file"), ("stat", "/held/deep/file"),
        ("try", "/held/deep/file")], 0),
    "propagation": (propagation, [], 0),
    "recursive-propagation": (recursive_propagation, [], 0),
    "many-mounts": (many_mounts, [], 0),
    "seccomp": (seccomp, [
        ("call", "sethostname"), ("call", "mkdir"), ("call", "getcwd"),
        ("call", "personality32"), ("call", "fork")], 0),
    "seccomp-whitelist": (seccomp_whitelist, [
        ("call", "sethostname"), ("call", "mkdir"), ("call", "getcwd"),
        ("call", "personality32"), ("call", "fork"), ("call", "mount"),
        *STREAMS], 0),
    "cgroup-limits": (cgroup_limits, [
        ("read", "/sys/fs/cgroup/pids.max"),
        ("read", "/sys/fs/cgroup/memory.max"),
        ("read", "/sys/fs/cgroup/memory.low"),
        ("read", "/sys/fs/cgroup/memory.high")], 0),
    "terminal": (terminal, [("stat", "/dev/console"), *STREAMS], 0),
    "time-namespace": (time_namespace, [], 0),
    "user-namespace": (user_namespace, [
        ("read", "/proc/self/uid_map"), ("read", "/proc/self/gid_map"),
        ("stat", "/observe"), *STREAMS], 0),
    "start-hook": (start_hook, [], 0),
    "no-pid-namespace": (no_pid_namespace, [("orphan", "5")], 0),
    "exit-7": (None, [("exit", "7")], 7),
    "killed": (no_pid_namespace, [("kill", "9")], 137),
}


def configure(parts):
    """The configuration of a case of these parts."""
    config = copy.deepcopy(BASE)
    do = []
    for part in parts:
        change, actions, _ = PARTS[part]
        version = config["ociVersion"]
        if change:
            change(config)
        config["ociVersion"] = max(version, config["ociVersion"])
        do += [a for a in actions if a not in do]
    if do:
        config["process"]["args"] += ["--do", *(w for d in do for w in d)]
    return config
