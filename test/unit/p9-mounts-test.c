/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The 9P server on file systems that are full, read-only, or lack something. */
#include "tap.h"

#include <sys/mount.h>

#include "p9-client.h"
#include "p9-files.h"

/* A server of a small file system, mounted for the while, and for root alone:
 * scratch_make() has left the host's mounts. */
static bool mount_small(const char *type, const char *options)
{
    if (geteuid() || mount("none", export_of, type, 0, options))
        return false;
    p9_server_free(server);
    return !session_start(NULL);
}

static void unmount_small(void)
{
    p9_server_reset(server);
    umount2(export_of, MNT_DETACH);
}

static void test_full(void)
{
    static char block[1 << 16];
    uint32_t n = 1, i;
    uint64_t offset = 0;
    int error = 0;

    if (!mount_small("tmpfs", "size=256k,nr_inodes=10")) {
        ok(1, "full file system # SKIP only root mounts");
        return;
    }
    call(P9_TWALK, "ddw", ROOT_FID, 1u, 0);
    do_create(1, "f", O_RDWR, 0600);
    for (; !error && offset < 1 << 20; offset += n)
        error = do_write(1, offset, block, sizeof(block), &n);
    is_int(error, ENOSPC, "full: the write says so");
    is_int((long long)host_stat("f").st_size, 256 << 10,
           "what was written is there");
    is_int(do_setattr(1, (struct change){ .valid = SET_SIZE, .size = 1 }), 0,
           "truncate");
    is_int(do_write(1, 1, block, 100, &n), 0, "then there is room again");
    for (i = 0, error = 0; !error && i < 20; i++) {
        char name[8];

        snprintf(name, sizeof(name), "n%u", i);
        error = make_node(name, S_IFREG | 0600, 0, 0);
    }
    is_int(error, ENOSPC, "no inode left");
    is_int(call(P9_TMKDIR, "dsdd", ROOT_FID, "d", 0700u, 0u), ENOSPC, "mkdir");
    is_int(call(P9_TUNLINKAT, "dsd", ROOT_FID, "n0", 0u), 0, "unlink works");
    unmount_small();
}

static void test_read_only(void)
{
    uint32_t n;

    if (!mount_small("tmpfs", "size=64k"))
        return;
    host_file("f", "content");
    if (mount("none", export_of, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL))
        exit(1);
    is_int(call(P9_TMKDIR, "dsdd", ROOT_FID, "d", 0700u, 0u), EROFS,
           "a read-only file system: mkdir");
    do_path(1, "f");
    is_int(do_open(1, O_RDWR), EROFS, "open for writing");
    is_int(do_setattr(1, (struct change){ .valid = SET_MODE }), EROFS, "chmod");
    is_int(do_open(1, O_RDONLY), 0, "open for reading");
    is_int(do_read(1, 0, 10, &n), 0, "read");
    unmount_small();
}

static void test_without_xattrs(void)
{
    if (!mount_small("ramfs", NULL))
        return;
    host_file("f", "content");
    do_path(1, "f");
    is_int(call(P9_TXATTRWALK, "dds", 1u, 2u, "user.a"), EOPNOTSUPP,
           "a file system without attributes");
    is_int(call(P9_TXATTRWALK, "dds", 1u, 2u, ""), 0, "lists");
    is_int((long long)p9_read_u64(&answer), 0, "none");
    is_int(call(P9_TXATTRWALK, "dds", 1u, 3u, "system.posix_acl_access"),
           EOPNOTSUPP, "nor ACLs");
    unmount_small();
}

int main(void)
{
    scratch_make();
    is_int(session_start(NULL), 0, "session");
    test_full();
    test_read_only();
    test_without_xattrs();
    p9_server_free(server);
    return done_testing();
}
