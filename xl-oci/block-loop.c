/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "block-loop.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Between asking for a free device and taking it, others may take it. */
#define ATTEMPTS 256

/* Loop devices that others made (xl's own script, losetup) hold no lock. */
static int look_for_other_loop(const struct stat *file)
{
    DIR *dir = opendir("/sys/block");
    struct dirent *d;
    int error = 0;

    if (!dir)
        return errno;
    while (!error && (d = readdir(dir))) {
        char node[300];
        struct loop_info64 info;
        int fd;

        if (strncmp(d->d_name, "loop", 4))
            continue;
        snprintf(node, sizeof(node), "/dev/%s", d->d_name);
        fd = open(node, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
            continue;
        if (!ioctl(fd, LOOP_GET_STATUS64, &info) &&
            info.lo_inode == file->st_ino && info.lo_device == file->st_dev)
            error = ETXTBSY;
        close(fd);
    }
    closedir(dir);
    return error;
}

/*
 * A lock of flock() belongs to the open file description, and the loop device
 * keeps that of the descriptor it is given: the lock lasts as long as the
 * device, without any process. Readers share a file, a writer is alone.
 */
static int claim(int file_fd, bool writable)
{
    struct stat st;

    if (flock(file_fd, (writable ? LOCK_EX : LOCK_SH) | LOCK_NB) < 0)
        return errno == EWOULDBLOCK ? ETXTBSY : errno;
    if (!writable)
        return 0;
    return fstat(file_fd, &st) < 0 ? errno : look_for_other_loop(&st);
}

static int configure(const char *node, const struct loop_config *config,
                     bool writable, dev_t *number)
{
    int fd = open(node, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    struct stat st;
    int error = 0;

    if (fd < 0)
        return errno;
    if (ioctl(fd, LOOP_CONFIGURE, config) < 0) {
        error = errno;
    } else if (fstat(fd, &st) < 0) {
        error = errno;
        ioctl(fd, LOOP_CLR_FD, 0);
    } else {
        *number = st.st_rdev;
    }
    close(fd);
    return error;
}

int loop_attach(int file_fd, const char *label, bool writable, char *node,
                size_t node_bytes, dev_t *number)
{
    struct loop_config config = { .fd = (unsigned int)file_fd };
    int control, attempt, error = claim(file_fd, writable);

    if (error)
        return error;
    if (!writable)
        config.info.lo_flags = LO_FLAGS_READ_ONLY;
    snprintf((char *)config.info.lo_file_name, LO_NAME_SIZE, "%s", label);
    control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    if (control < 0)
        return errno;
    error = EBUSY;
    for (attempt = 0; error == EBUSY && attempt < ATTEMPTS; attempt++) {
        int index = ioctl(control, LOOP_CTL_GET_FREE);

        if (index < 0) {
            error = errno;
            break;
        }
        snprintf(node, node_bytes, "/dev/loop%d", index);
        error = configure(node, &config, writable, number);
    }
    close(control);
    return error;
}

void loop_describe(int error, const char *path, bool writable,
                   char text[LOOP_TEXT_BYTES])
{
    if (error != ETXTBSY)
        snprintf(text, LOOP_TEXT_BYTES, "%s: %s", path, strerror(error));
    else if (writable)
        snprintf(text, LOOP_TEXT_BYTES, "%s is in use already and cannot be "
                 "shared writably", path);
    else
        snprintf(text, LOOP_TEXT_BYTES, "%s is in use by another domain that "
                 "writes to it", path);
}

/* fd is a loop device. 0, ENXIO when it is detached or another's, an errno. */
static int check_label(int fd, const char *label)
{
    char name[LO_NAME_SIZE];
    struct loop_info64 info;

    if (ioctl(fd, LOOP_GET_STATUS64, &info) < 0)
        return errno;
    snprintf(name, sizeof(name), "%s", label);
    return strncmp((const char *)info.lo_file_name, name, sizeof(name)) ?
           ENXIO : 0;
}

bool loop_has_label(const char *node, const char *label)
{
    int fd = open(node, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    bool has = fd >= 0 && !check_label(fd, label);

    if (fd >= 0)
        close(fd);
    return has;
}

int loop_detach(const char *node, const char *label)
{
    int fd = open(node, O_RDONLY | O_CLOEXEC), error;

    if (fd < 0)
        return errno;
    error = check_label(fd, label);
    if (!error && ioctl(fd, LOOP_CLR_FD, 0) < 0)
        error = errno;
    close(fd);
    return error == ENXIO ? 0 : error;
}

static int detach_orphan(const char *node,
                         bool (*is_orphan)(const char *label, void *opaque),
                         void *opaque)
{
    struct loop_info64 info;
    int fd = open(node, O_RDONLY | O_NONBLOCK | O_CLOEXEC), error = 0;

    if (fd < 0)
        return 0;
    if (!ioctl(fd, LOOP_GET_STATUS64, &info)) {
        info.lo_file_name[LO_NAME_SIZE - 1] = '\0';
        if (is_orphan((const char *)info.lo_file_name, opaque) &&
            ioctl(fd, LOOP_CLR_FD, 0) < 0 && errno != ENXIO)
            error = errno;
    }
    close(fd);
    return error;
}

int loop_detach_all(bool (*is_orphan)(const char *label, void *opaque),
                    void *opaque)
{
    DIR *dir = opendir("/sys/block");
    struct dirent *d;
    int error = 0, r;

    if (!dir)
        return errno;
    while ((d = readdir(dir))) {
        char node[300];

        if (strncmp(d->d_name, "loop", 4))
            continue;
        snprintf(node, sizeof(node), "/sys/block/%s/loop", d->d_name);
        if (access(node, F_OK)) /* not attached to anything */
            continue;
        snprintf(node, sizeof(node), "/dev/%s", d->d_name);
        r = detach_orphan(node, is_orphan, opaque);
        error = error ? error : r;
    }
    closedir(dir);
    return error;
}
