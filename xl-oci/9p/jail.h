/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The jail around a 9P server: a process that sees one directory and nothing
 * else, entered before the first byte comes from the guest.
 *
 * Two steps, because a process cannot move itself into a new PID namespace:
 *
 *     pid = p9_jail_fork();            as fork(2)
 *     if (pid > 0) wait for it, pass on how it ended
 *     ... child: open devices, map rings, all that needs the world ...
 *     p9_jail_enter(&jail, &inside)    from here on: only the export
 *
 * After p9_jail_enter() the process
 *  - is PID 1 of its own PID namespace, with mount, network, IPC, UTS and
 *    cgroup namespaces of its own, none with anything in it;
 *  - has an empty, read-only root directory; the export is a mount that is
 *    attached nowhere and reached by its descriptor alone, with nodev,
 *    nosuid, noexec, nosymfollow, and read-only where asked for. It does not
 *    contain what is mounted below the export;
 *  - has the directory of its own descriptors as working directory, the only
 *    part of a procfs that it can reach;
 *  - holds CHOWN, DAC_OVERRIDE, FOWNER, FSETID, SETUID, SETGID, SETFCAP and
 *    no other capability, none of which survives an exec, and
 *    no_new_privs;
 *  - dies by SIGSYS at any system call that a file server does not need;
 *  - has the descriptors that the caller lists and the export's, no other: the
 *    one that names the export would lead to all that is above it.
 *
 * A directory must not be listed, nor what gives more than the export (a
 * connection to xenstored is power over every domain; leave it with the
 * parent).
 */
#ifndef XL_OCI_9P_JAIL_H
#define XL_OCI_9P_JAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A system call that the caller needs beyond those of the server. */
struct p9_jail_call {
    int number;        /* SYS_ioctl, ... */
    int first;         /* its first argument (a descriptor); -1: any */
    bool has_second;   /* then the second must be this: an ioctl's request */
    uint64_t second;
};

struct p9_jail {
    const char *export_path; /* a directory; its last component is followed
                              * where it is a link, as mount(8) does; NULL:
                              * there is none */
    bool read_only;
    const int *keep_fds;     /* stay open */
    size_t keep_count;
    uint32_t descriptors_max;/* RLIMIT_NOFILE */
    uint64_t memory_more;    /* RLIMIT_AS: bytes beyond what is mapped when the
                              * jail is entered; 0: as it is */
    const struct p9_jail_call *calls;
    size_t call_count;
};

/* For p9_server_new(). */
struct p9_jail_inside {
    int export_fd;           /* -1: there is none */
    const char *descriptors; /* static text */
};

/*
 * Fork, with the child as PID 1 of a new PID namespace. The caller stays in its
 * own, and so do its later children.
 *
 * The child should call p9_jail_end_with(). -1 with errno where a namespace
 * cannot be made.
 */
pid_t p9_jail_fork(void);

/*
 * From now on the process ends when the other end of the pipe does, whatever
 * it is doing: let the parent hold that. (PR_SET_PDEATHSIG does not outlast a
 * change of the file system user.) Before the jail. 0, or -1 when that cannot
 * be, or the other end has gone already.
 */
int p9_jail_end_with(int pipe_fd);

/*
 * Enters the jail. Needs root with all capabilities, a single thread and
 * Linux 5.12 or later. 0, or -1 with errno and *failed naming the step that
 * failed (static text, for a message): the process must then exit, as it may
 * be half inside.
 */
int p9_jail_enter(const struct p9_jail *jail, struct p9_jail_inside *inside,
                  const char **failed);

#endif
