/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hooks as real processes: state on stdin, environment, timeout, failures. */
#include <fcntl.h>
#include <stdlib.h>
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

static void test_flood(void)
{
    const char *args[4];
    struct spec_hook hook = shell(args, NULL,
                                  "yes | head -c 1000000; sleep 50 &");
    struct report *report = report_new();
    time_t start = time(NULL);

    is_int(run(&hook, true, report), 0, "much output blocks nobody");
    ok(time(NULL) - start < 20, "nor does what a hook leaves running");
    report_free(report);
}

int main(void)
{
    if (!mkdtemp(directory))
        return 1;
    test_state();
    test_failures();
    test_timeout();
    test_flood();
    ok(!rmdir(directory), "nothing is left");
    return done_testing();
}
