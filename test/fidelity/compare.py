#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""compare.py BUNDLES RESULTS: TAP. Holds what each container's process saw
(RESULTS/<case>.out, RESULTS/<case>.code) against its own config.json."""

import json
import os
import stat
import sys

from cases import DEVICES
from combinations import CASES

RLIMITS = ["CPU", "FSIZE", "DATA", "STACK", "CORE", "RSS", "NPROC", "NOFILE",
           "MEMLOCK", "AS", "LOCKS", "SIGPENDING", "MSGQUEUE", "NICE",
           "RTPRIO", "RTTIME"]
CAPS = """CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID
SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW
IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT
SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE
AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM
BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE""".split()
POLICIES = {"SCHED_OTHER": 0, "SCHED_FIFO": 1, "SCHED_RR": 2,
            "SCHED_BATCH": 3, "SCHED_IDLE": 5, "SCHED_DEADLINE": 6}
# include/uapi/linux/sched.h
SCHEDULER_FLAGS = {"SCHED_FLAG_RESET_ON_FORK": 1, "SCHED_FLAG_RECLAIM": 2,
                   "SCHED_FLAG_DL_OVERRUN": 4}
PERSONALITIES = {"LINUX": 0, "LINUX32": 8}
# linux: include/linux/proc_ns.h, those that the kernel begins with
FIRST_NAMESPACES = {"ipc": 0xefffffff, "uts": 0xeffffffe, "user": 0xeffffffd,
                    "pid": 0xeffffffc, "cgroup": 0xeffffffb,
                    "time": 0xeffffffa}
CGROUP = "container"        # libxl-oci/plan-internal.h GUEST_CGROUP_NAME
CLASSES = {"IOPRIO_CLASS_RT": 1, "IOPRIO_CLASS_BE": 2, "IOPRIO_CLASS_IDLE": 3}
KNOWN_DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7),
                 "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}

count = failed = 0


def ok(good, name, detail=""):
    global count, failed
    count += 1
    print(f"{'ok' if good else 'not ok'} {count} - {name}")
    if not good:
        failed += 1
        for line in str(detail).splitlines():
            print(f"#   {line}")


def same(got, want, name):
    ok(got == want, name, f"got:  {got!r}\nwant: {want!r}")


def text(value):
    return None if value is None else \
        bytes.fromhex(value).decode("utf-8", "surrogateescape")


def status_field(seen, field):
    for line in text(seen["status"]).splitlines():
        if line.startswith(field + ":"):
            return line.split(":", 1)[1].strip()
    return None


def mask(names):
    return sum(1 << CAPS.index(n[4:]) for n in names)


def check_process(name, config, seen):
    process = config["process"]
    same([text(a) for a in seen["argv"]], process["args"], f"{name}: args")
    env = [text(e) for e in seen["env"]]
    same(env, process["env"], f"{name}: env")
    same(text(seen["cwd"]), process["cwd"], f"{name}: cwd")
    user = process["user"]
    same((seen["uid"], seen["euid"], seen["gid"], seen["egid"]),
         (user["uid"], user["uid"], user["gid"], user["gid"]),
         f"{name}: user")
    same(sorted(seen["groups"]), sorted(user.get("additionalGids", [])),
         f"{name}: additional groups")
    same(seen["umask"], user.get("umask", 0o22), f"{name}: umask")
    same(seen["descriptors"], [0, 1, 2], f"{name}: no stray descriptor")
    same(seen["random_errno"], 0, f"{name}: random numbers at once")
    same(seen["zombies"], 0, f"{name}: no zombie")


def check_privileges(name, config, seen):
    process = config["process"]
    caps = process.get("capabilities", {})
    for field, key in (("CapInh", "inheritable"), ("CapPrm", "permitted"),
                       ("CapEff", "effective"), ("CapBnd", "bounding"),
                       ("CapAmb", "ambient")):
        want = mask(caps.get(key, []))
        if process["user"]["uid"] and key in ("permitted", "effective"):
            # execve by another user than root: only the ambient set stays
            # (capabilities(7), "Transformation of capabilities")
            want = mask(caps.get("ambient", []))
        elif key in ("permitted", "effective"):
            # execve by root: inheritable | bounding
            want = mask(caps.get("inheritable", [])) | \
                mask(caps.get("bounding", []))
        same(int(status_field(seen, field), 16), want, f"{name}: {field}")
    same(status_field(seen, "NoNewPrivs"),
         "1" if process.get("noNewPrivileges") else "0",
         f"{name}: noNewPrivileges")
    same(status_field(seen, "Seccomp"),
         "2" if "seccomp" in config["linux"] else "0", f"{name}: seccomp")
    same(status_field(seen, "Seccomp_filters"),
         "1" if "seccomp" in config["linux"] else "0",
         f"{name}: seccomp, one filter")


def check_limits(name, config, seen):
    for r in config["process"].get("rlimits", []):
        got = seen["rlimits"][RLIMITS.index(r["type"][7:])]
        same([int(v) for v in got], [r["soft"], r["hard"]],
             f"{name}: {r['type']}")


def check_scheduling(name, config, seen):
    process = config["process"]
    want = process.get("scheduler", {})
    same((seen["sched_policy"], seen["sched_nice"], seen["sched_priority"],
          seen["sched_flags"] & 7),
         (POLICIES[want.get("policy", "SCHED_OTHER")], want.get("nice", 0),
          want.get("priority", 0),
          sum(SCHEDULER_FLAGS[f] for f in want.get("flags", []))),
         f"{name}: scheduler")
    if want.get("policy") == "SCHED_DEADLINE":
        same([seen[f"sched_{k}"] for k in ("runtime", "deadline", "period")],
             [want[k] for k in ("runtime", "deadline", "period")],
             f"{name}: deadline")
    if "ioPriority" in process:
        io = process["ioPriority"]
        same((seen["ioprio"] >> 13, seen["ioprio"] & 7),
             (CLASSES[io["class"]], io.get("priority", 0)),
             f"{name}: ioPriority")
    same(int(text(seen["oom_score_adj"])), process.get("oomScoreAdj", 0),
         f"{name}: oomScoreAdj")


def check_names(name, config, seen):
    same(text(seen["hostname"]), config["hostname"], f"{name}: hostname")
    if "domainname" in config:
        same(text(seen["domainname"]), config["domainname"],
             f"{name}: domainname")
    namespaces = {n["type"] for n in config["linux"]["namespaces"]}
    if "pid" in namespaces:
        same(seen["pid"], 1, f"{name}: first of its PID namespace")
    offset = config["linux"].get("timeOffsets", {})
    same({k: seen[f"ns_{k}"] != first
          for k, first in FIRST_NAMESPACES.items()},
         {k: k in namespaces for k in FIRST_NAMESPACES},
         f"{name}: namespaces of its own")
    same(text(seen["cgroup"]).strip(),
         "0::/" if "cgroup" in namespaces else f"0::/{CGROUP}",
         f"{name}: its control group as it sees it")
    same(seen["personality"], PERSONALITIES[
        config["linux"].get("personality", {}).get("domain", "LINUX")],
         f"{name}: personality")
    if offset:
        ok(0 <= seen["monotonic_s"] - offset["monotonic"]["secs"] < 1000,
           f"{name}: monotonic offset", seen["monotonic_s"])
        ok(0 <= seen["boottime_s"] - offset["boottime"]["secs"] < 1000,
           f"{name}: boottime offset", seen["boottime_s"])


def mount_table(seen):
    table = {}
    for line in text(seen["mountinfo"]).splitlines():
        left, right = line.split(" - ", 1)
        fields, rest = left.split(), right.split()
        point = fields[4].encode().decode("unicode_escape")
        table[point] = (rest[0], set(fields[5].split(",")),
                        set(rest[2].split(",")) if len(rest) > 2 else set(),
                        fields[6:])
    return table


FLAG_OPTIONS = {"ro", "nosuid", "nodev", "noexec", "noatime", "relatime",
                "nodiratime", "nosymfollow"}
SUPERBLOCK_OPTIONS = {"sync", "dirsync", "lazytime"}
UNDO = {"rw": "ro", "exec": "noexec", "atime": "noatime",
        "strictatime": "relatime"}


def propagation(optional):
    """What of mountinfo's optional fields the bundle can ask for."""
    return {o.split(":")[0] for o in optional}


def propagation_wanted(options):
    """A slave has no master here: nothing of a domain is shared with Dom0.
    linux: Documentation/filesystems/sharedsubtree.rst, 5c."""
    kinds = [o.removeprefix("r") for o in options]
    return {k for k in ("shared", "unbindable") if k in kinds}


def check_mount_options(name, point, options, entry):
    _, flags, superblock, optional = entry
    wanted = set()
    for option in options:
        wanted.discard(UNDO.get(option))
        wanted.add(option)
    missing = (wanted & FLAG_OPTIONS) - flags
    ok(not missing, f"{name}: options of {point}", missing)
    surplus = {UNDO[o] for o in wanted & set(UNDO)} & flags
    ok(not surplus, f"{name}: options undone of {point}", surplus)
    missing = (wanted & SUPERBLOCK_OPTIONS) - superblock
    ok(not missing, f"{name}: options of the file system of {point}", missing)


def check_propagation(name, config, table):
    root = config["linux"].get("rootfsPropagation", "")
    same(propagation(table["/"][3]), propagation_wanted([root]),
         f"{name}: propagation of the root")
    for m in config["mounts"]:
        point = m["destination"].replace("/link/", "/target/")
        options = [root] if root.startswith("r") else m.get("options", [])
        if point in table:
            same(propagation(table[point][3]), propagation_wanted(options),
                 f"{name}: propagation of {point}")


def check_mounts(name, config, seen):
    table = mount_table(seen)
    ok("/" in table, f"{name}: a root")
    same("ro" in table["/"][1], config["root"].get("readonly", False),
         f"{name}: root.readonly")
    for m in config["mounts"]:
        point = m["destination"].replace("/link/", "/target/")
        ok(point in table, f"{name}: mount {point}", "\n".join(table))
        if point not in table:
            continue
        kind, _, superblock, _ = table[point]
        want = {"cgroup": "cgroup2", "bind": kind, "none": kind}.get(
            m["type"], m["type"])
        same(kind, want, f"{name}: type of {point}")
        options = m.get("options", [])
        check_mount_options(name, point, options, table[point])
        if "size=1m" in options:
            # mountinfo has the kernel's ids; the owner is stat's
            ok({"size=1024k", "mode=1750"} <= superblock,
               f"{name}: data of {point}", superblock)
    check_propagation(name, config, table)


def check_devices(name, config, seen):
    for d in DEVICES:
        got = seen.get(f"stat /dev/{d}")
        if got:
            same((stat.S_ISCHR(got["mode"]), got["major"], got["minor"],
                  stat.S_IMODE(got["mode"])),
                 (True, *KNOWN_DEVICES[d], 0o666), f"{name}: /dev/{d}")
    kinds = {"c": stat.S_ISCHR, "u": stat.S_ISCHR, "b": stat.S_ISBLK,
             "p": stat.S_ISFIFO}
    for d in config["linux"].get("devices", []):
        got = seen[f"stat {d['path']}"]
        ok(kinds[d["type"]](got["mode"]), f"{name}: {d['path']} kind", got)
        same((got["major"], got["minor"]),
             (d.get("major", 0), d.get("minor", 0)),
             f"{name}: {d['path']} numbers")
        # nobody can make a device's node in a user namespace: it is the
        # guest's own, as with runc
        if "uidMappings" in config["linux"] and d["type"] != "p":
            continue
        same((got["uid"], got["gid"]), (d.get("uid", 0), d.get("gid", 0)),
             f"{name}: {d['path']} owner")
        if "fileMode" in d:
            same(stat.S_IMODE(got["mode"]), d["fileMode"],
                 f"{name}: {d['path']} mode")


def check_terminal(name, config, seen):
    if config["process"]["terminal"]:
        size = config["process"]["consoleSize"]
        same((seen["tty"], seen["rows"], seen["columns"]),
             ([1, 1, 1], size["height"], size["width"]),
             f"{name}: terminal and its size")
        same(seen["controlling_tty"], 1, f"{name}: controlling terminal")
        ok(stat.S_ISCHR(seen["stat /dev/console"]["mode"]),
           f"{name}: /dev/console")
    else:
        same(seen["tty"], [0, 0, 0], f"{name}: no terminal")


def check_streams(name, config, seen):
    del config
    if "stream /dev/stdout" in seen:
        same(seen["stream /dev/stdout"], "written", f"{name}: /dev/stdout")
        same(seen["open /dev/stderr"], 0, f"{name}: /dev/stderr")
        ok(seen["try /dev/stdin"][0] in (-1, ERRNO["EAGAIN"]),
           f"{name}: /dev/stdin", seen["try /dev/stdin"])


ERRNO = {"EAGAIN": 11, "EACCES": 13, "EROFS": 30}


def special_plain(seen):
    same(seen["list /sys/firmware"], [], "plain: masked directory is empty")
    same(seen["try /proc/keys"][0], -1, "plain: masked file is empty")
    ok(seen["try /proc/sys/kernel/hostname"][1] == ERRNO["EROFS"],
       "plain: read-only path refuses writing",
       seen["try /proc/sys/kernel/hostname"])
    for path, mode in (("/dev/ptmx", None), ("/dev/fd", stat.S_ISLNK),
                       ("/dev/stdin", stat.S_ISLNK),
                       ("/dev/stdout", stat.S_ISLNK),
                       ("/dev/stderr", stat.S_ISLNK)):
        got = seen[f"stat {path}"]
        ok("errno" not in got and (not mode or mode(got["mode"])),
           f"plain: {path}", got)


def special_restricted_paths(seen):
    same(seen["try /etc/secret"][0], -1, "restricted: masked file")
    same(seen["list /secrets"], [], "restricted: masked directory")
    same(seen["try /etc/fixed"], [0, ERRNO["EROFS"]],
         "restricted: read-only file")
    same(seen["try /data/file"], [0, ERRNO["EROFS"]],
         "restricted: below a read-only directory")
    same(seen["try /etc/free"], [0, 0], "restricted: the rest is writable")


def special_mounts(seen):
    got = seen["stat /mnt/tmp"]
    same((stat.S_IMODE(got["mode"]), got["uid"], got["gid"]),
         (0o1750, 7, 8), "mounts: tmpfs mode and owner")
    same(text(seen["read /etc/hosts"]), "127.0.0.1 from-bundle\n",
         "mounts: a file over a file")
    same(seen["try /etc/hosts"], [0, ERRNO["EROFS"]], "mounts: read-only")
    same(text(seen["read /new/file.txt"]), "127.0.0.1 from-bundle\n",
         "mounts: a file at a new place")
    same(seen["try /new/file.txt"], [0, 0], "mounts: writable copy")
    same(text(seen["read /volume/deep/file"]), "in the volume\n",
         "mounts: a directory of the host")
    same(seen["try /volume/deep/file"], [0, ERRNO["EROFS"]],
         "mounts: the directory is read-only")
    same(seen["stat /volume/deep/file"]["mtime"], 1600000000,
         "mounts: time of modification survives")


def special_top_directory(seen):
    got = seen["stat /"]
    same((stat.S_IMODE(got["mode"]), got["uid"], got["gid"]),
         (0o2750, 12, 34), "top directory: mode and owner")
    same(text(seen["mark /"]), "yes", "top directory: an attribute")


def special_seccomp(seen):
    same({k[5:]: seen[k] for k in seen if k.startswith("call ")},
         {"sethostname": 42, "mkdir": 1, "getcwd": 34, "personality32": 7,
          "fork": 0}, "seccomp: each rule")


def special_seccomp_whitelist(seen):
    same({k[5:]: seen[k] for k in seen if k.startswith("call ")},
         {"sethostname": 38, "mkdir": 99, "getcwd": 34, "personality32": 38,
          "fork": 0, "mount": 38}, "whitelist: the rest is refused")


def special_mount_types(seen):
    same((stat.S_ISCHR(seen["stat /types/dev/null"]["mode"]),
          seen["stat /types/dev/null"]["major"]), (True, 1),
         "mount types: devtmpfs")
    same(stat.S_IMODE(seen["stat /types/ram"]["mode"]), 0o1711,
         "mount types: ramfs")
    ok(seen["read /types/cgroup/cgroup.controllers"] is not None,
       "mount types: cgroup2")
    got = seen["stat /held/deep/file"]
    same((text(seen["read /held/deep/file"]), stat.S_IMODE(got["mode"])),
         ("held\n", 0o666), "mount types: tmpcopyup")
    same(seen["try /held/deep/file"], [0, ERRNO["EROFS"]],
         "mount types: tmpcopyup, then read-only")


def special_no_pid_namespace(seen):
    same(seen["orphans"], 0, "no PID namespace: init reaps the orphans")


def special_cgroup_limits(seen):
    same([text(seen[f"read /sys/fs/cgroup/{f}"]) for f in
          ("pids.max", "memory.max", "memory.low", "memory.high")],
         ["23\n", "50331648\n", "33554432\n", "39997440\n"],
         "cgroup: limits")


def special_many_mounts(seen):
    table = mount_table(seen)
    same([i for i in range(1, 41)
          if f"size={i * 4}k" not in table[f"/many/{i}"][2]], [],
         "many mounts: each has its own size")


def special_kernel_parameters(seen):
    same([text(seen[f"read /proc/sys/{f}"]).strip() for f in
          ("net/ipv4/ip_forward", "kernel/msgmax", "net/core/somaxconn",
           "vm/swappiness")], ["1", "12345", "321", "10"],
         "sysctl: values")


def special_user_namespace(seen):
    same(text(seen["read /proc/self/uid_map"]).split(),
         ["0", "100000", "65536"], "user namespace: users")
    same(text(seen["read /proc/self/gid_map"]).split(),
         ["0", "200000", "1000", "1000", "300000", "64536"],
         "user namespace: groups")
    same((seen["stat /observe"]["uid"], seen["stat /observe"]["gid"]), (0, 0),
         "user namespace: owner of a file")


def check(name, config, parts, raw):
    # a startContainer hook prints an object of its own before the process
    documents = [json.loads(line) for line in raw.splitlines() if line]
    if "start-hook" in parts:
        same(len(documents), 2, f"{name}: hook and process both ran")
        hook = documents.pop(0)
        same([text(a) for a in hook["argv"]], ["observe", "hook"],
             f"{name}: the hook's arguments")
        same([text(e) for e in hook["env"]], ["PATH=/bin", "HOOK=yes"],
             f"{name}: the hook's environment")
    same(len(documents), 1, f"{name}: one answer")
    seen = documents[0]
    for checker in (check_process, check_privileges, check_limits,
                    check_scheduling, check_names, check_mounts,
                    check_devices, check_terminal, check_streams):
        checker(name, config, seen)
    for part in parts:
        special = globals().get("special_" + part.replace("-", "_"))
        if special:
            special(seen)


def main():
    bundles, results = sys.argv[1:]
    for name, (_, code, parts) in CASES.items():
        with open(f"{bundles}/{name}/config.json", encoding="utf-8") as f:
            config = json.load(f)
        try:
            with open(f"{results}/{name}.code", encoding="ascii") as f:
                same(int(f.read()), code, f"{name}: exit code")
            with open(f"{results}/{name}.out", encoding="utf-8",
                      errors="surrogateescape") as f:
                check(name, config, parts, f.read())
        except (OSError, ValueError, KeyError, IndexError) as e:
            error = f"{results}/{name}.err"
            log = open(error, errors="replace").read() \
                if os.path.exists(error) else ""
            ok(False, f"{name}: {type(e).__name__}: {e}", log)
    print(f"1..{count}")
    return 1 if failed else 0


sys.exit(main())
