/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "load.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xenctrl.h>

#include "base/arena.h"
#include "checks.h"
#include "json.h"

static uint64_t file_bytes(const char *path)
{
    struct stat status;

    if (!path || stat(path, &status) || !S_ISREG(status.st_mode))
        return 0;
    return (uint64_t)status.st_size;
}

/* Without a message of libxc's where there is no Xen: that is a fact. */
static void ask_xen(struct host_facts *facts)
{
    xc_interface *xc;
    xc_physinfo_t info;

    if (access("/proc/xen/privcmd", F_OK) && access("/dev/xen/privcmd", F_OK))
        return;
    xc = xc_interface_open(NULL, NULL, 0);
    if (!xc)
        return;
    memset(&info, 0, sizeof(info));
    if (!xc_physinfo(xc, &info)) {
        facts->pcpus = info.nr_cpus;
        /* libxl: cap_hvm_directio */
        facts->has_no_iommu = !(info.capabilities &
                                XEN_SYSCTL_PHYSCAP_directio);
    }
    xc_interface_close(xc);
}

void host_facts_read(struct arena *arena, const struct settings *settings,
                     struct host_facts *facts)
{
    (void)arena;
    facts->xen_major = facts->xen_minor = 0;
    /* libxl is of one Xen release only: what we were built for is what runs */
    if (sscanf(XEN_VERSION, "%u.%u", &facts->xen_major,
               &facts->xen_minor) != 2)
        facts->xen_minor = 0;
    facts->pcpus = 0;
    facts->has_no_iommu = false;
    ask_xen(facts);
    facts->kernel_path = settings->kernel;
    facts->kernel_bytes = file_bytes(settings->kernel);
    facts->initramfs_path = settings->initramfs;
    facts->initramfs_bytes = file_bytes(settings->initramfs);
    facts->block_script = settings->block_script;
    facts->memory_max_bytes = settings->memory_max_bytes;
    facts->vcpus_max = settings->vcpus_max;
}

static int require(const char *path, const char *what, struct report *report)
{
    struct report_where where = { .file = path };

    if (!access(path, R_OK))
        return 0;
    report_check(report, GUEST_FILE_MISSING, &where, "%s is missing", what);
    return -1;
}

int load_require_loaders(const struct loaded *loaded)
{
    const struct spec *spec = loaded->spec;
    const struct spec_accelerators *all = &spec->accelerators;
    int rc = 0;
    size_t i;

    for (i = 0; i < all->count; i++) {
        const struct spec_accelerator *a = &all->items[i];
        struct report_where where;

        if (!a->load.at || spec_is_faulty(spec, &a->load) || !a->device.at ||
            spec_is_faulty(spec, &a->device))
            continue;
        where = json_where(loaded->arena, a->device.at);
        report_check(loaded->report, ACCELERATOR_LOAD, &where,
                     "nothing can load \"%s\" into %s", a->load.value,
                     a->device.value);
        rc = -1;
    }
    return rc;
}

int load_require_guest(const struct loaded *loaded)
{
    const struct plan *plan = loaded->plan;
    int rc = 0;

    if (plan->kernel.value)
        rc |= require(plan->kernel.value, "the guest kernel", loaded->report);
    if (plan->initramfs.value)
        rc |= require(plan->initramfs.value, "the initramfs with init",
                      loaded->report);
    if (plan->block_script.value && plan->n_disks)
        rc |= require(plan->block_script.value, "the block script",
                      loaded->report);
    return rc | load_require_loaders(loaded);
}
