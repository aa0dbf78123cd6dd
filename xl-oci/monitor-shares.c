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

/* A process that dies at once is not started more often. */
#define RESTART_INTERVAL_MS 5000

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

/* Again and again: Linux waits for ever for an answer that nobody gives, even
 * where the device is closed. */
static void answer_errors(struct monitor *m, unsigned int index)
{
    int64_t now_ms = monitor_now_ms();
    int64_t due_ms = m->errors[index].started_ms + RESTART_INTERVAL_MS;
    char why[SHARE_WHY_BYTES];

    if (!m->errors[index].started_ms || now_ms >= due_ms) {
        m->errors[index].started_ms = now_ms;
        m->errors[index].due_ms = 0;
        if (!start_backend(m, index, -1, why))
            return;
        due_ms = now_ms + RESTART_INTERVAL_MS;
    }
    m->errors[index].due_ms = due_ms;
}

int monitor_restart_shares(struct monitor *m)
{
    int64_t now_ms = monitor_now_ms(), next_ms = INT64_MAX;
    unsigned int i;

    for (i = 0; i < m->n_shares; i++) {
        if (m->errors[i].due_ms && m->errors[i].due_ms <= now_ms)
            answer_errors(m, i);
        if (m->errors[i].due_ms && m->errors[i].due_ms < next_ms)
            next_ms = m->errors[i].due_ms;
    }
    if (next_ms == INT64_MAX)
        return -1;
    return next_ms > now_ms ? (int)(next_ms - now_ms) : 0;
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
    if (!answered_errors) {
        path = read_path(m, index);
        failure.path = path ? path : "?";
        tell(m, &failure);
        share_failure_write(MONITOR_DIR_FD, &failure);
        free(path);
    }
    answer_errors(m, index);
}

void monitor_find_shares(struct monitor *m)
{
    unsigned int count = p9_backend_count(m->xs, m->domid), i;

    m->n_shares = count < SHARES_MAX ? count : SHARES_MAX;
    for (i = 0; i < m->n_shares; i++)
        if (share_backend_find(MONITOR_DIR_FD, i, &m->shares[i]))
            monitor_share_ended(m, i);
}
