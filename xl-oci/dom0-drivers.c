/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dom0-drivers.h"

#include <dirent.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "plan.h"

/* linux: drivers/of/device.c of_device_add(): the link of_node leads below
 * this */
#define BASE "/devicetree/base"

/* Where the link NAME/what of a directory leads; NULL: it is none. target has
 * PATH_MAX bytes. */
static const char *link_of(int dir_fd, const char *name, const char *what,
                           char *target)
{
    char path[NAME_MAX + 16];
    ssize_t n;

    memcpy(path, name, strlen(name) + 1);
    strcat(strcat(path, "/"), what);
    n = readlinkat(dir_fd, path, target, PATH_MAX - 1);
    if (n < 0)
        return NULL;
    target[n] = '\0';
    return target;
}

static int add(struct arena *arena, const char *bus, const char *device,
               const char *node, const char *driver,
               const struct host_driver **list)
{
    struct host_driver *d = ARENA_NEW(arena, struct host_driver);

    if (!d)
        return -1;
    *d = (struct host_driver){
        .node = arena_strdup(arena, *node ? node : "/"),
        .unbind = arena_printf(arena, "echo %s >/sys/bus/%s/drivers/%s/unbind",
                               device, bus, driver),
        .name = arena_strdup(arena, driver), .next = *list,
    };
    *list = d;
    return d->node && d->unbind && d->name ? 0 : -1;
}

static int look(struct arena *arena, const char *bus, int dir_fd,
                const char *name, const struct host_driver **list)
{
    char node_link[PATH_MAX], driver_link[PATH_MAX];
    const char *node = link_of(dir_fd, name, "of_node", node_link);
    const char *driver = link_of(dir_fd, name, "driver", driver_link);

    node = node ? strstr(node, BASE) : NULL;
    driver = driver ? strrchr(driver, '/') : NULL;
    if (!node || !driver)
        return 0;
    return add(arena, bus, name, node + strlen(BASE), driver + 1, list);
}

static int read_bus(struct arena *arena, const char *sysfs, const char *bus,
                    const struct host_driver **list)
{
    const char *path = arena_printf(arena, "%s/bus/%s/devices", sysfs, bus);
    DIR *dir = path ? opendir(path) : NULL;
    const struct dirent *entry;
    int rc = path ? 0 : -1;

    while (dir && !rc && (entry = readdir(dir)))
        if (entry->d_name[0] != '.')
            rc = look(arena, bus, dirfd(dir), entry->d_name, list);
    if (dir)
        closedir(dir);
    return rc;
}

int dom0_drivers_read(struct arena *arena, const char *sysfs,
                      const struct host_driver **list)
{
    *list = NULL;
    return read_bus(arena, sysfs, "platform", list) ||
           read_bus(arena, sysfs, "amba", list) ? -1 : 0;
}
