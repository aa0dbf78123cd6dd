/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The backends of the container's 9pfs shares, as the monitor sees them. */
#include "monitor-internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <xenstore.h>

#include "9p/frontend.h"
#include "share-failure.h"

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
static void tell(struct monitor *m, const struct share_failure *failure)
{
    char line[1024];

    snprintf(line, sizeof(line), "xl-oci: the backend of share %u (%.500s) "
             "has ended: %.*s; the guest gets I/O errors from it\n",
             failure->index, failure->path, SHARE_WHY_BYTES, failure->why);
    m->unlogged_bytes += strlen(line) -
        console_log_append(&m->log, line, strlen(line));
}

/* Nothing answers any more: the guest's kernel, which has broken the rules, is
 * told that its device is gone. */
static void close_device(struct monitor *m, unsigned int index)
{
    const struct p9_share share = { .domid = m->domid, .index = index };

    if (m->xs)
        p9_backend_set_state(m->xs, &share, STATE_CLOSING);
}

static char *read_path(struct monitor *m, unsigned int index)
{
    const struct p9_share share = { .domid = m->domid, .index = index };
    char path[P9_PATH_BYTES];
    unsigned int size;

    p9_backend_path(&share, "path", path);
    return m->xs ? xs_read(m->xs, XBT_NULL, path, &size) : NULL;
}

/* Recorded before another is started: a monitor that takes over in between
 * finds no backend and comes here again. */
void monitor_share_ended(struct monitor *m, unsigned int index)
{
    struct share_backend *backend = &m->shares[index];
    char why[SHARE_WHY_BYTES], *path;
    struct share_failure failure = {
        .index = index, .at_s = time(NULL), .why = why,
    };
    struct domain_state state;
    bool answered_errors = backend->answers_errors;

    share_backend_wait(backend, &failure.end);
    monitor_look(m, &state);
    if (state.life != DOMAIN_ALIVE)
        return;                 /* as it should */
    share_backend_why(MONITOR_DIR_FD, index, why, &failure.end);
    if (!strcmp(why, BACKEND_CLOSED))
        return;                 /* the guest has, as at its end */
    path = read_path(m, index);
    failure.path = path ? path : "?";
    tell(m, &failure);
    share_failure_write(MONITOR_DIR_FD, &failure);
    free(path);
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
