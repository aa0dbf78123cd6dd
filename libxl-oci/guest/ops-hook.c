/* SPDX-License-Identifier: MIT */
/*
 * OCI runtime-spec config.md "Hooks", startContainer: run in the container
 * before the process, with the state as JSON on its standard input. Its output
 * goes where the process's will go.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control.h"
#include "ops.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

/* A file: whether the hook reads it, or when, does not matter to us. */
static int make_input(const unsigned char *bytes, uint32_t size_bytes)
{
    int fd = memfd_create("state", MFD_CLOEXEC);

    if (fd < 0)
        return -1;
    if (write(fd, bytes, size_bytes) == (ssize_t)size_bytes &&
        lseek(fd, 0, SEEK_SET) == 0)
        return fd;
    close(fd);
    errno = EIO;
    return -1;
}

static void exec_hook(struct setup *setup, const char *path, char **argv,
                      char **envp, int input)
{
    struct failure failure;

    setsid();
    if (dup2(input, 0) == 0)
        execve(path, argv, envp);
    failure_set(&failure, setup->op, errno, path);
    control_send_failure(setup->control, &failure);
    _exit(127);
}

/* Waits for the hook; kills it, and what it started, when time is up. */
static int wait_for(pid_t pid, uint32_t timeout_ms, int *status)
{
    struct pollfd pollfd = { .events = POLLIN };
    int r = 1;

    if (timeout_ms) {
        pollfd.fd = (int)syscall(SYS_pidfd_open, pid, 0);
        if (pollfd.fd < 0)
            return -1;
        do {
            r = poll(&pollfd, 1,
                     timeout_ms > INT32_MAX ? -1 : (int)timeout_ms);
        } while (r < 0 && errno == EINTR);
        close(pollfd.fd);
        if (r <= 0) {
            kill(-pid, SIGKILL);
            kill(pid, SIGKILL);
        }
    }
    while (waitpid(pid, status, 0) < 0)
        if (errno != EINTR)
            return -1;
    if (r > 0)
        return 0;
    errno = ETIMEDOUT;
    return -1;
}

static int check_status(struct setup *setup, int status)
{
    if (WIFEXITED(status) && !WEXITSTATUS(status))
        return 0;
    text_put(&setup->detail,
             WIFEXITED(status) ? " exited with " : " killed by signal ");
    text_put_number(&setup->detail, WIFEXITED(status) ? WEXITSTATUS(status) :
                                                        WTERMSIG(status));
    errno = ECANCELED;
    return -1;
}

int run_hook(struct setup *setup, struct args *args)
{
    const char *path = arg_string(args);
    char **argv = arg_vector(args), **envp = arg_vector(args);
    uint32_t size_bytes;
    const unsigned char *bytes = arg_bytes(args, &size_bytes);
    uint32_t timeout_ms = arg_u32(args);
    int input, status, r = -1;
    pid_t pid = -1;

    detail_set(setup, path, NULL, NULL);
    input = make_input(bytes, size_bytes);
    if (argv && envp && input >= 0)
        pid = fork();
    if (pid == 0)
        exec_hook(setup, path, argv, envp, input);
    if (input >= 0)
        close(input);
    if (pid > 0)
        r = wait_for(pid, timeout_ms, &status);
    free(argv);
    free(envp);
    return r ? -1 : check_status(setup, status);
}
