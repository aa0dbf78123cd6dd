/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The container's view of the file system and kernel, until it is entered. */
#include "plan-internal.h"

#include <string.h>
#include <sys/mount.h>

static void plan_root(struct planner *p)
{
    const struct spec_linux *l = &p->spec->linux_;
    uint64_t flags = l->rootfs_propagation_flags;
    struct origin from = planner_root_origin(p);

    if (l->rootfs_propagation.at && flags)
        from = origin_at(p, l->rootfs_propagation.at);
    /* It is private all the same; to say so at the end would undo what mounts
     * ask for themselves. */
    op(p, ROOT, from, ARG_S(GUEST_ROOT), ARG_Q(flags));
}

/* "net.ipv4.ip_forward" and "net/ipv4/ip_forward" are one name; dots in
 * interface names need the second spelling (sysctl(8)). */
static const char *sysctl_file(struct planner *p, const struct spec_pair *s)
{
    char *file = arena_strdup(p->arena, s->key), *c;

    if (!file) {
        p->no_memory = true;
        return NULL;
    }
    if (!strchr(file, '/'))
        for (c = file; *c; c++)
            if (*c == '.')
                *c = '/';
    for (c = file; c; c = strchr(c, '/') ? strchr(c, '/') + 1 : NULL)
        if (*c == '\0' || *c == '/' || !strcmp(c, "..") || !strcmp(c, ".") ||
            !strncmp(c, "../", 3) || !strncmp(c, "./", 2))
            return NULL;
    return file;
}

static void plan_sysctls(struct planner *p)
{
    const struct spec_pairs *sysctl = &p->spec->linux_.sysctl;
    size_t i;

    for (i = 0; i < sysctl->count; i++) {
        const struct spec_pair *s = &sysctl->items[i];
        const char *file = sysctl_file(p, s);

        if (file)
            op(p, SYSCTL, origin_at(p, s->at), ARG_S(file),
               ARG_S(s->value));
        else if (!p->no_memory)
            planner_refuse(p, SYSCTL_NAME, s->at,
                           "\"%s\" is not the name of a kernel parameter",
                           s->key);
    }
}

static void plan_hidden_paths(struct planner *p)
{
    const struct spec_linux *l = &p->spec->linux_;
    size_t i;

    for (i = 0; i < l->readonly_paths.count; i++)
        op(p, READ_ONLY, origin_at(p, l->readonly_paths.at),
           ARG_S(l->readonly_paths.values[i]));
    for (i = 0; i < l->masked_paths.count; i++)
        op(p, MASK, origin_at(p, l->masked_paths.at),
           ARG_S(l->masked_paths.values[i]));
}

/* Made when missing (as runc does), so before "/" becomes read-only. */
static void plan_cwd(struct planner *p)
{
    const struct spec_string *cwd = &p->spec->process.cwd;

    op(p, CWD, cwd->at ? origin_at(p, cwd->at) : origin_default("default: /"),
       ARG_S(cwd->value ? cwd->value : "/"));
}

/* The guest opens /dev/pts/ptmx in the container's root, as runc does. */
static void plan_console(struct planner *p)
{
    const struct spec_bool *terminal = &p->spec->process.terminal;

    if (!p->plan->terminal)
        return;
    if (!mounts_have_devpts(p) && !is_faulty(p, &p->spec->mounts))
        planner_refuse(p, TERMINAL_DEVPTS, terminal->at,
                       "no mount puts a devpts on /dev/pts");
    op_plain(p, CONSOLE, origin_at(p, terminal->at));
}

/* The order is that of the OCI runtimes: mounts, devices, console, enter,
 * then what narrows the view. */
void plan_container_ops(struct planner *p)
{
    const struct spec_bool *readonly = &p->spec->root_readonly;

    plan_root(p);
    plan_mount_ops(p);
    plan_device_ops(p);
    plan_console(p);
    plan_sysctls(p);
    plan_mount_seal_ops(p);
    plan_hidden_paths(p);
    op_plain(p, ENTER, planner_root_origin(p));
    plan_cwd(p);
    if (readonly->at && readonly->value)
        op(p, ROOT_FLAGS, origin_at(p, readonly->at), ARG_Q(MS_RDONLY));
    plan_hook_ops(p);
}
