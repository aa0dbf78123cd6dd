/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "checks.h"
#include "files.h"
#include "json.h"
#include "spec.h"

#define OUTPUT_KEPT_BYTES 400

void state_format(const struct container_record *record,
                  enum container_status status, struct bytes *out)
{
    const char *const *p;

    bytes_add_string(out, "{\"ociVersion\": ");
    bytes_add_json_string(out, record->oci_version ? record->oci_version :
                          "1.0.2");
    bytes_add_string(out, ", \"id\": ");
    bytes_add_json_string(out, record->name);
    bytes_printf(out, ", \"status\": \"%s\"", container_status_name(status));
    if (status != CONTAINER_STOPPED && record->monitor_pid > 0)
        bytes_printf(out, ", \"pid\": %d", (int)record->monitor_pid);
    bytes_add_string(out, ", \"bundle\": ");
    bytes_add_json_string(out, record->bundle);
    bytes_add_string(out, ", \"annotations\": {");
    for (p = record->annotations; p && p[0] && p[1]; p += 2) {
        bytes_add_string(out, p == record->annotations ? "" : ", ");
        bytes_add_json_string(out, p[0]);
        bytes_add_string(out, ": ");
        bytes_add_json_string(out, p[1]);
    }
    bytes_add_string(out, "}}\n");
}

/* The state as a file: a hook that does not read it cannot block us. */
static int state_to_fd(const struct container_record *record,
                       enum container_status status)
{
    struct bytes text = BYTES_INIT;
    int fd = memfd_create("oci-state", MFD_CLOEXEC);

    state_format(record, status, &text);
    if (fd >= 0 && (text.failed || write_all(fd, text.data, text.size) ||
                    lseek(fd, 0, SEEK_SET))) {
        close(fd);
        fd = -1;
    }
    bytes_free(&text);
    return fd;
}

struct running {
    pid_t pid;
    int pid_fd, output_fd;
    char output[OUTPUT_KEPT_BYTES + 1];     /* its first bytes */
    size_t output_bytes;
};

static int spawn_hook(const struct spec_hook *hook, const char *directory,
                      int state_fd, int output_fd, pid_t *pid)
{
    const char *plain[] = { hook->path.value, NULL };
    const char *no_env[] = { NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t all, none;
    int rc;

    sigfillset(&all);
    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    /* its own process group, so that a timeout ends its children too */
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP |
                             POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    rc = posix_spawn_file_actions_adddup2(&actions, state_fd, 0);
    if (!rc)
        rc = posix_spawn_file_actions_adddup2(&actions, output_fd, 1);
    if (!rc)
        rc = posix_spawn_file_actions_adddup2(&actions, output_fd, 2);
    if (!rc)
        rc = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    if (!rc)
        rc = posix_spawn_file_actions_addchdir_np(&actions, directory);
    if (!rc)
        rc = posix_spawn(pid, hook->path.value, &actions, &attributes,
                         (char *const *)(uintptr_t)
                         (hook->args.count ? hook->args.values : plain),
                         (char *const *)(uintptr_t)
                         (hook->env.count ? hook->env.values : no_env));
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return rc;
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

static void take_output(struct running *r)
{
    char discarded[1024];
    size_t room = OUTPUT_KEPT_BYTES - r->output_bytes;
    ssize_t got;

    got = room ? read(r->output_fd, r->output + r->output_bytes, room) :
          read(r->output_fd, discarded, sizeof(discarded));
    if (got > 0) {
        r->output_bytes += room ? (size_t)got : 0;
    } else if (!got || (errno != EINTR && errno != EAGAIN)) {
        close(r->output_fd);
        r->output_fd = -1;
    }
}

/* Until its end; false when until_ms (0: never) came first. What it left
 * running may keep its output open, or full: that is not waited for. */
static bool wait_hook(struct running *r, int64_t until_ms)
{
    struct pollfd waits[2];
    int64_t left_ms = -1;
    int ready;

    for (;;) {
        if (until_ms && (left_ms = until_ms - now_ms()) <= 0)
            return false;
        waits[0] = (struct pollfd){ .fd = r->pid_fd, .events = POLLIN };
        waits[1] = (struct pollfd){ .fd = r->output_fd, .events = POLLIN };
        ready = poll(waits, 2, left_ms > 60000 ? 60000 : (int)left_ms);
        if (ready > 0 && waits[1].revents)
            take_output(r);
        if (ready > 0 && waits[0].revents)
            return true;
    }
}

static void describe(int status, bool in_time, const struct spec_hook *hook,
                     const char *output, char *text, size_t size)
{
    const char *separator = *output ? ": " : "";

    if (!in_time)
        snprintf(text, size, "did not end within %lld s",
                 (long long)hook->timeout_s.value);
    else if (WIFSIGNALED(status))
        snprintf(text, size, "was ended by signal %d%s%s", WTERMSIG(status),
                 separator, output);
    else
        snprintf(text, size, "exited with status %d%s%s",
                 WEXITSTATUS(status), separator, output);
}

static int describe_lost(int error, char *text, size_t size)
{
    snprintf(text, size, "has ended, and how cannot be told: %s",
             strerror(error));
    return -1;
}

/* 0, or -1 with the reason in text. */
static int finish_hook(const struct spec_hook *hook, struct running *r,
                       char *text, size_t size)
{
    int64_t until_ms = hook->timeout_s.at ?
                       now_ms() + hook->timeout_s.value * 1000 : 0;
    bool in_time = wait_hook(r, until_ms);
    int status = 0;
    pid_t ended;

    if (!in_time)
        kill(-r->pid, SIGKILL);
    while ((ended = waitpid(r->pid, &status, 0)) < 0 && errno == EINTR)
        ;
    if (ended < 0 && in_time)
        return describe_lost(errno, text, size);
    if (in_time && WIFEXITED(status) && !WEXITSTATUS(status))
        return 0;
    while (r->output_bytes && r->output[r->output_bytes - 1] == '\n')
        r->output_bytes--;
    r->output[r->output_bytes] = '\0';
    describe(status, in_time, hook, r->output, text, size);
    return -1;
}

/*
 * A hook whose end would never be seen: ended for it. ECHILD when it is gone
 * already, as where SIGCHLD is ignored: its number may be another's by now.
 */
static int give_up(const struct running *r, int error)
{
    if (error == ESRCH)
        return ECHILD;
    kill(-r->pid, SIGKILL);
    waitpid(r->pid, NULL, 0);
    return error;
}

static int run_hook(const struct spec_hook *hook,
                    const struct container_record *record,
                    enum container_status status, char *text, size_t size)
{
    struct running r = { .pid = -1, .pid_fd = -1, .output_fd = -1 };
    int state_fd = state_to_fd(record, status), pipe_fds[2] = { -1, -1 };
    int rc = state_fd < 0 || pipe2(pipe_fds, O_CLOEXEC) ? errno : 0;

    if (!rc)
        rc = spawn_hook(hook, record->bundle, state_fd, pipe_fds[1], &r.pid);
    if (state_fd >= 0)
        close(state_fd);
    if (pipe_fds[1] >= 0)
        close(pipe_fds[1]);
    r.output_fd = pipe_fds[0];
    if (!rc) {
        fcntl(r.output_fd, F_SETFL, O_NONBLOCK);
        r.pid_fd = pidfd_open(r.pid, 0);
        if (r.pid_fd < 0)
            rc = give_up(&r, errno);
    }
    if (rc == ECHILD) {
        rc = describe_lost(rc, text, size);
    } else if (rc) {
        snprintf(text, size, "cannot be run: %s", strerror(rc));
        rc = -1;
    } else {
        rc = finish_hook(hook, &r, text, size);
    }
    if (r.pid_fd >= 0)
        close(r.pid_fd);
    if (r.output_fd >= 0)
        close(r.output_fd);
    return rc;
}

int hooks_run(const struct spec_hooks *hooks, const char *stage,
              const struct container_record *record,
              enum container_status status, bool is_fatal,
              struct report *report)
{
    char text[OUTPUT_KEPT_BYTES + 128], pointer[64];
    struct report_where where = { .path = pointer };
    size_t i;

    for (i = 0; i < hooks->count; i++) {
        const struct spec_hook *hook = &hooks->items[i];

        if (!run_hook(hook, record, status, text, sizeof(text)))
            continue;
        snprintf(pointer, sizeof(pointer), "/hooks/%s/%zu", stage, i);
        if (hook->at) {
            where.file = hook->at->file;
            where.line = hook->at->line;
            where.column = hook->at->column;
        }
        if (!is_fatal) {
            report_check(report, HOOK_WARNED, &where, "%s %s",
                         hook->path.value, text);
            continue;
        }
        report_check(report, HOOK_FAILED, &where, "%s %s", hook->path.value,
                     text);
        return -1;
    }
    return 0;
}
