/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Plan: the whole domain, decided but not made. Pure: the same spec, survey,
 * host facts and options give the same plan, byte for byte. Every item knows
 * the bundle field, option or default that caused it (origin).
 */
#ifndef XLOCI_PLAN_H
#define XLOCI_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bundle.h"
#include "spec.h"

struct bytes;

/* field: JSON pointer ("/process/args"), option ("--memory"), or "default:
 * <why>"; line 0 where it is not from a file. Never NULL in a plan. */
struct origin {
    const char *field;
    unsigned int line, column;
};

struct plan_string { const char *value; struct origin from; };
struct plan_u64 { uint64_t value; struct origin from; };

enum rootfs_mode {
    ROOTFS_EROFS,               /* read-only image + overlay in memory */
    ROOTFS_EXT4,                /* one writable disk of the container's own */
    ROOTFS_IMAGE,               /* vm.image, raw */
    ROOTFS_9PFS,                /* the directory itself; overlay in memory
                                 * where it is read-only */
};

/* What the command line says. NULL or 0: not said. */
struct plan_options {
    const char *name;           /* Xen domain name */
    const char *uuid;           /* given by the caller: the plan is pure */
    uint64_t memory_bytes;
    uint64_t vcpus;
    const char *rootfs;         /* "erofs", "ext4" or "9pfs" */
    const char *persist_path;   /* file or block device for the overlay */
    bool attach_stdin;          /* -c */
    uint32_t rows, columns;     /* the caller's terminal, when attached */
    const unsigned char *seed;  /* for the guest's random pool */
    size_t seed_bytes;
};

struct dt_allowance;
struct dt_devices;
struct dt_passthrough;
struct dt_tree;

/* A node of the host's tree that Dom0's kernel drives. */
struct host_driver {
    const char *node;                   /* path */
    const char *name;                   /* of the driver */
    const char *unbind;                 /* a command that takes it away */
    const struct host_driver *next;
};

/* What is true of this host. */
struct host_facts {
    unsigned int xen_major, xen_minor;
    unsigned int pcpus;                 /* 0: not known (off target) */
    const char *kernel_path;            /* our guest kernel */
    uint64_t kernel_bytes;              /* its size; 0: not known */
    const char *initramfs_path;         /* our init */
    uint64_t initramfs_bytes;
    const char *bundle_name;            /* last component of the bundle's
                                         * path: the default name */
    const char *bundle_path;            /* absolute: for the hooks' state */
    const char *block_script;           /* our hotplug program, absolute */
    /* the devices of the host's tree, judged; NULL: no tree is known, or
     * nobody asks for a device */
    const struct dt_devices *devices;
    bool devices_are_dom0s;             /* of Dom0's own tree: a stopgap */
    const struct dt_tree *dom0_tree;    /* to compare with; or NULL */
    bool devices_have_errors;           /* why they are not known was told */
    const struct host_driver *drivers;  /* NULL: none, or not known */
    bool has_no_iommu;                  /* Xen says that it drives none */
    const struct dt_allowance *allowances;  /* the administrator's */
    size_t n_allowances;
    uint64_t memory_max_bytes, vcpus_max;   /* likewise; 0: no ceiling */
};

/* An image to be built (or found in the cache) before the domain. */
struct plan_image {
    enum { IMAGE_EROFS, IMAGE_EXT4 } format;
    int mount_index;            /* -1: the rootfs; else spec->mounts[i] */
    const char *source;         /* host path, for people */
    struct origin from;
};

struct plan_disk {
    const char *vdev;           /* "xvda" */
    bool writable;
    int image;                  /* index into images, or -1 */
    const char *path;           /* file or block device when image == -1 */
    dev_t number;               /* of that device; 0: it is a file, or an
                                 * option names it */
    bool create;                /* --persist: made (ext4) when missing */
    bool private_copy;          /* the image is copied for this container */
    struct origin from;
};

/* A directory of the host that the guest sees as it is: a 9pfs device, by its
 * index in shares. */
struct plan_share {
    const char *tag;            /* "share0" */
    int mount_index;            /* -1: the rootfs; else spec->mounts[i] */
    const char *path;           /* on the host, for people */
    bool writable;
    struct origin from;
};

/* A file of the payload archive beside /program: /files/<index>. */
struct plan_file {
    const char *content;
    size_t size_bytes;
    uint32_t mode;
    struct origin from;
};

/* A device of the host that the container uses. */
struct plan_accelerator {
    const char *name;           /* NULL: it has none */
    const char *device;         /* path in the host's tree */
    const char *compatible;     /* in place of the host's; or NULL */
    const char *kind, *load;    /* or NULL. Nothing loads it yet */
    struct origin from;
};

/* What is given to the domain of it, each with the host node that it is of. */
struct plan_pages {             /* of 4096 bytes */
    uint64_t mfn, gfn, count;
    const char *host;
    struct origin from;
};
struct plan_interrupt { uint32_t intid; const char *host; struct origin from; };
struct plan_dtdev { const char *path; struct origin from; };

struct plan_devices {
    struct plan_accelerator *list;
    size_t count;
    struct plan_pages *pages;
    size_t n_pages;
    struct plan_interrupt *interrupts;
    size_t n_interrupts;
    struct plan_dtdev *dtdevs;
    size_t n_dtdevs;
    const void *dtb;            /* partial device tree; NULL: none */
    size_t dtb_bytes;
    const struct dt_passthrough *passed;        /* what all of it is of */
    const char *uio_name;       /* compatible for uio_pdrv_genirq, or NULL */
    struct origin uio_from;
};

/* One operation of the guest's program (guest/program.h). Arguments in the
 * order of the signature. */
struct plan_arg {
    char kind;                  /* 'u' 'q' 's' 'b' 'v' */
    uint64_t number;
    const char *string;         /* 's'; bytes of 'b' */
    size_t size_bytes;          /* of 'b' */
    const char *const *vector;  /* 'v', NULL-terminated */
};

#define PLAN_MAX_ARGS 8

struct plan_op {
    unsigned int opcode;        /* enum program_opcode */
    struct plan_arg args[PLAN_MAX_ARGS];
    unsigned int n_args;
    struct origin from;
    const struct plan_op *next;
};

struct plan {
    const struct spec *spec;
    struct plan_string name, uuid;      /* uuid.value NULL: made at creation */
    struct plan_u64 memory_kib;         /* maxmem == memory: no ballooning */
    struct plan_u64 vcpus;
    struct plan_u64 paging_kib;         /* for Xen's tables of the guest's
                                         * memory; 0: libxl's default */
    struct plan_u64 weight, cap;        /* 0: not set. credit2; cap in % */
    struct plan_string cpus;            /* "0-3,^1" as xl.cfg, or NULL */
    struct plan_string cpupool;         /* or NULL */
    struct plan_string kernel, initramfs, cmdline;
    struct plan_string initrd;          /* the bundle's own, which stands
                                         * before initramfs; or NULL */
    struct plan_string block_script;
    enum rootfs_mode rootfs;
    struct plan_image *images;
    size_t n_images;
    struct plan_disk *disks;
    size_t n_disks;
    struct plan_share *shares;
    size_t n_shares;
    unsigned int share_ring_order;      /* pages of a ring: 1 << order */
    bool shares_are_private;            /* the guest caches what is in them */
    struct plan_file *files;
    size_t n_files;
    struct plan_devices devices;
    const struct plan_op *ops;          /* in order of execution */
    size_t n_ops;
    bool terminal, has_stdin;
};

/*
 * Makes the plan. NULL with errors in report (every problem, in one run).
 * Errors of the spec or the survey have their place in the report already:
 * nothing is concluded from what they are about, the rest is judged all the
 * same, and there is no plan. Everything given must outlive the plan.
 */
const struct plan *plan_make(struct arena *arena, const struct spec *spec,
                             const struct survey *survey,
                             const struct host_facts *host,
                             const struct plan_options *options,
                             struct report *report);

/*
 * The binary program of the plan's operations (guest/program.h); with its
 * seed left out when seedless (for comparison in dry runs and tests).
 * -1 when memory is exhausted or the program would exceed its limits.
 */
int plan_write_program(const struct plan *plan, struct bytes *out);

/* The payload: newc cpio archive of /program and /files/N, 4-byte aligned. */
int plan_write_payload(const struct plan *plan, struct bytes *out);

/* Is path the directory itself, or in it? Of paths without links. */
bool plan_path_is_within(const char *path, const char *directory);

/* Paths that exist only once images were built; all absolute. */
struct plan_artifacts {
    const char *const *disk_paths;      /* per plan->disks[i] */
    const char *ramdisk_path;           /* initrd + initramfs + payload */
    const char *device_tree_path;       /* plan->devices.dtb */
};

/*
 * Dry run: every line with its cause.
 * text: a table for people; json: {"domain":{...},"lines":[{key,value,from,
 * line,column}],"program":[{op,args,from}],...}; xl: an equivalent xl.cfg(5)
 * file with the causes as comments; dts: the partial device tree as source.
 */
enum plan_format {
    PLAN_FORMAT_TEXT, PLAN_FORMAT_JSON, PLAN_FORMAT_XL, PLAN_FORMAT_DTS,
};
int plan_format(const struct plan *plan, const struct plan_artifacts *artifacts,
                enum plan_format format, struct bytes *out);

#endif
