/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attempts in a jail, each in one of its own, since most are the process's
 * last. */
#ifndef TEST_P9_JAIL_H
#define TEST_P9_JAIL_H

#include "tap.h"

#include <sched.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "p9-client.h"
#include "xl-oci/9p/jail.h"

/* Exit codes: what the attempt came to. */
enum { DONE = 0, REFUSED = 10, NO_JAIL = 11 };

static struct p9_jail_inside inside;
static const struct p9_jail_call extra[] = {
    { SYS_ioctl, 1, true, FIONREAD },
};

static const int standard[] = { 0, 1, 2 };

static struct p9_jail jail_of(void)
{
    struct p9_jail jail = {
        .export_path = export_of, .descriptors_max = 1000,
        .keep_fds = standard, .keep_count = 3,
        .calls = extra, .call_count = 1,
    };

    return jail;
}

/* What jails need, and the directory to export; false where they cannot be,
 * which was said. */
static bool jails_begin(void)
{
#ifdef __SANITIZE_ADDRESS__
    puts("1..0 # SKIP AddressSanitizer needs calls that the jail forbids");
    return false;
#endif
    if (geteuid() || unshare(CLONE_NEWNS)) {
        puts("1..0 # SKIP only root can make a jail");
        return false;
    }
    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
    scratch_make();
    prctl(PR_SET_SECUREBITS, 0);
    return true;
}

static int result(bool done)
{
    return done ? DONE : REFUSED;
}

/* Exit code of attempt in a jail, or minus the signal that ended it. */
static int in_jail(const struct p9_jail *jail, int (*attempt)(void))
{
    int status, outer = fork();

    if (!outer) {
        pid_t pid = p9_jail_fork();
        const char *failed = "";

        if (pid > 0) {
            waitpid(pid, &status, 0);
            _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
                  WEXITSTATUS(status));
        }
        if (pid < 0 || p9_jail_enter(jail, &inside, &failed) < 0) {
            fprintf(stderr, "# %s: %m\n", failed);
            _exit(NO_JAIL);
        }
        _exit(attempt());
    }
    waitpid(outer, &status, 0);
    status = WEXITSTATUS(status);
    return status > 128 ? 128 - status : status;
}

MAY_BE_UNUSED
static void expect(int (*attempt)(void), int want, const char *name)
{
    struct p9_jail jail = jail_of();
    int got = in_jail(&jail, attempt);

    if (!ok(got == want, "%s", name))
        printf("#   got:  %d\n#   want: %d\n", got, want);
}

MAY_BE_UNUSED
static bool same_file(int a, int b)
{
    struct stat x, y;

    return !fstat(a, &x) && !fstat(b, &y) && x.st_ino == y.st_ino &&
        x.st_dev == y.st_dev;
}

/* Everything below the root: it is empty. */
MAY_BE_UNUSED
static int list_root(void)
{
    char buffer[4096];
    int fd = open("/", O_RDONLY | O_DIRECTORY);
    long n = syscall(SYS_getdents64, fd, buffer, sizeof(buffer));

    return result(fd < 0 || n != 2 * 24); /* . and .. */
}

/* --- what must work: the server --------------------------------------------------- */

static int serve(void)
{
    struct p9_settings settings = { .descriptors = inside.descriptors };
    struct attributes a;
    uint32_t n;

    server = p9_server_new(inside.export_fd, &settings);
    if (!server || call(P9_TVERSION, "ds", P9_MSIZE_MAX, P9_VERSION) ||
        do_attach(ROOT_FID, 1000))
        return 20;
    call(P9_TWALK, "ddw", ROOT_FID, 1u, 0);
    if (do_create(1, "made", O_RDWR, 04755) || do_write(1, 0, "abc", 3, &n))
        return 21;
    if (do_path(2, "made") || do_getattr(2, &a) || a.uid != 1000 ||
        a.mode != (S_IFREG | 04755))
        return 22;
    if (do_setattr(2, (struct change){ .valid = 0x7, .mode = 06711,
                                       .uid = 1234, .gid = 5678 }) ||
        do_getattr(2, &a) || a.uid != 1234 || a.gid != 5678 ||
        a.mode != (S_IFREG | 06711))
        return 23;
    if (call(P9_TUNLINKAT, "dsd", ROOT_FID, "made", 0u) || do_open(2, O_RDWR) ||
        do_read(2, 0, 10, &n) || n != 3 ||
        do_setattr(2, (struct change){ .valid = 0x8, .size = 1 }))
        return 24;
    if (call(P9_TLOCK, "dbdqqds", 2u, 1, 0u, UINT64_C(0), UINT64_C(0), 1u, "g")
        || p9_read_u8(&answer))
        return 25;
    if (call(P9_TMKDIR, "dsdd", ROOT_FID, "dir", 0755u, 0u) ||
        call(P9_TSYMLINK, "dssd", ROOT_FID, "link", "/etc/passwd", 0u) ||
        call(P9_TMKNOD, "dsdddd", ROOT_FID, "fifo", (uint32_t)S_IFIFO | 0600,
             0u, 0u, 0u) ||
        call(P9_TMKNOD, "dsdddd", ROOT_FID, "whiteout", (uint32_t)S_IFCHR, 0u,
             0u, 0u) ||
        do_path(3, "link") || call(P9_TREADLINK, "d", 3u) ||
        call(P9_TLINK, "dds", ROOT_FID, 3u, "link2") ||
        call(P9_TRENAMEAT, "dsds", ROOT_FID, "link2", ROOT_FID, "link3"))
        return 26;
    call(P9_TWALK, "ddw", ROOT_FID, 4u, 0);
    if (do_open(4, O_RDONLY) || call(P9_TREADDIR, "dqd", 4u, UINT64_C(0), 9999u)
        || call(P9_TFSYNC, "dd", 4u, 0u) || call(P9_TSTATFS, "d", 4u))
        return 27;
    if (call(P9_TUNLINKAT, "dsd", ROOT_FID, "dir", 0x200u) ||
        call(P9_TUNLINKAT, "dsd", ROOT_FID, "link", 0u) ||
        call(P9_TUNLINKAT, "dsd", ROOT_FID, "link3", 0u) ||
        call(P9_TUNLINKAT, "dsd", ROOT_FID, "fifo", 0u) ||
        call(P9_TUNLINKAT, "dsd", ROOT_FID, "whiteout", 0u))
        return 28;
    p9_server_free(server);
    return DONE;
}

#endif
