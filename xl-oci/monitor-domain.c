/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor-internal.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenstore.h>

#include "guest/program.h"
#include "program-path.h"

/* A guest that says it has ended and does not power off is ended for it. */
#define EXIT_GRACE_MS 10000
#define REAP_ATTEMPTS 3

int64_t monitor_now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

static void exit_path(const struct monitor *m, char path[64])
{
    snprintf(path, 64, "/local/domain/%d/" XS_GUEST_EXIT, m->domid);
}

static void state_path(const struct monitor *m, char path[64])
{
    snprintf(path, 64, "/local/domain/%d/" XS_GUEST_STATE, m->domid);
}

int monitor_watch(struct monitor *m)
{
    char path[64];

    if (!xs_watch(m->xs, "@releaseDomain", "end"))
        return -1;
    snprintf(path, sizeof(path), "/local/domain/%d/console/tty", m->domid);
    if (!xs_watch(m->xs, path, "tty"))
        return -1;
    state_path(m, path);
    if (!xs_watch(m->xs, path, "state"))
        return -1;
    exit_path(m, path);
    return xs_watch(m->xs, path, "exit") ? 0 : -1;
}

void monitor_look(struct monitor *m, struct domain_state *state)
{
    memset(state, 0, sizeof(*state));
    if (!m->xc || domain_find_with(m->xc, m->uuid, state)) {
        /* Xen did not answer (ENOMEM): nothing is known; look again later */
        state->life = DOMAIN_ALIVE;
        state->domid = m->domid;
    }
}

static void look_for_end(struct monitor *m)
{
    struct domain_state state;

    monitor_look(m, &state);
    if (state.life != DOMAIN_ALIVE)
        m->ended = true;
}

static bool has_exit_node(struct monitor *m)
{
    unsigned int size;
    char path[64], *text;

    exit_path(m, path);
    text = xs_read(m->xs, XBT_NULL, path, &size);
    free(text);
    return text != NULL;
}

/* Init reckons from the moment at which it wrote its state: be quick. */
static void tell_time(struct monitor *m)
{
    char path[64], text[32];
    struct timespec now;
    int length;

    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(path, sizeof(path), "/local/domain/%d/" XS_HOST_CLOCK, m->domid);
    length = snprintf(text, sizeof(text), "%lld",
                      now.tv_sec * 1000000000ll + now.tv_nsec);
    xs_write(m->xs, XBT_NULL, path, text, (unsigned int)length);
    m->told_time = true;
}

static void take_state(struct monitor *m)
{
    unsigned int size;
    char path[64], *text;

    state_path(m, path);
    text = xs_read(m->xs, XBT_NULL, path, &size);
    if (!text)
        return;
    if (!m->told_time && !strcmp(text, "booting"))
        tell_time(m);
    if (!strcmp(text, "running"))
        m->guest_reads = true;
    free(text);
}

/*
 * Before init has its console in raw mode, the guest's kernel echoes what
 * arrives and forgets it.
 */
bool monitor_guest_reads(struct monitor *m)
{
    if (!m->xs)
        m->guest_reads = true;
    return m->guest_reads;
}

void monitor_take_events(struct monitor *m)
{
    char **event;

    while (m->xs && (event = xs_check_watch(m->xs))) {
        const char *token = event[XS_WATCH_TOKEN];

        if (!strcmp(token, "end"))
            look_for_end(m);
        else if (!strcmp(token, "tty"))
            monitor_reopen_console(m);
        else if (!strcmp(token, "state")) {
            take_state(m);
            monitor_write_input(m);
        }
        else if (!m->deadline_ms && has_exit_node(m))
            m->deadline_ms = monitor_now_ms() + EXIT_GRACE_MS;
        free(event);
    }
    if (m->xs && errno != EAGAIN) {
        /* xenstored went away: go on by looking at the domain now and then */
        xs_close(m->xs);
        m->xs = NULL;
    }
}

static int read_guest_exit(struct monitor *m, struct guest_exit *result)
{
    unsigned int size = 0;
    char path[64], *text;
    int rc;

    if (!m->xs)
        return -1;
    exit_path(m, path);
    text = xs_read(m->xs, XBT_NULL, path, &size);
    if (!text)
        return -1;
    rc = guest_exit_parse(text, size, result);
    free(text);
    return rc;
}

bool monitor_record_exit(struct monitor *m, struct guest_exit *result)
{
    struct domain_state state;
    bool gone;

    monitor_look(m, &state);
    gone = state.life == DOMAIN_ABSENT || state.life == DOMAIN_DYING;
    if (gone || read_guest_exit(m, result)) {
        /* a command that ends the domain has said so beforehand */
        if (!guest_exit_read(MONITOR_DIR_FD, result) &&
            result->exit.kind != EXIT_NONE)
            return gone;
        memset(result, 0, sizeof(*result));
        if (state.life == DOMAIN_SHUTDOWN)
            guest_exit_from_reason(state.shutdown_reason, result);
        else
            result->exit.kind = state.life == DOMAIN_ALIVE ? EXIT_UNKNOWN :
                                EXIT_DESTROYED;
    }
    guest_exit_write(MONITOR_DIR_FD, &result->exit);
    return false;
}

static int run_reap(struct monitor *m, bool incomplete)
{
    char lock[32], program[PROGRAM_PATH_BYTES];
    char *argv[] = {
        (char *)"xl-oci", (char *)"oci-reap", lock, (char *)m->name,
        incomplete ? (char *)"--incomplete" : NULL, NULL,
    };
    int status;
    pid_t pid;

    snprintf(lock, sizeof(lock), "--lock-fd=%d", MONITOR_LOCK_FD);
    if (incomplete) {
        argv[3] = (char *)"--incomplete";
        argv[4] = (char *)m->name;
    }
    if (program_sibling("xl-oci", program) ||
        posix_spawn(&pid, program, NULL, NULL, argv, environ))
        return -1;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -1;
}

int monitor_reap(struct monitor *m, bool incomplete)
{
    int attempt;

    for (attempt = 0; attempt < REAP_ATTEMPTS; attempt++) {
        if (attempt)
            sleep(1);
        if (!run_reap(m, incomplete))
            return 0;
    }
    return -1;
}
