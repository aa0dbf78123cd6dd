/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image-tool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const directories[] = {
    "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin",
    "/bin",
};

/*
 * The time of the build is always the same, by both names that versions of
 * e2fsprogs know; that of the second (year 9999) lowers no mtime to it.
 */
static char *const environment[] = {
    (char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
    (char *)"LC_ALL=C",
    (char *)"TZ=UTC",
    (char *)"E2FSPROGS_FAKE_TIME=1",
    (char *)"SOURCE_DATE_EPOCH=253402300799",
    NULL,
};

static int find_tool(const char *name, char *out, size_t size_bytes)
{
    size_t i;

    for (i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
        snprintf(out, size_bytes, "%s/%s", directories[i], name);
        if (!access(out, X_OK))
            return 0;
    }
    return ENOENT;
}

/* Descriptors move above 9 first, so that no dup2() overwrites another. */
static int move_up(int fd)
{
    return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 10);
}

static int set_up_signals(posix_spawnattr_t *attr)
{
    sigset_t all, none;

    sigfillset(&all);
    sigemptyset(&none);
    return posix_spawnattr_setsigdefault(attr, &all) ||
           posix_spawnattr_setsigmask(attr, &none) ||
           posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGDEF |
                                    POSIX_SPAWN_SETSIGMASK);
}

static int set_up_files(posix_spawn_file_actions_t *actions, int source_fd,
                        int image_fd, int stderr_fd)
{
    return posix_spawn_file_actions_addopen(actions, 0, "/dev/null",
                                            O_RDONLY, 0) ||
           posix_spawn_file_actions_addopen(actions, 1, "/dev/null",
                                            O_WRONLY, 0) ||
           posix_spawn_file_actions_adddup2(actions, stderr_fd, 2) ||
           (source_fd >= 0 &&
            posix_spawn_file_actions_adddup2(actions, source_fd, 3)) ||
           posix_spawn_file_actions_adddup2(actions, image_fd, 4);
}

static int spawn(const char *path, const char *const argv[], int source_fd,
                 int image_fd, int stderr_fd, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    int source = move_up(source_fd), image = move_up(image_fd);
    int error = ENOMEM;

    if (!posix_spawn_file_actions_init(&actions)) {
        if (!posix_spawnattr_init(&attr)) {
            if (!set_up_signals(&attr) &&
                !set_up_files(&actions, source, image, stderr_fd))
                error = posix_spawn(pid, path, &actions, &attr,
                                    (char *const *)argv, environment);
            posix_spawnattr_destroy(&attr);
        }
        posix_spawn_file_actions_destroy(&actions);
    }
    if (source >= 0)
        close(source);
    if (image >= 0)
        close(image);
    return error;
}

/* Keeps the end of the text, where tools say what stopped them. */
static void read_text(int fd, struct tool_result *result)
{
    char chunk[512];
    size_t used = 0;
    ssize_t n;

    while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
        size_t size_bytes = (size_t)n, room = sizeof(result->text) - 1;

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        if (used + size_bytes > room) {
            size_t drop = used + size_bytes - room;

            memmove(result->text, result->text + drop, used - drop);
            used -= drop;
        }
        memcpy(result->text + used, chunk, size_bytes);
        used += size_bytes;
    }
    while (used && result->text[used - 1] == '\n')
        used--;
    result->text[used] = '\0';
}

int tool_start(const char *const argv[], int source_fd, int image_fd,
               struct tool_process *process, struct tool_result *result)
{
    char path[64];
    int fds[2], moved;

    memset(result, 0, sizeof(*result));
    result->error = find_tool(argv[0], path, sizeof(path));
    if (!result->error && pipe2(fds, O_CLOEXEC) < 0)
        result->error = errno;
    if (result->error)
        return -1;
    process->name = argv[0];
    process->text_fd = fds[0];
    moved = move_up(fds[1]);
    close(fds[1]);
    result->error = moved < 0 ? errno
                    : spawn(path, argv, source_fd, image_fd, moved,
                            &process->pid);
    if (moved >= 0)
        close(moved);
    if (result->error)
        close(fds[0]);
    return result->error ? -1 : 0;
}

int tool_finish(struct tool_process *process, struct tool_result *result)
{
    memset(result, 0, sizeof(*result));
    read_text(process->text_fd, result);
    close(process->text_fd);
    while (waitpid(process->pid, &result->status, 0) < 0)
        if (errno != EINTR) {
            result->error = errno;
            return -1;
        }
    return result->status ? -1 : 0;
}

void tool_cancel(struct tool_process *process)
{
    struct tool_result result;

    kill(process->pid, SIGKILL);
    tool_finish(process, &result);
}

int tool_run(const char *const argv[], int source_fd, int image_fd,
             struct tool_result *result)
{
    struct tool_process process;

    if (tool_start(argv, source_fd, image_fd, &process, result))
        return -1;
    return tool_finish(&process, result);
}

void tool_describe(const struct tool_result *result, const char *name,
                   char *out, size_t size_bytes)
{
    const char *colon = result->text[0] ? ": " : "";

    if (result->error == ENOENT)
        snprintf(out, size_bytes, "%s is not installed", name);
    else if (result->error)
        snprintf(out, size_bytes, "cannot run %s: %s", name,
                 strerror(result->error));
    else if (WIFSIGNALED(result->status))
        snprintf(out, size_bytes, "%s was killed by signal %d%s%s", name,
                 WTERMSIG(result->status), colon, result->text);
    else
        snprintf(out, size_bytes, "%s failed with status %d%s%s", name,
                 WEXITSTATUS(result->status), colon, result->text);
}
