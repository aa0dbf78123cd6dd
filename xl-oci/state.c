/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "checks.h"

#include "reap.h"
#include "share-failure.h"

static void state_init(struct container_state *state)
{
    *state = (struct container_state){
        .dir_fd = -1,
        .domain = { .life = DOMAIN_ABSENT, .domid = -1 },
    };
}

static const struct container_record *
read_quietly(struct arena *arena, const char *name, int dir_fd)
{
    struct report *ignored = report_new();
    const struct container_record *record =
        ignored ? record_read(arena, dir_fd, name, ignored) : NULL;

    report_free(ignored);
    return record;
}

static int read_failed_shares(struct arena *arena,
                              struct container_state *state,
                              struct report *report)
{
    const struct share_failure *failure;
    unsigned int i;

    for (i = 0; i < SHARES_MAX; i++) {
        failure = share_failure_read(arena, state->dir_fd, i);
        if (failure) {
            state->failed_shares[state->n_failed_shares++] = failure;
        } else if (errno != ENOENT && errno != EINVAL && errno != EFBIG) {
            report_check(report, RUN_DIRECTORY, NULL,
                         "whether share %u of \"%s\" has failed cannot be "
                         "read: %s", i, state->record->name, strerror(errno));
            return -1;
        }
    }
    return 0;
}

int state_read(struct arena *arena, const char *name,
               struct container_state *state, struct report *report)
{
    state_init(state);
    state->dir_fd = run_open(name, report);
    if (state->dir_fd < 0)
        return -1;
    state->record = read_quietly(arena, name, state->dir_fd);
    if (state->record)
        return read_failed_shares(arena, state, report);
    /* It may have been removed just now: then it is gone under its name. */
    close(state->dir_fd);
    state->dir_fd = run_open(name, report);
    if (state->dir_fd >= 0)
        state->record = record_read(arena, state->dir_fd, name, report);
    return state->record ? read_failed_shares(arena, state, report) : -1;
}

int state_open(struct arena *arena, const char *name,
               struct container_state *state, struct report *report)
{
    state_init(state);
    if (run_name_is_valid(name) && container_recover(name, report))
        return -1;
    return state_read(arena, name, state, report);
}

void state_close(struct container_state *state)
{
    if (state->dir_fd >= 0)
        close(state->dir_fd);
    state->dir_fd = -1;
}

int state_find_domain(struct container_state *state, struct report *report)
{
    if (state->record->status == CONTAINER_STOPPED)
        return 0;
    return domain_find(state->record->uuid, &state->domain, report);
}

/* `xl unpause` of what -p made tells nobody: the domain itself says it. */
enum container_status state_status(const struct container_state *state)
{
    enum container_status status = state->record->status;

    if (status == CONTAINER_CREATED && state->domain.life == DOMAIN_ALIVE &&
        !state->domain.paused)
        return CONTAINER_RUNNING;
    return status;
}

static void add_annotations(const char *const *pairs, struct bytes *out)
{
    const char *const *p;

    bytes_add_string(out, "{");
    for (p = pairs; p && p[0] && p[1]; p += 2) {
        bytes_add_string(out, p == pairs ? "" : ",");
        bytes_add_json_string(out, p[0]);
        bytes_add_string(out, ":");
        bytes_add_json_string(out, p[1]);
    }
    bytes_add_string(out, "}");
}

/* RFC 3339, in UTC; left out when the clock was mad */
static void add_time(const char *key, int64_t seconds, struct bytes *out)
{
    time_t when = (time_t)seconds;
    struct tm tm;
    char text[32];

    if (gmtime_r(&when, &tm) &&
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
        bytes_printf(out, ",\"%s\":\"%s\"", key, text);
}

static void add_exit(const struct container_exit *e, struct bytes *out)
{
    if (e->kind == EXIT_NONE)
        return;
    bytes_printf(out, ",\"exit\":{\"kind\":\"%s\",\"code\":%d",
                 exit_kind_name(e->kind), exit_to_code(e));
    if (e->kind == EXIT_EXITED || e->kind == EXIT_SIGNALLED)
        bytes_printf(out, ",\"number\":%d", e->number);
    if (e->text) {
        bytes_add_string(out, ",\"text\":");
        bytes_add_json_string(out, e->text);
    }
    bytes_add_string(out, "}");
}

static void add_failed_share(const struct share_failure *f,
                             struct bytes *out)
{
    bytes_printf(out, "{\"share\":%u,\"path\":", f->index);
    bytes_add_json_string(out, f->path);
    add_time("ended", f->at_s, out);
    if (f->end.signal)
        bytes_printf(out, ",\"signal\":%d", f->end.signal);
    else if (f->end.status >= 0)
        bytes_printf(out, ",\"exitStatus\":%d", f->end.status);
    bytes_add_string(out, ",\"reason\":");
    bytes_add_json_string(out, f->why);
    bytes_add_string(out, "}");
}

static void add_failed_shares(const struct container_state *state,
                              struct bytes *out)
{
    unsigned int i;

    for (i = 0; i < state->n_failed_shares; i++) {
        bytes_add_string(out, i ? "," : ",\"failedShares\":[");
        add_failed_share(state->failed_shares[i], out);
    }
    if (i)
        bytes_add_string(out, "]");
}

static void add_extension(const struct container_state *state,
                          struct bytes *out)
{
    const struct container_record *r = state->record;
    const struct domain_state *d = &state->domain;

    bytes_add_string(out, "{\"uuid\":");
    bytes_add_json_string(out, r->uuid);
    add_time("created", r->created_s, out);
    if (d->life != DOMAIN_ABSENT)
        bytes_printf(out, ",\"domid\":%d,\"paused\":%s,\"memoryKiB\":%llu,"
                     "\"vcpus\":%u,\"cpuTimeNs\":%llu", d->domid,
                     d->paused ? "true" : "false",
                     (unsigned long long)d->memory_kib, d->vcpus,
                     (unsigned long long)d->cpu_time_ns);
    add_failed_shares(state, out);
    add_exit(&r->exit, out);
    bytes_add_string(out, "}");
}

void state_format_json(const struct container_state *state, struct bytes *out)
{
    const struct container_record *r = state->record;

    bytes_add_string(out, "{\"ociVersion\":");
    bytes_add_json_string(out, r->oci_version ? r->oci_version : "");
    bytes_add_string(out, ",\"id\":");
    bytes_add_json_string(out, r->name);
    bytes_printf(out, ",\"status\":\"%s\"",
                 container_status_name(state_status(state)));
    if (r->status != CONTAINER_STOPPED && r->monitor_pid)
        bytes_printf(out, ",\"pid\":%d", (int)r->monitor_pid);
    bytes_add_string(out, ",\"bundle\":");
    bytes_add_json_string(out, r->bundle);
    bytes_add_string(out, ",\"annotations\":");
    add_annotations(r->annotations, out);
    bytes_add_string(out, ",\"org.xenproject.oci\":");
    add_extension(state, out);
    bytes_add_string(out, "}");
}

void state_format_exit(const struct container_exit *e, struct bytes *out)
{
    if (e->kind == EXIT_NONE)
        bytes_add_string(out, "-");
    else if (e->kind == EXIT_EXITED || e->kind == EXIT_SIGNALLED)
        bytes_printf(out, "%s %d", exit_kind_name(e->kind), e->number);
    else
        bytes_add_string(out, exit_kind_name(e->kind));
}
