/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* exec searches the PATH of the environment it is given. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/find-program.h"
#include "tap.h"

static char top[] = "/tmp/guest-find.XXXXXX";

static void make_file(const char *path, mode_t mode, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

    if (fd < 0 || write(fd, text, strlen(text)) < 0 || fchmod(fd, mode))
        exit(1);
    close(fd);
}

/* The program's exit status, or 1000 + errno when exec failed. */
static int run(const char *name, const char *path)
{
    char *argv[] = { (char *)name, NULL };
    char *envp[] = { (char *)path, NULL };
    int status, ends[2], error = 0;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC))
        exit(1);
    fflush(stdout);
    pid = fork();
    if (!pid) {
        exec_program(argv, envp);
        error = errno;
        if (write(ends[1], &error, sizeof(error)) < 0)
            _exit(2);
        _exit(0);
    }
    close(ends[1]);
    if (read(ends[0], &error, sizeof(error)) < 0)
        exit(1);
    close(ends[0]);
    waitpid(pid, &status, 0);
    return error ? 1000 + error : WEXITSTATUS(status);
}

int main(void)
{
    char *command;

    if (!mkdtemp(top) || chdir(top) || mkdir("a", 0755) || mkdir("b", 0755) ||
        mkdir("b/dir", 0755))
        return 1;
    make_file("a/denied", 0644, "x");
    make_file("b/seven", 0755, "#!/bin/sh\nexit 7\n");
    make_file("a/both", 0644, "x");
    make_file("b/both", 0755, "#!/bin/sh\nexit 8\n");
    make_file("b/text", 0755, "exit 9\n");
    make_file("here", 0755, "#!/bin/sh\nexit 6\n");

    is_int(run("seven", "PATH=a:/nowhere:b"), 7, "found in a later directory");
    is_int(run("seven", "PATH=a:a/denied:b"), 7, "a file in PATH is skipped");
    is_int(run("both", "PATH=a:b"), 8, "one that may not be run is skipped");
    is_int(run("denied", "PATH=a:b"), 1000 + EACCES, "denied, if only that");
    is_int(run("dir", "PATH=a:b"), 1000 + EACCES, "a directory");
    is_int(run("absent", "PATH=a:b"), 1000 + ENOENT, "absent");
    is_int(run("seven", "PATHS=b"), 1000 + ENOENT, "only PATH is searched");
    is_int(run("here", "PATH=a::b"), 6, "an empty element is the directory");
    is_int(run("here", "PATH=a:"), 6, "also at the end");
    is_int(run("./here", "PATH=a"), 6, "a path is not searched for");
    is_int(run("b/absent", "PATH=b"), 1000 + ENOENT, "an absent path");
    is_int(run("text", "PATH=b"), 1000 + ENOEXEC, "no shell is assumed");
    is_int(run("", "PATH=b"), 1000 + ENOENT, "an empty name");
    is_int(run("true", "X=y"), 0, "without PATH the usual one");
    if (asprintf(&command, "rm -r %s", top) < 0 || chdir("/"))
        return 1;
    if (system(command))
        return 1;
    free(command);
    return done_testing();
}
