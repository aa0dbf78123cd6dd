/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory for Xen's tables of the guest's address space (the P2M). libxl's
 * default covers RAM and little more. Pages of devices are mapped at most 64
 * at a time (xen/common/domctl.c), hence never by the large entries that RAM
 * gets: a table of 4 KiB for each 2 MiB of a device.
 */
#include "plan-internal.h"

#define PAGES_PER_TABLE 512u
/* what libxl's default has to spare: it counts on 128 MiB of grants */
#define SPARE_TABLES 32u

static uint64_t slots(uint64_t first, uint64_t count, uint64_t size)
{
    return (first + count - 1) / size - first / size + 1;
}

static uint64_t tables_of_devices(const struct plan_devices *d)
{
    uint64_t tables = 0;
    size_t i;

    for (i = 0; i < d->n_pages; i++)
        tables += slots(d->pages[i].gfn, d->pages[i].count,
                        PAGES_PER_TABLE) +
                  slots(d->pages[i].gfn, d->pages[i].count,
                        PAGES_PER_TABLE * PAGES_PER_TABLE);
    return tables;
}

/* libxl_arm.c libxl__arch_get_required_paging_memory(), Xen 4.17 to 4.20 */
static uint64_t libxl_default_kib(uint64_t memory_kib, uint64_t vcpus)
{
    return 4 * (256 * vcpus + memory_kib / 1024 + 128);
}

void plan_paging(struct planner *p)
{
    const struct plan *plan = p->plan;
    uint64_t tables = tables_of_devices(&plan->devices), kib;

    if (tables <= SPARE_TABLES)
        return;
    kib = libxl_default_kib(plan->memory_kib.value, plan->vcpus.value) +
          4 * tables;
    /* xl.cfg(5) shadow_memory= is in MiB */
    p->plan->paging_kib.value = (kib + 1023) / 1024 * 1024;
    p->plan->paging_kib.from = plan->devices.pages[0].from;
}
