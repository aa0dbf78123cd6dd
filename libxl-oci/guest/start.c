/* SPDX-License-Identifier: MIT */
#include "start.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "control.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

#define CGROUP_DIR "/sys/fs/cgroup/"
#define LINE_BYTES 80 /* of an id map or a clock's offset */

/* The process's standard streams and init's ends of them; -1: none. */
struct streams {
    int process[3];
    int init[3];
};

static void close_all(int fds[3])
{
    int i;

    for (i = 0; i < 3; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
        fds[i] = -1;
    }
}

static int make_pipe(int *read_end, int *write_end)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC))
        return -1;
    *read_end = ends[0];
    *write_end = ends[1];
    return 0;
}

/* With a terminal, CONSOLE makes them; until then they are /dev/null. */
static int make_streams(struct streams *streams, uint32_t stdio_flags)
{
    int i;

    for (i = 0; i < 3; i++)
        streams->process[i] = streams->init[i] = -1;
    if (stdio_flags & PROGRAM_STDIO_TERMINAL)
        return 0;
    if ((stdio_flags & PROGRAM_STDIO_STDIN) &&
        make_pipe(&streams->process[0], &streams->init[0]))
        return -1;
    return make_pipe(&streams->init[1], &streams->process[1]) ||
           make_pipe(&streams->init[2], &streams->process[2]) ? -1 : 0;
}

static void text_put_line(struct text *text, uint64_t a, uint64_t b,
                          uint64_t c)
{
    text_put_number(text, (int64_t)a);
    text_put(text, " ");
    text_put_number(text, (int64_t)b);
    text_put(text, " ");
    text_put_number(text, (int64_t)c);
    text_put(text, "\n");
}

/* Writes all operations of a code as lines; the kernel takes one write. */
static int write_lines(struct setup *setup, uint16_t code, uint32_t selector,
                       const char *path)
{
    size_t size_bytes = (size_t)setup->program->op_count * LINE_BYTES + 1;
    char *lines = malloc(size_bytes);
    struct op op = { 0 };
    struct args args;
    struct text text;
    uint64_t a, b, c;
    int r = 0;

    if (!lines)
        return -1;
    text_start(&text, lines, size_bytes);
    while (op_next(setup->program, &op)) {
        args = op_args(&op);
        if (op.code != code)
            continue;
        a = arg_u32(&args);
        if (code == PROGRAM_OP_ID_MAP) {
            if (a != selector)
                continue;
            a = arg_u32(&args);
            b = arg_u32(&args);
        } else {
            b = arg_u64(&args);
        }
        c = arg_u32(&args);
        text_put_line(&text, a, b, c);
    }
    if (text_length(&text))
        r = write_file_at(AT_FDCWD, path, lines, text_length(&text));
    free(lines);
    return r;
}

/* A time namespace is entered by children only, after its offsets are set. */
static int enter_time(struct setup *setup)
{
    detail_set(setup, "time namespace", NULL, NULL);
    if (unshare(CLONE_NEWTIME))
        return -1;
    return write_lines(setup, PROGRAM_OP_CLOCK_OFFSET, 0,
                       "/proc/self/timens_offsets");
}

static int write_id_map(struct setup *setup, pid_t pid, uint32_t kind,
                        const char *file)
{
    char path[64];
    struct text text;

    text_start(&text, path, sizeof(path));
    text_put(&text, "/proc/");
    text_put_number(&text, pid);
    text_put(&text, file);
    detail_set(setup, path, NULL, NULL);
    return write_lines(setup, PROGRAM_OP_ID_MAP, kind, path);
}

static int join_cgroup(struct setup *setup, pid_t pid)
{
    char path[256], number[24];
    struct text text;

    text_start(&text, number, sizeof(number));
    text_put_number(&text, pid);
    text_start(&text, path, sizeof(path));
    text_put(&text, CGROUP_DIR);
    text_put(&text, setup->cgroup);
    text_put(&text, "/cgroup.procs");
    detail_set(setup, path, NULL, NULL);
    return write_file_at(AT_FDCWD, path, number, strlen(number));
}

/* What only init may do for the process that waits to go. */
static int prepare_process(struct setup *setup, const struct process *process,
                           uint64_t namespaces)
{
    if ((namespaces & CLONE_NEWUSER) &&
        (write_id_map(setup, process->pid, 0, "/uid_map") ||
         write_id_map(setup, process->pid, 1, "/gid_map")))
        return -1;
    if (setup->cgroup && join_cgroup(setup, process->pid))
        return -1;
    detail_set(setup, "", NULL, NULL);
    return control_send_go(process->control);
}

static void reset_signals(void)
{
    sigset_t none;
    int number;

    for (number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static int take_streams(const struct streams *streams)
{
    int i;

    for (i = 0; i < 3; i++)
        if (streams->process[i] >= 0 && dup2(streams->process[i], i) < 0)
            return -1;
    return 0;
}

static int begin_container(struct setup *setup, const struct streams *streams,
                           uint64_t namespaces)
{
    reset_signals();
    umask(0); /* modes in the program are meant as they are; ENTER sets it */
    if (setsid() < 0 || take_streams(streams) ||
        control_wait_for_go(setup->control))
        return -1;
    if ((namespaces & CLONE_NEWUSER) &&
        (setresgid(0, 0, 0) || setresuid(0, 0, 0)))
        return -1;
    /* Its root is the cgroup of who makes it: so not in clone(). */
    if ((namespaces & CLONE_NEWCGROUP) && unshare(CLONE_NEWCGROUP))
        return -1;
    if ((namespaces & CLONE_NEWNET) && loopback_up())
        return -1;
    setup->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return setup->proc < 0 ? -1 : 0;
}

static int run_container_op(struct setup *setup, const struct op *op,
                            struct failure *failure)
{
    op_function *function = container_op(op->code);

    if (!function)
        function = process_op(op->code);
    return op_run(setup, op, function, failure);
}

__attribute__((noreturn))
static void be_container(struct setup *setup, const struct op *start,
                         const struct streams *streams)
{
    struct args args = op_args(start);
    struct op op = *start;
    struct failure failure;

    if (begin_container(setup, streams, arg_u64(&args)))
        failure_set(&failure, start, errno, "in the new process");
    else
        while (op_next(setup->program, &op) &&
               !run_container_op(setup, &op, &failure))
            ; /* EXEC, which is the last, returns only when it fails */
    control_send_failure(setup->control, &failure);
    _exit(127);
}

/* As fork(): all but the flags is zero, which suits every architecture. */
static pid_t clone_process(uint64_t namespaces)
{
    unsigned long flags = (unsigned long)namespaces &
                          ~(unsigned long)(CLONE_NEWTIME | CLONE_NEWCGROUP);

    return (pid_t)syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
}

static int start_checked(struct setup *setup, const struct op *start,
                         struct streams *streams, struct process *process)
{
    struct args args = op_args(start);
    uint64_t namespaces = arg_u64(&args);
    int ends[2];

    if ((namespaces & CLONE_NEWTIME) && enter_time(setup))
        return -1;
    detail_set(setup, "streams", NULL, NULL);
    if (make_streams(streams, setup->stdio_flags) || control_make_pair(ends))
        return -1;
    process->control = ends[0];
    setup->control = ends[1];
    detail_set(setup, "namespaces", NULL, NULL);
    process->pid = clone_process(namespaces);
    if (process->pid == 0) {
        close(ends[0]);
        be_container(setup, start, streams);
    }
    close(ends[1]);
    return process->pid < 0 ? -1 : prepare_process(setup, process, namespaces);
}

int start_process(struct setup *setup, const struct op *start,
                  struct relay *relay, struct process *process,
                  struct failure *failure)
{
    struct streams streams = { { -1, -1, -1 }, { -1, -1, -1 } };
    int r;

    process->pid = process->control = -1;
    r = start_checked(setup, start, &streams, process);
    if (r)
        failure_set(failure, start, errno, setup->detail_bytes);
    if (r && process->pid > 0)
        kill(process->pid, SIGKILL);
    close_all(streams.process);
    relay_set_pipes(relay, streams.init[0], streams.init[1], streams.init[2]);
    return r;
}
