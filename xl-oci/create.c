/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "create.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "checks.h"
#include "console-client.h"
#include "domain-config.h"
#include "files.h"
#include "guest-exit.h"
#include "hooks.h"
#include "reap.h"
#include "share-holders.h"
#include "share-nodes.h"
#include "toolstack.h"

/* key, value, …, NULL as the record has them */
static const char *const *flatten(struct arena *arena,
                                  const struct spec_pairs *pairs)
{
    const char **flat = ARENA_ARRAY(arena, const char *,
                                    2 * pairs->count + 1);
    size_t i;

    for (i = 0; flat && i < pairs->count; i++) {
        flat[2 * i] = pairs->items[i].key;
        flat[2 * i + 1] = pairs->items[i].value;
    }
    return flat;
}

static int fill_record(struct creation *c)
{
    struct loaded *l = c->loaded;

    c->record = (struct container_record){
        .name = l->plan->name.value,
        .uuid = l->plan->uuid.value,
        .bundle = l->bundle->path,
        .oci_version = l->spec->oci_version.value,
        .status = CONTAINER_CREATING,
        .domid = -1,
        .created_s = time(NULL),
        .annotations = flatten(l->arena, &l->spec->annotations),
    };
    c->run_path = arena_printf(l->arena, "%s/%s", run_root(),
                               c->record.name);
    if (c->record.annotations && c->run_path)
        return 0;
    report_check(l->report, HOST_RESOURCES, NULL, "out of memory");
    return -1;
}

/* Nothing exists yet: look before anything is made. */
static int check_host(struct creation *c)
{
    struct report *report = c->loaded->report;
    const char *name = c->record.name;

    c->ts = toolstack_open(report);
    if (!c->ts)
        return -1;
    return run_name_is_valid(name) ? container_recover(name, report) : 0;
}

/* What is made from here on has its end recorded, however full it gets. */
static int keep_reserve(const struct creation *c)
{
    const struct report_where where = { .file = c->run_path };

    if (!guest_exit_reserve(c->dir_fd))
        return 0;
    report_check(c->loaded->report, RUN_DIRECTORY, &where,
                 "no room can be kept for the container's end: %s",
                 strerror(errno));
    return -1;
}

static int start_monitor(struct creation *c)
{
    struct monitor_start start = {
        .name = c->record.name, .uuid = c->record.uuid,
        .lock_fd = c->lock_fd, .dir_fd = c->dir_fd,
    };

    /* the UUID is on record before a domain can have it */
    if (record_write(c->dir_fd, &c->record, c->loaded->report) ||
        keep_reserve(c) ||
        monitor_link_open(&c->monitor, &start, c->loaded->report))
        return -1;
    c->record.monitor_pid = c->monitor.pid;
    return 0;
}

static int make_domain(struct creation *c)
{
    const struct plan_artifacts artifacts = {
        .disk_paths = c->disk_paths, .ramdisk_path = c->ramdisk_path,
        .device_tree_path = c->device_tree_path,
    };
    struct report *report = c->loaded->report;
    libxl_domain_config config;
    int rc;

    if (domain_config_fill((struct libxl__ctx *)c->ts->ctx, c->loaded->plan,
                           &artifacts, &config)) {
        report_check(report, HOST_RESOURCES, NULL, "out of memory");
        return -1;
    }
    disk_nodes_take(&config, &c->disks);
    rc = toolstack_create(c->ts, &config, &c->domid, report);
    libxl_domain_config_dispose(&config);
    unlinkat(c->dir_fd, "ramdisk", 0);
    if (rc)
        return -1;
    c->record.domid = c->domid;
    if (ledger_confirm(c->loaded->arena, c->ts, &c->devices, report) ||
        disk_nodes_compare(c->loaded->plan, c->domid,
                           c->loaded->bundle->config_file, report) ||
        disk_nodes_connect(&c->disks, c->domid, report))
        return -1;
    return share_nodes_write(c->loaded->plan, (int)c->domid, c->record.uuid,
                             report);
}

static int attend_to_domain(struct creation *c)
{
    const struct message_domain domain = {
        .domid = (int32_t)c->domid,
        .n_shares = (uint32_t)c->loaded->plan->n_shares,
    };

    return monitor_link_domain(&c->monitor, &domain, c->held_fds,
                               c->n_held_fds, c->loaded->report);
}

/* OCI runtime.md "Lifecycle", steps 3 to 5: the runtime environment exists,
 * the process does not. */
static int run_creation_hooks(struct creation *c)
{
    const struct bundle *bundle = c->loaded->bundle;
    const struct spec *spec = c->loaded->spec;
    struct report *report = c->loaded->report;

    if (!spec->prestart.count && !spec->create_runtime.count &&
        !spec->poststop.count)
        return 0;
    if (file_write_at(c->dir_fd, "config.json", bundle->config,
                      bundle->config_bytes)) {
        report_check(report, RUN_DIRECTORY, NULL,
                     "config.json cannot be kept for the poststop hooks");
        return -1;
    }
    c->record.config_path = arena_printf(c->loaded->arena, "%s/config.json",
                                         c->run_path);
    if (hooks_run(&spec->prestart, "prestart", &c->record,
                  CONTAINER_CREATING, true, report))
        return -1;
    return hooks_run(&spec->create_runtime, "createRuntime", &c->record,
                     CONTAINER_CREATING, true, report);
}

static int start_process(struct creation *c)
{
    struct report *report = c->loaded->report;

    /* blkback and the monitor, each at its own */
    if (disk_nodes_wait(&c->disks, c->domid, report) ||
        monitor_link_wait_ready(&c->monitor, report))
        return -1;
    c->record.status = CONTAINER_CREATED;
    if (c->attached)
        console_client_prepare();
    if (c->paused)
        return 0;
    if (toolstack_unpause(c->ts, c->domid, report))
        return -1;
    c->record.status = CONTAINER_RUNNING;
    return hooks_run(&c->loaded->spec->poststart, "poststart", &c->record,
                     CONTAINER_RUNNING, false, report);
}

/* The record first: from then on the container is, whoever dies. */
static int commit(struct creation *c)
{
    struct report *report = c->loaded->report;

    if (record_write(c->dir_fd, &c->record, report))
        return -1;
    if (!monitor_link_commit(&c->monitor, c->attached))
        return 0;
    report_check(report, MONITOR_FAILED, NULL,
                 "it ended while the container was created");
    return -1;
}

static int claim_devices(struct creation *c)
{
    c->devices = (struct ledger_order){
        .name = c->record.name, .uuid = c->record.uuid,
        .devices = &c->loaded->plan->devices,
        .file = c->loaded->bundle->config_file,
    };
    return ledger_claim(c->loaded->arena, c->ts, &c->devices, c->dir_fd,
                        c->loaded->report);
}

static int make_all(struct creation *c)
{
    return start_monitor(c) || claim_devices(c) ||
           share_holders_add(c->loaded, c->dir_fd) ||
           creation_make_files(c) || make_domain(c) || attend_to_domain(c) ||
           run_creation_hooks(c) || start_process(c) ||
           creation_settle_images(c) || commit(c) ? -1 : 0;
}

static void undo(struct creation *c)
{
    struct report *report = c->loaded->report;

    monitor_link_abort(&c->monitor);
    /* what cannot be undone now stays on record for the next command */
    if (!faccessat(c->dir_fd, "record", F_OK, 0) &&
        container_reap(c->record.name, c->dir_fd, report))
        return;
    run_remove(c->record.name, report);
}

int creation_make(struct creation *creation)
{
    struct creation *c = creation;

    c->dir_fd = c->lock_fd = c->monitor.fd = -1;
    c->monitor.pid = -1;
    if (fill_record(c) || check_host(c))
        return -1;
    c->dir_fd = run_create(c->record.name, &c->lock_fd, c->loaded->report);
    if (c->dir_fd < 0)
        return -1;
    if (!make_all(c))
        return 0;
    undo(c);
    return -1;
}

void creation_close(struct creation *creation)
{
    struct creation *c = creation;

    monitor_link_close(&c->monitor);
    while (c->n_held_fds)
        close(c->held_fds[--c->n_held_fds]);
    if (c->dir_fd >= 0)
        close(c->dir_fd);
    if (c->lock_fd >= 0)
        close(c->lock_fd);
    disk_nodes_dispose(&c->disks);
    toolstack_close(c->ts);
    c->ts = NULL;
}
