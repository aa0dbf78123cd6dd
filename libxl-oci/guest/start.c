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

/* Replaces an id of the container by init's; -1 when no map has it. */
static int map_id(const struct program *program, uint32_t kind, uint32_t *id)
{
    struct op op = { 0 };
    struct args args;
    uint32_t inside, outside, size;

    while (op_next(program, &op)) {
        args = op_args(&op);
        if (op.code != PROGRAM_OP_ID_MAP || arg_u32(&args) != kind)
            continue;
        inside = arg_u32(&args);
        outside = arg_u32(&args);
        size = arg_u32(&args);
        if (*id >= inside && *id - inside < size) {
            *id = outside + (*id - inside);
            return 0;
        }
    }
    return -1;
}

/*
 * The pipes are init's, and its ids are nobody in a user namespace: there, not
 * even root could open, or give away, what /dev/stdout leads to. Outside of
 * one USER does it, and with a terminal the pty is the container's own.
 */
static int give_streams(const struct program *program,
                        const struct streams *streams)
{
    struct op op = { 0 };
    struct args args;
    uint32_t uid, gid;
    int i;

    if (!op_find(program, &op, PROGRAM_OP_USER))
        return 0;
    args = op_args(&op);
    uid = arg_u32(&args);
    gid = arg_u32(&args);
    if (map_id(program, 0, &uid) || map_id(program, 1, &gid))
        return 0; /* USER will tell */
    for (i = 0; i < 3; i++)
        if (streams->process[i] >= 0 && fchown(streams->process[i], uid, gid))
            return -1;
    return 0;
}

/* The bundle's files beside the program, which BIND copies: nobody but root
 * could read them. */
static int give_files(const struct program *program)
{
    char path[64] = PROGRAM_FILES_DIR;
    uint32_t uid = 0, gid = 0, i;
    struct text text;

    if (map_id(program, 0, &uid) || map_id(program, 1, &gid))
        return 0; /* its root cannot be entered: begin_container() will tell */
    for (i = 0; chown(path, uid, gid) == 0; i++) {
        text_start(&text, path, sizeof(path));
        text_put(&text, PROGRAM_FILES_DIR "/");
        text_put_number(&text, i);
    }
    return errno == ENOENT ? 0 : -1;
}

/* What only init may do for the process that waits to go. */
static int prepare_process(struct setup *setup, const struct process *process,
                           const struct streams *streams, uint64_t namespaces)
{
    if ((namespaces & CLONE_NEWUSER) &&
        (write_id_map(setup, process->pid, 0, "/uid_map") ||
         write_id_map(setup, process->pid, 1, "/gid_map") ||
         give_streams(setup->program, streams) ||
         give_files(setup->program)))
        return -1;
    if (setup->cgroup && join_cgroup(setup, process->pid))
        return -1;
    detail_set(setup, "", NULL, NULL);
    return control_send_go(process->control, 0);
}

/* What a user namespace's root may not do, as it is the kernel's affair and
 * not the namespace's; runc does it from outside, too. */
static op_function *help_function(const struct op *op)
{
    switch (op->code) {
    case PROGRAM_OP_SYSCTL:
        return container_op(op->code);
    case PROGRAM_OP_RLIMIT:
    case PROGRAM_OP_OOM_SCORE:
    case PROGRAM_OP_IO_PRIORITY:
    case PROGRAM_OP_SCHEDULER:
        return process_op(op->code);
    default:
        return NULL;
    }
}

void start_help(struct setup *setup, const struct process *process,
                int32_t op_index)
{
    struct setup helper = { .program = setup->program,
                            .subject = process->pid };
    struct failure failure = { .error = EINVAL };
    struct op op = { 0 };

    helper.proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    while (op_next(setup->program, &op))
        if ((int32_t)op.index == op_index && help_function(&op) &&
            !op_run(&helper, &op, help_function(&op), &failure))
            failure.error = 0;
    control_send_go(process->control, failure.error);
    if (helper.proc >= 0)
        close(helper.proc);
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
    if (op_run(setup, op, function, failure) == 0)
        return 0;
    if ((failure->error != EPERM && failure->error != EACCES) ||
        !help_function(op))
        return -1;
    if (control_ask(setup->control, op->index) == 0)
        return 0;
    failure->error = errno;
    return -1;
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
    if (process->pid < 0)
        return -1;
    return prepare_process(setup, process, streams, namespaces);
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
