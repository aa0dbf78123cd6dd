/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each allocation fails once in what is done for containers outside of Xen:
 * run directories, records, states, hooks, claims, shares. */
#include "fail-each.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "checks.h"
#include "dt/passthrough.h"
#include "plan.h"
#include "shell.h"
#include "spec.h"
#include "xl-oci/claim-file.h"
#include "xl-oci/hooks.h"
#include "xl-oci/ledger.h"
#include "xl-oci/load.h"
#include "xl-oci/reap.h"
#include "xl-oci/run-directory.h"
#include "xl-oci/share-failure.h"
#include "xl-oci/share-holders.h"
#include "xl-oci/state.h"

static char root[] = "/tmp/run-memory-test-XXXXXX";

/* "box": the container of all tests, whose directory these are */
static int box_fd, box_lock_fd;

static const char *const annotations[] = { "a", "b \"c\"", "d", "e", NULL };
static const struct container_record stopped = {
    .name = "box", .uuid = "6b1f3a0c-1111-4222-8333-9444aaaabbbb",
    .bundle = "/tmp", .oci_version = "1.2.0", .status = CONTAINER_STOPPED,
    .domid = -1, .created_s = 1700000000, .annotations = annotations,
    .exit = { EXIT_FAILED, 0, "1 mount 2 No such file" },
};

/* --- run directories -------------------------------------------------------*/

static int act_create(struct report *report)
{
    int lock_fd, fd = run_create("new", &lock_fd, report);

    if (fd < 0)
        return -1;
    close(lock_fd);
    close(fd);
    return 0;
}

static bool is_created(void)
{
    return !run("rm '%s/new/lock' && rmdir '%s/new'", root, root);
}

static int n_listed;

static int act_list(struct report *report)
{
    struct arena *arena = arena_new();
    char **names = NULL;

    n_listed = 0;
    if (arena)
        names = run_list(arena, report);
    else
        report_check(report, HOST_RESOURCES, NULL, "the test's own");
    for (; names && names[n_listed]; n_listed++)
        ;
    arena_free(arena);
    return names ? 0 : -1;
}

static bool is_listed(void)
{
    return n_listed == 40;
}

/* more than what fits at first */
static void test_directories(void)
{
    static const struct work create = { "run_create", NULL, act_create,
                                        is_created };
    static const struct work list = { "run_list", NULL, act_list, is_listed };

    fail_each(&create, root, 1);
    must(run("mkdir '%s'/more-$(seq -s ' %s'/more- 40)", root, root), "mkdir");
    fail_each(&list, root, 40);
    must(run("rmdir '%s'/more-*", root), "rmdir");
}

/* --- records and states ----------------------------------------------------*/

static int act_write(struct report *report)
{
    return record_write(box_fd, &stopped, report);
}

static bool is_written(void)
{
    struct arena *arena = arena_new();
    struct report *report = report_new();
    const struct container_record *r = record_read(arena, box_fd, "box",
                                                   report);
    bool right = r && !strcmp(r->annotations[3], "e") &&
                 !strcmp(r->exit.text, stopped.exit.text);

    report_free(report);
    arena_free(arena);
    return right;
}

static struct bytes shown;      /* a state, as text */
static char *shown_at_first;

static int act_state(struct report *report)
{
    struct container_state state = { .dir_fd = -1 };
    struct arena *arena = arena_new();
    int rc = -1;

    bytes_free(&shown);
    if (!arena)
        report_check(report, HOST_RESOURCES, NULL, "the test's own");
    else
        rc = state_open(arena, "box", &state, report);
    if (!rc)
        rc = state_find_domain(&state, report);
    if (!rc) {
        state_format_json(&state, &shown);
        rc = shown.failed ? -1 : 0;
        if (rc)         /* as print_bytes() tells it */
            report_check(report, HOST_RESOURCES, NULL, "out of memory");
    }
    state_close(&state);
    arena_free(arena);
    return rc;
}

static bool is_shown(void)
{
    return !strcmp(bytes_text(&shown), shown_at_first);
}

static void test_records(void)
{
    static const struct share_failure failure = {
        .index = 3, .at_s = 1700000001, .why = "it was killed", .path = "/srv",
        .end = { .signal = 9 },
    };
    static const struct work write = { "record_write", NULL, act_write,
                                       is_written };
    static const struct work state = { "state_open", NULL, act_state,
                                       is_shown };
    struct report *report = report_new();

    must(act_write(report), "a record");
    fail_each(&write, root, 1);
    must(share_failure_write(box_fd, &failure), "a share that has failed");
    must(act_state(report), "a state");
    shown_at_first = strdup(bytes_text(&shown));
    ok(strstr(shown_at_first, "it was killed") != NULL, "%s", shown_at_first);
    fail_each(&state, root, 30);
    bytes_free(&shown);
    free(shown_at_first);
    report_free(report);
}

/* Nobody attends to it; nothing is to be done. */
static int act_recover(struct report *report)
{
    return container_recover_all(report);
}

static bool is_recovered(void)
{
    return access("dead", F_OK) && !access("box/record", F_OK);
}

/* One whose creator died before it had written a word. */
static void make_dead(void)
{
    must(run("mkdir -p -m 700 dead && : >dead/lock"), "a dead one");
}

static void test_recovery(void)
{
    static const struct work recover = { "container_recover_all", make_dead,
                                         act_recover, is_recovered };

    fail_each(&recover, root, 5);
    must(run("rm -rf dead"), "remove the dead one");
}

/* --- hooks -----------------------------------------------------------------*/

static int act_hooks(struct report *report)
{
    static const char *args[] = { "sh", "-c", "cat >state", NULL };
    struct spec_hook hook = {
        .path = { .value = "/bin/sh" }, .args = { .values = args, .count = 3 },
    };
    struct container_record record = stopped;

    record.bundle = root;
    return hooks_run(&(struct spec_hooks){ &hook, 1 }, "poststop", &record,
                     CONTAINER_STOPPED, true, report);
}

/* The hook had its whole state. */
static bool is_hooked(void)
{
    return !run("grep -q '\"d\": \"e\"}}$' state && rm state");
}

static void test_hooks(void)
{
    static const struct work hooks = { "hooks_run", NULL, act_hooks,
                                       is_hooked };

    fail_each(&hooks, root, 1);
}

/* --- claims ----------------------------------------------------------------*/

/* None that libxl keeps the configuration of. */
__typeof__(ledger_domains) __wrap_ledger_domains;
int __wrap_ledger_domains(struct arena *arena, struct toolstack *ts,
                          const struct claim *containers,
                          const struct claim **claims, struct report *report)
{
    (void)arena, (void)ts, (void)containers, (void)report;
    *claims = NULL;
    return 0;
}

static const struct dt_pages passed_pages[] = {
    { .mfn = 0x9010, .gfn = 0x4100, .count = 1 },
};
static const struct dt_passthrough passed = {
    .pages = passed_pages, .n_pages = 1,
};
static struct plan_pages planned_pages[] = {
    { 0x9010, 0x4100, 1, "/pl031@9010000", { .field = "/annotations" } },
};
static struct plan_accelerator accelerator;
static const struct plan_devices devices = {
    .list = &accelerator, .count = 1, .pages = planned_pages, .n_pages = 1,
    .passed = &passed,
};

static int act_claim(struct report *report)
{
    struct arena *arena = arena_new();
    struct ledger_order order = {
        .name = "box", .devices = &devices, .file = "config.json",
    };
    int rc = -1;

    if (arena)
        rc = ledger_claim(arena, NULL, &order, box_fd, report);
    else
        report_check(report, HOST_RESOURCES, NULL, "the test's own");
    arena_free(arena);
    return rc;
}

static bool is_claimed(void)
{
    struct arena *arena = arena_new();
    struct report *report = report_new();
    struct claim *claim;
    bool right = !claim_file_read(arena, "box", &claim, report) && claim &&
                 claim->n_pages == 1 && claim->pages[0].mfn == 0x9010;

    report_free(report);
    arena_free(arena);
    return right && !run("rm box/claim");
}

/* Refused, whatever else goes wrong. */
static int act_claim_held(struct report *report)
{
    return act_claim(report) ? 0 : -1;
}

static bool is_refused(void)
{
    return access("box/claim", F_OK);
}

static void write_claim(int dir_fd, const char *holder)
{
    struct claim_pages page = { 0x9010, 1, 0x4200 };
    struct claim_node node = { "/rtc", "/passthrough/rtc" };
    struct claim_stub stub = { "clock", "/osc", "/passthrough/clock-1", 5 };
    struct claim claim = {
        .holder = holder, .pages = &page, .n_pages = 1, .nodes = &node,
        .n_nodes = 1, .stubs = &stub, .n_stubs = 1,
    };
    struct report *report = report_new();

    must(claim_file_write(dir_fd, &claim, report), "a claim");
    report_free(report);
}

/* It has the device, and must be buried first. */
static void make_dead_holder(void)
{
    int fd;

    make_dead();
    fd = open("dead", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    write_claim(fd, "dead");
    close(fd);
}

static void test_claims(void)
{
    static const struct work claim = { "ledger_claim", NULL, act_claim,
                                       is_claimed };
    static const struct work again = { "ledger_claim, of a dead holder's",
                                       make_dead_holder, act_claim,
                                       is_claimed };
    static const struct work held = { "ledger_claim, of what is held", NULL,
                                      act_claim_held, is_refused };
    struct report *report = report_new();
    int lock_fd, fd;

    ok(!act_claim(report) && is_claimed(), "a claim, and the ledger's lock");
    fail_each(&claim, root, 10);
    fail_each(&again, root, 20);
    must(run("rm -rf dead"), "remove the dead one");
    fd = run_create("holder", &lock_fd, report);
    write_claim(fd, "holder");
    fail_each(&held, root, 20);
    must(run("rm -r holder"), "remove the holder");
    close(fd);
    close(lock_fd);
    report_free(report);
}

/* --- shares ----------------------------------------------------------------*/

static int n_warned;

static int act_share(struct report *report)
{
    static struct plan_share share = { .path = "/srv/a", .writable = true };
    const struct plan plan = {
        .name = { .value = "box" }, .shares = &share, .n_shares = 1,
        .shares_are_private = true,
    };
    struct bundle bundle = { .config_file = "config.json" };
    struct loaded loaded = { .arena = arena_new(), .report = report,
                             .bundle = &bundle, .plan = &plan };
    int rc = -1;

    if (loaded.arena)
        rc = share_holders_add(&loaded, box_fd);
    else
        report_check(report, HOST_RESOURCES, NULL, "the test's own");
    arena_free(loaded.arena);
    n_warned = (int)report_count(report, REPORT_WARNING);
    return rc;
}

static bool is_warned(void)
{
    return n_warned == 1;
}

/* What it leaves goes with the run directory. */
static void make_shares(void)
{
    must(run(": >box/shares"), "its file");
}

static void test_shares(void)
{
    static const struct work share = { "share_holders_add", make_shares,
                                       act_share, is_warned };

    must(run("mkdir other && printf 'sr/srv\\0' >other/shares"), "another's");
    fail_each(&share, root, 3);
    must(run("rm -r other"), "remove the other");
}

int main(void)
{
    struct report *report = report_new();

    if (!mkdtemp(root) || chdir(root) || setenv("XL_OCI_RUN_ROOT", root, 1))
        return 1;
    test_directories();
    box_fd = run_create("box", &box_lock_fd, report);
    test_records();
    close(box_lock_fd);
    test_recovery();
    test_hooks();
    test_claims();
    test_shares();
    close(box_fd);
    report_free(report);
    ok(!run("rm box/* .devices && rmdir box") && !chdir("/") && !rmdir(root),
       "nothing else is left");
    return done_testing();
}
