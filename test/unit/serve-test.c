/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The jailed process of a backend as serve.c puts it together, without Xen:
 * this program is its transport, and looks around where it would serve.
 */
#include "tap.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "p9-client.h"
#include "xl-oci/9p/serve.h"
#include "xl-oci/9p/transport.h"

/* --- the transport: what is seen from inside ------------------------------- */

static int events_fd;

int p9_transport_connect(struct p9_transport *t,
                         const struct p9_frontend *frontend,
                         const char **failed)
{
    (void)frontend;
    *failed = "/dev/null cannot be opened";
    t->msize_max = P9_MSIZE_MAX;
    events_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    return events_fd < 0 ? -1 : 0;
}

int p9_transport_descriptor(const struct p9_transport *t)
{
    (void)t;
    return events_fd;
}

void p9_transport_calls(const struct p9_transport *t,
                        struct p9_jail_call calls[P9_TRANSPORT_CALLS])
{
    int i;

    (void)t;
    for (i = 0; i < P9_TRANSPORT_CALLS; i++)
        calls[i] = (struct p9_jail_call){ .number = SYS_read,
                                          .first = events_fd };
}

static bool leads_out(int fd)
{
    int up = openat(fd, "..", O_PATH);
    struct stat here, above;

    if (up < 0)
        return false;
    if (fstat(fd, &here) || fstat(up, &above))
        return true;
    close(up);
    return here.st_ino != above.st_ino || here.st_dev != above.st_dev;
}

/* What each descriptor is, by number: "-" none, "d" a directory, "c" and "p"
 * what they are in ls(1), "!" what leads to another directory. */
const char *p9_transport_serve(struct p9_transport *t,
                               const struct p9_service *service)
{
    static char seen[64];
    struct stat st;
    size_t fd;

    (void)t;
    (void)service;
    for (fd = 0; fd < sizeof(seen) - 1; fd++)
        seen[fd] = leads_out((int)fd) ? '!' : fstat((int)fd, &st) ? '-' :
                   S_ISDIR(st.st_mode) ? 'd' : S_ISCHR(st.st_mode) ? 'c' :
                   S_ISFIFO(st.st_mode) ? 'p' : '?';
    for (fd = 64; fd < 100000; fd++)
        if (leads_out((int)fd) || fcntl((int)fd, F_GETFD) >= 0)
            return "one beyond those";
    while (seen[strlen(seen) - 1] == '-')
        seen[strlen(seen) - 1] = '\0';
    return seen;
}

/* --- the parent ------------------------------------------------------------ */

static void open_at(const char *path, int number)
{
    int fd = open(path, O_PATH | O_DIRECTORY);

    if (fd < 0 || dup2(fd, number) != number)
        exit(1);
    if (fd != number)
        close(fd);
}

static struct serve_how how_of(bool failed)
{
    return (struct serve_how){
        .failed = failed,
        .budget = { .fid_max = 1000, .open_max = 1000,
                    .memory_more = 16 << 20 },
    };
}

static void sees(bool failed, const char *want)
{
    const struct serve_how how = how_of(failed);
    static const struct p9_frontend frontend = { .domid = 1, .n_rings = 1 };
    char text[SERVE_REPORT_BYTES];
    int report_fd, status;
    pid_t pid = serve_start(&frontend, &how, &report_fd);

    is_int(serve_wait_mapped(report_fd), 0,
           failed ? "without a directory: mapped" :
           "with a directory: mapped");
    waitpid(pid, &status, 0);
    serve_read_report(report_fd, text);
    is_str(text, want, "what is open");
    close(report_fd);
}

static void tries(bool failed)
{
    const struct serve_how how = how_of(failed);
    FILE *to = tmpfile();

    is_int(serve_try_jail(&how, to), 0, "a jail is possible");
    is_int(ftell(to), 0, "without a complaint");
    fclose(to);
}

int main(void)
{
#ifdef __SANITIZE_ADDRESS__
    puts("1..0 # SKIP AddressSanitizer needs calls that the jail forbids");
    return 0;
#endif
    if (geteuid()) {
        puts("1..0 # SKIP only root can make a jail");
        return 0;
    }
    scratch_make();
    /* the directory, and what stands for the parent's connections */
    open_at(export_of, SERVE_EXPORT_FD);
    open_at("/", 20);
    open_at("/", 70);
    /* 3 and 7: the mount that is attached nowhere, the server's and the jail's */
    sees(false, "cccdppcd");
    tries(false);
    open_at("/", SERVE_EXPORT_FD);
    sees(true, "ccc-ppc");
    tries(true);
    return done_testing();
}
