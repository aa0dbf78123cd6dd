/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The programs that make file systems, run without a shell. */
#ifndef XL_OCI_IMAGE_TOOL_H
#define XL_OCI_IMAGE_TOOL_H

#include <stddef.h>
#include <sys/types.h>

/* In the tool, the source directory and the image are these descriptors. */
#define TOOL_SOURCE "/proc/self/fd/3"
#define TOOL_IMAGE "/proc/self/fd/4"

struct tool_result {
    int error;              /* errno: it could not be run; else 0 */
    int status;             /* of waitpid() */
    char text[1024];        /* the end of what it said on stderr */
};

struct tool_process {
    const char *name;
    pid_t pid;
    int text_fd;            /* what it says on stderr */
};

/*
 * Starts argv[0] (looked up in the system's directories, not in $PATH) with
 * the descriptors above; source_fd may be -1. -1 with result's error.
 */
int tool_start(const char *const argv[], int source_fd, int image_fd,
               struct tool_process *process, struct tool_result *result);

/* Waits for its end: 0 when that was with status 0. */
int tool_finish(struct tool_process *process, struct tool_result *result);

/* Kills it: its result is not needed. */
void tool_cancel(struct tool_process *process);

/* tool_start() and tool_finish() */
int tool_run(const char *const argv[], int source_fd, int image_fd,
             struct tool_result *result);

/* One line for a diagnostic: how the run failed. */
void tool_describe(const struct tool_result *result, const char *name,
                   char *out, size_t size_bytes);

#endif
