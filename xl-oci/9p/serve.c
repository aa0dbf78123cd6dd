/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "serve.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jail.h"
#include "message.h"
#include "server.h"
#include "transport.h"

#define REPORT_FD 4
#define LIFE_FD 5
#define MAPPED '+'
#define NOT_MAPPED '-'
#define STRING_OF(n) STRING_OF_(n)
#define STRING_OF_(n) #n

static void say(const char *what, const char *why)
{
    char text[SERVE_REPORT_BYTES];
    int size = snprintf(text, sizeof(text), "%s%s%s", what, why ? ": " : "",
                        why ? why : "");

    if (size >= (int)sizeof(text))
        size = (int)sizeof(text) - 1;
    (void)!write(REPORT_FD, text, (size_t)size);
}

/* --- what answers ---------------------------------------------------------- */

static uint32_t server_msize(void *context)
{
    return p9_server_msize(context);
}

static size_t server_handle(void *context, const void *request,
                            size_t size_bytes, void *reply, size_t room)
{
    return p9_server_handle(context, request, size_bytes, reply, room);
}

static uint32_t error_msize(void *context)
{
    (void)context;
    return P9_MSIZE_MAX;
}

/* Rlerror EIO, whatever was asked. */
static size_t error_handle(void *context, const void *request,
                           size_t size_bytes, void *reply, size_t room)
{
    struct p9_writer w = p9_writer_into(reply, room);
    struct p9_header header;

    (void)context;
    if (!p9_read_header(request, size_bytes, &header))
        return 0;
    p9_write_u32(&w, EIO);
    return p9_write_end(&w, P9_RLERROR, header.tag);
}

/* --- the jailed process ---------------------------------------------------- */

static struct p9_settings settings_of(const struct serve_how *how)
{
    return (struct p9_settings){
        .read_only = how->read_only, .fid_max = how->budget.fid_max,
        .open_max = how->budget.open_max,
    };
}

/* t: NULL where it is only tried. */
static int enter_jail(const struct p9_transport *t,
                      const struct serve_how *how,
                      struct p9_jail_inside *inside, const char **step)
{
    const struct p9_settings settings = settings_of(how);
    int kept[] = { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, REPORT_FD,
                   LIFE_FD, -1 };
    struct p9_jail_call calls[P9_TRANSPORT_CALLS];
    struct p9_jail jail = {
        .export_path = how->failed ? NULL :
                       "/proc/self/fd/" STRING_OF(SERVE_EXPORT_FD),
        .read_only = how->read_only, .keep_fds = kept, .keep_count = 3,
        .descriptors_max = p9_server_descriptors(&settings),
        .memory_more = how->budget.memory_more,
    };

    if (t) {
        p9_transport_calls(t, calls);
        jail.calls = calls;
        jail.call_count = P9_TRANSPORT_CALLS;
        kept[5] = p9_transport_descriptor(t);
        jail.keep_count = sizeof(kept) / sizeof(kept[0]);
    }
    return p9_jail_enter(&jail, inside, step);
}

static void serve_errors(struct p9_transport *t)
{
    static const struct p9_service service = {
        .msize = error_msize, .handle = error_handle,
    };

    say(p9_transport_serve(t, &service), NULL);
}

static void serve_directory(struct p9_transport *t,
                            const struct serve_how *how,
                            const struct p9_jail_inside *inside)
{
    struct p9_settings settings = settings_of(how);
    struct p9_service service = {
        .msize = server_msize, .handle = server_handle,
    };

    settings.msize_max = t->msize_max;
    settings.descriptors = inside->descriptors;
    service.context = p9_server_new(inside->export_fd, &settings);
    if (service.context)
        say(p9_transport_serve(t, &service), NULL);
    else
        say("the server cannot be made", strerror(errno));
}

/* Nothing of the parent's but the directory and the pipes: above all not its
 * connection to xenstored. Without a directory, something of the parent's has
 * the number. */
static void drop_descriptors(int report_fd, int life_fd, bool failed)
{
    int null_fd = fcntl(open("/dev/null", O_RDWR), F_DUPFD, LIFE_FD + 1);
    int kept_fd = fcntl(life_fd, F_DUPFD, LIFE_FD + 1);

    dup2(report_fd, REPORT_FD);
    dup2(kept_fd, LIFE_FD);
    dup2(null_fd, STDIN_FILENO);
    dup2(null_fd, STDOUT_FILENO);
    dup2(null_fd, STDERR_FILENO);
    if (failed)
        dup2(null_fd, SERVE_EXPORT_FD);
    close_range(LIFE_FD + 1, ~0u, 0);
}

static void serve(const struct p9_frontend *frontend,
                  const struct serve_how *how)
{
    static struct p9_transport t;
    struct p9_jail_inside inside;
    const char *step;
    bool is_mapped;
    char first;

    umask(0);
    if (p9_jail_end_with(LIFE_FD))
        return;
    is_mapped = !p9_transport_connect(&t, frontend, &step);
    first = is_mapped ? MAPPED : NOT_MAPPED;
    if (write(REPORT_FD, &first, 1) != 1)
        return;
    if (!is_mapped) {
        say(step, errno ? strerror(errno) : NULL);
        return;
    }
    if (enter_jail(&t, how, &inside, &step))
        say(step, strerror(errno));
    else if (how->failed)
        serve_errors(&t);
    else
        serve_directory(&t, how, &inside);
}

/* --- the parent's side ----------------------------------------------------- */

pid_t serve_start(const struct p9_frontend *frontend,
                  const struct serve_how *how, int *report_fd)
{
    int pipe_fds[2], life_fds[2];
    pid_t pid;

    if (pipe2(pipe_fds, O_CLOEXEC) || pipe2(life_fds, O_CLOEXEC))
        return -1;
    pid = p9_jail_fork();
    if (!pid) {
        drop_descriptors(pipe_fds[1], life_fds[0], how->failed);
        serve(frontend, how);
        _exit(1);
    }
    close(pipe_fds[1]);
    close(life_fds[0]);         /* the other end, as long as we live */
    *report_fd = pipe_fds[0];
    return pid;
}

int serve_wait_mapped(int report_fd)
{
    char first;
    ssize_t got;

    do
        got = read(report_fd, &first, 1);
    while (got < 0 && errno == EINTR);
    return got == 1 && first == MAPPED ? 0 : -1;
}

void serve_read_report(int report_fd, char text[SERVE_REPORT_BYTES])
{
    ssize_t got = read(report_fd, text, SERVE_REPORT_BYTES - 1);
    ssize_t i;

    for (i = 0; i < got; i++)
        if (text[i] < 0x20 || text[i] > 0x7e)
            text[i] = '?';
    text[got < 0 ? 0 : got] = '\0';
}

int serve_try_jail(const struct serve_how *how, FILE *to)
{
    struct p9_jail_inside inside;
    const char *step = "";
    int status = 0;
    pid_t pid = p9_jail_fork();

    if (!pid) {
        if (!enter_jail(NULL, how, &inside, &step))
            _exit(0);
        dprintf(fileno(to), "the jail cannot be entered: %s: %s\n", step,
                strerror(errno));
        _exit(1);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (pid > 0 && WIFEXITED(status) && !WEXITSTATUS(status))
        return 0;
    if (pid < 0)
        fprintf(to, "the jail cannot be made: %s\n", strerror(errno));
    return -1;
}
