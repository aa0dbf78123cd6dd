/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host-tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/report.h"
#include "dt/checks.h"
#include "dt/host-tree.h"
#include "dt/passable.h"
#include "files.h"
#include "plan.h"
#include "settings.h"

char *host_tree_bytes(const char *file, size_t *size_bytes,
                      struct report *report)
{
    struct report_where where = { .file = file };
    /* a byte more than a tree may have, and the NUL */
    size_t capacity = DT_MAX_BYTES + 2;
    char *bytes = malloc(capacity);
    ssize_t size = bytes ? file_read_at(AT_FDCWD, file, bytes, capacity) : -1;

    if (!bytes)
        dt_report(report, OUT_OF_MEMORY, &where, "out of memory");
    else if (size < 0)
        dt_report(report, UNREADABLE, &where, "%s", strerror(errno));
    if (size >= 0) {
        *size_bytes = (size_t)size;
        return bytes;
    }
    free(bytes);
    return NULL;
}

const struct dt_tree *host_tree_read(struct arena *arena, const char *file,
                                     struct report *report)
{
    size_t size_bytes;
    char *bytes = host_tree_bytes(file, &size_bytes, report);
    const struct dt_tree *tree =
        bytes ? dt_tree_load(arena, file, bytes, size_bytes, report) : NULL;

    free(bytes);
    return tree;
}

/* On a machine without Xen the firmware's tree is not Dom0's. */
static const char *dom0_dtb(void)
{
    const char *file = secure_getenv("XL_OCI_DOM0_DTB");

    if (file && *file)
        return file;
    return access("/proc/xen/privcmd", F_OK) &&
           access("/dev/xen/privcmd", F_OK) ? NULL : DOM0_DTB;
}

void host_tree_facts(struct arena *arena, const struct settings *settings,
                     struct host_facts *facts, struct report *report)
{
    const char *dom0_file = dom0_dtb();
    const struct dt_tree *tree = NULL;

    if (dom0_file && !access(dom0_file, R_OK))
        facts->dom0_tree = host_tree_read(arena, dom0_file, report);
    if (settings->host_dtb)
        tree = host_tree_read(arena, settings->host_dtb, report);
    else
        tree = facts->dom0_tree;
    facts->devices_are_dom0s = !settings->host_dtb;
    facts->allowances = settings->allowances;
    facts->n_allowances = settings->n_allowances;
    if (tree)
        facts->devices = dt_devices_judge(arena, tree, report);
    if (facts->devices_are_dom0s)
        facts->dom0_tree = NULL;
}
