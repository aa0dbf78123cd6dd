/* SPDX-License-Identifier: MIT */
/* Operations on the process itself, the last of which is EXEC. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "find-program.h"
#include "ops.h"

#define IOPRIO_WHO_PROCESS 1 /* linux/ioprio.h */
#define MINOR_OF_NULL 3u     /* Linux: Documentation/admin-guide/devices.txt */
#define MAJOR_OF_MEM 1u

/* linux/sched/types.h, whose first version ends here */
struct scheduler_attributes {
    uint32_t size_bytes;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime_ns;
    uint64_t deadline_ns;
    uint64_t period_ns;
};

static int run_cwd(struct setup *setup, struct args *args)
{
    const char *path = arg_string(args);

    detail_set(setup, path, NULL, NULL);
    if (chdir(path) == 0)
        return 0;
    if (errno != ENOENT || make_dirs(path, 0755))
        return -1;
    return chdir(path);
}

static int run_umask(struct setup *setup, struct args *args)
{
    (void)setup;
    umask(arg_u32(args));
    return 0;
}

static int run_rlimit(struct setup *setup, struct args *args)
{
    struct rlimit limit;
    uint32_t resource = arg_u32(args);

    limit.rlim_cur = arg_u64(args);
    limit.rlim_max = arg_u64(args);
    detail_set(setup, "limit ", "", "");
    text_put_number(&setup->detail, resource);
    return (int)syscall(SYS_prlimit64, setup->subject, resource, &limit, NULL);
}

static int run_oom_score(struct setup *setup, struct args *args)
{
    char value[24], path[40];
    struct text text;

    text_start(&text, path, sizeof(path));
    if (setup->subject)
        text_put_number(&text, setup->subject);
    else
        text_put(&text, "self");
    text_put(&text, "/oom_score_adj");
    text_start(&text, value, sizeof(value));
    text_put_number(&text, (int32_t)arg_u32(args));
    detail_set(setup, value, NULL, NULL);
    return write_file_at(setup->proc, path, value, text_length(&text));
}

static int run_io_priority(struct setup *setup, struct args *args)
{
    return (int)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, setup->subject,
                        arg_u32(args));
}

static int run_scheduler(struct setup *setup, struct args *args)
{
    struct scheduler_attributes attributes = { 0 };

    attributes.size_bytes = sizeof(attributes);
    attributes.policy = arg_u32(args);
    attributes.nice = (int32_t)arg_u32(args);
    attributes.priority = arg_u32(args);
    attributes.flags = arg_u64(args);
    attributes.runtime_ns = arg_u64(args);
    attributes.deadline_ns = arg_u64(args);
    attributes.period_ns = arg_u64(args);
    detail_set(setup, "policy ", "", "");
    text_put_number(&setup->detail, attributes.policy);
    return (int)syscall(SYS_sched_setattr, setup->subject, &attributes, 0);
}

static int run_personality(struct setup *setup, struct args *args)
{
    (void)setup;
    return personality(arg_u32(args)) < 0 ? -1 : 0;
}

static int run_groups(struct setup *setup, struct args *args)
{
    uint32_t size_bytes, count, i;
    const unsigned char *bytes = arg_bytes(args, &size_bytes);
    struct args ids = { bytes, bytes + size_bytes };
    gid_t *groups;
    int r;

    (void)setup;
    count = size_bytes / 4;
    groups = malloc(count ? size_bytes : 1);
    if (!groups)
        return -1;
    for (i = 0; i < count; i++)
        groups[i] = arg_u32(&ids);
    r = setgroups(count, groups);
    free(groups);
    return r;
}

struct capability_sets {
    uint64_t effective, permitted, inheritable;
};

static int get_capabilities(struct capability_sets *sets)
{
    struct __user_cap_header_struct header = {
        .version = _LINUX_CAPABILITY_VERSION_3,
    };
    struct __user_cap_data_struct data[2];

    if (syscall(SYS_capget, &header, data))
        return -1;
    sets->effective = data[0].effective | (uint64_t)data[1].effective << 32;
    sets->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
    sets->inheritable =
        data[0].inheritable | (uint64_t)data[1].inheritable << 32;
    return 0;
}

static int set_capabilities(const struct capability_sets *sets)
{
    struct __user_cap_header_struct header = {
        .version = _LINUX_CAPABILITY_VERSION_3,
    };
    struct __user_cap_data_struct data[2] = {
        { (uint32_t)sets->effective, (uint32_t)sets->permitted,
          (uint32_t)sets->inheritable },
        { (uint32_t)(sets->effective >> 32), (uint32_t)(sets->permitted >> 32),
          (uint32_t)(sets->inheritable >> 32) },
    };

    return (int)syscall(SYS_capset, &header, data);
}

/*
 * A process of another user could not open /dev/stdout (/proc/self/fd/1) while
 * the pipe or pty behind it is root's. The pipes of a user namespace were given
 * by init, see start.c.
 */
static void give_stdio(uid_t uid)
{
    struct stat stat_buffer;
    int fd;

    for (fd = 0; fd <= 2; fd++)
        if (!fstat(fd, &stat_buffer) && stat_buffer.st_uid != uid &&
            stat_buffer.st_rdev != makedev(MAJOR_OF_MEM, MINOR_OF_NULL) &&
            fchown(fd, uid, stat_buffer.st_gid))
            return; /* an id that its file system cannot hold: as it was */
}

static int run_user(struct setup *setup, struct args *args)
{
    struct capability_sets sets;
    uid_t uid = arg_u32(args);
    gid_t gid = arg_u32(args);

    detail_set(setup, "uid ", "", "");
    text_put_number(&setup->detail, uid);
    text_put(&setup->detail, ", gid ");
    text_put_number(&setup->detail, gid);
    give_stdio(uid);
    if (prctl(PR_SET_KEEPCAPS, 1) || setresgid(gid, gid, gid) ||
        setresuid(uid, uid, uid) || prctl(PR_SET_KEEPCAPS, 0) ||
        get_capabilities(&sets))
        return -1;
    /* The change of user cleared the effective ones; CAPABILITIES, and what
     * else follows, may need them. exec drops what is not asked for. */
    sets.effective = sets.permitted;
    return set_capabilities(&sets);
}

static int drop_bounding(uint64_t keep)
{
    int capability;

    for (capability = 0; capability < 64; capability++) {
        if (prctl(PR_CAPBSET_READ, capability) < 0)
            return 0; /* EINVAL: behind the kernel's last */
        if (!(keep >> capability & 1) &&
            prctl(PR_CAPBSET_DROP, capability))
            return -1;
    }
    return 0;
}

static int set_ambient(uint64_t ambient)
{
    int capability;

    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
        return -1;
    for (capability = 0; capability < 64; capability++)
        if ((ambient >> capability & 1) &&
            prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0))
            return -1;
    return 0;
}

static int run_capabilities(struct setup *setup, struct args *args)
{
    struct capability_sets sets;
    uint64_t bounding = arg_u64(args);

    sets.effective = arg_u64(args);
    sets.inheritable = arg_u64(args);
    sets.permitted = arg_u64(args);
    detail_set(setup, "bounding set", NULL, NULL);
    if (drop_bounding(bounding))
        return -1;
    detail_set(setup, "permitted, effective and inheritable set", NULL, NULL);
    if (set_capabilities(&sets))
        return -1;
    detail_set(setup, "ambient set", NULL, NULL);
    return set_ambient(arg_u64(args));
}

static int run_no_new_privs(struct setup *setup, struct args *args)
{
    (void)setup;
    (void)args;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static int run_seccomp(struct setup *setup, struct args *args)
{
    uint32_t flags = arg_u32(args), size_bytes;
    const unsigned char *bytes = arg_bytes(args, &size_bytes);
    struct sock_fprog filter = {
        .len = (unsigned short)(size_bytes / sizeof(struct sock_filter)),
        .filter = malloc(size_bytes),
    };
    int r;

    (void)setup;
    if (!filter.filter)
        return -1;
    memcpy(filter.filter, bytes, size_bytes); /* the program is unaligned */
    r = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
    /* Not freed: free() may make system calls that the filter forbids. */
    return r;
}

static int run_exec(struct setup *setup, struct args *args)
{
    char **argv = arg_vector(args), **envp = arg_vector(args);

    if (!argv || !envp)
        return -1;
    detail_set(setup, argv[0], NULL, NULL);
    exec_program(argv, envp);
    return -1;
}

op_function *process_op(uint16_t code)
{
    static op_function *const functions[] = {
        [PROGRAM_OP_CWD] = run_cwd,
        [PROGRAM_OP_UMASK] = run_umask,
        [PROGRAM_OP_RLIMIT] = run_rlimit,
        [PROGRAM_OP_OOM_SCORE] = run_oom_score,
        [PROGRAM_OP_IO_PRIORITY] = run_io_priority,
        [PROGRAM_OP_SCHEDULER] = run_scheduler,
        [PROGRAM_OP_PERSONALITY] = run_personality,
        [PROGRAM_OP_GROUPS] = run_groups,
        [PROGRAM_OP_USER] = run_user,
        [PROGRAM_OP_CAPABILITIES] = run_capabilities,
        [PROGRAM_OP_NO_NEW_PRIVS] = run_no_new_privs,
        [PROGRAM_OP_SECCOMP] = run_seccomp,
        [PROGRAM_OP_EXEC] = run_exec,
    };

    if (code >= sizeof(functions) / sizeof(functions[0]))
        return NULL;
    return functions[code];
}
