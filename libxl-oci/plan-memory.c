/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The domain's memory. Precedence: option, vm.hwConfig.memory, the memory
 * limit plus what the kernel needs beside it, annotation, 128 MiB. Whole MiB,
 * as xl.cfg(5) counts.
 */
#include "plan-internal.h"

#define DEFAULT_BYTES MIB(128)
/* xen/include/public/arch-arm.h: GUEST_RAM0_SIZE + GUEST_RAM1_SIZE */
#define MAX_BYTES ((3ull << 30) + (1016ull << 30))
/* beside the container: kernel, page structures (1/64), slack for caches */
#define OVERHEAD_BYTES MIB(32)
/* what the kernel allocates until init runs; measured with our kernel, whose
 * smallest domain is 24 MiB */
#define BOOT_BYTES MIB(12)
#define MIN_LIMIT_BYTES MIB(1)

static const struct spec_i64 *limit_of(const struct planner *p)
{
    const struct spec_i64 *limit = &p->spec->linux_.resources.memory_limit;

    return limit->at && limit->value > 0 ? limit : NULL;
}

static const struct json *choose(struct planner *p, uint64_t *bytes,
                                 struct origin *from)
{
    const struct spec_u64 *hw = &p->spec->vm.hw_memory;
    const struct spec_u64 *annotated = &p->spec->extension.memory;
    const struct spec_i64 *limit = limit_of(p);
    const struct json *at = NULL;

    if (p->options->memory_bytes) {
        *bytes = p->options->memory_bytes;
        *from = origin_option("--memory");
        return NULL;
    }
    if (hw->at) {
        *bytes = hw->value;
        at = hw->at;
    } else if (limit) {
        *bytes = (uint64_t)limit->value + (uint64_t)limit->value / 32 +
                 OVERHEAD_BYTES;
        at = limit->at;
    } else if (annotated->at) {
        *bytes = annotated->value;
        at = annotated->at;
    } else {
        *bytes = DEFAULT_BYTES;
    }
    *from = at ? origin_at(p, at) : origin_default("default: 128 MiB");
    return at;
}

/* The ramdisk exists twice while it is unpacked. Facts of the bundle's own
 * kernel and ramdisk are 0 where it has none. */
static uint64_t minimum_bytes(const struct planner *p)
{
    uint64_t kernel = p->survey->kernel.size_bytes;
    uint64_t ramdisk = p->host->initramfs_bytes + p->payload_bytes +
                       p->survey->initrd.size_bytes;

    if (!kernel && !is_faulty(p, &p->spec->vm.kernel_path))
        kernel = p->host->kernel_bytes;
    return kernel + 2 * ramdisk + BOOT_BYTES;
}

static uint64_t whole_kib(uint64_t bytes)
{
    return ((bytes + MIB(1) - 1) >> 20) << 10;
}

static void check_limit(struct planner *p, uint64_t bytes)
{
    const struct spec_i64 *limit = limit_of(p);

    if (!limit)
        return;
    if ((uint64_t)limit->value < MIN_LIMIT_BYTES)
        planner_refuse(p, MEMORY_LIMIT_TOO_SMALL, limit->at,
                       "a limit of %lld bytes is below 1 MiB",
                       (long long)limit->value);
    else if (bytes < (uint64_t)limit->value)
        planner_refuse(p, MEMORY_BELOW_LIMIT, limit->at,
                       "the domain's %llu MiB are less than the limit",
                       (unsigned long long)(bytes >> 20));
}

/* Is it said by what could be read? In the order of choose(). */
static bool is_known(const struct planner *p)
{
    const struct spec *s = p->spec;

    if (p->options->memory_bytes)
        return true;
    if (s->vm.hw_memory.at || is_faulty(p, &s->vm.hw_memory))
        return !is_faulty(p, &s->vm.hw_memory);
    if (limit_of(p) || is_faulty(p, &s->linux_.resources.memory_limit))
        return !is_faulty(p, &s->linux_.resources.memory_limit);
    return !is_faulty(p, &s->extension.memory);
}

static void check_size(struct planner *p, uint64_t bytes,
                       const struct json *at)
{
    uint64_t minimum = minimum_bytes(p), max = p->host->memory_max_bytes;

    if (bytes > MAX_BYTES)
        planner_refuse(p, MEMORY_TOO_LARGE, at,
                       "%llu bytes exceed the %llu of a domain",
                       (unsigned long long)bytes,
                       (unsigned long long)MAX_BYTES);
    if (bytes < minimum)
        planner_refuse(p, MEMORY_TOO_SMALL, at,
                       "%llu bytes are less than the %llu MiB that kernel "
                       "and ramdisk need", (unsigned long long)bytes,
                       (unsigned long long)((minimum + MIB(1) - 1) >> 20));
    if (max && whole_kib(bytes) > max / 1024)
        planner_refuse_of(p, POLICY_CEILING, at, p->plan->memory_kib.from,
                          "%llu KiB of memory are more than memory_max = "
                          "%llu KiB", (unsigned long long)whole_kib(bytes),
                          (unsigned long long)max / 1024);
}

void plan_memory(struct planner *p)
{
    uint64_t bytes = 0;
    const struct json *at = choose(p, &bytes, &p->plan->memory_kib.from);
    bool known = is_known(p);

    if (known)
        check_size(p, bytes, at);
    check_limit(p, known ? bytes : UINT64_MAX);
    p->plan->memory_kib.value = whole_kib(bytes);
}
