/* SPDX-License-Identifier: MIT */
/*
 * Executes the operations of a checked program, each by one function of
 * ops-guest.c (in PID 1), ops-container.c (mounts and files of the container)
 * or ops-process.c (the process itself).
 */
#ifndef GUEST_OPS_H
#define GUEST_OPS_H

#include <sys/types.h>

#include "reader.h"
#include "text.h"

#define FAILURE_TEXT_BYTES 256

/* In init's tree, for BIND with PROGRAM_BIND_COPY. */
#define COPIES_DIR "/copies"

/* What failed: an operation of the program, or -1 for init itself. */
struct failure {
    int32_t op_index;
    int32_t error;                  /* errno, 0 when text says it all */
    char op_name[16];
    char text[FAILURE_TEXT_BYTES];
};

/* What operations leave behind for those that follow. */
struct setup {
    const struct program *program;
    const struct op *op;            /* the one that runs */

    /* set in PID 1 */
    uint32_t stdio_flags;
    uint32_t rows, columns;
    const char *cgroup;             /* NULL: none */

    /* set in the container's first process */
    int control;                    /* to PID 1, see control.h */
    int proc;                       /* init's /proc, also behind ENTER */
    pid_t subject;                  /* in PID 1: for whom it acts; 0: itself */
    int root;                       /* the container's root */
    uint64_t root_propagation;
    unsigned int copy_count;        /* see BIND with PROGRAM_BIND_COPY */

    struct text detail;             /* for the failure's text */
    char detail_bytes[FAILURE_TEXT_BYTES];
};

/* Return 0, or -1 with errno set and setup->detail saying on what. */
typedef int op_function(struct setup *setup, struct args *args);

/* NULL: that file has no function for the code. */
op_function *guest_op(uint16_t code);
op_function *container_op(uint16_t code);
op_function *process_op(uint16_t code);

/* Runs one operation; on failure returns -1 with failure filled. */
int op_run(struct setup *setup, const struct op *op, op_function *function,
           struct failure *failure);

void failure_set(struct failure *failure, const struct op *op, int error,
                 const char *text);

/* "first", or "first joint second" unless joint is NULL. */
void detail_set(struct setup *setup, const char *first, const char *joint,
                const char *second);

/* Used by more than one file. */
int make_dirs(const char *path, mode_t mode);
int write_file_at(int dir, const char *path, const void *bytes,
                  size_t size_bytes);
int loopback_up(void);

/* ops-hook.c */
int run_hook(struct setup *setup, struct args *args);

#endif
