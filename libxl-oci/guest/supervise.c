/* SPDX-License-Identifier: MIT */
#include "supervise.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "control.h"
#include "report.h"
#include "start.h"

/*
 * How long what the process left behind may still write: only where it has no
 * PID namespace, whose end ends all. Then it is killed, and what is in the
 * pipes is still brought out.
 */
#define GRACE_MS 100
#define LAST_OUTPUT_MS 1000

#define MAX_SIGNAL 64
#define HOST_DIR "oci" /* of all nodes that the host writes */

struct supervisor {
    struct process process;
    struct relay *relay;
    struct xenbus *xenbus;
    struct outcome *outcome;
    struct setup *setup;
    int children;             /* signalfd of SIGCHLD */
    int is_running;           /* exec has succeeded */
    int is_gone;              /* reaped */
    int64_t gone_ms;
    int killed_rest;
    uint64_t signal_sequence; /* of the last signal seen; 0: none yet */
    int waiting_signal;       /* not delivered yet; 0: none */
};

/* A signal that comes before exec waits: the process is not yet itself. */
static void deliver_signal(struct supervisor *supervisor)
{
    int number = supervisor->waiting_signal;

    if (!number || supervisor->is_gone ||
        (!supervisor->is_running && number != SIGKILL))
        return;
    supervisor->waiting_signal = 0;
    kill(supervisor->process.pid, number);
    report_signal(supervisor->xenbus, supervisor->signal_sequence);
}

static void take_signal(struct supervisor *supervisor, const char *value)
{
    uint64_t sequence, number;

    if (take_number(&value, &sequence) || take_number(&value, &number) ||
        sequence == supervisor->signal_sequence || !number ||
        number > MAX_SIGNAL)
        return;
    supervisor->signal_sequence = sequence;
    supervisor->waiting_signal = (int)number;
    deliver_signal(supervisor);
}

static void take_size(struct supervisor *supervisor, const char *value)
{
    struct setup *setup = supervisor->setup;
    uint64_t rows, columns;

    if (take_number(&value, &rows) || take_number(&value, &columns) ||
        rows > UINT16_MAX || columns > UINT16_MAX)
        return;
    /* Kept, too, for a terminal that is not there yet. */
    setup->rows = (uint32_t)rows;
    setup->columns = (uint32_t)columns;
    relay_set_size(supervisor->relay, setup->rows, setup->columns);
}

static void take_stdin(struct supervisor *supervisor, const char *value)
{
    uint64_t count_bytes;

    if (strncmp(value, "eof ", 4))
        return;
    value += 4;
    if (!take_number(&value, &count_bytes))
        relay_end_input(supervisor->relay, count_bytes);
}

/* Whichever changed, and all when the watch is set: they are few. */
static void take_xenbus(struct supervisor *supervisor)
{
    static const struct {
        const char *path;
        void (*take)(struct supervisor *supervisor, const char *value);
    } nodes[] = {
        { XS_HOST_SIGNAL, take_signal },
        { XS_HOST_WINSIZE, take_size },
        { XS_HOST_STDIN, take_stdin },
    };
    const char *value;
    size_t i;

    if (!xenbus_take_change(supervisor->xenbus))
        return;
    for (i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
        value = xenbus_read(supervisor->xenbus, nodes[i].path);
        if (value)
            nodes[i].take(supervisor, value);
    }
}

static void set_running(struct supervisor *supervisor)
{
    if (supervisor->outcome->kind == OUTCOME_FAILED)
        return;
    supervisor->is_running = 1;
    report_state(supervisor->xenbus, "running");
    deliver_signal(supervisor);
}

static void take_terminal(struct supervisor *supervisor, int master)
{
    struct setup *setup = supervisor->setup;
    struct relay *relay = supervisor->relay;

    if (relay_set_terminal(relay, master))
        return; /* the process sees a hangup of its terminal */
    if (!(setup->stdio_flags & PROGRAM_STDIO_STDIN))
        relay_end_input(relay, 0);
    relay_set_size(relay, setup->rows, setup->columns);
}

static void take_control(struct supervisor *supervisor)
{
    struct control_message message;
    int r;

    if (supervisor->process.control < 0)
        return;
    while ((r = control_receive(supervisor->process.control, &message)) > 0) {
        if (message.kind == CONTROL_TERMINAL && message.fd >= 0) {
            take_terminal(supervisor, message.fd);
        } else if (message.kind == CONTROL_ASK) {
            start_help(supervisor->setup, &supervisor->process,
                       message.failure.op_index);
        } else if (message.kind == CONTROL_FAILURE &&
                   supervisor->outcome->kind != OUTCOME_FAILED) {
            supervisor->outcome->kind = OUTCOME_FAILED;
            supervisor->outcome->failure = message.failure;
        }
    }
    if (r == 0)
        return;
    close(supervisor->process.control);
    supervisor->process.control = -1;
    set_running(supervisor);
}

static void set_gone(struct supervisor *supervisor, int status)
{
    struct outcome *outcome = supervisor->outcome;

    supervisor->is_gone = 1;
    supervisor->gone_ms = now_ms();
    take_control(supervisor); /* its last word comes before its status */
    relay_process_ended(supervisor->relay);
    if (outcome->kind == OUTCOME_FAILED)
        return;
    outcome->kind = WIFEXITED(status) ? OUTCOME_EXITED : OUTCOME_SIGNALLED;
    outcome->value = WIFEXITED(status) ? WEXITSTATUS(status) :
                                         WTERMSIG(status);
}

/* Reaps the process, and orphans, which the kernel gives to PID 1. */
static void reap_children(struct supervisor *supervisor)
{
    struct signalfd_siginfo info;
    int status;
    pid_t pid;

    while (read(supervisor->children, &info, sizeof(info)) > 0)
        ;
    while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0)
        if (pid == supervisor->process.pid)
            set_gone(supervisor, status);
}

/* -1: the process lives; else how long to wait for what it left to write. */
static int time_left_ms(const struct supervisor *supervisor)
{
    int64_t limit_ms = GRACE_MS, left_ms;

    if (!supervisor->is_gone)
        return -1;
    if (supervisor->killed_rest)
        limit_ms += LAST_OUTPUT_MS;
    left_ms = supervisor->gone_ms + limit_ms - now_ms();
    return left_ms > 0 ? (int)left_ms : 0;
}

static int is_over(struct supervisor *supervisor, int moved)
{
    if (!supervisor->is_gone)
        return 0;
    if (relay_is_done(supervisor->relay))
        return 1;
    if (time_left_ms(supervisor) > 0)
        return 0;
    if (!supervisor->killed_rest) {
        kill(-1, SIGKILL); /* all but PID 1, who asks */
        supervisor->killed_rest = 1;
        return 0;
    }
    return !moved && !relay_has_output(supervisor->relay);
}

static void wait_for_something(struct supervisor *supervisor)
{
    struct pollfd pollfds[3 + RELAY_POLLFDS];
    int timeout_ms = time_left_ms(supervisor);

    if (relay_has_output(supervisor->relay))
        timeout_ms = -1; /* however long the console takes */
    if (supervisor->xenbus->is_changed)
        timeout_ms = 0; /* seen while another reply was waited for */
    pollfds[0] = (struct pollfd){ supervisor->children, POLLIN, 0 };
    pollfds[1] = (struct pollfd){ supervisor->process.control, POLLIN, 0 };
    pollfds[2] = (struct pollfd){ supervisor->xenbus->fd, POLLIN, 0 };
    relay_prepare(supervisor->relay, pollfds + 3);
    poll(pollfds, sizeof(pollfds) / sizeof(pollfds[0]), timeout_ms);
}

static int open_children(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Returns -1 when there is nothing to supervise. */
static int begin(struct supervisor *supervisor, const struct op *start)
{
    struct outcome *outcome = supervisor->outcome;

    supervisor->children = open_children();
    if (supervisor->children < 0) {
        outcome->kind = OUTCOME_FAILED;
        failure_set(&outcome->failure, start, errno, "signalfd");
        return -1;
    }
    if (start_process(supervisor->setup, start, supervisor->relay,
                      &supervisor->process, &outcome->failure)) {
        outcome->kind = OUTCOME_FAILED;
        return supervisor->process.pid > 0 ? 0 : -1;
    }
    report_state(supervisor->xenbus, "created");
    /* Only now: registering a watch waits for xenstored, and meanwhile the
     * process prepares itself. What was written before is read, too. */
    xenbus_watch(supervisor->xenbus, HOST_DIR);
    return 0;
}

void supervise(struct setup *setup, const struct op *start,
               struct relay *relay, struct xenbus *xenbus,
               struct outcome *outcome)
{
    struct supervisor supervisor = {
        .setup = setup,
        .relay = relay,
        .xenbus = xenbus,
        .outcome = outcome,
    };
    int moved;

    outcome->kind = OUTCOME_EXITED;
    if (begin(&supervisor, start))
        return;
    do {
        wait_for_something(&supervisor);
        take_control(&supervisor);
        take_xenbus(&supervisor);
        reap_children(&supervisor);
        moved = relay_move(relay);
    } while (!is_over(&supervisor, moved));
}
