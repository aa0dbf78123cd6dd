/* SPDX-License-Identifier: MIT */
#include "find-program.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

/* What execvp() of the C library takes when there is no PATH. */
#define DEFAULT_PATH "/usr/local/bin:/bin:/usr/bin"

static const char *find_path(char *const envp[])
{
    for (; *envp; envp++)
        if (!strncmp(*envp, "PATH=", 5))
            return *envp + 5;
    return DEFAULT_PATH;
}

/* Joins the first length bytes of directory and name. */
static int join(char *path, const char *directory, size_t length,
                const char *name)
{
    size_t name_bytes = strlen(name) + 1;

    if (length + 1 + name_bytes > PATH_MAX)
        return -1;
    memcpy(path, directory, length);
    if (length)
        path[length++] = '/';
    memcpy(path + length, name, name_bytes);
    return 0;
}

static int is_elsewhere(int error)
{
    return error == ENOENT || error == ENOTDIR || error == EACCES ||
           error == ENAMETOOLONG;
}

void exec_program(char *const argv[], char *const envp[])
{
    const char *directory = find_path(envp);
    char path[PATH_MAX];
    int denied = 0;
    size_t length;

    if (strchr(argv[0], '/') || !*argv[0]) {
        execve(argv[0], argv, envp);
        return;
    }
    for (;; directory += length + 1) {
        length = strcspn(directory, ":");
        if (!join(path, directory, length, argv[0])) {
            execve(path, argv, envp);
            if (!is_elsewhere(errno))
                return;
            if (errno == EACCES)
                denied = 1;
        }
        if (!directory[length])
            break;
    }
    errno = denied ? EACCES : ENOENT;
}
