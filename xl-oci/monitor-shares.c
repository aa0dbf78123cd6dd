/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The backends of the container's 9pfs shares, as the monitor sees them. */
#include "monitor-internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xenstore.h>

#include "9p/frontend.h"

static int start_backend(struct monitor *m, unsigned int index, int export_fd,
                         char why[SHARE_WHY_BYTES])
{
    const struct share_start start = {
        .dir_fd = MONITOR_DIR_FD, .uuid = m->uuid_text, .domid = m->domid,
        .index = index, .export_fd = export_fd,
    };

    return share_backend_start(&start, &m->shares[index], why);
}

int monitor_start_shares(struct monitor *m, const int *fds, unsigned int n_fds,
                         char *text, size_t text_bytes)
{
    char why[SHARE_WHY_BYTES] = "";
    unsigned int i;

    if (n_fds > SHARES_MAX) {
        snprintf(text, text_bytes, "more than %d shares", SHARES_MAX);
        return -1;
    }
    for (i = 0; i < n_fds; i++) {
        if (start_backend(m, i, fds[i], why)) {
            snprintf(text, text_bytes, "share %u: %.*s", i, 200, why);
            return -1;
        }
        /* the backend's from here on */
        close(fds[i]);
        m->n_shares++;
    }
    return 0;
}

/* Into the log, behind what the container has written so far. */
static void tell(struct monitor *m, unsigned int index, const char *why)
{
    const struct p9_share share = { .domid = m->domid, .index = index };
    char path[P9_PATH_BYTES], line[1024], *directory = NULL;
    unsigned int size;

    p9_backend_path(&share, "path", path);
    if (m->xs)
        directory = xs_read(m->xs, XBT_NULL, path, &size);
    snprintf(line, sizeof(line), "xl-oci: the backend of share %u (%.500s) "
             "has ended: %.*s; the guest gets I/O errors from it\n", index,
             directory ? directory : "?", SHARE_WHY_BYTES, why);
    m->unlogged_bytes += strlen(line) -
        console_log_append(&m->log, line, strlen(line));
    free(directory);
}

/* Nothing answers any more: the guest's kernel, which has broken the rules, is
 * told that its device is gone. */
static void close_device(struct monitor *m, unsigned int index)
{
    const struct p9_share share = { .domid = m->domid, .index = index };

    if (m->xs)
        p9_backend_set_state(m->xs, &share, STATE_CLOSING);
}

static void forget(struct share_backend *backend)
{
    while (waitpid(backend->pid, NULL, 0) < 0 && errno == EINTR)
        ;                       /* another monitor's: ECHILD */
    if (backend->pid_fd >= 0)
        close(backend->pid_fd);
    backend->pid_fd = -1;
}

void monitor_share_ended(struct monitor *m, unsigned int index)
{
    struct share_backend *backend = &m->shares[index];
    char why[SHARE_WHY_BYTES];
    struct domain_state state;
    bool answered_errors = backend->answers_errors;

    forget(backend);
    monitor_look(m, &state);
    if (state.life != DOMAIN_ALIVE)
        return;                 /* as it should */
    share_backend_why(MONITOR_DIR_FD, index, why);
    if (!strcmp(why, BACKEND_CLOSED))
        return;                 /* the guest has, as at its end */
    tell(m, index, why);
    if (answered_errors || start_backend(m, index, -1, why))
        close_device(m, index);
}

static unsigned int count_shares(struct monitor *m)
{
    unsigned int count = 0;
    char path[P9_PATH_BYTES];

    snprintf(path, sizeof(path), "/local/domain/0/backend/9pfs/%d", m->domid);
    free(xs_directory(m->xs, XBT_NULL, path, &count));
    return count < SHARES_MAX ? count : SHARES_MAX;
}

void monitor_find_shares(struct monitor *m)
{
    unsigned int i;

    m->n_shares = count_shares(m);
    for (i = 0; i < m->n_shares; i++)
        if (share_backend_find(MONITOR_DIR_FD, i, &m->shares[i]))
            monitor_share_ended(m, i);
}
