/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel, its command line, the initial ramdisk. */
#include "plan-internal.h"

#include "base/bytes.h"

#include <ctype.h>
#include <string.h>

/*
 * hvc0 carries the container's own output, so the kernel says nothing there
 * (loglevel=0) unless it dies: panic() prints all the same, and panic=-1 ends
 * the domain at once instead of leaving it hung.
 */
#define OUR_PARAMETERS "console=hvc0 quiet loglevel=0 panic=-1"
#define MAX_COMMAND_LINE 2047u  /* linux: arm64 COMMAND_LINE_SIZE - 1 */

/* Would the word start something else than init, or hide from the kernel? */
static bool is_word_refused(const char *word, size_t length)
{
    static const char *const prefixes[] = {
        "init=", "rdinit=", "initrd=", "oci.",
    };
    size_t i;

    if (length && *word == '"') {
        word++;
        length--;
    }
    if (length == 2 && !strncmp(word, "--", 2))
        return true;
    for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        size_t n = strlen(prefixes[i]);

        if (length >= n && !strncmp(word, prefixes[i], n))
            return true;
    }
    return false;
}

static bool is_parameter_refused(const char *parameter)
{
    const char *s;

    for (s = parameter; *s; s++)
        if (iscntrl((unsigned char)*s))
            return true;
    for (s = parameter; *s; s += strspn(s, " ")) {
        size_t length = strcspn(s, " ");

        if (is_word_refused(s, length))
            return true;
        s += length;
    }
    return false;
}

static void plan_command_line(struct planner *p)
{
    const struct spec_strings *parameters = &p->spec->vm.kernel_parameters;
    struct plan_string *line = &p->plan->cmdline;
    struct bytes text = BYTES_INIT;
    size_t i;

    bytes_add_string(&text, OUR_PARAMETERS);
    line->from = origin_default("default: silent, ends on panic");
    /* linux: drivers/uio/uio_pdrv_genirq.c serves the one name given */
    if (p->plan->devices.uio_name) {
        bytes_printf(&text, " uio_pdrv_genirq.of_id=%s",
                     p->plan->devices.uio_name);
        line->from = p->plan->devices.uio_from;
    }
    for (i = 0; i < parameters->count; i++) {
        if (is_parameter_refused(parameters->values[i]))
            planner_refuse(p, KERNEL_PARAMETER, parameters->at,
                           "\"%s\" cannot be passed to the kernel",
                           parameters->values[i]);
        bytes_printf(&text, " %s", parameters->values[i]);
        line->from = origin_at(p, parameters->at);
    }
    if (text.size > MAX_COMMAND_LINE)
        planner_refuse(p, KERNEL_COMMAND_LINE, parameters->at,
                       "%zu bytes exceed %u", text.size, MAX_COMMAND_LINE);
    line->value = arena_strdup(p->arena, bytes_text(&text) ? text.data : "");
    p->no_memory |= text.failed || !line->value;
    bytes_free(&text);
}

static void plan_image(struct planner *p)
{
    const struct spec_string *path = &p->spec->vm.kernel_path;
    const struct source_fact *fact = &p->survey->kernel;
    struct plan_string *kernel = &p->plan->kernel;

    kernel->value = p->host->kernel_path;
    kernel->from = origin_default("default: installed with xl-oci");
    if (!path->at || !path->value[0])
        return;
    kernel->value = fact->path ? fact->path : path->value;
    kernel->from = origin_at(p, path->at);
    if (fact->kind == SOURCE_FILE || is_faulty(p, path))
        return;
    planner_refuse(p, KERNEL_MISSING, path->at, "\"%s\" is %s", path->value,
                   fact->kind == SOURCE_MISSING ? "not there" :
                   fact->kind == SOURCE_OUTSIDE ? "outside the bundle" :
                                                  "not a regular file");
}

/*
 * Linux unpacks one archive after the other and the later file of a name wins
 * (initramfs/buffer-format): behind the bundle's own, init is still ours.
 */
static void plan_initrd(struct planner *p)
{
    const struct spec_string *path = &p->spec->vm.kernel_initrd;
    const struct source_fact *fact = &p->survey->initrd;

    if (!path->at || !path->value[0])
        return;
    p->plan->initrd.value = fact->path ? fact->path : path->value;
    p->plan->initrd.from = origin_at(p, path->at);
    if (fact->kind != SOURCE_FILE && !is_faulty(p, path))
        planner_refuse(p, INITRD_MISSING, path->at, "\"%s\" is %s",
                       path->value, fact->kind == SOURCE_MISSING ?
                       "not there" : "not a regular file");
}

void plan_kernel(struct planner *p)
{
    plan_image(p);
    plan_initrd(p);
    plan_command_line(p);
    p->plan->initramfs.value = p->host->initramfs_path;
    p->plan->initramfs.from = origin_default("default: installed with xl-oci");
}
