/* SPDX-License-Identifier: MIT */
/* Operations of phase GUEST but START, in PID 1 and init's own tree. */
#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "ops.h"

/* Xen's guest tree has no rng-seed: unseeded, getrandom() waits for seconds. */
static int run_seed(struct setup *setup, struct args *args)
{
    uint32_t size_bytes;
    const unsigned char *bytes = arg_bytes(args, &size_bytes);
    struct rand_pool_info *info = malloc(sizeof(*info) + size_bytes);
    int fd = open("/dev/urandom", O_RDWR | O_CLOEXEC);
    int r;

    detail_set(setup, "/dev/urandom", NULL, NULL);
    if (!info || fd < 0)
        return -1;
    info->entropy_count = (int)(size_bytes * 8);
    info->buf_size = (int)size_bytes;
    memcpy(info->buf, bytes, size_bytes);
    r = ioctl(fd, RNDADDENTROPY, info);
    close(fd);
    free(info);
    return r;
}

static int run_make_dir(struct setup *setup, struct args *args)
{
    const char *path = arg_string(args);

    detail_set(setup, path, NULL, NULL);
    return make_dirs(path, arg_u32(args));
}

/* As overlayfs does when it copies up: what the file system cannot keep is
 * left out, and overlayfs's own marks are not the container's. */
static int copy_xattr(const char *from, const char *to, const char *name)
{
    static const char overlay[] = "trusted.overlay.";
    char value[4096];
    ssize_t size;

    if (!strncmp(name, overlay, sizeof(overlay) - 1))
        return 0;
    size = getxattr(from, name, value, sizeof(value));
    if (size < 0)
        return -1;
    return setxattr(to, name, value, (size_t)size, 0) &&
           errno != EOPNOTSUPP ? -1 : 0;
}

static int copy_xattrs(const char *from, const char *to)
{
    char names[4096];
    ssize_t at, size = listxattr(from, names, sizeof(names));

    if (size < 0)
        return errno == EOPNOTSUPP ? 0 : -1;
    for (at = 0; at < size; at += (ssize_t)strlen(names + at) + 1)
        if (copy_xattr(from, to, names + at))
            return -1;
    return 0;
}

static int run_make_like(struct setup *setup, struct args *args)
{
    const char *path = arg_string(args);
    const char *model = arg_string(args);
    struct stat stat_buffer;

    detail_set(setup, path, " like ", model);
    if (mkdir(path, 0700))
        return errno == EEXIST ? 0 : -1;
    if (stat(model, &stat_buffer) ||
        chown(path, stat_buffer.st_uid, stat_buffer.st_gid) ||
        copy_xattrs(model, path))
        return -1;
    /* Behind the rest: a change of owner clears bits, an ACL sets some. */
    return chmod(path, stat_buffer.st_mode & 07777);
}

static int is_node(const char *path, int only_block)
{
    struct stat stat_buffer;

    return !stat(path, &stat_buffer) &&
           (S_ISBLK(stat_buffer.st_mode) ||
            (!only_block && S_ISCHR(stat_buffer.st_mode)));
}

static int wait_for_node(const char *path, int only_block,
                         uint32_t timeout_ms)
{
    const struct timespec pause = { .tv_nsec = 1000000 };
    int64_t deadline_ms = now_ms() + timeout_ms;

    while (!is_node(path, only_block)) {
        if (now_ms() >= deadline_ms) {
            errno = ETIMEDOUT;
            return -1;
        }
        nanosleep(&pause, NULL);
    }
    return 0;
}

/* The kernel makes the node once the backend has said what the disk is. */
static int run_wait_device(struct setup *setup, struct args *args)
{
    const char *path = arg_string(args);

    detail_set(setup, path, NULL, NULL);
    return wait_for_node(path, 1, arg_u32(args));
}

/* A driver makes the node when it has bound its device. */
static int run_wait_node(struct setup *setup, struct args *args)
{
    const char *path = arg_string(args);
    uint32_t timeout_ms = arg_u32(args);

    detail_set(setup, path, NULL, NULL);
    return wait_for_node(path, 0, timeout_ms) ||
           chmod(path, arg_u32(args)) ? -1 : 0;
}

/* The state as xenbus shows it: mount(2) knows the device from the moment that
 * it is about to connect, but a request would wait without a limit. */
static int has_state(const char *path, const char *want)
{
    char state[16] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, state, sizeof(state) - 1);

    if (fd >= 0)
        close(fd);
    return size > 0 && !strncmp(state, want, strlen(want));
}

static int run_wait_share(struct setup *setup, struct args *args)
{
    const struct timespec pause = { .tv_nsec = 1000000 };
    uint32_t index = arg_u32(args);
    int64_t deadline_ms = now_ms() + arg_u32(args);
    struct text text;
    char path[64];

    text_start(&text, path, sizeof(path));
    text_put(&text, "/sys/bus/xen/devices/9pfs-");
    text_put_number(&text, index);
    text_put(&text, "/state");
    detail_set(setup, path, NULL, NULL);
    while (!has_state(path, "Connected")) {
        errno = has_state(path, "Clos") ? ENODEV : ETIMEDOUT;
        if (errno == ENODEV || now_ms() >= deadline_ms)
            return -1;
        nanosleep(&pause, NULL);
    }
    return 0;
}

/* Takes the next of types separated by commas; 0 behind the last. */
static int next_type(const char **types, char *type, size_t size_bytes)
{
    size_t length = strcspn(*types, ",");

    if (!length || length >= size_bytes)
        return 0;
    memcpy(type, *types, length);
    type[length] = '\0';
    *types += length + ((*types)[length] == ',');
    return 1;
}

static int run_mount(struct setup *setup, struct args *args)
{
    const char *source = arg_string(args);
    const char *target = arg_string(args);
    const char *types = arg_string(args);
    unsigned long flags = (unsigned long)arg_u64(args);
    const char *data = arg_string(args);
    char type[32];

    detail_set(setup, *source ? source : types, " on ", target);
    if (!*types) /* a bind, a move or a change of flags */
        return mount(source, target, NULL, flags, *data ? data : NULL);
    errno = ENODEV;
    while (next_type(&types, type, sizeof(type)))
        if (!mount(source, target, type, flags, *data ? data : NULL))
            return 0;
    return -1;
}

static int run_write_file(struct setup *setup, struct args *args)
{
    const char *path = arg_string(args);
    uint32_t size_bytes;
    const unsigned char *bytes = arg_bytes(args, &size_bytes);

    detail_set(setup, path, NULL, NULL);
    return write_file_at(AT_FDCWD, path, bytes, size_bytes);
}

static int run_hostname(struct setup *setup, struct args *args)
{
    const char *name = arg_string(args);

    detail_set(setup, name, NULL, NULL);
    return sethostname(name, strlen(name));
}

static int run_domainname(struct setup *setup, struct args *args)
{
    const char *name = arg_string(args);

    detail_set(setup, name, NULL, NULL);
    return setdomainname(name, strlen(name));
}

int loopback_up(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = { .ifr_name = "lo" };
    int r;

    if (fd < 0)
        return -1;
    r = ioctl(fd, SIOCGIFFLAGS, &request);
    request.ifr_flags |= IFF_UP;
    if (!r)
        r = ioctl(fd, SIOCSIFFLAGS, &request);
    close(fd);
    return r;
}

static int run_loopback(struct setup *setup, struct args *args)
{
    (void)args;
    detail_set(setup, "lo", NULL, NULL);
    return loopback_up();
}

static int run_stdio(struct setup *setup, struct args *args)
{
    setup->stdio_flags = arg_u32(args);
    setup->rows = arg_u32(args);
    setup->columns = arg_u32(args);
    return 0;
}

static int run_cgroup(struct setup *setup, struct args *args)
{
    setup->cgroup = arg_string(args);
    return 0;
}

/* START collects them: the kernel takes a map in one write. */
static int run_later(struct setup *setup, struct args *args)
{
    (void)setup;
    (void)args;
    return 0;
}

op_function *guest_op(uint16_t code)
{
    static op_function *const functions[] = {
        [PROGRAM_OP_SEED] = run_seed,
        [PROGRAM_OP_MAKE_DIR] = run_make_dir,
        [PROGRAM_OP_WAIT_DEVICE] = run_wait_device,
        [PROGRAM_OP_WAIT_SHARE] = run_wait_share,
        [PROGRAM_OP_MOUNT] = run_mount,
        [PROGRAM_OP_WRITE_FILE] = run_write_file,
        [PROGRAM_OP_HOSTNAME] = run_hostname,
        [PROGRAM_OP_DOMAINNAME] = run_domainname,
        [PROGRAM_OP_LOOPBACK] = run_loopback,
        [PROGRAM_OP_STDIO] = run_stdio,
        [PROGRAM_OP_CGROUP] = run_cgroup,
        [PROGRAM_OP_CLOCK_OFFSET] = run_later,
        [PROGRAM_OP_ID_MAP] = run_later,
        [PROGRAM_OP_MAKE_LIKE] = run_make_like,
        [PROGRAM_OP_WAIT_NODE] = run_wait_node,
    };

    if (code >= sizeof(functions) / sizeof(functions[0]))
        return NULL;
    return functions[code];
}
