/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xl-oci-block: the hotplug "script" of a domain's disk (xl-disk-configuration
 * (5), script=). libxl runs it with `add` or `remove` and the disk's backend
 * directory in $XENBUS_PATH. It does what Xen's own `block` script does for
 * files and block devices: makes a loop device, tells blkback its number, and
 * sees to it that nothing is written by two users at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "block-loop.h"
#include "xenstore-wire.h"

#define BACKENDS "backend/vbd"     /* relative: in our own domain's part */
/* libxl has no such node: `remove` has found nothing, `add` comes too late */
#define REMOVED "xl-oci-removed"

struct disk {
    int store_fd;
    const char *dir;                /* $XENBUS_PATH */
    char params[XENSTORE_PAYLOAD_MAX + 1];
    char node[XENSTORE_PAYLOAD_MAX + 1];
    bool writable, is_connected;
};

/*
 * Whoever started us may be dead, and the disk's directory gone or about to
 * go: nothing is written into one that is not there, as that would make it
 * again, nor after `remove` has passed. 0 or an errno; ENOENT: not written.
 */
static int try_write(const struct disk *disk,
                     struct xenstore_request *requests, size_t count)
{
    static struct xenstore_request looks[2];
    uint32_t transaction;
    int error = xenstore_begin(disk->store_fd, &transaction), end_error;
    size_t i;

    if (error)
        return error;
    looks[0] = (struct xenstore_request){
        .type = XENSTORE_READ, .dir = disk->dir, .name = "params" };
    looks[1] = (struct xenstore_request){
        .type = XENSTORE_READ, .dir = disk->dir, .name = REMOVED };
    if (xenstore_batch_in(disk->store_fd, transaction, looks, 2) < 0)
        return errno;
    if (looks[0].error || !looks[1].error)
        error = ENOENT;
    else if (xenstore_batch_in(disk->store_fd, transaction, requests,
                               count) < 0)
        return errno;
    for (i = 0; !error && i < count; i++)
        error = requests[i].error;
    end_error = xenstore_end(disk->store_fd, transaction, !error);
    return error ? error : end_error;
}

static int write_all_or_none(const struct disk *disk,
                             struct xenstore_request *requests, size_t count)
{
    int error;

    do
        error = try_write(disk, requests, count);
    while (error == EAGAIN);
    return error;
}

/* libxl reads hotplug-error and shows it. */
__attribute__((format(printf, 2, 3)))
static int fail(const struct disk *disk, const char *fmt, ...)
{
    static struct xenstore_request requests[2];
    char message[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(message, sizeof(message), fmt, ap);
    va_end(ap);
    fprintf(stderr, "xl-oci-block: %s\n", message);
    if (disk->store_fd >= 0) {
        requests[0] = (struct xenstore_request){
            .type = XENSTORE_WRITE, .dir = disk->dir,
            .name = "hotplug-error", .value = message };
        requests[1] = (struct xenstore_request){
            .type = XENSTORE_WRITE, .dir = disk->dir,
            .name = "hotplug-status", .value = "error" };
        (void)write_all_or_none(disk, requests, 2);
    }
    return 1;
}

static int read_disk(struct disk *disk)
{
    static struct xenstore_request requests[4];
    static const char *const names[] = {
        "params", "mode", "node", "physical-device",
    };
    size_t i;

    for (i = 0; i < 4; i++) {
        requests[i].type = XENSTORE_READ;
        requests[i].dir = disk->dir;
        requests[i].name = names[i];
    }
    if (xenstore_batch(disk->store_fd, requests, 4) < 0)
        return fail(disk, "xenstore: %s", strerror(errno));
    snprintf(disk->params, sizeof(disk->params), "%s", requests[0].answer);
    snprintf(disk->node, sizeof(disk->node), "%s", requests[2].answer);
    disk->writable = requests[1].answer[0] == 'w';
    disk->is_connected = !requests[3].error;
    return 0;
}

/* hotplug-status comes last: blkback and libxl may rely on the others. */
static int write_disk(const struct disk *disk, const char *node, dev_t number)
{
    static struct xenstore_request requests[4];
    char device[32];
    const char *const rows[][2] = {
        { "physical-device", device }, { "node", node },
        { "physical-device-path", node }, { "hotplug-status", "connected" },
    };
    size_t i;

    snprintf(device, sizeof(device), "%x:%x", major(number), minor(number));
    for (i = 0; i < 4; i++)
        requests[i] = (struct xenstore_request){
            .type = XENSTORE_WRITE, .dir = disk->dir, .name = rows[i][0],
            .value = rows[i][1] };
    return write_all_or_none(disk, requests, 4);
}

static int add_file(const struct disk *disk, int fd)
{
    char node[32], text[LOOP_TEXT_BYTES];
    dev_t number;
    int error = loop_attach(fd, disk->dir, disk->writable, node,
                            sizeof(node), &number);

    if (error) {
        loop_describe(error, disk->params, disk->writable, text);
        return fail(disk, "%s", text);
    }
    error = write_disk(disk, node, number);
    if (error) {
        loop_detach(node, disk->dir);
        return fail(disk, "xenstore: %s", strerror(error));
    }
    return 0;
}

static int read_one(const struct disk *disk, enum xenstore_type type,
                    const char *dir, const char *name,
                    struct xenstore_request *r)
{
    *r = (struct xenstore_request){ .type = type, .dir = dir, .name = name };
    return xenstore_batch(disk->store_fd, r, 1) < 0 || r->error ? -1 : 0;
}

/* Another disk of any domain: is it the same device, and a conflict? */
static bool is_conflict(const struct disk *disk, const char *dir,
                        const char *device)
{
    static struct xenstore_request r;
    size_t length = strlen(disk->dir), dir_length = strlen(dir);

    if (length >= dir_length && !strcmp(disk->dir + length - dir_length, dir))
        return false; /* ourselves */
    if (read_one(disk, XENSTORE_READ, dir, "physical-device", &r) < 0 ||
        strcmp(r.answer, device))
        return false;
    return disk->writable ||
           (!read_one(disk, XENSTORE_READ, dir, "mode", &r) &&
            r.answer[0] == 'w');
}

static bool is_shared(const struct disk *disk, dev_t number)
{
    static struct xenstore_request domains, devices;
    const char *domain, *devid;
    char device[32], dir[256], disk_dir[512];
    bool found = false;

    snprintf(device, sizeof(device), "%x:%x", major(number), minor(number));
    if (read_one(disk, XENSTORE_DIRECTORY, BACKENDS, NULL, &domains) < 0)
        return false;
    for (domain = domains.answer;
         !found && domain < domains.answer + domains.size_bytes;
         domain += strlen(domain) + 1) {
        snprintf(dir, sizeof(dir), BACKENDS "/%.64s", domain);
        if (read_one(disk, XENSTORE_DIRECTORY, dir, NULL, &devices) < 0)
            continue;
        for (devid = devices.answer;
             !found && devid < devices.answer + devices.size_bytes;
             devid += strlen(devid) + 1) {
            snprintf(disk_dir, sizeof(disk_dir), "%s/%.64s", dir, devid);
            found = is_conflict(disk, disk_dir, device);
        }
    }
    return found;
}

/* The lock excludes other adds of the device until ours is written. */
static int add_device(const struct disk *disk, int fd, dev_t number)
{
    int error, exclusive;

    while (flock(fd, LOCK_EX) < 0)
        if (errno != EINTR)
            return fail(disk, "%s: %s", disk->params, strerror(errno));
    if (is_shared(disk, number))
        return fail(disk, "%s is in use by another domain", disk->params);
    if (disk->writable) { /* EBUSY: mounted, or part of something */
        exclusive = open(disk->params, O_RDWR | O_EXCL | O_CLOEXEC);
        if (exclusive < 0)
            return fail(disk, "%s: %s", disk->params, strerror(errno));
        close(exclusive);
    }
    error = write_disk(disk, disk->params, number);
    return error ? fail(disk, "xenstore: %s", strerror(error)) : 0;
}

static int add(const struct disk *disk)
{
    struct stat st;
    int fd, rc;

    if (disk->is_connected)
        return 0; /* a repeated call, as with udev's rules */
    fd = open(disk->params, (disk->writable ? O_RDWR : O_RDONLY) |
              O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return fail(disk, "%s: %s", disk->params, strerror(errno));
    if (fstat(fd, &st) < 0)
        rc = fail(disk, "%s: %s", disk->params, strerror(errno));
    else if (S_ISREG(st.st_mode))
        rc = add_file(disk, fd);
    else if (S_ISBLK(st.st_mode))
        rc = add_device(disk, fd, st.st_rdev);
    else
        rc = fail(disk, "%s is neither a file nor a block device",
                  disk->params);
    close(fd);
    return rc;
}

static bool is_label(const char *label, void *dir)
{
    return !strcmp(label, dir);
}

/*
 * No device is known: `add` failed, was killed, or is still running because
 * only its parent was. One that runs must not go on; what one that was killed
 * has left is found by its label.
 */
static int remove_unknown(const struct disk *disk)
{
    static struct xenstore_request removed;
    char label[LO_NAME_SIZE];
    int error;

    removed = (struct xenstore_request){
        .type = XENSTORE_WRITE, .dir = disk->dir, .name = REMOVED,
        .value = "1" };
    error = write_all_or_none(disk, &removed, 1);
    if (error && error != ENOENT)
        return fail(disk, "xenstore: %s", strerror(error));
    snprintf(label, sizeof(label), "%s", disk->dir);
    error = loop_detach_all(is_label, label);
    return error ? fail(disk, "no loop device can be detached: %s",
                        strerror(error)) : 0;
}

static int remove_disk(const struct disk *disk)
{
    int error;

    if (!disk->node[0])
        return remove_unknown(disk);
    if (strncmp(disk->node, "/dev/loop", 9) ||
        !strcmp(disk->node, disk->params)) /* a loop device of the user's */
        return 0;
    error = loop_detach(disk->node, disk->dir);
    return error ? fail(disk, "%s: %s", disk->node, strerror(error)) : 0;
}

int main(int argc, char **argv)
{
    static struct disk disk = { .store_fd = -1 };
    bool is_add;

    disk.dir = getenv("XENBUS_PATH");
    if (argc < 2 || !disk.dir ||
        (strcmp(argv[1], "add") && strcmp(argv[1], "remove"))) {
        fprintf(stderr, "usage: XENBUS_PATH=<backend directory> "
                "xl-oci-block add|remove (run by libxl)\n");
        return 2;
    }
    is_add = !strcmp(argv[1], "add");
    disk.store_fd = xenstore_connect();
    if (disk.store_fd < 0)
        return fail(&disk, "cannot reach xenstored: %s", strerror(errno));
    if (read_disk(&disk))
        return 1;
    if (is_add && !disk.params[0])
        return fail(&disk, "%s/params is missing", disk.dir);
    return is_add ? add(&disk) : remove_disk(&disk);
}
