/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one file of the library that knows libxl's types; builds with Xen 4.17
 * to 4.20 (LIBXL_API_VERSION 0x041400). Needs no hypervisor and no context:
 * CPU maps are filled by hand, as libxl_cpu_bitmap_alloc() would ask Xen for
 * the number of CPUs.
 */
#include <libxl.h>
#include <libxl_utils.h>
#include <stdlib.h>
#include <string.h>

#include "cpu-list.h"
#include "domain-config.h"
#include "plan.h"

/* libxl frees what hangs on the configuration with free(3). */
static bool copy(char **to, const char *from)
{
    *to = from ? strdup(from) : NULL;
    return !from || *to;
}

static bool bitmap_make(libxl_bitmap *map, unsigned int n_bits)
{
    map->size = (n_bits + 7) / 8;
    map->map = calloc(map->size, 1);
    if (!map->map)
        map->size = 0;
    return map->map;
}

/* xenstore nodes below /local/domain/<id>/ that the guest may only read */
static bool fill_xenstore(const struct plan *plan,
                          libxl_domain_create_info *info)
{
    const char *const pairs[] = { "oci/proto", "1", "oci/id",
                                  plan->name.value };
    size_t i, n = sizeof(pairs) / sizeof(pairs[0]);

    info->xsdata = calloc(n + 1, sizeof(*info->xsdata));
    if (!info->xsdata)
        return false;
    for (i = 0; i < n; i++)
        if (!copy(&info->xsdata[i], pairs[i]))
            return false;
    return true;
}

static bool fill_create_info(const struct plan *plan,
                             libxl_domain_create_info *info)
{
    info->type = LIBXL_DOMAIN_TYPE_PVH;
    if (!plan->uuid.value)
        libxl_uuid_generate(&info->uuid);
    else if (libxl_uuid_from_string(&info->uuid, plan->uuid.value))
        return false;
    /* IOMMU tables only for a device that is behind one */
    info->passthrough = plan->devices.n_dtdevs ?
                        LIBXL_PASSTHROUGH_ENABLED :
                        LIBXL_PASSTHROUGH_DISABLED;
    libxl_defbool_set(&info->run_hotplug_scripts, true);
    return copy(&info->name, plan->name.value) &&
           copy(&info->pool_name, plan->cpupool.value) &&
           fill_xenstore(plan, info);
}

static bool fill_affinity(const struct plan *plan,
                          libxl_domain_build_info *info)
{
    struct cpu_list cpus;
    int i, n = (int)plan->vcpus.value;

    if (!plan->cpus.value)
        return true;
    if (!cpu_list_parse(plan->cpus.value, &cpus))
        return false;
    info->vcpu_hard_affinity = calloc((size_t)n, sizeof(libxl_bitmap));
    if (!info->vcpu_hard_affinity)
        return false;
    info->num_vcpu_hard_affinity = n;
    for (i = 0; i < n; i++) {
        libxl_bitmap *map = &info->vcpu_hard_affinity[i];

        if (!bitmap_make(map, cpus.highest + 1))
            return false;
        memcpy(map->map, cpus.bits, map->size);
    }
    return true;
}

static bool fill_vcpus(const struct plan *plan, libxl_domain_build_info *info)
{
    int i;

    info->max_vcpus = (int)plan->vcpus.value;
    if (!bitmap_make(&info->avail_vcpus, (unsigned int)info->max_vcpus))
        return false;
    for (i = 0; i < info->max_vcpus; i++)
        libxl_bitmap_set(&info->avail_vcpus, i);
    if (plan->weight.value)
        info->sched_params.weight = (int)plan->weight.value;
    if (plan->cap.value)
        info->sched_params.cap = (int)plan->cap.value;
    return fill_affinity(plan, info);
}

static bool fill_device_resources(const struct plan_devices *devices,
                                  const char *device_tree,
                                  libxl_domain_build_info *info)
{
    size_t i;

    if (!devices->count)
        return true;
    libxl_defbool_set(&info->disable_migrate, true);
    info->iomem = calloc(devices->n_pages + 1, sizeof(*info->iomem));
    info->irqs = calloc(devices->n_interrupts + 1, sizeof(*info->irqs));
    if (!info->iomem || !info->irqs)
        return false;
    for (i = 0; i < devices->n_pages; i++) {
        libxl_iomem_range *range = &info->iomem[info->num_iomem++];

        libxl_iomem_range_init(range);
        range->start = devices->pages[i].mfn;
        range->number = devices->pages[i].count;
        range->gfn = devices->pages[i].gfn;
    }
    for (i = 0; i < devices->n_interrupts; i++)
        info->irqs[info->num_irqs++] = devices->interrupts[i].intid;
    return !devices->dtb || copy(&info->device_tree, device_tree);
}

static bool fill_build_info(const struct plan *plan,
                            const struct plan_artifacts *artifacts,
                            libxl_domain_build_info *info)
{
    libxl_domain_build_info_init_type(info, LIBXL_DOMAIN_TYPE_PVH);
    /* equal: no ballooning, no populate-on-demand */
    info->max_memkb = plan->memory_kib.value;
    info->target_memkb = plan->memory_kib.value;
    if (plan->paging_kib.value)
        info->shadow_memkb = plan->paging_kib.value;
    /* "not enough memory" before anything is built, as xl does */
    libxl_defbool_set(&info->claim_mode, true);
    return copy(&info->kernel, plan->kernel.value) &&
           copy(&info->ramdisk, artifacts->ramdisk_path) &&
           copy(&info->cmdline, plan->cmdline.value) &&
           fill_device_resources(&plan->devices,
                                 artifacts->device_tree_path, info) &&
           fill_vcpus(plan, info);
}

static bool fill_disk(const struct plan *plan, const struct plan_disk *from,
                      const char *path, libxl_device_disk *disk)
{
    libxl_device_disk_init(disk);
    disk->backend = LIBXL_DISK_BACKEND_PHY;
    disk->format = LIBXL_DISK_FORMAT_RAW;
    disk->readwrite = from->writable;
    return copy(&disk->pdev_path, path) && copy(&disk->vdev, from->vdev) &&
           copy(&disk->script, plan->block_script.value);
}

static bool fill_disks(const struct plan *plan,
                       const struct plan_artifacts *artifacts,
                       libxl_domain_config *config)
{
    size_t i;

    if (!plan->n_disks)
        return true;
    config->disks = calloc(plan->n_disks, sizeof(*config->disks));
    if (!config->disks)
        return false;
    for (i = 0; i < plan->n_disks; i++) {
        config->num_disks++;
        if (!fill_disk(plan, &plan->disks[i], artifacts->disk_paths[i],
                       &config->disks[i]))
            return false;
    }
    return true;
}

static bool fill_dtdevs(const struct plan *plan, libxl_domain_config *config)
{
    const struct plan_devices *d = &plan->devices;
    size_t i;

    if (!d->n_dtdevs)
        return true;
    config->dtdevs = calloc(d->n_dtdevs, sizeof(*config->dtdevs));
    for (i = 0; config->dtdevs && i < d->n_dtdevs; i++) {
        libxl_device_dtdev_init(&config->dtdevs[i]);
        config->num_dtdevs++;
        if (!copy(&config->dtdevs[i].path, d->dtdevs[i].path))
            return false;
    }
    return config->dtdevs;
}

/* Our own monitor decides; these are for an `xl` that takes over. */
static void fill_actions(libxl_domain_config *config)
{
    config->on_poweroff = LIBXL_ACTION_ON_SHUTDOWN_DESTROY;
    config->on_reboot = LIBXL_ACTION_ON_SHUTDOWN_DESTROY;
    config->on_watchdog = LIBXL_ACTION_ON_SHUTDOWN_DESTROY;
    config->on_crash = LIBXL_ACTION_ON_SHUTDOWN_DESTROY;
    config->on_soft_reset = LIBXL_ACTION_ON_SHUTDOWN_DESTROY;
}

int domain_config_fill(struct libxl__ctx *ctx, const struct plan *plan,
                       const struct plan_artifacts *artifacts,
                       struct libxl_domain_config *config)
{
    (void)ctx;
    libxl_domain_config_init(config);
    fill_actions(config);
    if (fill_create_info(plan, &config->c_info) &&
        fill_build_info(plan, artifacts, &config->b_info) &&
        fill_disks(plan, artifacts, config) && fill_dtdevs(plan, config))
        return 0;
    libxl_domain_config_dispose(config);
    libxl_domain_config_init(config);
    return -1;
}
