/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "jail-calls.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/syscall.h>

/*
 * Of files. Not among them: what opens by a handle, mounts, changes the root
 * or a directory, makes sockets, processes or programs, or asks the kernel for
 * anything by ioctl(); not name_to_handle_at(), and no at-call that would
 * follow a path is ever given one (server.h).
 */
static const int file_calls[] = {
    SCMP_SYS(openat), SCMP_SYS(openat2), SCMP_SYS(close), SCMP_SYS(statx),
    SCMP_SYS(pread64), SCMP_SYS(pwrite64), SCMP_SYS(read), SCMP_SYS(write),
    SCMP_SYS(lseek), SCMP_SYS(getdents64), SCMP_SYS(fsync),
    SCMP_SYS(fdatasync), SCMP_SYS(ftruncate), SCMP_SYS(fchownat),
    SCMP_SYS(fchmodat), SCMP_SYS(utimensat), SCMP_SYS(fstatfs),
    SCMP_SYS(symlinkat), SCMP_SYS(readlinkat), SCMP_SYS(mknodat),
    SCMP_SYS(mkdirat), SCMP_SYS(linkat), SCMP_SYS(renameat),
    SCMP_SYS(renameat2), SCMP_SYS(unlinkat), SCMP_SYS(getxattr),
    SCMP_SYS(setxattr), SCMP_SYS(listxattr), SCMP_SYS(removexattr),
    SCMP_SYS(setfsuid), SCMP_SYS(setfsgid),
    /* what the C library makes of open(), chmod() on older architectures */
    SCMP_SYS(open), SCMP_SYS(chmod), SCMP_SYS(fstat), SCMP_SYS(newfstatat),
};

/* Of the process itself, and for waiting. */
static const int process_calls[] = {
    SCMP_SYS(ppoll), SCMP_SYS(poll), SCMP_SYS(munmap), SCMP_SYS(brk),
    SCMP_SYS(madvise), SCMP_SYS(mremap), SCMP_SYS(getrandom),
    SCMP_SYS(clock_gettime), SCMP_SYS(futex), SCMP_SYS(exit),
    SCMP_SYS(exit_group), SCMP_SYS(restart_syscall), SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigprocmask), SCMP_SYS(getpid), SCMP_SYS(getuid),
    SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid),
};

/* Duplicates and locks; not the owner of signals, not leases. */
static const int fcntl_commands[] = {
    F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_OFD_SETLK, F_OFD_GETLK,
};

static int allow_all(scmp_filter_ctx filter, const int *calls, size_t count)
{
    size_t i;
    int error = 0;

    for (i = 0; !error && i < count; i++)
        error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
    return error;
}

static int allow_fcntl(scmp_filter_ctx filter)
{
    size_t i;
    int error = 0;

    for (i = 0; !error && i < sizeof(fcntl_commands) / sizeof(int); i++)
        error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
                                 SCMP_A1(SCMP_CMP_EQ,
                                         (scmp_datum_t)fcntl_commands[i]));
    return error;
}

/* Memory that is no program. */
static int allow_mmap(scmp_filter_ctx filter)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                            SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
}

static int allow_callers(scmp_filter_ctx filter, const struct p9_jail *jail)
{
    size_t i;
    int error = 0;

    for (i = 0; !error && i < jail->call_count; i++) {
        const struct p9_jail_call *call = &jail->calls[i];
        struct scmp_arg_cmp args[2];
        unsigned int n = 0;

        if (call->first >= 0)
            args[n++] = SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)call->first);
        if (call->has_second)
            args[n++] = SCMP_A1(SCMP_CMP_EQ, call->second);
        error = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call->number,
                                       n, args);
    }
    return error;
}

int p9_jail_filter(const struct p9_jail *jail)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int error;

    if (!filter) {
        errno = ENOMEM;
        return -1;
    }
    /* hot calls are many: a search instead of a list (libseccomp 2.5) */
    error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (!error)
        error = allow_all(filter, file_calls,
                          sizeof(file_calls) / sizeof(int));
    if (!error)
        error = allow_all(filter, process_calls,
                          sizeof(process_calls) / sizeof(int));
    if (!error)
        error = allow_fcntl(filter);
    if (!error)
        error = allow_mmap(filter);
    if (!error)
        error = allow_callers(filter, jail);
    if (!error)
        error = seccomp_load(filter);
    seccomp_release(filter);
    errno = -error;
    return error ? -1 : 0;
}
