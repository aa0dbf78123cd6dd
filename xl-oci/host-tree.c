/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host-tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/report.h"
#include "dom0-drivers.h"
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

const char *host_tree_of_dom0(void)
{
    const char *file = secure_getenv("XL_OCI_DOM0_DTB");

    if (file && *file)
        return file;
    return access("/proc/xen/privcmd", F_OK) &&
           access("/dev/xen/privcmd", F_OK) ? NULL : DOM0_DTB;
}

/* $XL_OCI_DOM0_SYS, for tests; of a machine whose tree a test brings nothing
 * is asked. */
static void read_drivers(struct arena *arena, struct host_facts *facts,
                         struct report *report)
{
    const char *sysfs = secure_getenv("XL_OCI_DOM0_SYS");
    struct report_where where = { .file = "/sys" };

    if ((!sysfs || !*sysfs) && facts->dom0_tree &&
        !strcmp(facts->dom0_tree->file, DOM0_DTB))
        sysfs = where.file;
    if (sysfs && *sysfs && dom0_drivers_read(arena, sysfs, &facts->drivers))
        dt_report(report, OUT_OF_MEMORY, &where, "out of memory");
}

void host_tree_facts(struct arena *arena, const struct settings *settings,
                     struct host_facts *facts, struct report *report)
{
    const char *dom0_file = host_tree_of_dom0();
    const struct dt_tree *tree = NULL;
    size_t errors = report_errors(report);

    if (dom0_file && !access(dom0_file, R_OK))
        facts->dom0_tree = host_tree_read(arena, dom0_file, report);
    read_drivers(arena, facts, report);
    if (settings->host_dtb)
        tree = host_tree_read(arena, settings->host_dtb, report);
    else
        tree = facts->dom0_tree;
    facts->devices_are_dom0s = !settings->host_dtb;
    facts->allowances = settings->allowances;
    facts->n_allowances = settings->n_allowances;
    if (tree)
        facts->devices = dt_devices_judge(arena, tree, report);
    facts->devices_have_errors = report_errors(report) != errors;
    if (facts->devices_are_dom0s)
        facts->dom0_tree = NULL;
}
