/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include "program-path.h"

#define N_FDS 3
#define OUT_OF_THE_WAY 16       /* above where the copies go */

static int add_actions(posix_spawn_file_actions_t *actions,
                       const int fds[N_FDS])
{
    int rc = 0, i;

    for (i = 0; i < 3 && !rc; i++)
        rc = posix_spawn_file_actions_addopen(actions, i, "/dev/null",
                                              O_RDWR, 0);
    for (i = 0; i < N_FDS && !rc; i++)
        rc = posix_spawn_file_actions_adddup2(actions, fds[i],
                                              MONITOR_CLIENT_FD + i);
    if (!rc)
        rc = posix_spawn_file_actions_addclosefrom_np(
            actions, MONITOR_CLIENT_FD + N_FDS);
    return rc;
}

/* Its own session, nothing ignored or blocked that this process does. */
static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t all, none;

    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(attributes, &all);
    posix_spawnattr_setsigmask(attributes, &none);
    return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSID |
                                    POSIX_SPAWN_SETSIGDEF |
                                    POSIX_SPAWN_SETSIGMASK);
}

static pid_t spawn_with(const int fds[N_FDS], char *const argv[])
{
    char program[PROGRAM_PATH_BYTES];
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    pid_t pid = -1;
    int rc;

    if (program_sibling(argv[0], program))
        return -1;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    rc = add_actions(&actions, fds);
    if (!rc)
        rc = set_attributes(&attributes);
    if (!rc)
        rc = posix_spawn(&pid, program, &actions, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    errno = rc;
    return rc ? -1 : pid;
}

pid_t monitor_spawn(const struct monitor_start *start)
{
    const int given[N_FDS] = {
        start->client_fd, start->lock_fd, start->dir_fd,
    };
    int fds[N_FDS] = { -1, -1, -1 }, i, failure = 0;
    char *argv[] = {
        (char *)"xl-oci-monitor", (char *)start->name, (char *)start->uuid,
        (char *)(start->recover ? "recover" : "create"), NULL,
    };
    pid_t pid = -1;

    for (i = 0; i < N_FDS && !failure; i++) {
        fds[i] = fcntl(given[i], F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);
        if (fds[i] < 0)
            failure = errno;
    }
    if (!failure) {
        pid = spawn_with(fds, argv);
        failure = errno;
    }
    for (i = 0; i < N_FDS; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    errno = failure;
    return pid;
}
