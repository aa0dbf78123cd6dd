/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xenstore.h>

#include "base/arena.h"
#include "block-orphans.h"
#include "checks.h"
#include "domain.h"
#include "files.h"
#include "guest-exit.h"
#include "guest/program.h"
#include "hooks.h"
#include "json.h"
#include "ledger.h"
#include "run-directory.h"
#include "share-backend.h"
#include "share-holders.h"
#include "share-nodes.h"
#include "spec.h"

/* What a domain that is still there says, without a monitor to ask. */
static int ask_guest(int domid, struct guest_exit *result)
{
    struct xs_handle *xs = xs_open(0);
    unsigned int size = 0;
    char path[64], *text = NULL;
    int rc = -1;

    snprintf(path, sizeof(path), "/local/domain/%d/" XS_GUEST_EXIT, domid);
    if (xs)
        text = xs_read(xs, XBT_NULL, path, &size);
    if (text)
        rc = guest_exit_parse(text, size, result);
    free(text);
    if (xs)
        xs_close(xs);
    return rc;
}

/* Kept in the file "exit" before the domain is destroyed, so that a second
 * attempt finds it. */
static void collect_exit(int dir_fd, const struct domain_state *domain,
                         struct guest_exit *result)
{
    if (!guest_exit_read(dir_fd, result) && result->exit.kind != EXIT_NONE)
        return;
    if (domain->life == DOMAIN_ABSENT || domain->life == DOMAIN_DYING) {
        result->exit.kind = EXIT_DESTROYED;
    } else if (ask_guest(domain->domid, result)) {
        if (domain->life == DOMAIN_SHUTDOWN)
            guest_exit_from_reason(domain->shutdown_reason, result);
        else
            result->exit.kind = EXIT_DESTROYED;
    }
    guest_exit_write(dir_fd, &result->exit);
}

/* config.json is saved when the hooks' part of the lifecycle begins: without
 * it no hook has run, and none is due. */
static void run_poststop(struct arena *arena, int dir_fd,
                         const struct container_record *record,
                         struct report *report)
{
    const struct json *document;
    const struct spec *spec;
    char *text;
    ssize_t size;

    if (faccessat(dir_fd, "config.json", F_OK, 0) && errno == ENOENT)
        return;
    text = malloc(json_default_limits.max_bytes + 1);
    size = text ? file_read_at(dir_fd, "config.json", text,
                               json_default_limits.max_bytes + 1) : -1;
    if (size < 0)
        report_check(report, HOOK_WARNED, NULL,
                     "no poststop hook of \"%s\" runs: its config.json "
                     "cannot be read: %s", record->name, strerror(errno));
    document = size < 0 ? NULL :
               json_parse(arena, "config.json", text, (size_t)size,
                          &json_default_limits, report);
    spec = document ? spec_from_json(arena, document, report) : NULL;
    if (spec)
        hooks_run(&spec->poststop, "poststop", record, CONTAINER_STOPPED,
                  false, report);
    free(text);
}

static int reap_record(struct arena *arena, int dir_fd,
                       const struct container_record *record,
                       struct report *report)
{
    struct container_record stopped = *record;
    struct domain_state domain;
    struct guest_exit ended;

    if (domain_find(record->uuid, &domain, report))
        return -1;
    collect_exit(dir_fd, &domain, &ended);
    /* what holds the domain's memory first */
    share_backends_end(dir_fd);
    if (domain.life != DOMAIN_ABSENT && domain_destroy(record->uuid, report))
        return -1;
    /* libxl goes on when the program that releases a disk was killed */
    block_release_orphans(report);
    share_nodes_remove(record->uuid);
    ledger_release(dir_fd);
    share_holders_remove(dir_fd);
    unlinkat(dir_fd, "device-tree", 0);
    unlinkat(dir_fd, "ramdisk", 0);
    stopped.status = CONTAINER_STOPPED;
    stopped.domid = -1;
    stopped.monitor_pid = 0;
    stopped.exit = ended.exit;
    run_poststop(arena, dir_fd, &stopped, report);
    /* what was never complete has not stopped: it goes, with its record */
    if (record->status != CONTAINER_CREATING &&
        record_write(dir_fd, &stopped, report))
        return -1;
    unlinkat(dir_fd, "exit", 0);
    unlinkat(dir_fd, "config.json", 0);
    return 0;
}

int container_reap(const char *name, int dir_fd, struct report *report)
{
    const struct container_record *record;
    struct arena *arena = arena_new();
    int rc = -1;

    if (!arena) {
        report_check(report, HOST_RESOURCES, NULL, "out of memory");
        return -1;
    }
    record = record_read(arena, dir_fd, name, report);
    if (record)
        rc = record->status == CONTAINER_STOPPED ? 0 :
             reap_record(arena, dir_fd, record, report);
    arena_free(arena);
    return rc;
}
