/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hooks as real processes: state on stdin, environment, timeout, failures. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <time.h>
#include <unistd.h>

#include "base/report.h"
#include "json.h"
#include "spec.h"
#include "tap.h"
#include "xl-oci/hooks.h"

static char directory[] = "/tmp/xl-oci-hooks-XXXXXX";
static const struct json here;

static struct spec_hook shell(const char **args, const char **env,
                              const char *script)
{
    args[0] = "sh";
    args[1] = "-c";
    args[2] = script;
    args[3] = NULL;
    return (struct spec_hook){
        .path = { .value = "/bin/sh" },
        .args = { .values = args, .count = 3 },
        .env = { .values = env, .count = env ? 1 : 0 },
    };
}

static int run(struct spec_hook *hook, bool fatal, struct report *report)
{
    const char *const annotations[] = { "a", "b\"", NULL };
    const struct container_record record = {
        .name = "id1", .bundle = directory, .oci_version = "1.2.0",
        .monitor_pid = 77, .annotations = annotations,
    };
    const struct spec_hooks hooks = { hook, 1 };

    return hooks_run(&hooks, "createRuntime", &record, CONTAINER_CREATING,
                     fatal, report);
}

static const char *check(struct report *report)
{
    return report_first(report) ? report_first(report)->check->name : NULL;
}

static const char *message(struct report *report)
{
    return report_first(report) ? report_first(report)->message : NULL;
}

static void read_file(const char *name, char *text, size_t size)
{
    char path[128];
    ssize_t got;
    int fd;

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    fd = open(path, O_RDONLY);
    got = fd < 0 ? 0 : read(fd, text, size - 1);
    text[got > 0 ? got : 0] = '\0';
    close(fd);
    unlink(path);
}

static void test_state(void)
{
    const char *args[4], *env[] = { "ONLY=this", NULL };
    struct spec_hook hook = shell(args, env, "cat >state; echo $ONLY$HOME "
                                  ">env");
    struct report *report = report_new();
    char text[512], want[512];

    is_int(run(&hook, true, report), 0, "a good hook");
    read_file("state", text, sizeof(text));
    snprintf(want, sizeof(want), "{\"ociVersion\": \"1.2.0\", \"id\": "
             "\"id1\", \"status\": \"creating\", \"pid\": 77, \"bundle\": "
             "\"%s\", \"annotations\": {\"a\": \"b\\\"\"}}\n", directory);
    is_str(text, want, "the state on standard input");
    read_file("env", text, sizeof(text));
    is_str(text, "this\n", "its own environment alone, in the bundle");
    report_free(report);
}

static void test_failures(void)
{
    const char *args[4];
    struct spec_hook hook = shell(args, NULL, "echo why >&2; exit 3");
    struct report *report = report_new();

    is_int(run(&hook, true, report), -1, "a status ends the creation");
    is_str(message(report), "/bin/sh exited with status 3: why", "told");
    is_str(check(report), "hook-failed", "by name");
    is_str(report_first(report)->where.path, "/hooks/createRuntime/0",
           "and where");
    report_free(report);
    report = report_new();
    is_int(run(&hook, false, report), 0, "or is a warning");
    is_int((long long)report_count(report, REPORT_WARNING), 1, "one");
    is_str(check(report), "hook-warning", "by name");
    report_free(report);
    report = report_new();
    hook.path.value = "/nonexistent";
    is_int(run(&hook, true, report), -1, "cannot be run");
    is_str(message(report), "/nonexistent cannot be run: No such file or "
           "directory", "with its reason");
    report_free(report);
}

static void test_timeout(void)
{
    const char *args[4];
    struct spec_hook hook = shell(args, NULL, "sleep 100 & sleep 100");
    struct report *report = report_new();
    time_t start = time(NULL);

    hook.timeout_s.at = &here;
    hook.timeout_s.value = 1;
    is_int(run(&hook, true, report), -1, "a timeout");
    is_str(message(report), "/bin/sh did not end within 1 s", "told");
    ok(time(NULL) - start < 10, "in time");
    report_free(report);
}

/* Neither cut off, nor waited for in vain: that is a failure. */
static void test_output(const char *script, const char *what)
{
    const char *args[4];
    struct spec_hook hook = shell(args, NULL, script);
    struct report *report = report_new();
    time_t start = time(NULL);

    hook.timeout_s.at = &here;
    hook.timeout_s.value = 60;
    is_int(run(&hook, true, report), 0, what);
    ok(!message(report), "... %s", message(report) ? message(report) :
       "without complaint");
    ok(time(NULL) - start < 30, "... in time");
    report_free(report);
}

static void test_flood(void)
{
    test_output("yes | head -c 1000000; sleep 100 &",
                "what a hook leaves running");
    /* a built-in command: the shell itself would die of a closed pipe */
    test_output("i=0; while [ $i -lt 9000 ]; do echo line $i; i=$((i + 1)); "
                "done", "more output than is kept");
    test_output("while :; do echo again; done &",
                "what a hook leaves writing");
}

/* Its first bytes, though its end and they are seen at once. */
static void test_kept(void)
{
    const char *args[4];
    struct spec_hook hook = shell(args, NULL, "i=0; while [ $i -lt 99 ]; do "
                                  "echo 1234567; i=$((i + 1)); done; exit 4");
    struct report *report = report_new();
    size_t length;

    is_int(run(&hook, true, report), -1, "a talkative failure");
    length = strlen(message(report));
    ok(length > 400 && length < 450 &&
       !strncmp(message(report), "/bin/sh exited with status 4: 1234567", 37),
       "told with its first 400 bytes: %zu", length);
    report_free(report);
}

static bool no_pidfd, late_pidfd;

int __real_pidfd_open(pid_t pid, unsigned int flags);
__typeof__(pidfd_open) __wrap_pidfd_open;
int __wrap_pidfd_open(pid_t pid, unsigned int flags)
{
    while (late_pidfd && !kill(pid, 0))
        usleep(1000);
    if (!no_pidfd)
        return __real_pidfd_open(pid, flags);
    errno = ENFILE;
    return -1;
}

/* One that cannot be watched is ended, not waited for without end. */
static void test_unwatched(void)
{
    const char *args[4];
    struct spec_hook hook = shell(args, NULL, "sleep 100");
    struct report *report = report_new();
    time_t start = time(NULL);

    no_pidfd = true;
    is_int(run(&hook, true, report), -1, "no descriptor of a process");
    no_pidfd = false;
    is_str(message(report), "/bin/sh cannot be run: Too many open files in "
           "system", "is told");
    ok(time(NULL) - start < 20, "in time");
    report_free(report);
}

/* Of a process whose parent ignores SIGCHLD nothing is kept: gone before it is
 * watched, or only then. */
static void test_unknown_end(bool before)
{
    const char *args[4];
    struct spec_hook hook = shell(args, NULL, before ? "exit 3" :
                                                       "sleep 1; exit 3");
    struct report *report = report_new();

    late_pidfd = before;
    signal(SIGCHLD, SIG_IGN);
    is_int(run(&hook, true, report), -1, "an end that nobody can tell");
    signal(SIGCHLD, SIG_DFL);
    late_pidfd = false;
    is_str(message(report), "/bin/sh has ended, and how cannot be told: No "
           "child processes", "is no success");
    report_free(report);
}

int main(void)
{
    if (!mkdtemp(directory))
        return 1;
    test_unknown_end(true);
    test_unknown_end(false);
    test_unwatched();
    test_state();
    test_failures();
    test_timeout();
    test_flood();
    test_kept();
    ok(!rmdir(directory), "nothing is left");
    return done_testing();
}
