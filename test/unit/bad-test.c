/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each named check has a smallest bad example in test/bad/, and says there
 * what it should, where it should. */
#include "tap.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/report.h"
#include "bundle.h"
#include "checks.h"
#include "plan.h"

#define EXAMPLES "test/bad"

static char top[PATH_MAX], dir[PATH_MAX];

/* A host that has all that a plan asks for. */
static const struct host_facts host = {
    .xen_major = 4, .xen_minor = 20, .pcpus = 4,
    .kernel_path = "/usr/lib/xl-oci/Image", .kernel_bytes = 7 << 20,
    .initramfs_path = "/usr/lib/xl-oci/initramfs", .initramfs_bytes = 99999,
    .bundle_name = "bundle", .block_script = "/usr/lib/xl-oci/block",
};

static const struct plan *make_plan(struct arena *arena,
                                    struct bundle *bundle,
                                    struct report *report)
{
    const struct plan_options options = { .uuid = NULL };
    const struct plan *plan = NULL;
    const struct spec *spec;
    struct survey *survey;

    spec = bundle_spec(arena, bundle, report);
    survey = spec ? survey_take(arena, bundle, spec, report) : NULL;
    if (survey) {
        plan = plan_make(arena, spec, survey, &host, &options, report);
        survey_close(survey);
    }
    return plan;
}

/* The report on the bundle in the current directory; whether it has a plan. */
static int load(struct bytes *text)
{
    struct arena *arena = arena_new();
    struct report *report = report_new();
    struct bundle *bundle = bundle_open(arena, "bundle", report);
    const struct plan *plan = NULL;
    int planned;

    if (bundle) {
        plan = make_plan(arena, bundle, report);
        bundle_close(bundle);
    }
    planned = plan && !report_errors(report);
    report_format_text(report, text);
    report_free(report);
    arena_free(arena);
    return planned;
}

static int run(const char *program, const char *a, const char *b,
               const char *c)
{
    int status;
    pid_t pid = fork();

    if (!pid) {
        execlp(program, program, a, b, c, (char *)NULL);
        _exit(127);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ?
        WEXITSTATUS(status) : -1;
}

static int has(const char *example, const char *file, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%.1000s/" EXAMPLES "/%.200s/%s", top, example,
             file);
    return !access(path, F_OK);
}

/* Makes dir/bundle as the example says and enters dir. */
static int enter_bundle(const char *example)
{
    char path[PATH_MAX], source[PATH_MAX];
    int r = 0;

    snprintf(dir, sizeof(dir), "/tmp/bad-test.XXXXXX");
    if (!mkdtemp(dir) || chdir(dir) || mkdir("bundle", 0755))
        return -1;
    if (has(example, "config.json", path))
        r = run("cp", path, "bundle/config.json", NULL) ||
            mkdir("bundle/rootfs", 0755);
    if (!r && has(example, "setup", path)) {
        has(example, ".", source);
        r = chdir("bundle") || run(path, source, NULL, NULL) || chdir(dir);
    }
    return r;
}

static int leave_bundle(void)
{
    return chdir(top) || run("chmod", "-R", "u+rwx", dir) ||
        run("rm", "-rf", dir, NULL);
}

/* Every line of the file is a line of the text. */
static int has_lines(const char *text, const char *path)
{
    char line[4096], whole[sizeof(line) + 1];
    FILE *f = fopen(path, "r");
    int missing = 0, lines = 0;

    while (f && fgets(line, sizeof(line), f)) {
        const char *at = text;
        size_t size = strlen(line);

        snprintf(whole, sizeof(whole), "%s", line);
        while ((at = strstr(at, whole)) && at != text && at[-1] != '\n')
            at += size;
        if (!at) {
            printf("#   missing: %s", line);
            missing++;
        }
        lines++;
    }
    if (f)
        fclose(f);
    return lines && !missing;
}

static void test_example(const struct report_check *check)
{
    struct bytes text = BYTES_INIT;
    char path[PATH_MAX], tag[128];
    int entered = enter_bundle(check->name), planned = 0, said;

    if (!entered)
        planned = load(&text);
    snprintf(tag, sizeof(tag), "[%s]\n", check->name);
    said = !entered && text.size && strstr(bytes_text(&text), tag) &&
        has(check->name, "expect", path) &&
        has_lines(bytes_text(&text), path);
    if (check->severity == REPORT_ERROR)
        said = said && !planned;
    if (!ok(said, "%s", check->name))
        printf("# setup %d, plan %d, report:\n%s", entered, planned,
               text.size ? bytes_text(&text) : "");
    if (leave_bundle())
        printf("# %s was not removed\n", dir);
    bytes_free(&text);
}

/* "elsewhere" names a test that exists and names the check. */
static void test_elsewhere(const struct report_check *check, const char *path)
{
    char other[1000] = "", test[PATH_MAX];
    FILE *f = fopen(path, "r");

    if (f) {
        if (!fgets(other, sizeof(other), f))
            other[0] = '\0';
        fclose(f);
    }
    other[strcspn(other, "\n")] = '\0';
    snprintf(test, sizeof(test), "%.1000s/%s", top, other);
    ok(*other && !access(test, F_OK) &&
       !run("grep", "-q", check->name, test), "%s is shown by %s",
       check->name, other);
}

int main(void)
{
    char path[PATH_MAX];
    size_t i;

    if (!getcwd(top, sizeof(top)))
        return 1;
    for (i = 0; i < CHECK_COUNT; i++) {
        const struct report_check *check = &xloci_checks[i];

        if (has(check->name, "elsewhere", path))
            test_elsewhere(check, path);
        else if (has(check->name, "expect", path))
            test_example(check);
        else
            ok(0, "%s has an example in " EXAMPLES, check->name);
    }
    return done_testing();
}
