/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A test of what keeps hostile requests inside a directory must do no harm on
 * the day when it fails: for this process and what it starts, the host is
 * read-only but for the directories named. Include in one .c each.
 */
#ifndef TEST_ISOLATE_H
#define TEST_ISOLATE_H

#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

static int set_read_only(const char *path, bool on, unsigned int flags)
{
    struct mount_attr attr = {
        .attr_set = on ? MOUNT_ATTR_RDONLY : 0,
        .attr_clr = on ? 0 : MOUNT_ATTR_RDONLY,
    };

    return mount_setattr(AT_FDCWD, path, flags, &attr, sizeof(attr));
}

/* paths: absolute, NULL at the end. Ends the program when it cannot be done as root; an
 * ordinary user's test has little to spoil and runs as it is. */
static void isolate(const char *const *paths)
{
    char *directory = getcwd(NULL, 0);
    int rc;

    if (geteuid())
        return;
    rc = unshare(CLONE_NEWNS) ||
         mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
         set_read_only("/", true, AT_RECURSIVE);
    for (; !rc && *paths; paths++)
        rc = mount(*paths, *paths, NULL, MS_BIND, NULL) ||
             set_read_only(*paths, false, 0);
    /* by name again, or it is the directory below the mount */
    if (rc || !directory || chdir(directory)) {
        perror("a read-only view of the host");
        exit(1);
    }
    free(directory);
}

#endif
