/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of the specification and their numbers. */
#include "spec-rows.h"

#include <linux/sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>

#include "base/suggest.h"

/* include/uapi/asm-generic/resource.h: the guest is arm64, whose numbers are
 * the generic ones */
const struct spec_name rlimit_names[] = {
    { "RLIMIT_CPU", 0 }, { "RLIMIT_FSIZE", 1 }, { "RLIMIT_DATA", 2 },
    { "RLIMIT_STACK", 3 }, { "RLIMIT_CORE", 4 }, { "RLIMIT_RSS", 5 },
    { "RLIMIT_NPROC", 6 }, { "RLIMIT_NOFILE", 7 }, { "RLIMIT_MEMLOCK", 8 },
    { "RLIMIT_AS", 9 }, { "RLIMIT_LOCKS", 10 }, { "RLIMIT_SIGPENDING", 11 },
    { "RLIMIT_MSGQUEUE", 12 }, { "RLIMIT_NICE", 13 },
    { "RLIMIT_RTPRIO", 14 }, { "RLIMIT_RTTIME", 15 }, { NULL, 0 },
};

/* include/uapi/linux/sched.h; SCHED_ISO is reserved there and no kernel of
 * kernel.org has it */
const struct spec_name scheduler_policies[] = {
    { "SCHED_OTHER", 0 }, { "SCHED_FIFO", 1 }, { "SCHED_RR", 2 },
    { "SCHED_BATCH", 3 }, { "SCHED_IDLE", 5 }, { "SCHED_DEADLINE", 6 },
    { NULL, 0 },
};

const struct spec_name scheduler_flags[] = {
    { "SCHED_FLAG_RESET_ON_FORK", 0x01 }, { "SCHED_FLAG_RECLAIM", 0x02 },
    { "SCHED_FLAG_DL_OVERRUN", 0x04 }, { "SCHED_FLAG_KEEP_POLICY", 0x08 },
    { "SCHED_FLAG_KEEP_PARAMS", 0x10 },
    { "SCHED_FLAG_UTIL_CLAMP_MIN", 0x20 },
    { "SCHED_FLAG_UTIL_CLAMP_MAX", 0x40 }, { NULL, 0 },
};

/* include/uapi/linux/ioprio.h: the class is in the bits from 13 */
const struct spec_name io_priority_classes[] = {
    { "IOPRIO_CLASS_RT", 1u << 13 }, { "IOPRIO_CLASS_BE", 2u << 13 },
    { "IOPRIO_CLASS_IDLE", 3u << 13 }, { NULL, 0 },
};

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

const struct spec_name namespace_types[] = {
    { "pid", CLONE_NEWPID }, { "network", CLONE_NEWNET },
    { "mount", CLONE_NEWNS }, { "ipc", CLONE_NEWIPC },
    { "uts", CLONE_NEWUTS }, { "user", CLONE_NEWUSER },
    { "cgroup", CLONE_NEWCGROUP }, { "time", CLONE_NEWTIME }, { NULL, 0 },
};

const struct spec_name propagation_names[] = {
    { "", 0 },
    { "private", MS_PRIVATE }, { "rprivate", MS_PRIVATE | MS_REC },
    { "shared", MS_SHARED }, { "rshared", MS_SHARED | MS_REC },
    { "slave", MS_SLAVE }, { "rslave", MS_SLAVE | MS_REC },
    { "unbindable", MS_UNBINDABLE },
    { "runbindable", MS_UNBINDABLE | MS_REC }, { NULL, 0 },
};

const struct spec_name personality_domains[] = {
    { "LINUX", PER_LINUX }, { "LINUX32", PER_LINUX32 }, { NULL, 0 },
};

const struct spec_name seccomp_actions[] = {
    { "SCMP_ACT_KILL", 0 }, { "SCMP_ACT_KILL_PROCESS", 0 },
    { "SCMP_ACT_KILL_THREAD", 0 }, { "SCMP_ACT_TRAP", 0 },
    { "SCMP_ACT_ERRNO", 0 }, { "SCMP_ACT_TRACE", 0 },
    { "SCMP_ACT_ALLOW", 0 }, { "SCMP_ACT_LOG", 0 }, { "SCMP_ACT_NOTIFY", 0 },
    { NULL, 0 },
};

const struct spec_name seccomp_operators[] = {
    { "SCMP_CMP_NE", 0 }, { "SCMP_CMP_LT", 0 }, { "SCMP_CMP_LE", 0 },
    { "SCMP_CMP_EQ", 0 }, { "SCMP_CMP_GE", 0 }, { "SCMP_CMP_GT", 0 },
    { "SCMP_CMP_MASKED_EQ", 0 }, { NULL, 0 },
};

const struct spec_name seccomp_architectures[] = {
    { "SCMP_ARCH_X86", 0 }, { "SCMP_ARCH_X86_64", 0 },
    { "SCMP_ARCH_X32", 0 }, { "SCMP_ARCH_ARM", 0 },
    { "SCMP_ARCH_AARCH64", 0 }, { "SCMP_ARCH_LOONGARCH64", 0 },
    { "SCMP_ARCH_M68K", 0 }, { "SCMP_ARCH_MIPS", 0 },
    { "SCMP_ARCH_MIPS64", 0 }, { "SCMP_ARCH_MIPS64N32", 0 },
    { "SCMP_ARCH_MIPSEL", 0 }, { "SCMP_ARCH_MIPSEL64", 0 },
    { "SCMP_ARCH_MIPSEL64N32", 0 }, { "SCMP_ARCH_PPC", 0 },
    { "SCMP_ARCH_PPC64", 0 }, { "SCMP_ARCH_PPC64LE", 0 },
    { "SCMP_ARCH_S390", 0 }, { "SCMP_ARCH_S390X", 0 }, { "SCMP_ARCH_SH", 0 },
    { "SCMP_ARCH_SHEB", 0 }, { "SCMP_ARCH_PARISC", 0 },
    { "SCMP_ARCH_PARISC64", 0 }, { "SCMP_ARCH_RISCV64", 0 }, { NULL, 0 },
};

const struct spec_name seccomp_flags[] = {
    { "SECCOMP_FILTER_FLAG_TSYNC", 0 }, { "SECCOMP_FILTER_FLAG_LOG", 0 },
    { "SECCOMP_FILTER_FLAG_SPEC_ALLOW", 0 },
    { "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 0 }, { NULL, 0 },
};

const struct spec_name device_types[] = {
    { "c", 0 }, { "b", 0 }, { "u", 0 }, { "p", 0 }, { NULL, 0 },
};

const struct spec_name image_formats[] = {
    { "", 0 }, { "raw", 0 }, { "qcow2", 0 }, { "vdi", 0 }, { "vmdk", 0 },
    { "vhd", 0 }, { NULL, 0 },
};

const struct spec_name memory_policy_modes[] = {
    { "MPOL_DEFAULT", 0 }, { "MPOL_BIND", 0 }, { "MPOL_INTERLEAVE", 0 },
    { "MPOL_WEIGHTED_INTERLEAVE", 0 }, { "MPOL_PREFERRED", 0 },
    { "MPOL_PREFERRED_MANY", 0 }, { "MPOL_LOCAL", 0 }, { NULL, 0 },
};

const struct spec_name *spec_find_name(const struct spec_name *names,
                                       const char *name)
{
    for (; names->name; names++)
        if (!strcmp(names->name, name))
            return names;
    return NULL;
}

void spec_fail_name(struct reader *r, const struct spec_name *names,
                    const char *what, const struct json *j, const char *name)
{
    struct suggestion s = suggest_start(name);

    for (; names->name; names++)
        suggest_consider(&s, names->name);
    if (s.best)
        spec_fail(r, CHECK_SPEC_NAME, j,
                  "\"%s\" is not a known %s; did you mean \"%s\"?", name,
                  what, s.best);
    else
        spec_fail(r, CHECK_SPEC_NAME, j, "\"%s\" is not a known %s", name,
                  what);
}
