/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan-internal.h"

#include <string.h>

struct origin origin_at(struct planner *p, const struct json *at)
{
    struct origin from = { json_pointer(p->arena, at), at->line, at->column };
    const char *base = strrchr(at->file, '/');

    /* pointers are of config.json unless they say otherwise */
    if (from.field && at->file != p->spec->document->file &&
        strcmp(at->file, p->spec->document->file))
        from.field = arena_printf(p->arena, "%s:%s", base ? base + 1 :
                                  at->file, from.field);
    if (!from.field) {
        p->no_memory = true;
        from.field = "";
    }
    return from;
}

struct origin origin_option(const char *option)
{
    return (struct origin){ option, 0, 0 };
}

struct origin origin_default(const char *why)
{
    return (struct origin){ why, 0, 0 };
}

bool is_faulty(const struct planner *p, const void *member)
{
    return spec_is_faulty(p->spec, member);
}

struct report_where planner_where(struct planner *p, const struct json *at)
{
    if (at)
        return json_where(p->arena, at);
    return (struct report_where){ NULL, 0, 0, NULL };
}

const char *planner_printf(struct planner *p, const char *fmt, ...)
{
    const char *text;
    va_list ap;

    va_start(ap, fmt);
    text = arena_vprintf(p->arena, fmt, ap);
    va_end(ap);
    if (!text)
        p->no_memory = true;
    return text;
}

void planner_op(struct planner *p, enum program_opcode opcode,
                struct origin from, unsigned int n_args,
                const struct plan_arg *args)
{
    struct plan_op *o = ARENA_NEW(p->arena, struct plan_op);
    unsigned int i;

    if (!o) {
        p->no_memory = true;
        return;
    }
    o->opcode = opcode;
    o->from = from;
    o->n_args = n_args;
    for (i = 0; i < n_args; i++)
        o->args[i] = args[i];
    *p->tail = o;
    p->tail = &o->next;
    p->plan->n_ops++;
}

const char *planner_disk(struct planner *p, const struct plan_disk *disk,
                         const struct json *at)
{
    struct plan *plan = p->plan;
    struct plan_disk *added;

    if (plan->n_disks == PLANNER_MAX_DISKS) {
        /* these would make shares of some */
        if (!is_faulty(p, &p->spec->extension.rootfs) &&
            !is_faulty(p, &p->spec->extension.binds))
            planner_refuse(p, TOO_MANY_DISKS, at,
                           "more than %d disks are needed",
                           PLANNER_MAX_DISKS);
        return NULL;
    }
    added = &plan->disks[plan->n_disks];
    *added = *disk;
    added->vdev = planner_printf(p, "xvd%c", 'a' + (int)plan->n_disks);
    plan->n_disks++;
    return added->vdev;
}

int planner_image(struct planner *p, const struct plan_image *image)
{
    p->plan->images[p->plan->n_images] = *image;
    return (int)p->plan->n_images++;
}

const char *planner_file(struct planner *p, const char *content,
                         size_t size_bytes, uint32_t mode,
                         const struct json *at)
{
    struct plan *plan = p->plan;

    p->payload_bytes += size_bytes;
    if (p->payload_bytes > PLANNER_MAX_PAYLOAD_BYTES) {
        planner_refuse(p, MOUNT_FILE_TOO_LARGE, at,
                       "the files together exceed 8 MiB");
        return NULL;
    }
    plan->files[plan->n_files] = (struct plan_file){
        content, size_bytes, mode, origin_at(p, at),
    };
    return planner_printf(p, PROGRAM_FILES_DIR "/%zu", plan->n_files++);
}
