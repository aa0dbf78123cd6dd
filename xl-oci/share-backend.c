/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "share-backend.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "9p/serve.h"
#include "files.h"
#include "program-path.h"

#define END_TIMEOUT_MS 5000
#define ERRORS_WAIT_MS 2000
#define STATUS_MAX_BYTES 4096

static int open_status(int dir_fd, unsigned int index, int flags)
{
    char name[32];

    snprintf(name, sizeof(name), "share-%u", index);
    return openat(dir_fd, name, flags | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
                  0600);
}

static bool is_locked(int fd)
{
    struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

    return !fcntl(fd, F_OFD_GETLK, &range) && range.l_type != F_UNLCK;
}

static int open_locked(int dir_fd, unsigned int index)
{
    struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    int fd = open_status(dir_fd, index, O_RDWR | O_CREAT);

    if (fd < 0)
        return -1;
    if (!fcntl(fd, F_OFD_SETLK, &range) && !ftruncate(fd, 0))
        return fd;
    close(fd);
    return -1;
}

static int spawn(const struct share_start *start, int ready_fd, int status_fd,
                 pid_t *pid)
{
    char program[PROGRAM_PATH_BYTES], domid[16], index[16];
    char *argv[] = {
        (char *)"xl-oci-9pfs", (char *)start->uuid, domid, index,
        start->export_fd < 0 ? (char *)"failed" : NULL, NULL,
    };
    posix_spawn_file_actions_t actions;
    int rc, from[4] = { -1, ready_fd, status_fd, start->export_fd }, to;

    snprintf(domid, sizeof(domid), "%d", start->domid);
    snprintf(index, sizeof(index), "%u", start->index);
    if (program_sibling(argv[0], program))
        return errno;
    posix_spawn_file_actions_init(&actions);
    rc = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
    for (to = 1; to <= SERVE_EXPORT_FD && !rc; to++)
        if (from[to] >= 0)
            rc = posix_spawn_file_actions_adddup2(&actions, from[to], to);
    if (!rc)
        rc = posix_spawn_file_actions_addclosefrom_np(
            &actions, SERVE_EXPORT_FD + (start->export_fd >= 0));
    if (!rc)
        rc = posix_spawn(pid, program, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return rc;
}

/* A byte; the end of the pipe is its death. What takes longer than timeout_ms
 * (-1: for ever) may become ready unseen. */
static int wait_ready(int ready_fd, int timeout_ms)
{
    struct pollfd ready = { .fd = ready_fd, .events = POLLIN };
    ssize_t got;
    char byte;

    if (!poll(&ready, 1, timeout_ms))
        return 0;
    while ((got = read(ready_fd, &byte, 1)) < 0 && errno == EINTR)
        ;
    return got == 1 ? 0 : -1;
}

static int start_with(const struct share_start *start, int ready[2],
                      int status_fd, struct share_backend *backend)
{
    int rc = spawn(start, ready[1], status_fd, &backend->pid);

    close(ready[1]);
    if (rc) {
        errno = rc;
        return -1;
    }
    backend->pid_fd = (int)syscall(SYS_pidfd_open, backend->pid, 0);
    backend->answers_errors = start->export_fd < 0;
    if (backend->pid_fd < 0)
        return -1;
    errno = 0;
    return wait_ready(ready[0], backend->answers_errors ? ERRORS_WAIT_MS : -1);
}

int share_backend_start(const struct share_start *start,
                        struct share_backend *backend,
                        char why[SHARE_WHY_BYTES])
{
    int ready[2], status_fd, rc;

    *backend = (struct share_backend){ .pid_fd = -1 };
    if (pipe2(ready, O_CLOEXEC)) {
        snprintf(why, SHARE_WHY_BYTES, "%s", strerror(errno));
        return -1;
    }
    status_fd = open_locked(start->dir_fd, start->index);
    rc = status_fd < 0 ? -1 : start_with(start, ready, status_fd, backend);
    if (status_fd < 0)
        close(ready[1]);
    close(ready[0]);
    if (rc && errno)
        snprintf(why, SHARE_WHY_BYTES, "%s", strerror(errno));
    else if (rc)
        share_backend_why(start->dir_fd, start->index, why, NULL);
    if (status_fd >= 0)
        close(status_fd);
    return rc;
}

/* Its file is locked while it lives: so the number is still its own. */
int share_backend_find(int dir_fd, unsigned int index,
                       struct share_backend *backend)
{
    char text[STATUS_MAX_BYTES] = "";
    int fd = open_status(dir_fd, index, O_RDWR);
    char *end;

    *backend = (struct share_backend){ .pid_fd = -1 };
    if (fd < 0)
        return -1;
    if (pread(fd, text, sizeof(text) - 1, 0) > 0) {
        backend->pid = (pid_t)strtol(text, &end, 10);
        backend->answers_errors = *end == ' ';
        if (backend->pid > 0)
            backend->pid_fd = (int)syscall(SYS_pidfd_open, backend->pid, 0);
    }
    if (backend->pid_fd >= 0 && !is_locked(fd)) {
        close(backend->pid_fd);
        backend->pid_fd = -1;
    }
    close(fd);
    return backend->pid_fd < 0 ? -1 : 0;
}

void share_backend_wait(struct share_backend *backend, struct share_end *end)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(backend->pid, &status, 0)) < 0 && errno == EINTR)
        ;                       /* another monitor's: ECHILD */
    *end = (struct share_end){ .status = -1 };
    if (pid > 0 && WIFSIGNALED(status))
        end->signal = WTERMSIG(status);
    else if (pid > 0)
        end->status = WEXITSTATUS(status);
    if (backend->pid_fd >= 0)
        close(backend->pid_fd);
    backend->pid_fd = -1;
}

void share_backend_why(int dir_fd, unsigned int index,
                       char why[SHARE_WHY_BYTES], struct share_end *end)
{
    char text[STATUS_MAX_BYTES] = "", *line;
    int fd = open_status(dir_fd, index, O_RDWR);
    ssize_t size = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);

    if (fd >= 0)
        close(fd);
    while (size > 0 && text[size - 1] == '\n')
        text[--size] = '\0';
    line = strrchr(text, '\n');
    snprintf(why, SHARE_WHY_BYTES, "%.*s", SHARE_WHY_BYTES - 1,
             line ? line + 1 : "it was killed");
    if (end)
        sscanf(why, BACKEND_KILLED "%d", &end->signal);
}

static int end_one(struct share_backend *backend)
{
    struct pollfd ended = { .fd = backend->pid_fd, .events = POLLIN };
    int rc;

    syscall(SYS_pidfd_send_signal, backend->pid_fd, SIGKILL, NULL, 0);
    rc = poll(&ended, 1, END_TIMEOUT_MS) > 0 ? 0 : -1;
    close(backend->pid_fd);
    return rc;
}

int share_backends_end(int dir_fd)
{
    struct share_backend backend;
    unsigned int i;
    int rc = 0;

    for (i = 0; i < SHARES_MAX; i++)
        if (!share_backend_find(dir_fd, i, &backend))
            rc |= end_one(&backend);
    return rc;
}
