/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Spec: config.json (OCI runtime-spec 1.0.0 to 1.3.x) as typed values.
 *
 * Filled by the tables of spec-*.c from a json tree. Every value keeps the
 * JSON node it came from ("at"), so that the plan can name the cause of each
 * line; at == NULL means that the property is absent. All strings live in the
 * arena of the spec or of the json tree. Values were checked against the
 * specification (types, ranges, absolute paths, known names); whether this
 * host and this hypervisor can honour them is the plan's question.
 *
 * A spec of a wrong config.json holds what could be read, so that the later
 * stages report in the same run what they find wrong. spec_is_faulty() tells
 * them which values stand for nothing.
 */
#ifndef XLOCI_SPEC_H
#define XLOCI_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct bytes;
struct json;
struct report;

struct spec_string { const struct json *at; const char *value; };
struct spec_u64 { const struct json *at; uint64_t value; };
struct spec_i64 { const struct json *at; int64_t value; };
struct spec_bool { const struct json *at; bool value; };
/* values is NULL-terminated; count excludes the NULL */
struct spec_strings {
    const struct json *at;
    const char **values;
    size_t count;
};
struct spec_u64s { const struct json *at; uint64_t *values; size_t count; };

struct spec_rlimit {
    const struct json *at;
    struct spec_string type;        /* "RLIMIT_NOFILE" */
    unsigned int resource;          /* its number on Linux/arm64 */
    struct spec_u64 soft, hard;     /* UINT64_MAX: infinity */
};

struct spec_scheduler {
    const struct json *at;
    struct spec_string policy;      /* "SCHED_FIFO" */
    uint32_t policy_number;
    struct spec_i64 nice;
    struct spec_i64 priority;
    struct spec_strings flags;
    uint64_t flags_mask;            /* SCHED_FLAG_* */
    struct spec_u64 runtime_ns, deadline_ns, period_ns;
};

struct spec_capabilities {
    const struct json *at;
    /* bit n is capability n of Linux; at == NULL: the set is empty */
    struct spec_u64 bounding, effective, inheritable, permitted, ambient;
};

struct spec_user {
    const struct json *at;
    struct spec_u64 uid, gid, umask;
    struct spec_u64s additional_gids;
};

struct spec_process {
    const struct json *at;          /* NULL: the config has no process */
    struct spec_bool terminal;
    struct spec_u64 console_height, console_width;
    struct spec_string cwd;
    struct spec_strings env, args;
    struct spec_user user;
    struct spec_capabilities capabilities;
    struct spec_rlimit *rlimits;
    size_t n_rlimits;
    struct spec_bool no_new_privileges;
    struct spec_i64 oom_score_adj;
    struct spec_scheduler scheduler;
    struct spec_string io_priority_class;   /* "IOPRIO_CLASS_BE" */
    struct spec_i64 io_priority;            /* 0..7 */
    uint32_t io_priority_value;             /* for ioprio_set(2) */
};

struct spec_mount {
    const struct json *at;
    struct spec_string destination, type, source;
    struct spec_strings options;
    /* the options, parsed by the table of spec-mounts.c */
    uint64_t flags;                 /* MS_* to set */
    uint64_t clear_flags;           /* MS_* that an option takes away again */
    uint64_t propagation;           /* MS_SHARED … | MS_REC; 0: none */
    bool recursive_bind;            /* "rbind" */
    bool copy_up;                   /* "tmpcopyup" */
    const char *data;               /* the rest, comma-separated; "" if none */
};

struct spec_device {
    const struct json *at;
    struct spec_string type;        /* "c", "b", "u", "p" */
    struct spec_string path;
    struct spec_i64 major, minor;
    struct spec_u64 file_mode, uid, gid;
};

struct spec_namespace {
    const struct json *at;
    struct spec_string type;        /* "pid", … */
    uint64_t clone_flag;            /* CLONE_NEW* */
    struct spec_string path;
};

struct spec_id_mapping {
    const struct json *at;
    struct spec_u64 container_id, host_id, size;
};

struct spec_hook {
    const struct json *at;
    struct spec_string path;
    struct spec_strings args, env;
    struct spec_i64 timeout_s;
};

struct spec_hooks { struct spec_hook *items; size_t count; };

struct spec_seccomp_arg {
    const struct json *at;
    struct spec_u64 index, value, value_two;
    struct spec_string op;          /* "SCMP_CMP_EQ" … */
};

struct spec_seccomp_rule {
    const struct json *at;
    struct spec_strings names;
    struct spec_string action;
    struct spec_u64 errno_ret;
    struct spec_seccomp_arg *args;
    size_t n_args;
};

struct spec_seccomp {
    const struct json *at;
    struct spec_string default_action;
    struct spec_u64 default_errno_ret;
    struct spec_strings architectures, flags;
    struct spec_seccomp_rule *rules;
    size_t n_rules;
};

struct spec_pair {                  /* sysctl, annotations, unified */
    const struct json *at;
    const char *key, *value;
};

struct spec_pairs { struct spec_pair *items; size_t count; };

struct spec_time_offset {
    const struct json *at;
    const char *clock;              /* "monotonic" or "boottime" */
    struct spec_i64 secs;
    struct spec_u64 nanosecs;
};

struct spec_resources {
    const struct json *at;
    struct spec_i64 memory_limit, memory_reservation, memory_swap; /* bytes */
    struct spec_u64 cpu_shares, cpu_period, cpu_idle;
    struct spec_i64 cpu_quota;
    struct spec_string cpu_cpus, cpu_mems;
    struct spec_i64 pids_limit;
    struct spec_pairs unified;      /* cgroup v2 files */
};

struct spec_linux {
    const struct json *at;
    struct spec_namespace *namespaces;
    size_t n_namespaces;
    struct spec_id_mapping *uid_mappings, *gid_mappings;
    size_t n_uid_mappings, n_gid_mappings;
    struct spec_time_offset *time_offsets;
    size_t n_time_offsets;
    struct spec_device *devices;
    size_t n_devices;
    struct spec_pairs sysctl;
    struct spec_strings masked_paths, readonly_paths;
    struct spec_string rootfs_propagation;
    uint64_t rootfs_propagation_flags;      /* MS_* */
    struct spec_string cgroups_path;
    struct spec_resources resources;
    struct spec_seccomp seccomp;
    struct spec_string personality_domain;
    uint32_t personality;                   /* value of personality(2) */
};

struct spec_iomem {                 /* in pages of 4096 bytes */
    const struct json *at;
    struct spec_u64 first_gfn, first_mfn, nr_mfns;
};

struct spec_vm {
    const struct json *at;
    struct spec_string hypervisor_path;     /* "" counts as absent */
    struct spec_strings hypervisor_parameters;
    struct spec_string kernel_path;
    struct spec_strings kernel_parameters;
    struct spec_string kernel_initrd;
    struct spec_string image_path, image_format;
    struct spec_u64 hw_vcpus, hw_memory;    /* memory in bytes */
    struct spec_string hw_device_tree;
    struct spec_strings hw_dtdevs;
    struct spec_iomem *hw_iomems;
    size_t n_hw_iomems;
    struct spec_u64s hw_irqs;
};

struct spec_clock_rate {
    const char *clock;              /* of clock-names, or an index */
    uint64_t hz;
};

/* A device of the host that the container uses (xl-oci-bundle(5),
 * "ACCELERATORS"): from annotations, or from accelerators.json. */
struct spec_accelerator {
    const struct json *at;          /* what names the device */
    const char *name;               /* NULL: of the list RESOURCE=DATA */
    struct spec_string device;      /* path, alias or label of the tree */
    struct spec_string kind;        /* "mmio", "fpga", ... */
    struct spec_string compatible;  /* in place of the host's */
    struct spec_string load;        /* path in the container's root */
    struct spec_strings nodes;      /* of the guest's /dev */
    const struct json *clock_rates_at;
    struct spec_clock_rate *clock_rates;
    size_t n_clock_rates;
};

struct spec_accelerators { struct spec_accelerator *items; size_t count; };

/* Annotations `org.xenproject.oci.<key>` (docs: xl-oci-bundle(5)). */
struct spec_extension {
    struct spec_string name;        /* .name: Xen domain name */
    struct spec_u64 memory;         /* .memory: bytes, or with K/M/G */
    struct spec_u64 vcpus;          /* .vcpus */
    struct spec_string rootfs;      /* .rootfs: "erofs", "ext4", "9pfs" */
    struct spec_string binds;       /* .binds: "image", "9pfs" */
    struct spec_string share_cache; /* .9pfs-cache: "shared", "private" */
    struct spec_string share_acl;   /* .9pfs-acl: "off", "on" */
    struct spec_string cpupool;     /* .cpupool */
    struct spec_strings nodes;      /* .nodes: of the guest's /dev */
};

/* Addresses of members, hashed; see spec_is_faulty(). */
struct spec_faults {
    const void **slots;
    size_t room, count;
};

struct spec {
    const struct json *document;
    size_t errors;                  /* reported while it was read; none: the
                                     * spec is whole */
    struct spec_faults faults;
    struct spec_string oci_version;
    struct spec_process process;
    struct spec_string root_path;
    struct spec_bool root_readonly;
    struct spec_string hostname, domainname;
    struct spec_mount *mounts;
    size_t n_mounts;
    struct spec_hooks prestart, create_runtime, start_container, poststart,
                      poststop;
    struct spec_pairs annotations;
    struct spec_linux linux_;       /* "linux" is a macro of GNU C */
    struct spec_vm vm;
    struct spec_extension extension;
    struct spec_accelerators accelerators;
};

/*
 * The spec of a parsed config.json and, unless side is NULL, of a parsed
 * accelerators.json. All problems are reported; spec->errors counts them. NULL
 * with errors in report only when config.json is not an object or memory is
 * exhausted. A required string that could not be read is "", not NULL.
 */
const struct spec *spec_read(struct arena *arena, const struct json *document,
                             const struct json *side, struct report *report);

/* The same without accelerators.json; NULL when anything is wrong. */
const struct spec *spec_from_json(struct arena *arena,
                                  const struct json *document,
                                  struct report *report);

/*
 * Was an error reported about a member of the spec, or about what is below it?
 * Then its value is not what the bundle means (it is absent, cut short, or
 * wrong), and no second error may follow from it. member is the address of a
 * field of the spec or of one of its items: &spec->mounts[1].source.
 */
bool spec_is_faulty(const struct spec *spec, const void *member);

/* Does the container use any device of the host's tree? */
bool spec_has_devices(const struct spec *spec);

/* What becomes of a property: the fate column of the tables. */
enum spec_fate {
    SPEC_MAPPED,        /* a field of the Xen domain */
    SPEC_IN_GUEST,      /* done by init in the guest */
    SPEC_IN_DOM0,       /* done by xl-oci in Dom0 */
    SPEC_SATISFIED,     /* true of every virtual machine */
    SPEC_REFUSED,       /* an error when present (with another value than the
                         * default), with the reason */
    SPEC_IGNORED,       /* another platform's, or informative only */
};

struct spec_property {
    const char *path;   /* "/process/rlimits/N/type", "/annotations/KEY" */
    const char *type;   /* "string", "uint32", "object", … */
    enum spec_fate fate;
    const char *how;    /* mapping, or reason of the refusal */
};

/* Every property of runtime-spec 1.3 config.md, config-linux.md, config-vm.md
 * and the other platforms' sections; *count rows in document order. */
const struct spec_property *spec_properties(size_t *count);

/* docs/coverage.md, generated from the rows. */
void spec_format_coverage(struct bytes *out);

#endif
