/* SPDX-License-Identifier: MIT */
/*
 * The program: what the guest's init executes, compiled by the host from
 * config.json. This header is the whole contract between the host's writer
 * (libxl-oci/program.c) and the guest's reader (libxl-oci/guest/).
 *
 * Where: the file /program of the initramfs, brought by a second cpio archive
 * that follows the one with init. Small files for the container stand beside
 * it as /files/0, /files/1, ...
 *
 * Layout, all integers little endian, nothing aligned:
 *
 *   header   8 bytes magic, u32 version, u32 total size in bytes (header
 *            included), u32 number of operations, u32 CRC-32 (IEEE, as zlib)
 *            of all bytes after the header
 *   op       u16 code, u16 zero, u32 size of the arguments in bytes, arguments
 *
 * Arguments follow the operation's signature, a character each:
 *
 *   u  u32
 *   q  u64
 *   s  string: u32 length without the NUL, the bytes, a NUL; no NUL inside
 *   b  bytes: u32 length, the bytes
 *   v  vector of strings: u32 count, then count strings as in s
 *
 * The reader checks the whole program (header, CRC, every length, every
 * signature, order) before it executes the first operation.
 *
 * Order: operations of phase GUEST run in PID 1 in the guest's own tree; then
 * START creates the container's first process in the namespaces it names;
 * operations of phase CONTAINER run in that process; the last one is EXEC.
 * Paths of phase GUEST are absolute in init's own tree. Paths of phase
 * CONTAINER marked "in root" are resolved beneath the root that ROOT named, as
 * openat2(RESOLVE_IN_ROOT) does, until ENTER makes it "/".
 */
#ifndef XLOCI_GUEST_PROGRAM_H
#define XLOCI_GUEST_PROGRAM_H

#define PROGRAM_MAGIC "XLOCIPRG"
#define PROGRAM_MAGIC_BYTES 8
#define PROGRAM_VERSION 1
#define PROGRAM_HEADER_BYTES 24
#define PROGRAM_OP_HEADER_BYTES 8
#define PROGRAM_MAX_BYTES (8u << 20)
#define PROGRAM_MAX_OPS 65536u
#define PROGRAM_MAX_VECTOR 65536u

#define PROGRAM_PATH "/program"
#define PROGRAM_FILES_DIR "/files"

/*
 * code, name, signature, phase. Names appear in failure reports.
 *
 * Phase GUEST
 *  seed          bytes for the kernel's random pool, credited (RNDADDENTROPY)
 *  make-dir      path, mode: with missing parents (0755); existing is fine
 *  wait-device   path, timeout_ms: until the block device node exists
 *  wait-node     path, timeout_ms, mode: until the character or block device
 *                node exists, which then gets the mode
 *  wait-share    index, timeout_ms: until the 9pfs device is connected
 *  mount         source, target, type, MS_* flags, data: mount(2) as it is;
 *                types separated by commas are tried in turn
 *  write-file    path, bytes: opens an existing file and writes (cgroup, proc)
 *  hostname      name
 *  domainname    name
 *  loopback      brings up "lo"
 *  stdio         PROGRAM_STDIO_* flags, rows, columns: how hvc0 is joined to
 *                the process
 *  cgroup        path below /sys/fs/cgroup that START puts the process into
 *  clock-offset  PROGRAM_CLOCK_*, signed seconds, nanoseconds: time namespace
 *  id-map        0 uid 1 gid, container id, guest id, size: user namespace
 *  make-like     path, model: a directory with the mode, owner and extended
 *                attributes of the directory model; an existing one is left
 *                as it is
 *  start         CLONE_NEW* flags of the container's namespaces
 *
 * Phase CONTAINER, before ENTER ("in root" paths)
 *  root          the container's root, a path of init's tree; it is made a
 *                mount point of the container's mount namespace;
 *                MS_PRIVATE-like propagation flags to set on it at the end
 *                (0: none, it is private from the beginning)
 *  bind          source in init's tree, destination in root, MS_* flags
 *                (MS_BIND [MS_REC], those for the remount that follows and
 *                of its propagation, plus PROGRAM_BIND_*), mode of the file
 *                or directory made when the destination is missing
 *  mount-in      source string, destination in root (made when missing),
 *                type, MS_* flags, data, propagation flags (0: none)
 *  remount-in    destination in root, MS_* flags: bind-remount with the flags
 *                added, e.g. read-only after the content was prepared
 *  make-node     path in root, mode with S_IF*, major, minor, uid, gid; an
 *                existing node of the same type and number is kept
 *  make-link     target text, path in root; an existing link is kept
 *  bind-node     source in init's tree (/dev/...), path in root
 *  console       when stdio has a terminal: binds the pty's slave over
 *                /dev/console in root and makes it the controlling terminal
 *                and descriptors 0..2
 *  mask          path in root: /dev/null over a file, empty read-only tmpfs
 *                over a directory; a missing path is fine
 *  read-only     path in root: bind-mounted on itself read-only, with what is
 *                mounted below it; a missing path is fine
 *  sysctl        file below /proc/sys, value
 *  hook          path in root after ENTER, argv, environment, state JSON for
 *                stdin, timeout_ms (0: none): OCI startContainer hook
 *  enter         makes the root "/" (pivot or MS_MOVE and chroot)
 *
 * Phase CONTAINER, the process itself
 *  Order matters: seccomp without no-new-privs needs CAP_SYS_ADMIN and stands
 *  before user; with it, behind no-new-privs, just before exec. user stands
 *  before capabilities. hook, root-flags, cwd and exec stand behind enter;
 *  root, then all with "in root" paths, then enter.
 *  The first sequence in oci/signal is 1.
 *  root-flags    MS_* flags: remount "/" with them (MS_RDONLY)
 *  cwd           path: made when missing
 *  umask         mode
 *  rlimit        RLIMIT_* of Linux/arm64, soft, hard
 *  oom-score     signed value as u32
 *  io-priority   value of ioprio_set(2)
 *  scheduler     policy, signed nice as u32, priority, flags, runtime_ns,
 *                deadline_ns, period_ns: sched_setattr(2)
 *  personality   value
 *  groups        supplementary group ids, u32 each
 *  user          uid, gid; capabilities are kept for the op that follows
 *  capabilities  bounding, effective, inheritable, permitted, ambient sets
 *  no-new-privs  prctl(PR_SET_NO_NEW_PRIVS)
 *  seccomp       SECCOMP_FILTER_FLAG_*, array of struct sock_filter
 *  exec          argv, environment: execvp with PATH of that environment
 */
#define PROGRAM_OPS(OP) \
    OP(1, SEED, "seed", "b", GUEST) \
    OP(2, MAKE_DIR, "make-dir", "su", GUEST) \
    OP(3, WAIT_DEVICE, "wait-device", "su", GUEST) \
    OP(4, MOUNT, "mount", "sssqs", GUEST) \
    OP(5, WRITE_FILE, "write-file", "sb", GUEST) \
    OP(6, HOSTNAME, "hostname", "s", GUEST) \
    OP(7, DOMAINNAME, "domainname", "s", GUEST) \
    OP(8, LOOPBACK, "loopback", "", GUEST) \
    OP(9, STDIO, "stdio", "uuu", GUEST) \
    OP(10, CGROUP, "cgroup", "s", GUEST) \
    OP(11, CLOCK_OFFSET, "clock-offset", "uqu", GUEST) \
    OP(12, ID_MAP, "id-map", "uuuu", GUEST) \
    OP(13, START, "start", "q", GUEST) \
    OP(14, MAKE_LIKE, "make-like", "ss", GUEST) \
    OP(15, WAIT_NODE, "wait-node", "suu", GUEST) \
    OP(16, WAIT_SHARE, "wait-share", "uu", GUEST) \
    OP(32, ROOT, "root", "sq", CONTAINER) \
    OP(33, BIND, "bind", "ssqu", CONTAINER) \
    OP(34, MOUNT_IN, "mount-in", "sssqsq", CONTAINER) \
    OP(35, REMOUNT_IN, "remount-in", "sq", CONTAINER) \
    OP(36, MAKE_NODE, "make-node", "suuuuu", CONTAINER) \
    OP(37, MAKE_LINK, "make-link", "ss", CONTAINER) \
    OP(38, BIND_NODE, "bind-node", "ss", CONTAINER) \
    OP(39, CONSOLE, "console", "", CONTAINER) \
    OP(40, MASK, "mask", "s", CONTAINER) \
    OP(41, READ_ONLY, "read-only", "s", CONTAINER) \
    OP(42, SYSCTL, "sysctl", "ss", CONTAINER) \
    OP(43, HOOK, "hook", "svvbu", CONTAINER) \
    OP(44, ENTER, "enter", "", CONTAINER) \
    OP(64, ROOT_FLAGS, "root-flags", "q", CONTAINER) \
    OP(65, CWD, "cwd", "s", CONTAINER) \
    OP(66, UMASK, "umask", "u", CONTAINER) \
    OP(67, RLIMIT, "rlimit", "uqq", CONTAINER) \
    OP(68, OOM_SCORE, "oom-score", "u", CONTAINER) \
    OP(69, IO_PRIORITY, "io-priority", "u", CONTAINER) \
    OP(70, SCHEDULER, "scheduler", "uuuqqqq", CONTAINER) \
    OP(71, PERSONALITY, "personality", "u", CONTAINER) \
    OP(72, GROUPS, "groups", "b", CONTAINER) \
    OP(73, USER, "user", "uu", CONTAINER) \
    OP(74, CAPABILITIES, "capabilities", "qqqqq", CONTAINER) \
    OP(75, NO_NEW_PRIVS, "no-new-privs", "", CONTAINER) \
    OP(76, SECCOMP, "seccomp", "ub", CONTAINER) \
    OP(77, EXEC, "exec", "vv", CONTAINER)

enum program_phase {
    PROGRAM_PHASE_GUEST,
    PROGRAM_PHASE_CONTAINER,
};

enum program_opcode {
#define OP(code, id, name, signature, phase) PROGRAM_OP_##id = code,
    PROGRAM_OPS(OP)
#undef OP
};

/* stdio flags */
#define PROGRAM_STDIO_TERMINAL 1u  /* a pty; else pipes relayed to hvc0 */
#define PROGRAM_STDIO_STDIN 2u     /* hvc0's input reaches the process; else
                                    * its standard input is /dev/null */
/* bind flags, above every MS_* of mount(2) */
#define PROGRAM_BIND_FILE (1ull << 40)     /* a missing destination is made a
                                            * file; else a directory */
#define PROGRAM_BIND_COPY (1ull << 41)     /* content is copied to a private
                                            * tmpfs file first: never shared */
/* mount-in flag, above every MS_* of mount(2): the new file system (a tmpfs)
 * receives a copy of what the destination directory held ("tmpcopyup") */
#define PROGRAM_MOUNT_COPY_UP (1ull << 40)

/* clock-offset */
#define PROGRAM_CLOCK_MONOTONIC 1u
#define PROGRAM_CLOCK_BOOTTIME 7u

/*
 * xenstore, relative to /local/domain/<domid>/.
 * Host writes (guest reads and watches):
 *   oci/signal   "<sequence> <signal number>"; a new sequence is a new signal
 *   oci/winsize  "<rows> <columns>"
 *   oci/clock    "<nanoseconds since 1970>", when the state is "booting"
 *   oci/stdin    "eof <count>": close the process's standard input after
 *                count bytes (decimal, u64) have been taken from hvc0
 * Guest writes (hostile input for the host, read with bounds):
 *   data/oci/state   "booting" | "created" | "running" | "exited"
 *   data/oci/signal  sequence of the last signal delivered
 *   data/oci/exit    "exited <0..255>" | "signalled <signal>" |
 *                    "failed <op index> <op name> <errno> <text>"
 *                    (index -1: before the program, e.g. it is malformed)
 */
#define XS_HOST_CLOCK "oci/clock"
#define XS_HOST_SIGNAL "oci/signal"
#define XS_HOST_WINSIZE "oci/winsize"
#define XS_HOST_STDIN "oci/stdin"
#define XS_GUEST_STATE "data/oci/state"
#define XS_GUEST_SIGNAL "data/oci/signal"
#define XS_GUEST_EXIT "data/oci/exit"
#define XS_GUEST_MAX_BYTES 512

#endif
