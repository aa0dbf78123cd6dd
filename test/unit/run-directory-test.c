/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Run directory, record, exit status, console log: in a directory of ours. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/report.h"
#include "tap.h"
#include "xl-oci/console-log.h"
#include "xl-oci/guest-exit.h"
#include "xl-oci/run-directory.h"

static const char *first_check(struct report *report)
{
    return report_first(report) ? report_first(report)->check->name : NULL;
}

static void test_names(void)
{
    char long_name[82];

    memset(long_name, 'a', sizeof(long_name));
    long_name[81] = '\0';
    ok(run_name_is_valid("web-1.2_x"), "a plain name");
    ok(!run_name_is_valid(""), "not the empty name");
    ok(!run_name_is_valid(".."), "not ..");
    ok(!run_name_is_valid("a/b"), "no slash");
    ok(!run_name_is_valid("-a"), "no dash in front");
    ok(!run_name_is_valid(long_name), "not 81 bytes");
    ok(run_name_is_valid(long_name + 1), "80 bytes");
}

/* Does another process see the lock as held? A lock of one's own is none. */
static void test_lock_across_processes(void)
{
    struct report *report = report_new();
    int lock_fd, dir_fd = run_create("locked", &lock_fd, report), other, status;
    pid_t child;

    ok(dir_fd >= 0, "created");
    ok(run_is_attended(dir_fd), "attended while the lock is held");
    is_int(run_lock(dir_fd), -1, "nobody else gets the lock");
    child = fork();
    if (!child) {
        pause();
        _exit(0);
    }
    close(lock_fd);
    ok(run_is_attended(dir_fd), "the child holds it still: one description");
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    ok(!run_is_attended(dir_fd), "free when the last holder was killed");
    other = run_lock(dir_fd);
    ok(other >= 0, "and can be taken again");
    is_int(run_create("locked", &lock_fd, report), -1, "the name is taken");
    is_str(first_check(report), "container-exists", "and the check says so");
    is_int(run_remove("locked", report), 0, "removed");
    ok(!run_is_attended(dir_fd), "a removed one is not attended");
    close(other);
    close(dir_fd);
    report_free(report);
}

static void test_list(void)
{
    struct arena *arena = arena_new();
    struct report *report = report_new();
    int lock_b, lock_a, b = run_create("b", &lock_b, report),
        a = run_create("a", &lock_a, report);
    char **names = run_list(arena, report);

    ok(names && names[0] && names[1] && !names[2], "two names");
    is_str(names[0], "a", "sorted");
    is_int(run_open("c", report), -1, "no third");
    is_str(first_check(report), "container-unknown", "container-unknown");
    run_remove("a", report);
    run_remove("b", report);
    close(a), close(b), close(lock_a), close(lock_b);
    report_free(report);
    arena_free(arena);
}

/* A directory under construction or removal by the process of that ID. */
static void make_temporary(pid_t pid, char *path, size_t path_bytes)
{
    char file[320];

    snprintf(path, path_bytes, "%s/.tmp-half-done-%d", run_root(), (int)pid);
    mkdir(path, 0700);
    snprintf(file, sizeof(file), "%s/record", path);
    close(open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static void test_sweep(void)
{
    char dead[256], alive[256], own[256], file[320];
    pid_t child = fork();

    if (!child)
        _exit(0);
    waitpid(child, NULL, 0);
    make_temporary(child, dead, sizeof(dead));
    make_temporary(getppid(), alive, sizeof(alive));
    make_temporary(getpid(), own, sizeof(own));
    run_sweep();
    ok(access(dead, F_OK) && errno == ENOENT, "of a dead process: removed");
    ok(!access(alive, F_OK), "of one that lives: left to it");
    ok(access(own, F_OK) && errno == ENOENT,
       "of this process, or of one that had its number: removed");
    snprintf(file, sizeof(file), "%s/record", alive);
    unlink(file);
    rmdir(alive);
}

/* A container of an hour ago, as it is when it is deleted. */
static void make_old(const char *name, struct report *report)
{
    const struct timespec old[2] = { { time(NULL) - 3600, 0 },
                                     { time(NULL) - 3600, 0 } };
    int lock_fd, dir_fd = run_create(name, &lock_fd, report);

    close(openat(dir_fd, "record", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    futimens(dir_fd, old);
    close(lock_fd);
    close(dir_fd);
}

/* Every command sweeps: it must not take a removal for one given up. */
static void test_removal_beside_sweeps(void)
{
    struct report *report = report_new();
    int i, failed = 0;
    pid_t child = fork();

    if (!child)
        for (;;)
            run_sweep();
    for (i = 0; i < 500; i++) {
        make_old("old", report);
        failed += run_remove("old", report) != 0;
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    is_int(failed, 0, "removals beside sweeps that failed");
    is_str(first_check(report), NULL, "and nothing is reported");
    report_free(report);
}

/* Between its renaming and its end, and when the name is another's. */
static void test_is_removed(void)
{
    struct report *report = report_new();
    int lock_fd, again_fd, dir_fd = run_create("going", &lock_fd, report),
        root_fd = open(run_root(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int other_fd;

    ok(!run_is_removed("going", dir_fd), "there");
    renameat(root_fd, "going", root_fd, ".tmp-going-1");
    ok(run_is_removed("going", dir_fd), "being removed");
    other_fd = run_create("going", &again_fd, report);
    ok(other_fd >= 0 && !run_is_removed("going", other_fd), "there again");
    ok(run_is_removed("going", dir_fd), "not the one of before");
    run_remove("going", report);
    ok(run_is_removed("going", other_fd), "removed");
    renameat(root_fd, ".tmp-going-1", root_fd, "going");
    run_remove("going", report);
    close(root_fd), close(dir_fd), close(lock_fd);
    close(other_fd), close(again_fd);
    report_free(report);
}

static void test_record(void)
{
    const char *const annotations[] = { "k\"1", "v\n", "k2", "", NULL };
    const struct container_record written = {
        .name = "r", .uuid = "u", .bundle = "/b \"c\"", .oci_version = "1.2.0",
        .status = CONTAINER_RUNNING, .domid = 7, .monitor_pid = 42,
        .created_s = 1700000000, .annotations = annotations,
        .exit = { EXIT_FAILED, 0, "3 mount 2 No such file" },
    };
    struct arena *arena = arena_new();
    struct report *report = report_new();
    int lock_fd, dir_fd = run_create("r", &lock_fd, report), fd;
    const struct container_record *r;

    is_int(record_write(dir_fd, &written, report), 0, "written");
    r = record_read(arena, dir_fd, "r", report);
    ok(r != NULL, "read again");
    is_str(r->bundle, written.bundle, "bundle");
    is_int(r->status, CONTAINER_RUNNING, "status");
    is_int(r->domid, 7, "domid");
    is_int(r->exit.kind, EXIT_FAILED, "exit kind");
    is_str(r->exit.text, written.exit.text, "exit text");
    is_str(r->annotations[0], "k\"1", "annotation");
    is_str(r->annotations[3], "", "empty annotation");
    ok(!r->annotations[4], "no more");
    ok(!record_read(arena, dir_fd, "other", report), "another's is refused");
    is_str(first_check(report), "container-record-damaged", "by its check");
    fd = openat(dir_fd, "record", O_WRONLY | O_TRUNC);
    ok(write(fd, "{\"version\": 1}", 14) == 14, "a record with nothing in it");
    close(fd);
    ok(!record_read(arena, dir_fd, "r", report), "is refused");
    run_remove("r", report);
    close(dir_fd), close(lock_fd);
    report_free(report);
    arena_free(arena);
}

static const struct {
    const char *text;
    enum exit_kind kind;
    int number;
} exits[] = {
    { "exited 0", EXIT_EXITED, 0 },
    { "exited 255", EXIT_EXITED, 255 },
    { "exited 256", EXIT_NONE, 0 },
    { "exited -1", EXIT_NONE, 0 },
    { "exited 07", EXIT_NONE, 0 },
    { "exited 7 ", EXIT_NONE, 0 },
    { "exited", EXIT_NONE, 0 },
    { "exited 99999999999999999999", EXIT_NONE, 0 },
    { "signalled 9", EXIT_SIGNALLED, 9 },
    { "signalled 0", EXIT_NONE, 0 },
    { "signalled 65", EXIT_NONE, 0 },
    { "failed 3 mount 2 x", EXIT_FAILED, 0 },
    { "", EXIT_NONE, 0 },
    { "%s%n", EXIT_NONE, 0 },
};

static void test_guest_exit(void)
{
    struct guest_exit e;
    char huge[600] = "failed ";
    size_t i;

    for (i = 0; i < sizeof(exits) / sizeof(exits[0]); i++) {
        int rc = guest_exit_parse(exits[i].text, strlen(exits[i].text), &e);

        ok(e.exit.kind == exits[i].kind && e.exit.number == exits[i].number &&
           rc == (exits[i].kind == EXIT_NONE ? -1 : 0), "\"%s\"",
           exits[i].text);
    }
    memset(huge + 7, 'x', sizeof(huge) - 7);
    is_int(guest_exit_parse(huge, sizeof(huge), &e), -1, "too long");
    is_int(guest_exit_parse("exited\0 7", 9, &e), -1, "NUL inside");
    is_int(guest_exit_parse("failed \033[2J\xff", 12, &e), 0, "escapes");
    is_str(e.exit.text, "?[2J?", "are made harmless");
    is_int(exit_to_code(&(struct container_exit){ .kind = EXIT_SIGNALLED,
                                                  .number = 9 }), 137,
           "a signal's code");
    is_int(exit_to_code(&(struct container_exit){ .kind = EXIT_CRASHED }),
           125, "a crash's code");
}

static void test_exit_file(int dir_fd)
{
    const struct container_exit cause = { EXIT_FAILED, 0, "1 mount 2 a b" };
    struct guest_exit e;

    is_int(guest_exit_read(dir_fd, &e), -1, "no exit file yet");
    is_int(guest_exit_write(dir_fd, &cause), 0, "written");
    is_int(guest_exit_read(dir_fd, &e), 0, "read");
    is_int(e.exit.kind, EXIT_FAILED, "kind");
    is_str(e.exit.text, cause.text, "text");
}

static void test_log(int dir_fd)
{
    static char block[100000], back[100000];
    struct console_log log;
    uint64_t position;
    struct stat status;
    unsigned int i;
    bool same = true;

    is_int(console_log_open(&log, dir_fd), 0, "log opened");
    for (i = 0; i < 30; i++) {
        memset(block, 'a' + (int)(i % 26), sizeof(block));
        same &= console_log_append(&log, block, sizeof(block)) ==
                sizeof(block);
    }
    ok(same, "3 MB taken");
    is_int((long long)console_log_end(&log), 3000000, "end");
    is_int((long long)console_log_oldest(&log), XL_OCI_LOG_BYTES,
           "the first file is gone");
    for (position = console_log_oldest(&log);
         position < console_log_end(&log);) {
        ssize_t n = console_log_read(&log, position, back, sizeof(back)), k;

        for (k = 0; k < n; k++)
            same &= back[k] == 'a' + (int)((position + (uint64_t)k) /
                                           sizeof(block) % 26);
        if (n <= 0)
            break;
        position += (uint64_t)n;
    }
    ok(same && position == console_log_end(&log), "all held is read back");
    fstatat(dir_fd, "log.1", &status, 0);
    is_int(status.st_size, XL_OCI_LOG_BYTES, "bounded");
    console_log_close(&log);
    is_int(console_log_open(&log, dir_fd), 0, "continued after a kill");
    ok(log.size == 3000000 - 2 * XL_OCI_LOG_BYTES, "where it was");
    console_log_close(&log);
}

static void fill(int dir_fd)
{
    static const char zeros[4096];
    int fd = openat(dir_fd, "filler", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    while (write(fd, zeros, sizeof(zeros)) > 0)
        ;
    ok(errno == ENOSPC, "the file system is full");
    close(fd);
}

/* What fills the file system while a container runs does not keep its end
 * from being recorded. */
static void test_end_when_full(void)
{
    static char text[500], long_text[7300];
    const char *const annotations[] = { "a", long_text, NULL };
    struct container_record record = {
        .name = "full", .uuid = "u", .bundle = "/b",
        .status = CONTAINER_RUNNING, .annotations = annotations,
    };
    struct report *report = report_new();
    int lock_fd, dir_fd, fd;

    if (geteuid() || mount("tmpfs", run_root(), "tmpfs", 0,
                           "size=256k,mode=700")) {
        ok(1, "a full run directory # SKIP needs root to mount a tmpfs");
        report_free(report);
        return;
    }
    memset(text, 't', sizeof(text) - 1);
    memset(long_text, 'a', sizeof(long_text) - 1);
    dir_fd = run_create("full", &lock_fd, report);
    ok(!record_write(dir_fd, &record, report) && !guest_exit_reserve(dir_fd),
       "a record, and room for its end");
    fd = openat(dir_fd, "log", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    fill(dir_fd);
    is_int(write(fd, text, sizeof(text)), -1, "nothing more can be written");
    close(fd);
    ok(faccessat(dir_fd, "reserve", F_OK, 0) == 0, "the room is kept");
    record.status = CONTAINER_STOPPED;
    record.exit = (struct container_exit){ EXIT_FAILED, 0, text };
    is_int(guest_exit_write(dir_fd, &record.exit), 0, "how it ended is kept");
    console_log_write_lost(dir_fd, sizeof(text));
    is_int((long long)console_log_read_lost(dir_fd), sizeof(text),
           "and how much was lost");
    is_int(record_write(dir_fd, &record, report), 0, "and is recorded");
    is_str(first_check(report), NULL, "without a word");
    is_int(run_remove("full", report), 0, "removed");
    close(dir_fd);
    close(lock_fd);
    report_free(report);
    ok(!umount(run_root()), "unmounted");
}

int main(void)
{
    char root[] = "/tmp/xl-oci-run-XXXXXX";
    struct report *report = report_new();
    int lock_fd, dir_fd;

    if (!mkdtemp(root) || setenv("XL_OCI_RUN_ROOT", root, 1))
        return 1;
    test_names();
    test_lock_across_processes();
    test_list();
    test_sweep();
    test_removal_beside_sweeps();
    test_is_removed();
    test_record();
    test_guest_exit();
    dir_fd = run_create("files", &lock_fd, report);
    test_exit_file(dir_fd);
    test_log(dir_fd);
    run_remove("files", report);
    close(dir_fd);
    close(lock_fd);
    report_free(report);
    test_end_when_full();
    ok(!rmdir(root), "nothing is left");
    return done_testing();
}
