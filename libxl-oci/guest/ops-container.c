/* SPDX-License-Identifier: MIT */
/*
 * Operations that furnish the container's tree, from ROOT to ENTER, in the
 * container's first process. Paths in the image are only used through
 * in-root.h; mount(2) gets them as /proc/self/fd/N.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include "control.h"
#include "copy-tree.h"
#include "in-root.h"
#include "ops.h"

#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41) /* asm-generic/ioctls.h */
#endif

#define COPIES_DATA "mode=0700"

/* linux/mount.h, which cannot be included together with sys/mount.h */
struct mount_attributes {
    uint64_t set;
    uint64_t clear;
    uint64_t propagation;
    uint64_t userns_fd;
};

#define ATTRIBUTE_ATIME 0x70u
#define MS_ATIME_FLAGS (MS_NOATIME | MS_RELATIME | MS_STRICTATIME)
#define MS_PROPAGATION (MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE)
#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif

static const struct {
    unsigned long flag;
    uint64_t attribute;
} attribute_of_flag[] = {
    { MS_RDONLY, 0x1 },
    { MS_NOSUID, 0x2 },
    { MS_NODEV, 0x4 },
    { MS_NOEXEC, 0x8 },
    { MS_NOATIME, 0x10 },
    { MS_STRICTATIME, 0x20 },
    { MS_NODIRATIME, 0x80 },
    { MS_NOSYMFOLLOW, 0x200000 },
};

static void close_keeping_errno(int fd)
{
    int saved_errno = errno;

    if (fd >= 0)
        close(fd);
    errno = saved_errno;
}

/*
 * Adds flags to the mount at fd, below which recursively reaches. Unlike
 * MS_REMOUNT | MS_BIND it keeps the flags that are there.
 */
static int add_mount_flags(int fd, uint64_t flags, int recursively)
{
    struct mount_attributes attributes = { 0 };
    size_t i;

    for (i = 0; i < sizeof(attribute_of_flag) / sizeof(*attribute_of_flag);
         i++)
        if (flags & attribute_of_flag[i].flag)
            attributes.set |= attribute_of_flag[i].attribute;
    if (flags & MS_ATIME_FLAGS)
        attributes.clear |= ATTRIBUTE_ATIME; /* they exclude each other */
    if (!attributes.set && !attributes.clear)
        return 0;
    return (int)syscall(SYS_mount_setattr, fd, "",
                        AT_EMPTY_PATH | (recursively ? AT_RECURSIVE : 0),
                        &attributes, sizeof(attributes));
}

/* As add_mount_flags(), and propagation, on what is now mounted at path. */
static int finish_mount(struct setup *setup, const char *path, uint64_t flags,
                        uint64_t propagation)
{
    int fd = in_root_open(setup->root, path, 0);
    int r;

    if (fd < 0)
        return -1;
    r = add_mount_flags(fd, flags, 0);
    if (!r && propagation)
        r = mount(NULL, fd_path_of(fd).text, NULL,
                  (unsigned long)propagation, NULL);
    close_keeping_errno(fd);
    return r;
}

static int run_root(struct setup *setup, struct args *args)
{
    const char *path = arg_string(args);

    detail_set(setup, path, NULL, NULL);
    setup->root_propagation = arg_u64(args);
    /* Nothing that is mounted from here on may reach init's namespace. */
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
        mount(path, path, NULL, MS_BIND | MS_REC, NULL))
        return -1;
    setup->root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return setup->root < 0 ? -1 : 0;
}

/* Copies a regular file to a tmpfs of this mount namespace; sets path. */
static int make_copy(struct setup *setup, const char *source,
                     struct fd_path *path)
{
    struct stat stat_buffer;
    struct text text;
    int from = -1, to = -1, r = -1;

    if (!setup->copy_count &&
        mount("tmpfs", COPIES_DIR, "tmpfs", MS_NOSUID | MS_NODEV,
              COPIES_DATA))
        return -1;
    text_start(&text, path->text, sizeof(path->text));
    text_put(&text, COPIES_DIR "/");
    text_put_number(&text, setup->copy_count++);
    from = open(source, O_RDONLY | O_CLOEXEC);
    if (from < 0 || fstat(from, &stat_buffer))
        goto out;
    if (!S_ISREG(stat_buffer.st_mode)) {
        errno = EINVAL;
        goto out;
    }
    to = open(path->text, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (to >= 0)
        r = copy_file(from, to, &stat_buffer);
out:
    close_keeping_errno(from);
    close_keeping_errno(to);
    return r;
}

/* Binds source over path, which is made when missing. */
static int bind_over(struct setup *setup, const char *source, const char *path,
                     enum in_root_kind kind, mode_t mode, unsigned long flags)
{
    int fd = in_root_make(setup->root, path, kind, mode);
    int r;

    if (fd < 0)
        return -1;
    r = mount(source, fd_path_of(fd).text, NULL, flags, NULL);
    close_keeping_errno(fd);
    return r;
}

static int run_bind(struct setup *setup, struct args *args)
{
    const char *source = arg_string(args);
    const char *path = arg_string(args);
    uint64_t flags = arg_u64(args);
    mode_t mode = arg_u32(args);
    uint64_t propagation = flags & MS_PROPAGATION;
    struct fd_path copy;

    detail_set(setup, source, " on ", path);
    if (flags & PROGRAM_BIND_COPY) {
        if (make_copy(setup, source, &copy))
            return -1;
        source = copy.text;
    }
    if (bind_over(setup, source, path,
                  flags & PROGRAM_BIND_FILE ? IN_ROOT_FILE : IN_ROOT_DIRECTORY,
                  mode, MS_BIND | (unsigned long)(flags & MS_REC)))
        return -1;
    if (propagation)
        propagation |= flags & MS_REC;
    return finish_mount(setup, path, flags, propagation);
}

/* What path held before a tmpfs covered it is copied from below to above. */
static int copy_up(struct setup *setup, const char *path, int below)
{
    int above = in_root_open(setup->root, path, 0);
    int from = openat(below, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int r = above < 0 || from < 0 ? -1 : copy_tree(from, above);

    close_keeping_errno(above);
    close_keeping_errno(from);
    return r;
}

static int run_mount_in(struct setup *setup, struct args *args)
{
    const char *source = arg_string(args);
    const char *path = arg_string(args);
    const char *type = arg_string(args);
    uint64_t flags = arg_u64(args), late_flags = 0;
    const char *data = arg_string(args);
    uint64_t propagation = arg_u64(args);
    int fd, r;

    detail_set(setup, *source ? source : type, " on ", path);
    fd = in_root_make(setup->root, path, IN_ROOT_DIRECTORY, 0755);
    if (fd < 0)
        return -1;
    if (flags & PROGRAM_MOUNT_COPY_UP)
        late_flags = flags & MS_RDONLY;
    r = mount(source, fd_path_of(fd).text, type,
              (unsigned long)(flags & ~late_flags & ~PROGRAM_MOUNT_COPY_UP),
              *data ? data : NULL);
    if (!r && (flags & PROGRAM_MOUNT_COPY_UP))
        r = copy_up(setup, path, fd);
    close_keeping_errno(fd);
    return r ? -1 : finish_mount(setup, path, late_flags, propagation);
}

static int run_remount_in(struct setup *setup, struct args *args)
{
    const char *path = arg_string(args);

    detail_set(setup, path, NULL, NULL);
    return finish_mount(setup, path, arg_u64(args), 0);
}

static int is_same_node(int parent, const char *name, mode_t mode, dev_t device)
{
    struct stat stat_buffer;

    if (fstatat(parent, name, &stat_buffer, AT_SYMLINK_NOFOLLOW) ||
        (stat_buffer.st_mode & S_IFMT) != (mode & S_IFMT))
        return 0;
    return !(S_ISCHR(mode) || S_ISBLK(mode)) || stat_buffer.st_rdev == device;
}

static int run_make_node(struct setup *setup, struct args *args)
{
    const char *path = arg_string(args);
    mode_t mode = arg_u32(args);
    uint32_t major_number = arg_u32(args), minor_number = arg_u32(args);
    dev_t device = makedev(major_number, minor_number);
    uid_t uid = arg_u32(args);
    gid_t gid = arg_u32(args);
    const char *name;
    int parent, r;

    detail_set(setup, path, NULL, NULL);
    parent = in_root_make_parent(setup->root, path, &name);
    if (parent < 0)
        return -1;
    r = mknodat(parent, name, mode, device);
    if (!r)
        r = fchownat(parent, name, uid, gid, AT_SYMLINK_NOFOLLOW);
    else if (errno == EEXIST && is_same_node(parent, name, mode, device))
        r = 0;
    close_keeping_errno(parent);
    return r;
}

static int run_make_link(struct setup *setup, struct args *args)
{
    const char *target = arg_string(args);
    const char *path = arg_string(args), *name;
    int parent, r;

    detail_set(setup, path, " -> ", target);
    parent = in_root_make_parent(setup->root, path, &name);
    if (parent < 0)
        return -1;
    r = symlinkat(target, parent, name);
    if (r && errno == EEXIST)
        r = 0;
    close_keeping_errno(parent);
    return r;
}

static int run_bind_node(struct setup *setup, struct args *args)
{
    const char *source = arg_string(args);
    const char *path = arg_string(args);

    detail_set(setup, source, " on ", path);
    return bind_over(setup, source, path, IN_ROOT_FILE, 0600, MS_BIND);
}

/* Opens a new pty of the container's own devpts. */
static int open_pty(struct setup *setup, int *master, int *slave)
{
    int ptmx = in_root_open(setup->root, "/dev/pts/ptmx", 0);
    int unlocked = 0;
    struct winsize size = {
        .ws_row = (unsigned short)setup->rows,
        .ws_col = (unsigned short)setup->columns,
    };

    if (ptmx < 0)
        return -1;
    *master = open(fd_path_of(ptmx).text, O_RDWR | O_NOCTTY | O_CLOEXEC);
    close_keeping_errno(ptmx);
    if (*master < 0 || ioctl(*master, TIOCSPTLCK, &unlocked))
        return -1;
    *slave = ioctl(*master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    return *slave < 0 ? -1 : ioctl(*slave, TIOCSWINSZ, &size);
}

static int bind_console(struct setup *setup, int master)
{
    struct text text;
    char path[32];
    int number, source, r;

    if (ioctl(master, TIOCGPTN, &number))
        return -1;
    text_start(&text, path, sizeof(path));
    text_put(&text, "/dev/pts/");
    text_put_number(&text, number);
    source = in_root_open(setup->root, path, O_NOFOLLOW);
    if (source < 0)
        return -1;
    r = bind_over(setup, fd_path_of(source).text, "/dev/console", IN_ROOT_FILE,
                  0600, MS_BIND);
    close_keeping_errno(source);
    return r;
}

static int run_console(struct setup *setup, struct args *args)
{
    int master = -1, slave = -1, r = -1;

    (void)args;
    detail_set(setup, "/dev/console", NULL, NULL);
    if (open_pty(setup, &master, &slave) || bind_console(setup, master) ||
        control_send_terminal(setup->control, master))
        goto out;
    /* The session was made when this process started, see start.c. */
    r = ioctl(slave, TIOCSCTTY, 0);
    if (r || dup2(slave, 0) < 0 || dup2(slave, 1) < 0 || dup2(slave, 2) < 0)
        r = -1;
out:
    close_keeping_errno(master);
    close_keeping_errno(slave);
    return r;
}

static int run_mask(struct setup *setup, struct args *args)
{
    const char *path = arg_string(args);
    int fd = in_root_open(setup->root, path, 0);
    struct stat stat_buffer;
    int r;

    detail_set(setup, path, NULL, NULL);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
    r = fstat(fd, &stat_buffer);
    if (!r && S_ISDIR(stat_buffer.st_mode))
        r = mount("tmpfs", fd_path_of(fd).text, "tmpfs", MS_RDONLY, NULL);
    else if (!r)
        r = mount("/dev/null", fd_path_of(fd).text, NULL, MS_BIND, NULL);
    close_keeping_errno(fd);
    return r;
}

static int run_read_only(struct setup *setup, struct args *args)
{
    const char *path = arg_string(args);
    int fd = in_root_open(setup->root, path, 0);
    struct fd_path fd_path;
    int r;

    detail_set(setup, path, NULL, NULL);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
    fd_path = fd_path_of(fd);
    r = mount(fd_path.text, fd_path.text, NULL, MS_BIND | MS_REC, NULL);
    close_keeping_errno(fd);
    if (r)
        return -1;
    fd = in_root_open(setup->root, path, 0);
    if (fd < 0)
        return -1;
    r = add_mount_flags(fd, MS_RDONLY, 1);
    close_keeping_errno(fd);
    return r;
}

static int run_sysctl(struct setup *setup, struct args *args)
{
    const char *name = arg_string(args);
    const char *value = arg_string(args);
    struct open_how how = {
        .flags = O_WRONLY | O_CLOEXEC,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
    };
    int dir, fd = -1;
    ssize_t written = -1;
    size_t length = 0;

    while (value[length])
        length++;
    detail_set(setup, "/proc/sys/", "", name);
    dir = openat(setup->proc, "sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir >= 0)
        fd = (int)syscall(SYS_openat2, dir, name, &how, sizeof(how));
    if (fd >= 0)
        written = write(fd, value, length);
    close_keeping_errno(dir);
    close_keeping_errno(fd);
    return written < 0 ? -1 : 0;
}

/*
 * pivot_root(2) refuses the initramfs, so the root is moved over "/". What it
 * covers is init's tree, in which there is nothing to hide from the container.
 */
static int run_enter(struct setup *setup, struct args *args)
{
    (void)args;
    if (fchdir(setup->root) || mount(".", "/", NULL, MS_MOVE, NULL) ||
        chroot(".") || chdir("/"))
        return -1;
    close(setup->root);
    setup->root = -1;
    umask(022);
    if (!setup->root_propagation)
        return 0;
    return mount(NULL, "/", NULL, (unsigned long)setup->root_propagation,
                 NULL);
}

/* Adds flags to the mount of "/", so behind ENTER. */
static int run_root_flags(struct setup *setup, struct args *args)
{
    int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int r;

    detail_set(setup, "/", NULL, NULL);
    if (fd < 0)
        return -1;
    r = add_mount_flags(fd, arg_u64(args), 0);
    close_keeping_errno(fd);
    return r;
}

op_function *container_op(uint16_t code)
{
    static op_function *const functions[] = {
        [PROGRAM_OP_ROOT] = run_root,
        [PROGRAM_OP_BIND] = run_bind,
        [PROGRAM_OP_MOUNT_IN] = run_mount_in,
        [PROGRAM_OP_REMOUNT_IN] = run_remount_in,
        [PROGRAM_OP_MAKE_NODE] = run_make_node,
        [PROGRAM_OP_MAKE_LINK] = run_make_link,
        [PROGRAM_OP_BIND_NODE] = run_bind_node,
        [PROGRAM_OP_CONSOLE] = run_console,
        [PROGRAM_OP_MASK] = run_mask,
        [PROGRAM_OP_READ_ONLY] = run_read_only,
        [PROGRAM_OP_SYSCTL] = run_sysctl,
        [PROGRAM_OP_HOOK] = run_hook,
        [PROGRAM_OP_ENTER] = run_enter,
        [PROGRAM_OP_ROOT_FLAGS] = run_root_flags,
    };

    if (code >= sizeof(functions) / sizeof(functions[0]))
        return NULL;
    return functions[code];
}
