/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "disk-nodes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "block-loop.h"
#include "checks.h"
#include "plan.h"
#include "xenstore-wire.h"

#define PATH_BYTES 96
#define SCRIPT "xl-oci-block"
#define XVD_MAJOR 202
#define EXTENDED (1u << 28)     /* Xen: docs/man/xen-vbd-interface.7 */
#define NODE_BYTES 32
#define MAX_REQUESTS 64         /* of one disk */
#define BLKBACK_TIMEOUT_MS 10000
#define RELEASE_TIMEOUT_MS 10000
#define STEP_MS 2

enum { STATE_INIT_WAIT = 2 };   /* Xen: public/io/xenbus.h */

/* Where a disk is in xenstore: the parts of guest, Dom0 and toolstack. */
struct paths {
    char domain[PATH_BYTES];
    char front[PATH_BYTES], back[PATH_BYTES], own[PATH_BYTES];
};

/* The requests of one round trip; texts of numbers live beside them. */
struct batch {
    struct xenstore_request *requests;
    size_t count;
    char domid[16], devid[16], number[32], readers[32], owner[32];
};

static void make_paths(struct paths *p, uint32_t domid, unsigned int devid)
{
    snprintf(p->domain, PATH_BYTES, "/local/domain/%u", domid);
    snprintf(p->front, PATH_BYTES, "/local/domain/%u/device/vbd/%u", domid,
             devid);
    snprintf(p->back, PATH_BYTES, "/local/domain/0/backend/vbd/%u/%u", domid,
             devid);
    snprintf(p->own, PATH_BYTES, "/libxl/%u/device/vbd/%u", domid, devid);
}

/* "xvda" to "xvdz"; 0 for anything else, which libxl knows better. */
static unsigned int disk_number(const char *vdev)
{
    unsigned int index;

    if (strncmp(vdev, "xvd", 3) || vdev[3] < 'a' || vdev[3] > 'z' || vdev[4])
        return 0;
    index = (unsigned int)(vdev[3] - 'a');
    return index < 16 ? XVD_MAJOR << 8 | index << 4 : EXTENDED | index << 8;
}

static bool is_our_script(const char *script)
{
    const char *slash = script ? strrchr(script, '/') : NULL;

    return slash && !strcmp(slash + 1, SCRIPT);
}

static bool is_ours(const libxl_device_disk *disk)
{
    struct stat st;

    return disk_number(disk->vdev) && is_our_script(disk->script) &&
           !stat(disk->pdev_path, &st) && S_ISREG(st.st_mode);
}

void disk_nodes_take(libxl_domain_config *config, struct disk_nodes *nodes)
{
    int kept = 0, i;

    nodes->count = 0;
    nodes->disks = calloc((size_t)config->num_disks + 1,
                          sizeof(*nodes->disks));
    for (i = 0; nodes->disks && i < config->num_disks; i++)
        if (is_ours(&config->disks[i]))
            nodes->disks[nodes->count++] = config->disks[i];
        else
            config->disks[kept++] = config->disks[i];
    if (nodes->disks)
        config->num_disks = kept;
}

void disk_nodes_dispose(struct disk_nodes *nodes)
{
    while (nodes->count)
        libxl_device_disk_dispose(&nodes->disks[--nodes->count]);
    free(nodes->disks);
    nodes->disks = NULL;
}

/* --- connecting ---------------------------------------------------------- */

static void add(struct batch *b, enum xenstore_type type, const char *dir,
                const char *name, const char *value)
{
    b->requests[b->count++] = (struct xenstore_request){
        .type = type, .dir = dir, .name = name, .value = value };
}

/* What is written below has the same owner and readers. */
static void add_directory(struct batch *b, const char *dir,
                          const char *permissions)
{
    add(b, XENSTORE_RM, dir, NULL, NULL);
    add(b, XENSTORE_MKDIR, dir, NULL, NULL);
    add(b, XENSTORE_SET_PERMS, dir, NULL, permissions);
}

/* The part that backend and toolstack have in common. */
static void add_disk(struct batch *b, const char *dir,
                     const libxl_device_disk *disk)
{
    const char *const rows[][2] = {
        { "params", disk->pdev_path }, { "script", disk->script },
        { "frontend-id", b->domid }, { "online", "1" }, { "removable", "0" },
        { "bootable", "1" }, { "state", "1" }, { "dev", disk->vdev },
        { "type", "phy" }, { "mode", disk->readwrite ? "w" : "r" },
        { "device-type", "disk" }, { "discard-enable", "0" },
        { "specification", "xen" },
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        add(b, XENSTORE_WRITE, dir, rows[i][0], rows[i][1]);
}

static void add_backend(struct batch *b, const struct paths *p,
                        const libxl_device_disk *disk, const char *node)
{
    add_directory(b, p->back, b->readers);
    add(b, XENSTORE_WRITE, p->back, "frontend", p->front);
    add_disk(b, p->back, disk);
    add(b, XENSTORE_WRITE, p->back, "physical-device", b->number);
    add(b, XENSTORE_WRITE, p->back, "node", node);
    add(b, XENSTORE_WRITE, p->back, "physical-device-path", node);
    add(b, XENSTORE_WRITE, p->back, "hotplug-status", "connected");
}

static void add_frontend(struct batch *b, const struct paths *p)
{
    add_directory(b, p->front, b->owner);
    add(b, XENSTORE_WRITE, p->front, "backend", p->back);
    add(b, XENSTORE_WRITE, p->front, "backend-id", "0");
    add(b, XENSTORE_WRITE, p->front, "state", "1");
    add(b, XENSTORE_WRITE, p->front, "virtual-device", b->devid);
    add(b, XENSTORE_WRITE, p->front, "device-type", "disk");
    add(b, XENSTORE_WRITE, p->front, "trusted", "1");
}

static void add_toolstack(struct batch *b, const struct paths *p,
                          const libxl_device_disk *disk)
{
    add_directory(b, p->own, "n0");
    add(b, XENSTORE_WRITE, p->own, "frontend", p->front);
    add(b, XENSTORE_WRITE, p->own, "backend", p->back);
    add_disk(b, p->own, disk);
}

/* All or nothing. 0 or an errno. */
static int commit(int store_fd, struct batch *b)
{
    uint32_t transaction;
    int error, end_error;
    size_t i;

    do {
        error = xenstore_begin(store_fd, &transaction);
        if (error)
            return error;
        if (xenstore_batch_in(store_fd, transaction, b->requests,
                              b->count) < 0)
            return errno;
        for (i = 0; !error && i < b->count; i++)
            if (b->requests[i].type != XENSTORE_RM)
                error = b->requests[i].error;
        end_error = xenstore_end(store_fd, transaction, !error);
        error = error ? error : end_error;
    } while (error == EAGAIN);
    return error;
}

static int write_nodes(int store_fd, uint32_t domid,
                       const libxl_device_disk *disk, const char *node,
                       dev_t number)
{
    unsigned int devid = disk_number(disk->vdev);
    struct batch b = { .requests = calloc(MAX_REQUESTS,
                                          sizeof(*b.requests)) };
    struct paths p;
    int error;

    if (!b.requests)
        return ENOMEM;
    make_paths(&p, domid, devid);
    snprintf(b.domid, sizeof(b.domid), "%u", domid);
    snprintf(b.readers, sizeof(b.readers), "n0 r%u", domid);
    snprintf(b.owner, sizeof(b.owner), "n%u r0", domid);
    snprintf(b.devid, sizeof(b.devid), "%u", devid);
    snprintf(b.number, sizeof(b.number), "%x:%x", major(number),
             minor(number));
    /* not for one that somebody has destroyed: they would remain */
    add(&b, XENSTORE_READ, p.domain, "domid", NULL);
    add_backend(&b, &p, disk, node);
    add_frontend(&b, &p);
    add_toolstack(&b, &p, disk);
    error = commit(store_fd, &b);
    free(b.requests);
    return error;
}

static int report_disk(const libxl_device_disk *disk, int error,
                       struct report *report)
{
    char text[LOOP_TEXT_BYTES];

    loop_describe(error, disk->pdev_path, disk->readwrite, text);
    report_check(report, DOMAIN_CREATE, NULL, "disk %s: %s", disk->vdev,
                 text);
    return -1;
}

static int connect_disk(int store_fd, uint32_t domid,
                        const libxl_device_disk *disk, struct report *report)
{
    char node[NODE_BYTES];
    struct paths p;
    dev_t number;
    int fd, error;

    make_paths(&p, domid, disk_number(disk->vdev));
    fd = open(disk->pdev_path, (disk->readwrite ? O_RDWR : O_RDONLY) |
              O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return report_disk(disk, errno, report);
    error = loop_attach(fd, p.back, disk->readwrite, node, sizeof(node),
                        &number);
    close(fd);
    if (error)
        return report_disk(disk, error, report);
    error = write_nodes(store_fd, domid, disk, node, number);
    if (!error)
        return 0;
    loop_detach(node, p.back);
    report_check(report, DOMAIN_CREATE, NULL,
                 "disk %s: its nodes cannot be written: %s", disk->vdev,
                 strerror(error));
    return -1;
}

typedef int disk_step(int store_fd, uint32_t domid,
                      const libxl_device_disk *disk, struct report *report);

/* One after the other, until a step fails. */
static int for_each_disk(const struct disk_nodes *nodes, uint32_t domid,
                         disk_step *step, struct report *report)
{
    int store_fd, rc = 0, i;

    if (!nodes->count)
        return 0;
    store_fd = xenstore_connect();
    if (store_fd < 0) {
        report_check(report, XENSTORE_UNAVAILABLE, NULL, "%s",
                     strerror(errno));
        return -1;
    }
    for (i = 0; !rc && i < nodes->count; i++)
        rc = step(store_fd, domid, &nodes->disks[i], report);
    close(store_fd);
    return rc;
}

int disk_nodes_connect(const struct disk_nodes *nodes, uint32_t domid,
                       struct report *report)
{
    return for_each_disk(nodes, domid, connect_disk, report);
}

/* --- comparing ----------------------------------------------------------- */

/* What blkback opens, as the script of the disk has found it. */
static int compare_disk(int store_fd, uint32_t domid,
                        const struct plan_disk *disk, const char *file,
                        struct report *report)
{
    static struct xenstore_request r;
    const struct report_where where = {
        .file = file, .line = disk->from.line, .column = disk->from.column,
        .path = disk->from.field,
    };
    char want[32];
    struct paths p;

    make_paths(&p, domid, disk_number(disk->vdev));
    snprintf(want, sizeof(want), "%x:%x", major(disk->number),
             minor(disk->number));
    r = (struct xenstore_request){ .type = XENSTORE_READ, .dir = p.back,
                                   .name = "physical-device" };
    if (xenstore_batch(store_fd, &r, 1) < 0 || r.error)
        report_check(report, DOMAIN_CREATE, &where,
                     "disk %s: which device it is cannot be read: %s",
                     disk->vdev, strerror(r.error ? r.error : errno));
    else if (strcmp(r.answer, want))
        report_check(report, MOUNT_SOURCE_CHANGED, &where,
                     "\"%s\" is the device %s now, not %s", disk->path,
                     r.answer, want);
    else
        return 0;
    return -1;
}

int disk_nodes_compare(const struct plan *plan, uint32_t domid,
                       const char *file, struct report *report)
{
    int store_fd = -1, rc = 0;
    size_t i;

    for (i = 0; i < plan->n_disks; i++) {
        if (!plan->disks[i].number)
            continue;
        if (store_fd < 0 && (store_fd = xenstore_connect()) < 0) {
            report_check(report, XENSTORE_UNAVAILABLE, NULL, "%s",
                         strerror(errno));
            return -1;
        }
        rc |= compare_disk(store_fd, domid, &plan->disks[i], file, report);
    }
    if (store_fd >= 0)
        close(store_fd);
    return rc;
}

/* --- waiting ------------------------------------------------------------- */

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

static void pause_step(void)
{
    const struct timespec t = { .tv_nsec = STEP_MS * 1000000l };

    nanosleep(&t, NULL);
}

/* A disk that is gone went with its domain, as whoever starts that will see. */
static int wait_for_blkback(int store_fd, uint32_t domid,
                            const libxl_device_disk *disk,
                            struct report *report)
{
    static struct xenstore_request state;
    int64_t deadline_ms = now_ms() + BLKBACK_TIMEOUT_MS;
    struct paths p;

    make_paths(&p, domid, disk_number(disk->vdev));
    while (now_ms() < deadline_ms) {
        state = (struct xenstore_request){
            .type = XENSTORE_READ, .dir = p.back, .name = "state" };
        if (xenstore_batch(store_fd, &state, 1) < 0)
            break;
        if (state.error == ENOENT ||
            (!state.error && atoi(state.answer) == STATE_INIT_WAIT))
            return 0;
        pause_step();
    }
    report_check(report, DOMAIN_CREATE, NULL,
                 "disk %s: Dom0's blkback does not take it (state \"%s\")",
                 disk->vdev, state.answer);
    return -1;
}

int disk_nodes_wait(const struct disk_nodes *nodes, uint32_t domid,
                    struct report *report)
{
    return for_each_disk(nodes, domid, wait_for_blkback, report);
}

/* --- removing ------------------------------------------------------------ */

/* The loop device that was made for the disk; false: it is not one of ours. */
static bool read_node(int store_fd, const struct paths *p, char *node)
{
    static struct xenstore_request r[2];

    r[0] = (struct xenstore_request){
        .type = XENSTORE_READ, .dir = p->back, .name = "script" };
    r[1] = (struct xenstore_request){
        .type = XENSTORE_READ, .dir = p->back, .name = "node" };
    if (xenstore_batch(store_fd, r, 2) < 0 || r[0].error || r[1].error ||
        !is_our_script(r[0].answer) || strncmp(r[1].answer, "/dev/loop", 9))
        return false;
    snprintf(node, NODE_BYTES, "%.*s", NODE_BYTES - 1, r[1].answer);
    return loop_has_label(node, p->back);
}

static int remove_nodes(int store_fd, const struct paths *p)
{
    static struct xenstore_request r[3];
    struct batch b = { .requests = r };

    add(&b, XENSTORE_RM, p->front, NULL, NULL);
    add(&b, XENSTORE_RM, p->back, NULL, NULL);
    add(&b, XENSTORE_RM, p->own, NULL, NULL);
    return commit(store_fd, &b);
}

/* Detached as soon as blkback, which sees the nodes go, lets it go. */
static void release_loop(const char *node, const char *label)
{
    int64_t deadline_ms = now_ms() + RELEASE_TIMEOUT_MS;

    loop_detach(node, label);
    while (loop_has_label(node, label) && now_ms() < deadline_ms)
        pause_step();
}

static void remove_disk(int store_fd, uint32_t domid, unsigned int devid)
{
    char node[NODE_BYTES];
    struct paths p;

    make_paths(&p, domid, devid);
    if (read_node(store_fd, &p, node) && !remove_nodes(store_fd, &p))
        release_loop(node, p.back);
}

/* The answer is what dir has, each name with a NUL. */
static bool list(int store_fd, const char *dir, struct xenstore_request *r)
{
    *r = (struct xenstore_request){ .type = XENSTORE_DIRECTORY, .dir = dir };
    return !xenstore_batch(store_fd, r, 1) && !r->error;
}

/* What was above the last disk is nobody's. */
static void remove_empty(int store_fd, const char *dir)
{
    static struct xenstore_request r;

    if (!list(store_fd, dir, &r) || r.size_bytes)
        return;
    r = (struct xenstore_request){ .type = XENSTORE_RM, .dir = dir };
    xenstore_batch(store_fd, &r, 1);
}

void disk_nodes_remove(uint32_t domid)
{
    static struct xenstore_request disks;
    int store_fd = xenstore_connect();
    char own[PATH_BYTES], back[PATH_BYTES];
    const char *devid;

    if (store_fd < 0)
        return;
    snprintf(own, sizeof(own), "/libxl/%u/device/vbd", domid);
    snprintf(back, sizeof(back), "/local/domain/0/backend/vbd/%u", domid);
    if (list(store_fd, own, &disks)) {
        for (devid = disks.answer; devid < disks.answer + disks.size_bytes;
             devid += strlen(devid) + 1)
            remove_disk(store_fd, domid,
                        (unsigned int)strtoul(devid, NULL, 10));
        remove_empty(store_fd, back);
    }
    close(store_fd);
}
