/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The monitor and the backends of shares, without Xen: this program is its own
 * backend when it is called xl-oci-9pfs, and does there what its UUID says.
 */
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "xl-oci/monitor-internal.h"
#include "xl-oci/share-failure.h"

/* --- the backend's part ---------------------------------------------------- */

static int play_backend(const char *part, bool failed)
{
    /* the directory, and nothing of the monitor's */
    bool as_agreed = (fcntl(3, F_GETFD) < 0) == failed &&
                     fcntl(4, F_GETFD) < 0 && fcntl(5, F_GETFD) < 0;

    fprintf(stderr, "%d%s\n", (int)getpid(), failed ? " errors" : "");
    if (!as_agreed)
        fprintf(stderr, "descriptors are not as agreed\n");
    if (!strcmp(part, "refuses") || !as_agreed) {
        fprintf(stderr, "the jail cannot be entered\n");
        return 1;
    }
    if (!strcmp(part, "hangs"))
        pause();
    if (write(1, "r", 1) != 1)
        return 1;
    if (!strcmp(part, "loses-server"))
        fprintf(stderr, BACKEND_KILLED "11 (Segmentation fault)\n");
    else if (!strcmp(part, "is-closed"))
        fprintf(stderr, BACKEND_CLOSED "\n");
    else if (strcmp(part, "gives-up"))
        pause();
    else
        fprintf(stderr, "the server gave up: an index\n");
    return strcmp(part, "is-closed") ? 3 : 0;
}

/* --- the monitor's --------------------------------------------------------- */

static struct monitor monitor;
static int export_fd;

static int start(const char *part, unsigned int index, bool failed,
                 char why[SHARE_WHY_BYTES])
{
    const struct share_start how = {
        .dir_fd = MONITOR_DIR_FD, .uuid = part, .domid = 1, .index = index,
        .export_fd = failed ? -1 : export_fd,
    };

    return share_backend_start(&how, &monitor.shares[index], why);
}

static void test_start(void)
{
    struct share_backend found, *backend = &monitor.shares[0];
    char why[SHARE_WHY_BYTES] = "";
    struct share_end end;

    is_int(start("waits", 0, false, why), 0, "started");
    is_str(why, "", "without a complaint");
    is_int(share_backend_find(MONITOR_DIR_FD, 0, &found), 0,
           "another monitor finds it");
    is_int(found.pid, backend->pid, "by its number");
    ok(!found.answers_errors, "it has the directory");
    close(found.pid_fd);
    kill(backend->pid, SIGKILL);
    share_backend_wait(backend, &end);
    is_int(end.signal, SIGKILL, "killed: by that signal");
    is_int(end.status, -1, "and no status");
    share_backend_why(MONITOR_DIR_FD, 0, why, &end);
    is_str(why, "it was killed", "it could not complain");
    is_int(share_backend_find(MONITOR_DIR_FD, 0, &found), -1,
           "nobody finds it any more");
    is_int(start("waits", 0, true, why), 0, "one that answers errors");
    is_int(share_backend_find(MONITOR_DIR_FD, 0, &found), 0, "is found");
    ok(found.answers_errors, "as such");
    close(found.pid_fd);
    is_int(start("waits", 0, false, why), -1, "no second one of a share");
    is_int(share_backends_end(MONITOR_DIR_FD), 0, "all are ended");
    is_int(share_backend_find(MONITOR_DIR_FD, 0, &found), -1, "none is left");
}

static void test_refused(void)
{
    char why[SHARE_WHY_BYTES] = "";
    struct share_end end = { 0 };

    is_int(start("refuses", 1, false, why), -1, "one that refuses");
    is_str(why, "the jail cannot be entered", "says why");
    share_backend_wait(&monitor.shares[1], &end);
    is_int(end.status, 1, "and its status is known");
}

/* Starts a backend and lets the monitor see its end. */
static const struct share_failure *failure_of(struct arena *arena,
                                              const char *part,
                                              unsigned int index)
{
    char why[SHARE_WHY_BYTES];

    monitor.uuid_text = "waits";        /* the next one's part */
    monitor.n_shares = index + 1;
    if (start(part, index, false, why))
        return NULL;
    if (!strcmp(part, "waits"))
        kill(monitor.shares[index].pid, SIGTERM);
    monitor_share_ended(&monitor, index);
    return share_failure_read(arena, MONITOR_DIR_FD, index);
}

/* An error server that dies is followed by another, not at once. */
static void test_restarted(unsigned int index)
{
    struct share_backend *backend = &monitor.shares[index];
    int wait_ms;

    is_int(monitor_restart_shares(&monitor), -1, "nothing is due");
    kill(backend->pid, SIGKILL);
    monitor_share_ended(&monitor, index);
    ok(backend->pid_fd < 0, "when that ends soon, a third must wait");
    wait_ms = monitor_restart_shares(&monitor);
    ok(wait_ms > 3000 && wait_ms <= 5000, "for seconds");
    ok(backend->pid_fd < 0, "and does");
    monitor.errors[index].due_ms -= 5000;
    monitor.errors[index].started_ms -= 5000;
    is_int(monitor_restart_shares(&monitor), -1, "then nothing is due");
    ok(backend->pid_fd >= 0 && backend->answers_errors, "as it is there");
    monitor.errors[index].started_ms -= 5000;
    kill(backend->pid, SIGKILL);
    monitor_share_ended(&monitor, index);
    ok(backend->pid_fd >= 0, "the fourth is there at once, after a while");
}

/* Its monitor has a console and other shares to look after. */
static void test_not_waited_for(void)
{
    char why[SHARE_WHY_BYTES];

    alarm(20);
    is_int(start("hangs", 8, true, why), 0,
           "an error server is not waited for for ever");
    alarm(0);
}

static void test_ended(void)
{
    struct arena *arena = arena_new();
    const struct share_failure *f = failure_of(arena, "waits", 2);
    struct share_backend *backend = &monitor.shares[2];

    if (ok(f != NULL, "a killed one is recorded")) {
        is_int(f->index, 2, "which");
        is_int(f->end.signal, SIGTERM, "by which signal");
        ok(f->at_s > 1700000000, "when");
        is_str(f->why, "it was killed", "why");
    }
    ok(backend->pid_fd >= 0 && backend->answers_errors,
       "another answers errors");
    test_restarted(2);
    f = share_failure_read(arena, MONITOR_DIR_FD, 2);
    is_int(f ? f->end.signal : 0, SIGTERM, "the record is of the first");
    f = failure_of(arena, "loses-server", 3);
    if (ok(f != NULL, "one whose jailed process was killed")) {
        is_int(f->end.signal, 11, "by which signal");
        is_str(f->why, BACKEND_KILLED "11 (Segmentation fault)", "why");
    }
    f = failure_of(arena, "gives-up", 4);
    if (ok(f != NULL, "one whose jailed process gave up")) {
        is_int(f->end.signal, 0, "no signal");
        is_int(f->end.status, 3, "but a status");
        is_str(f->why, "the server gave up: an index", "why");
    }
    ok(!failure_of(arena, "is-closed", 5),
       "one that the guest has closed has not failed");
    is_int(share_backends_end(MONITOR_DIR_FD), 0, "all are ended");
    arena_free(arena);
}

static int count_of(const char *text, const char *what)
{
    int count = 0;

    while ((text = strstr(text, what))) {
        count++;
        text++;
    }
    return count;
}

static void test_log(void)
{
    char text[4096] = "";

    console_log_read(&monitor.log, 0, text, sizeof(text) - 1);
    is_int(count_of(text, "the backend of share 2"), 1,
           "the log tells once of each share");
    ok(strstr(text, "the backend of share 3 (?) has ended: " BACKEND_KILLED
              "11 (Segmentation fault); the guest gets I/O errors") != NULL,
       "the log tells of it");
}

static void test_file(void)
{
    static const struct share_failure written = {
        .index = 7, .at_s = 1700000000, .end = { .signal = 9, .status = -1 },
        .why = "it was killed", .path = "/a\nb",
    };
    struct arena *arena = arena_new();
    const struct share_failure *f;
    int fd;

    ok(!share_failure_read(arena, MONITOR_DIR_FD, 7), "no file: no failure");
    is_int(share_failure_write(MONITOR_DIR_FD, &written), 0, "written");
    f = share_failure_read(arena, MONITOR_DIR_FD, 7);
    ok(f && f->at_s == written.at_s && f->end.signal == 9 &&
       f->end.status == -1, "read again");
    is_str(f ? f->path : NULL, written.path, "a path of two lines");
    fd = openat(MONITOR_DIR_FD, "share-7-failed", O_WRONLY | O_TRUNC);
    ok(write(fd, "1 2\n3 4 5\n", 10) == 10, "a damaged one");
    close(fd);
    ok(!share_failure_read(arena, MONITOR_DIR_FD, 7), "is not told");
    arena_free(arena);
}

/* --- where both are -------------------------------------------------------- */

static int copy_self(const char *directory, const char *name)
{
    char path[4096], command[8400];
    ssize_t size = readlink("/proc/self/exe", path, sizeof(path) - 1);

    path[size < 0 ? 0 : size] = '\0';
    snprintf(command, sizeof(command), "cp '%s' '%s/%s'", path, directory,
             name);
    return system(command);
}

static int play_monitor(const char *directory)
{
    char command[4200];
    int dir_fd;

    export_fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    dup3(dir_fd, MONITOR_DIR_FD, O_CLOEXEC);
    if (console_log_open(&monitor.log, MONITOR_DIR_FD))
        return 1;
    test_start();
    test_refused();
    test_not_waited_for();
    test_ended();
    test_log();
    test_file();
    snprintf(command, sizeof(command), "rm -rf '%s'", directory);
    return done_testing() || system(command);
}

int main(int argc, char **argv)
{
    char directory[] = "/tmp/share-backend-XXXXXX", program[64];
    const char *name = strrchr(argv[0], '/');

    name = name ? name + 1 : argv[0];
    if (!strcmp(name, "xl-oci-9pfs"))
        return argc < 4 ? 2 : play_backend(argv[1], argc == 5);
    if (!strcmp(name, "monitor"))
        return play_monitor(argv[1]);
    if (!mkdtemp(directory) || copy_self(directory, "monitor") ||
        copy_self(directory, "xl-oci-9pfs"))
        return 1;
    snprintf(program, sizeof(program), "%s/monitor", directory);
    execl(program, program, directory, NULL);
    return 1;
}
