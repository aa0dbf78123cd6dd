/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Block devices that a domain got, in the xenstored that XENSTORED_PATH names:
 * none but those that were looked at. */
#include "tap.h"

#include <stdlib.h>
#include <sys/sysmacros.h>

#include <xenstore.h>

#include "base/report.h"
#include "plan.h"
#include "xl-oci/disk-nodes.h"

#define DOMID 7
#define BACKENDS "/local/domain/0/backend/vbd/7/"

static struct plan_disk disks[] = {
    { .vdev = "xvda", .image = 0 },
    { .vdev = "xvdb", .image = -1, .path = "/b/dev/a",
      .from = { .field = "/mounts/3", .line = 9, .column = 5 } },
    { .vdev = "xvdq", .image = -1, .path = "/dev/vdb",
      .from = { .field = "/mounts/4", .line = 10, .column = 5 } },
};
static const struct plan plan = { .disks = disks, .n_disks = 3 };

/* What the disks' script, whichever it is, leaves there. */
static void put(const char *devid, const char *number)
{
    struct xs_handle *xs = xs_open(0);
    char path[128];

    snprintf(path, sizeof(path), BACKENDS "%s/physical-device", devid);
    if (!xs || (number ? !xs_write(xs, XBT_NULL, path, number,
                                   (unsigned int)strlen(number)) :
                         !xs_rm(xs, XBT_NULL, path)))
        ok(0, "%s", path);
    if (xs)
        xs_close(xs);
}

/* want: the errors, each "line: [check] message"; "" when there is none */
static void compares(const char *want, const char *name)
{
    struct report *report = report_new();
    int rc = disk_nodes_compare(&plan, DOMID, "config.json", report);
    const struct diagnostic *d;
    char text[512] = "";
    size_t n = 0;

    for (d = report_first(report); d; d = d->next)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%d: [%s] %s",
                              n ? "\n" : "", (int)d->where.line,
                              d->check->name, d->message);
    is_str(text, want, name);
    is_int(rc, *want ? -1 : 0, "its return code");
    report_free(report);
}

int main(void)
{
    disks[1].number = makedev(7, 1);
    disks[2].number = makedev(254, 16);
    put("51728", "7:1");
    put("268439552", "fe:10");
    compares("", "the devices that were looked at");
    put("51728", "fe:0");
    compares("9: [mount-source-changed] \"/b/dev/a\" is the device fe:0 now, "
             "not 7:1", "another in the place of one");
    put("268439552", NULL);
    compares("9: [mount-source-changed] \"/b/dev/a\" is the device fe:0 now, "
             "not 7:1\n10: [domain-create-failed] disk xvdq: which device it "
             "is cannot be read: No such file or directory", "one is gone");
    setenv("XENSTORED_PATH", "/nowhere", 1);
    compares("0: [xenstore-unavailable] No such file or directory",
             "no xenstored");
    return done_testing();
}
