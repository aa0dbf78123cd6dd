/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/arena.h"
#include "checks.h"

#include "commands.h"
#include "reap.h"
#include "signals.h"
#include "state.h"

#define GRACE_MAX_MS 3600000

struct kill_options {
    uint64_t grace_ms;
};

static const struct kill_options defaults = { .grace_ms = 2000 };

/* A signal may come before the container's process has started. */
#define BOOT_MS 30000

static const struct option_row rows[] = {
    { 0, "grace", OPTION_U64, offsetof(struct kill_options, grace_ms), "MS",
      NULL, "milliseconds for the guest to obey (2000)" },
    { .name = NULL },
};

/*
 * The guest's init delivers SIGKILL as any other signal, so that the container
 * ends with its own status; only a guest that does not obey is destroyed.
 */
static int kill_for_sure(const char *name, const struct container_state *s,
                         int grace_ms, struct report *report)
{
    struct report *ignored;
    int rc = -1;

    if (!s->domain.paused && s->domain.life == DOMAIN_ALIVE && grace_ms) {
        /* a guest out of reach is what container_end() is for */
        ignored = report_new();
        if (ignored)
            rc = domain_send_signal(s->domain.domid, SIGNAL_KILL, ignored);
        report_free(ignored);
        if (!rc && !container_wait(name, grace_ms))
            return 0;
    }
    return container_end(name, SIGNAL_KILL, report);
}

static int send(const char *name, const struct container_state *s, int signal,
                int grace_ms, struct report *report)
{
    if (domain_send_signal(s->domain.domid, signal, report))
        return -1;
    /* a paused guest finds the signal when it starts */
    if (s->domain.paused || !grace_ms ||
        domain_wait_signal(s->record->uuid, BOOT_MS, grace_ms))
        return 0;
    report_check_remedy(report, DOMAIN_SIGNAL, NULL,
                        "if it is stuck: `xl oci-kill NAME KILL`",
                        "the guest of \"%s\" did not confirm signal %d "
                        "within %d ms", name, signal, grace_ms);
    return -1;
}

/* argv: a name, and perhaps a signal, which is one */
static int kill_one(struct arena *arena, const void *opaque, int argc,
                    char **argv, struct report *report)
{
    const struct kill_options *options = opaque;
    int grace_ms = (int)options->grace_ms;
    int signal = argc > 1 ? signal_from_text(argv[1]) : SIGNAL_TERM;
    const char *name = argv[0];
    struct container_state state;
    int rc = state_open(arena, name, &state, report);

    if (!rc)
        rc = state_find_domain(&state, report);
    if (!rc && state.domain.life != DOMAIN_ALIVE &&
        signal != SIGNAL_KILL) {
        report_check(report, CONTAINER_STATE, NULL,
                     "\"%s\" is not running: its process has ended", name);
        rc = -1;
    } else if (!rc && state.record->status == CONTAINER_STOPPED) {
        report_check(report, CONTAINER_STATE, NULL,
                     "\"%s\" has stopped already", name);
        rc = -1;
    } else if (!rc && signal == SIGNAL_KILL) {
        rc = kill_for_sure(name, &state, grace_ms, report);
    } else if (!rc) {
        rc = send(name, &state, signal, grace_ms, report);
    }
    state_close(&state);
    return rc;
}

static int reject_signal(const char *text)
{
    const char *near = signal_suggest(text);

    fprintf(stderr, "xl oci-kill: \"%s\" is not a signal", text);
    if (near)
        fprintf(stderr, "; did you mean %s?", near);
    fputs("\nGive a name such as TERM, or a number from 1 to 64.\n", stderr);
    return XL_OCI_USAGE;
}

static int run(const void *opaque, int argc, char **argv)
{
    const struct kill_options *options = opaque;

    if (argc > 1 && signal_from_text(argv[1]) < 0)
        return reject_signal(argv[1]);
    if (options->grace_ms > GRACE_MAX_MS) {
        fprintf(stderr, "xl oci-kill: --grace is at most %d\n", GRACE_MAX_MS);
        return XL_OCI_USAGE;
    }
    return with_report(&command_kill, kill_one, options, argc, argv);
}

const struct command command_kill = {
    .name = "oci-kill",
    .summary = "Send a signal to a container's process",
    .arguments = "NAME [SIGNAL]",
    .min_args = 1,
    .max_args = 2,
    .options = rows,
    .defaults = &defaults,
    .options_bytes = sizeof(struct kill_options),
    .details =
        "SIGNAL is a name, with or without SIG, or a number of Linux on "
        "arm64; TERM when\n"
        "it is left out. After KILL the domain is destroyed if the guest "
        "does not end it\n"
        "in time. The container stays listed until `xl oci-delete'.\n"
        "\n"
        "Exit codes: 0 delivered; 1 not delivered, or it is not running; 2 "
        "wrong command\n"
        "line; 3 no such container.\n"
        "Example: xl oci-kill web HUP\n",
    .no_dry_run = true,
    .run = run,
};
