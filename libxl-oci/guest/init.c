/* SPDX-License-Identifier: MIT */
/*
 * PID 1 of the guest: executes the program that the host compiled (program.h),
 * supervises the container's process, tells the host how it ended and powers
 * the domain off. It never exits: the kernel would panic.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host-clock.h"
#include "report.h"

#define CONSOLE_PATH "/dev/hvc0"
#define CONSOLE_OPTION "oci.console=" /* of the kernel's command line */

static const struct {
    const char *type, *path;
    unsigned long flags;
} fixed_mounts[] = {
    { "devtmpfs", "/dev", MS_NOSUID },
    { "proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC },
    { "sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC },
};

/* The kernel mounts none of them for an initramfs. What is needed but missing
 * fails by name later; the kernel's log tells why. */
static void mount_fixed(void)
{
    size_t i;

    mkdir(COPIES_DIR, 0700);
    for (i = 0; i < sizeof(fixed_mounts) / sizeof(fixed_mounts[0]); i++) {
        mkdir(fixed_mounts[i].path, 0755);
        if (mount(fixed_mounts[i].type, fixed_mounts[i].path,
                  fixed_mounts[i].type, fixed_mounts[i].flags, NULL))
            report_to_kernel(fixed_mounts[i].path, errno);
    }
}

/* Whatever the kernel opened: nothing of init, or a hook, goes there. */
static void take_null_streams(void)
{
    int fd = open("/dev/null", O_RDWR);

    if (fd < 0)
        return;
    dup2(fd, 0);
    dup2(fd, 1);
    dup2(fd, 2);
    if (fd > 2)
        close(fd);
}

static int open_console(void)
{
    char line[2048];
    char *option, *end;
    int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);

    if (fd >= 0)
        close(fd);
    line[got > 0 ? got : 0] = '\0';
    option = strstr(line, CONSOLE_OPTION);
    if (!option)
        return console_open(CONSOLE_PATH);
    option += strlen(CONSOLE_OPTION);
    end = option + strcspn(option, " \n");
    *end = '\0';
    return console_open(option);
}

static int fail(struct outcome *outcome, int error, const char *text)
{
    outcome->kind = OUTCOME_FAILED;
    failure_set(&outcome->failure, NULL, error, text);
    return -1;
}

/* The file's pages are the program's only copy; they go with the mapping. */
static int map_program(void **bytes, size_t *size_bytes)
{
    int fd = open(PROGRAM_PATH, O_RDONLY | O_CLOEXEC);
    struct stat stat_buffer;

    if (fd < 0)
        return -1;
    if (fstat(fd, &stat_buffer)) {
        close(fd);
        return -1;
    }
    *size_bytes = (size_t)stat_buffer.st_size;
    *bytes = mmap(NULL, *size_bytes ? *size_bytes : 1, PROT_READ, MAP_PRIVATE,
                  fd, 0);
    close(fd);
    if (*bytes == MAP_FAILED)
        return -1;
    /* It holds the seed of the random pool: nobody else shall read that. */
    return unlink(PROGRAM_PATH);
}

static int load_program(struct program *program, struct outcome *outcome)
{
    const char *wrong;
    size_t size_bytes;
    void *bytes;
    int op_index;

    if (map_program(&bytes, &size_bytes))
        return fail(outcome, errno, PROGRAM_PATH);
    wrong = program_open(program, bytes, size_bytes, &op_index);
    if (!wrong)
        return 0;
    fail(outcome, EINVAL, wrong);
    outcome->failure.op_index = op_index;
    return -1;
}

static void run_program(const struct program *program, struct relay *relay,
                        struct xenbus *xenbus, int64_t asked_ns,
                        struct outcome *outcome)
{
    struct setup setup = { .program = program, .root = -1 };
    struct op op = { 0 };

    while (op_next(program, &op) && op.code != PROGRAM_OP_START)
        if (op_run(&setup, &op, guest_op(op.code), &outcome->failure)) {
            outcome->kind = OUTCOME_FAILED;
            return;
        }
    if (host_clock_set(xenbus, asked_ns))
        report_to_kernel("the host's time", errno);
    supervise(&setup, &op, relay, xenbus, outcome);
}

/* The process is gone, and its mount namespace with it. */
static void unmount_target(const struct op *op)
{
    struct args args = op_args(op);
    const char *target;

    arg_string(&args);
    target = arg_string(&args);
    /* Busy, e.g. below an overlay: at least leave a clean journal. */
    if (umount2(target, 0) &&
        mount(NULL, target, NULL, MS_REMOUNT | MS_RDONLY, NULL))
        sync();
}

/* Takes back the mounts of phase GUEST, the last one first. */
static void unmount_all(const struct program *program)
{
    uint32_t before = program->op_count;
    struct op op, last;
    int found;

    if (!program->bytes)
        return;
    do {
        found = 0;
        memset(&op, 0, sizeof(op));
        while (op_next(program, &op) && op.index < before)
            if (op.code == PROGRAM_OP_MOUNT) {
                last = op;
                found = 1;
            }
        if (found) {
            unmount_target(&last);
            before = last.index;
        }
    } while (found);
}

__attribute__((noreturn))
static void power_off(void)
{
    sync();
    reboot(RB_POWER_OFF);
    for (;;)
        pause();
}

int main(void)
{
    struct program program = { 0 };
    struct outcome outcome = { .kind = OUTCOME_FAILED };
    struct relay relay;
    struct xenbus xenbus;
    int64_t asked_ns;

    if (getpid() != 1)
        return 1; /* it would kill, and power off, what is not its own */
    mount_fixed();
    take_null_streams();
    signal(SIGPIPE, SIG_IGN);
    umask(0);
    relay_init(&relay, open_console());
    xenbus_init(&xenbus, open(XENBUS_PATH, O_RDWR | O_NONBLOCK | O_CLOEXEC));
    asked_ns = host_clock_ask(&xenbus);
    if (load_program(&program, &outcome) == 0)
        run_program(&program, &relay, &xenbus, asked_ns, &outcome);
    kill(-1, SIGKILL);
    unmount_all(&program);
    report_outcome(&xenbus, relay.console, &outcome);
    power_off();
}
