/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The monitor writes "log" and renames it to "log.1" when it is full. The
 * reader holds the file it reads open, so that it misses nothing when that
 * happens under its eyes.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "checks.h"

#include "commands.h"
#include "console-log.h"
#include "print.h"
#include "state.h"

#define FOLLOW_INTERVAL_MS 200
#define OPEN_ATTEMPTS 10

struct logs_options {
    bool follow, raw;
};

static const struct option_row rows[] = {
    { 'f', "follow", OPTION_FLAG, offsetof(struct logs_options, follow), NULL,
      NULL, "go on until the container stops" },
    { 0, "raw", OPTION_FLAG, offsetof(struct logs_options, raw), NULL, NULL,
      "control characters as they are, even on a terminal" },
    { .name = NULL },
};

struct log_reader {
    int dir_fd, log_fd;         /* log_fd -1: there is none yet */
    bool safe;
    unsigned char last;         /* for print_add_safe() */
};

static int open_log(const struct log_reader *r, const char *name)
{
    return openat(r->dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

static bool is_same_file(int fd_a, int fd_b)
{
    struct stat a, b;

    return !fstat(fd_a, &a) && !fstat(fd_b, &b) && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

/* Prints what is left of fd. 0, or an exit code. */
static int copy_rest(struct log_reader *r, int fd)
{
    struct bytes out = BYTES_INIT;
    char buffer[65536];
    ssize_t n;
    int rc;

    while ((n = read(fd, buffer, sizeof(buffer))) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            fprintf(stderr, "xl oci-logs: cannot read: %s\n",
                    strerror(errno));
            return XL_OCI_FAILED;
        }
        if (r->safe)
            print_add_safe(&out, buffer, (size_t)n, true, &r->last);
        else
            bytes_add(&out, buffer, (size_t)n);
        rc = print_bytes(&out);
        if (rc)
            return rc;
    }
    return fflush(stdout) ? XL_OCI_FAILED : XL_OCI_OK;
}

/* A link is no log, as the monitor makes none. */
static bool is_open_or_absent(int fd)
{
    return fd >= 0 || errno == ENOENT || errno == ELOOP;
}

/*
 * log is opened before log.1: when both are one file, the monitor has renamed
 * it in between, and there is a new log to begin with.
 */
static int open_logs(struct log_reader *r, int *older_fd)
{
    int attempt;

    for (attempt = 0; attempt < OPEN_ATTEMPTS; attempt++) {
        r->log_fd = open_log(r, "log");
        if (!is_open_or_absent(r->log_fd))
            return -1;
        *older_fd = open_log(r, "log.1");
        if (!is_open_or_absent(*older_fd))
            return -1;
        if (r->log_fd < 0 || *older_fd < 0 ||
            !is_same_file(r->log_fd, *older_fd))
            return 0;
        close(r->log_fd);
        close(*older_fd);
    }
    r->log_fd = *older_fd = -1;
    errno = EAGAIN;
    return -1;
}

static int print_existing(struct log_reader *r)
{
    int older_fd, rc = XL_OCI_OK;

    if (open_logs(r, &older_fd)) {
        fprintf(stderr, "xl oci-logs: cannot open: %s\n", strerror(errno));
        return XL_OCI_FAILED;
    }
    if (older_fd >= 0) {
        rc = copy_rest(r, older_fd);
        close(older_fd);
    }
    if (!rc && r->log_fd >= 0)
        rc = copy_rest(r, r->log_fd);
    return rc;
}

/* Two renames since the last look: log.1 is not the file that was open. */
static int print_skipped(struct log_reader *r)
{
    int older_fd = open_log(r, "log.1"), rc = XL_OCI_OK;

    if (older_fd < 0)
        return XL_OCI_OK;
    if (!is_same_file(older_fd, r->log_fd))
        rc = copy_rest(r, older_fd);
    close(older_fd);
    return rc;
}

/* What was written since, in the open log and in one that replaced it. */
static int print_more(struct log_reader *r)
{
    int fd, rc = r->log_fd >= 0 ? copy_rest(r, r->log_fd) : XL_OCI_OK;

    if (rc)
        return rc;
    fd = open_log(r, "log");
    if (fd < 0)
        return XL_OCI_OK;
    if (r->log_fd >= 0 && is_same_file(fd, r->log_fd)) {
        close(fd);
        return XL_OCI_OK;
    }
    /* the monitor may have written between our last read and its rename */
    if (r->log_fd >= 0) {
        rc = copy_rest(r, r->log_fd);
        rc = rc ? rc : print_skipped(r);
        close(r->log_fd);
    }
    r->log_fd = fd;
    return rc ? rc : copy_rest(r, fd);
}

/* Nobody attends: the monitor has finished, or was killed and state_open()
 * starts another. True when there will be no more output. */
static bool has_ended(const struct log_reader *r, const char *name,
                      struct report *report)
{
    struct container_state state;
    struct arena *arena;
    bool ended = true;

    if (run_is_attended(r->dir_fd))
        return false;
    arena = arena_new();
    if (!arena)
        return true;
    if (!state_open(arena, name, &state, report))
        ended = state.record->status == CONTAINER_STOPPED;
    state_close(&state);
    arena_free(arena);
    return ended;
}

static int follow(struct log_reader *r, const char *name,
                  struct report *report)
{
    bool ended;
    int rc;

    do {
        poll(NULL, 0, FOLLOW_INTERVAL_MS);
        ended = has_ended(r, name, report);
        rc = print_more(r);
    } while (!rc && !ended);
    return rc;
}

/* The end tells how much; until then it is the monitor that knows. */
static void tell_lost(const struct log_reader *r, const char *name,
                      struct report *report)
{
    unsigned long long lost = console_log_read_lost(r->dir_fd);

    if (lost)
        report_check_remedy(report, CONSOLE_LOST, NULL,
                            "make room in the file system of the run "
                            "directory before the next start",
                            "%llu bytes of \"%s\" are missing, as the log "
                            "could not be written", lost, name);
}

static int show(struct arena *arena, const void *opaque, int argc,
                char **argv, struct report *report)
{
    const struct logs_options *options = opaque;
    struct container_state state;
    struct log_reader r = {
        .log_fd = -1,
        .safe = !options->raw && isatty(STDOUT_FILENO),
    };
    int rc = XL_OCI_FAILED;

    (void)argc;
    if (!state_open(arena, argv[0], &state, report)) {
        r.dir_fd = state.dir_fd;
        rc = print_existing(&r);
        if (!rc && options->follow)
            rc = follow(&r, argv[0], report);
        tell_lost(&r, argv[0], report);
    }
    if (r.log_fd >= 0)
        close(r.log_fd);
    state_close(&state);
    return rc;
}

static int run(const void *options, int argc, char **argv)
{
    return with_report(&command_logs, show, options, argc, argv);
}

const struct command command_logs = {
    .name = "oci-logs",
    .summary = "Print what a container has written",
    .arguments = "NAME",
    .min_args = 1,
    .max_args = 1,
    .options = rows,
    .options_bytes = sizeof(struct logs_options),
    .details =
        "The last one to two MiB are kept. On a terminal, control characters "
        "of the\n"
        "container's output are shown as \\xNN; elsewhere the bytes are as "
        "written.\n"
        "\n"
        "Exit codes: 0 printed; 1 it could not be read; 2 wrong command "
        "line;\n"
        "3 no such container.\n"
        "Example: xl oci-logs -f web\n",
    .run = run,
};
