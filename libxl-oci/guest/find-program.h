/* SPDX-License-Identifier: MIT */
/*
 * execve(2) of argv[0], searched as POSIX execvp() does, but in the PATH of
 * envp: the container's, not init's. OCI runtime-spec config.md, "args".
 */
#ifndef GUEST_FIND_PROGRAM_H
#define GUEST_FIND_PROGRAM_H

/*
 * Returns only on failure, with errno: EACCES if a file was there that may not
 * be executed, else ENOENT. A script without "#!" fails with ENOEXEC: no shell
 * is assumed. Makes no system call but execve: a seccomp filter may be on.
 */
void exec_program(char *const argv[], char *const envp[]);

#endif
