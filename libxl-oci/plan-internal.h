/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the plan share. Not for others. */
#ifndef XLOCI_PLAN_INTERNAL_H
#define XLOCI_PLAN_INTERNAL_H

#include "plan.h"

#include "base/arena.h"
#include "base/report.h"
#include "checks.h"
#include "guest/program.h"
#include "json.h"

#define KIB(n) ((uint64_t)(n) << 10)
#define MIB(n) ((uint64_t)(n) << 20)

/* One container's root disk, an overlay, one disk per bind mount: xvda-z. */
#define PLANNER_MAX_DISKS 26
/* 9pfs devices; each is a process in Dom0 (xl-oci/share-backend.h). */
#define PLANNER_MAX_SHARES 12
/* Payload files travel in the initial ramdisk, which lives in RAM. */
#define PLANNER_MAX_PAYLOAD_BYTES MIB(8)

/* Places of the guest's own tree. */
#define GUEST_BASE "/base"
#define GUEST_UPPER "/upper"
#define GUEST_ROOT "/root"
#define GUEST_MOUNTS "/mnt"
#define GUEST_CGROUP "/sys/fs/cgroup"
#define GUEST_CGROUP_NAME "container"
#define GUEST_DEVICE_TIMEOUT_MS 30000u
#define GUEST_NODE_TIMEOUT_MS 10000u

struct planner {
    struct arena *arena;
    const struct spec *spec;
    const struct survey *survey;
    const struct host_facts *host;
    const struct plan_options *options;
    struct report *report;
    struct plan *plan;
    const struct plan_op **tail;
    bool no_memory;             /* sticky; makes plan_make() fail */
    uint64_t payload_bytes;
    uint64_t namespaces;        /* CLONE_NEW* of linux.namespaces */
    const char **mount_points;  /* per spec->mounts[i]: where its disk or file
                                 * is in the guest's own tree, or NULL */
};

/* --- helpers (plan-build.c) --- */

struct origin origin_at(struct planner *p, const struct json *at);
struct origin origin_option(const char *option);
struct origin origin_default(const char *why); /* starts with "default: " */

/* Was an error reported about a member of the spec, given by its address? */
bool is_faulty(const struct planner *p, const void *member);
/* Is it not known what is mounted, by errors of the mount's own members? */
bool mount_is_unclear(const struct planner *p, const struct spec_mount *m);

/* Is its type "bind", without the option that makes a bind mount? Refused, but
 * its source is judged: that it was to be one is clear. */
bool mount_lacks_bind(const struct spec_mount *m);

/* Report's place of at; empty when at is NULL. */
struct report_where planner_where(struct planner *p, const struct json *at);

#define planner_refuse(p, id, at, ...) do { \
    struct report_where where_ = planner_where((p), (at)); \
    report_check((p)->report, id, &where_, __VA_ARGS__); \
} while (0)

/* The same; where no file says it, the origin does ("--memory"). */
#define planner_refuse_of(p, id, at, from, ...) do { \
    struct report_where where_ = planner_where((p), (at)); \
    if (!(at)) \
        where_.path = (from).field; \
    report_check((p)->report, id, &where_, __VA_ARGS__); \
} while (0)

/* arena_* that note exhaustion; the result may be NULL then */
const char *planner_printf(struct planner *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Arguments of operations. */
#define ARG_U(v) { .kind = 'u', .number = (uint32_t)(v) }
#define ARG_Q(v) { .kind = 'q', .number = (v) }
#define ARG_S(v) { .kind = 's', .string = (v) }
#define ARG_B(p, n) { .kind = 'b', .string = (p), .size_bytes = (n) }
#define ARG_V(v) { .kind = 'v', .vector = (v) }

void planner_op(struct planner *p, enum program_opcode opcode,
                struct origin from, unsigned int n_args,
                const struct plan_arg *args);

/* op(p, MOUNT, from, ARG_S(…), …) */
#define op(p, id, from, ...) \
    planner_op((p), PROGRAM_OP_##id, (from), \
               sizeof((struct plan_arg[]){ __VA_ARGS__ }) / \
               sizeof(struct plan_arg), (struct plan_arg[]){ __VA_ARGS__ })
#define op_plain(p, id, from) \
    planner_op((p), PROGRAM_OP_##id, (from), 0, NULL)

/* Adds a disk; returns its name ("xvdb"), or NULL with an error. */
const char *planner_disk(struct planner *p, const struct plan_disk *disk,
                         const struct json *at);
/* Adds an image; returns its index. */
int planner_image(struct planner *p, const struct plan_image *image);
/* What caused the root's disk or share. */
struct origin planner_root_origin(const struct planner *p);
/* Shares a directory of the host (plan-shares.c): where in the guest's tree it
 * is mounted; NULL with an error. */
const char *planner_share(struct planner *p, const struct plan_share *share,
                          const struct source_fact *fact,
                          const struct json *at);
/* Adds a payload file; returns its path in the guest, NULL on errors. */
const char *planner_file(struct planner *p, const char *content,
                         size_t size_bytes, uint32_t mode,
                         const struct json *at);

/* --- parts, in the order of plan_make() --- */

void plan_domain(struct planner *p);        /* plan-domain.c */
void plan_cpus(struct planner *p);          /* plan-cpus.c */
void plan_memory(struct planner *p);        /* plan-memory.c; needs payload */
void plan_accelerators(struct planner *p);  /* plan-accelerators.c */
void plan_paging(struct planner *p);        /* plan-paging.c; the last */
void plan_kernel(struct planner *p);        /* plan-kernel.c */
void plan_rootfs_disks(struct planner *p);  /* plan-rootfs.c */
void plan_mount_disks(struct planner *p);   /* plan-sources.c */

void plan_share_rings(struct planner *p);   /* plan-shares.c; needs memory */
/* Mounts one; and all but that of the root. */
void plan_share_mount(struct planner *p, size_t index, const char *target);
void plan_share_ops(struct planner *p);

void plan_guest_ops(struct planner *p);     /* plan-guest.c */
void plan_cgroup_ops(struct planner *p);    /* plan-cgroup.c */
void plan_rootfs_ops(struct planner *p);    /* plan-rootfs.c */
void plan_source_ops(struct planner *p);    /* plan-sources.c */
/* plan-nodes.c: nodes of devices, in the guest and in the container */
void plan_wait_node_ops(struct planner *p);
void plan_bind_node_ops(struct planner *p);
void plan_check_nodes(struct planner *p);
void plan_namespaces(struct planner *p);    /* plan-namespaces.c: checks */
void plan_namespace_ops(struct planner *p);
void plan_mount_ops(struct planner *p);     /* plan-mounts.c */
bool mounts_have_devpts(const struct planner *p);   /* on /dev/pts */
/* read-only at last: after the nodes below them were made */
void plan_mount_seal_ops(struct planner *p);
void plan_device_ops(struct planner *p);    /* plan-devices.c */
void plan_container_ops(struct planner *p); /* plan-container.c */
void plan_process_ops(struct planner *p);   /* plan-process.c */
void plan_hook_ops(struct planner *p);      /* plan-hooks.c */

/* Does the guest itself have what a bind mount takes from the host's /dev,
 * /proc or /sys? (plan-sources.c) */
enum guest_own {
    OWN_NOT,                    /* a file of the host */
    OWN_NODE,                   /* /dev/null and the like */
    OWN_DEV,                    /* the whole of /dev */
    OWN_PROC, OWN_SYSFS, OWN_CGROUP, OWN_DEVPTS, OWN_SHM, OWN_MQUEUE,
    OWN_NONE,                   /* below /proc, /sys: nothing to share */
};
enum guest_own mount_guest_own(const struct planner *p, size_t index);

/* Is the mount a file system on a block device of the host? */
bool mount_is_on_disk(const struct planner *p, size_t index);

#endif
