/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan-lines.h"

#include "base/arena.h"
#include "guest/program.h"

#define MAX_LINES 24

struct lines {
    struct arena *arena;
    struct plan_line *items;
    size_t count;
    bool failed;
};

static void add_text(struct lines *l, const char *key, const char *value,
                     struct origin from)
{
    if (!value)
        return;
    l->items[l->count++] = (struct plan_line){ key, value, false, from };
}

static void add_string(struct lines *l, const char *key,
                       const struct plan_string *s)
{
    add_text(l, key, s->value, s->from);
}

static void add_number(struct lines *l, const char *key, uint64_t value,
                       struct origin from)
{
    const char *text = arena_printf(l->arena, "%llu",
                                    (unsigned long long)value);

    l->failed |= !text;
    add_text(l, key, text, from);
    if (text)
        l->items[l->count - 1].is_number = true;
}

static void add_actions(struct lines *l)
{
    static const char *const keys[] = {
        "on_poweroff", "on_reboot", "on_watchdog", "on_crash",
        "on_soft_reset",
    };
    static const struct origin from = {
        "default: the container has ended", 0, 0,
    };
    size_t i;

    for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        add_text(l, keys[i], "destroy", from);
}

/* libxl has tables made for an IOMMU when a device behind one is passed;
 * what holds a device cannot move to another host. */
static void add_devices(struct lines *l, const struct plan *plan,
                        const struct plan_artifacts *artifacts)
{
    static const struct origin none = {
        "default: no device is passed through", 0, 0,
    };
    static const struct origin bare = {
        "default: no device behind an IOMMU is passed through", 0, 0,
    };
    const struct plan_devices *d = &plan->devices;

    add_text(l, "passthrough", d->n_dtdevs ? "enabled" : "disabled",
             d->n_dtdevs ? d->dtdevs[0].from : d->count ? bare : none);
    if (!d->count)
        return;
    add_number(l, "nomigrate", 1, d->list[0].from);
    if (d->dtb)
        add_text(l, "device_tree", artifacts && artifacts->device_tree_path ?
                 artifacts->device_tree_path : "(made for it)",
                 d->list[0].from);
}

static void add_all(struct lines *l, const struct plan *plan,
                    const struct plan_artifacts *artifacts,
                    const char *ramdisk)
{
    struct origin vm = { "default: the only type on arm64", 0, 0 };
    uint64_t mib = plan->memory_kib.value >> 10;

    add_string(l, "name", &plan->name);
    add_string(l, "uuid", &plan->uuid);
    add_text(l, "type", "pvh", vm);
    add_string(l, "kernel", &plan->kernel);
    add_text(l, "ramdisk", ramdisk, plan->initrd.value ?
             plan->initrd.from : plan->initramfs.from);
    add_string(l, "cmdline", &plan->cmdline);
    add_number(l, "memory", mib, plan->memory_kib.from);
    add_number(l, "maxmem", mib, plan->memory_kib.from);
    add_number(l, "vcpus", plan->vcpus.value, plan->vcpus.from);
    if (plan->paging_kib.value)
        add_number(l, "shadow_memory", plan->paging_kib.value >> 10,
                   plan->paging_kib.from);
    if (plan->weight.value)
        add_number(l, "cpu_weight", plan->weight.value, plan->weight.from);
    if (plan->cap.value)
        add_number(l, "cap", plan->cap.value, plan->cap.from);
    add_string(l, "cpus", &plan->cpus);
    if (plan->cpupool.value)
        add_string(l, "pool", &plan->cpupool);
    add_devices(l, plan, artifacts);
    add_actions(l);
}

const struct plan_line *plan_lines(struct arena *arena,
                                   const struct plan *plan,
                                   const struct plan_artifacts *artifacts,
                                   size_t *count)
{
    struct lines l = { .arena = arena };

    l.items = ARENA_ARRAY(arena, struct plan_line, MAX_LINES);
    if (!l.items)
        return NULL;
    add_all(&l, plan, artifacts, artifacts && artifacts->ramdisk_path ?
                      artifacts->ramdisk_path :
                      arena_printf(arena, "(%s%s%s + payload)",
                                   plan->initrd.value ?
                                   plan->initrd.value : "",
                                   plan->initrd.value ? " + " : "",
                                   plan->initramfs.value ?
                                   plan->initramfs.value : "initramfs"));
    *count = l.count;
    return l.failed ? NULL : l.items;
}

const char *plan_disk_path(struct arena *arena, const struct plan *plan,
                           const struct plan_artifacts *artifacts,
                           size_t index)
{
    const struct plan_disk *d = &plan->disks[index];

    if (artifacts && artifacts->disk_paths && artifacts->disk_paths[index])
        return artifacts->disk_paths[index];
    if (d->image >= 0)
        return arena_printf(arena, "(built from %s)",
                            plan->images[d->image].source);
    return d->path ? d->path : "";
}

const char *plan_opcode_name(unsigned int opcode)
{
    static const char *const names[] = {
#define OP(code, id, name, signature, phase) [code] = name,
        PROGRAM_OPS(OP)
#undef OP
    };

    if (opcode >= sizeof(names) / sizeof(names[0]) || !names[opcode])
        return "unknown";
    return names[opcode];
}
