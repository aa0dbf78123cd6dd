/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Extended attributes and locks of the 9P server, against the host's own. */
#include "tap.h"

#include <sys/wait.h>
#include <sys/xattr.h>

#include "p9-client.h"

enum { FILE_FID = 1, VALUE_FID = 2 };
enum { READ_LOCK, WRITE_LOCK, UNLOCK };
enum { SUCCESS, BLOCKED, FAILED };

/* --- extended attributes -------------------------------------------------------------- */

/* As v9fs_fid_xattr_set(): clone, Txattrcreate, Twrite, Tclunk. */
static int set(uint32_t fid, const char *name, const void *value,
               uint32_t size, uint32_t flags)
{
    uint32_t n;
    int error = call(P9_TWALK, "ddw", fid, VALUE_FID + 10u, 0);

    if (error)
        return error;
    error = call(P9_TXATTRCREATE, "dsqd", VALUE_FID + 10u, name,
                 (uint64_t)size, flags);
    if (!error && size)
        error = do_write(VALUE_FID + 10u, 0, value, size, &n);
    if (error) {
        do_clunk(VALUE_FID + 10u);
        return error;
    }
    return do_clunk(VALUE_FID + 10u);
}

/* As v9fs_fid_xattr_get(): the size, or minus the error. The value is at
 * answer.at. */
static int get(uint32_t fid, const char *name)
{
    static uint8_t value[1 << 17];
    int error = call(P9_TXATTRWALK, "dds", fid, (uint32_t)VALUE_FID, name);
    uint32_t size, n;

    if (error)
        return -error;
    size = (uint32_t)p9_read_u64(&answer);
    do_read(VALUE_FID, 0, size + 100, &n);
    memcpy(value, answer.at, n);
    do_clunk(VALUE_FID);
    answer = (struct p9_reader){ value, value + n, false };
    return n == size ? (int)size : -EPROTO;
}

static bool has_xattrs(void)
{
    bool works;

    close(open(in_export("file"), O_CREAT | O_WRONLY, 0644));
    works = !setxattr(in_export("file"), "user.probe", "", 0, 0);
    removexattr(in_export("file"), "user.probe");
    return works;
}

static void test_values(void)
{
    char got[64];

    do_path(FILE_FID, "file");
    is_int(set(FILE_FID, "user.a", "value", 5, XATTR_CREATE), 0, "create");
    is_int(getxattr(in_export("file"), "user.a", got, sizeof(got)), 5,
           "there on the host");
    is_int(get(FILE_FID, "user.a"), 5, "get");
    ok(!memcmp(answer.at, "value", 5), "value");
    is_int(set(FILE_FID, "user.a", "x", 1, XATTR_CREATE), EEXIST,
           "create what is there");
    is_int(set(FILE_FID, "user.b", "x", 1, XATTR_REPLACE), ENODATA,
           "replace what is not");
    is_int(set(FILE_FID, "user.a", "new", 3, XATTR_REPLACE), 0, "replace");
    is_int(get(FILE_FID, "user.a"), 3, "replaced");
    is_int(get(FILE_FID, "user.none"), -ENODATA, "get what is not there");
    is_int(set(FILE_FID, "user.e", "", 0, 0), 0, "an empty value");
    is_int(getxattr(in_export("file"), "user.e", got, 1), 0, "is a value");
    is_int(get(FILE_FID, "user.e"), 0, "and empty");
    is_int(set(FILE_FID, "user.e", "", 0, XATTR_REPLACE), 0, "remove");
    ok(getxattr(in_export("file"), "user.e", got, 1) < 0 && errno == ENODATA,
       "removed");
    is_int(set(FILE_FID, "user.e", "", 0, XATTR_REPLACE), ENODATA,
           "remove it again");
}

static void test_list(void)
{
    setxattr(in_export("file"), "user.second", "2", 1, 0);
    if (!geteuid())
        setxattr(in_export("file"), "trusted.hidden", "2", 1, 0);
    is_int(get(FILE_FID, ""), 7 + 12, "list of names");
    ok(memmem(answer.at, 19, "user.a", 7) &&
       memmem(answer.at, 19, "user.second", 12), "each with a NUL");
    removexattr(in_export("file"), "user.a");
    removexattr(in_export("file"), "user.second");
    is_int(get(FILE_FID, ""), 0, "an empty list");
}

static void test_names(void)
{
    char name[300] = "user.";

    is_int(get(FILE_FID, "trusted.hidden"), -EOPNOTSUPP, "trusted.*");
    is_int(set(FILE_FID, "trusted.x", "1", 1, 0), EOPNOTSUPP, "set");
    is_int(set(FILE_FID, "security.selinux", "1", 1, 0), EOPNOTSUPP,
           "a label of the host");
    is_int(get(FILE_FID, "security.selinux"), -EOPNOTSUPP, "get");
    is_int(set(FILE_FID, "user.", "1", 1, 0), EOPNOTSUPP, "user. alone");
    is_int(set(FILE_FID, "other", "1", 1, 0), EOPNOTSUPP, "no namespace");
    memset(name + 5, 'x', 294);
    is_int(set(FILE_FID, name, "1", 1, 0), ERANGE, "too long a name");
    is_int(call(P9_TXATTRCREATE, "dsqd", (uint32_t)FILE_FID, "", UINT64_C(1),
                0u), EINVAL, "no name");
    is_int(call(P9_TXATTRCREATE, "dSqd", (uint32_t)FILE_FID, (size_t)8,
                "user.a\0b", UINT64_C(1), 0u), EINVAL, "a NUL in the name");
    is_int(call(P9_TXATTRCREATE, "dsqd", (uint32_t)FILE_FID, "user.a",
                UINT64_C(1), 7u), EINVAL, "unknown flags");
    is_int(call(P9_TXATTRCREATE, "dsqd", (uint32_t)FILE_FID, "user.a",
                UINT64_MAX, 0u), E2BIG, "too great a value");
}

static void test_half_written(void)
{
    struct p9_usage usage;
    uint32_t n;

    call(P9_TWALK, "ddw", (uint32_t)FILE_FID, 5u, 0);
    is_int(call(P9_TXATTRCREATE, "dsqd", 5u, "user.half", UINT64_C(10), 0u), 0,
           "ten bytes are announced");
    is_int(do_write(5, 0, "12345", 5, &n), 0, "five come");
    is_int(do_write(5, 7, "12345", 3, &n), ENOSPC, "a gap");
    is_int(do_write(5, 5, "1234567890", 10, &n), ENOSPC, "too many");
    is_int(do_read(5, 0, 10, &n), EBADF, "no reading");
    is_int(do_open(5, O_RDONLY), EBADF, "no opening");
    is_int(call(P9_TGETATTR, "dq", 5u, UINT64_C(1)), EBADF, "no file");
    is_int(do_clunk(5), EINVAL, "clunk says so");
    is_int(get(FILE_FID, "user.half"), -ENODATA, "and nothing is set");
    is_int(do_clunk(5), EBADF, "the fid is gone");
    p9_server_usage(server, &usage);
    is_int(usage.xattr_bytes, 0, "no memory is kept");
}

static void test_xattr_memory(void)
{
    struct p9_usage usage;
    uint32_t i;
    int error = 0;

    for (i = 100; !error && i < 1000; i++) {
        call(P9_TWALK, "ddw", (uint32_t)FILE_FID, i, 0);
        error = call(P9_TXATTRCREATE, "dsqd", i, "user.x", UINT64_C(65536), 0u);
    }
    is_int(error, ENOMEM, "values of 64 KiB without end");
    p9_server_usage(server, &usage);
    ok(usage.xattr_bytes <= 1 << 20, "end at 1 MiB");
    while (--i >= 100)
        do_clunk(i);
    p9_server_usage(server, &usage);
    is_int(usage.xattr_bytes, 0, "which is given back");
}

/* user::rw- user:1000:rwx group::r-- mask::rwx other::--- */
static const unsigned char acl[] = {
    2, 0, 0, 0, 1, 0, 6, 0, 0xff, 0xff, 0xff, 0xff,
    2, 0, 7, 0, 0xe8, 3, 0, 0, 4, 0, 4, 0, 0xff, 0xff, 0xff, 0xff,
    16, 0, 7, 0, 0xff, 0xff, 0xff, 0xff, 32, 0, 0, 0, 0xff, 0xff, 0xff, 0xff,
};

static void test_acl(void)
{
    const char *access = "system.posix_acl_access";
    struct stat st;

    if (setxattr(in_export("file"), access, acl, sizeof(acl), 0)) {
        ok(1, "ACLs # SKIP this file system has none");
        return;
    }
    is_int(get(FILE_FID, access), sizeof(acl), "an ACL of the host");
    ok(!memcmp(answer.at, acl, sizeof(acl)), "as it was set");
    is_int(set(FILE_FID, access, "", 0, 0), 0, "removed as Linux does");
    is_int(get(FILE_FID, access), -ENODATA, "gone");
    is_int(set(FILE_FID, access, "", 0, 0), 0, "removed once more");
    is_int(set(FILE_FID, access, acl, sizeof(acl), 0), 0, "set");
    stat(in_export("file"), &st);
    is_int(st.st_mode & 0777, 0670, "mode is the mask's");
    is_int(set(FILE_FID, access, "nonsense", 8, 0), EOPNOTSUPP, "a broken one");
    is_int(set(ROOT_FID, "system.posix_acl_default", acl, sizeof(acl), 0), 0,
           "default ACL of a directory");
    is_int(call(P9_TMKDIR, "dsdd", ROOT_FID, "child", 0777u, 0u), 0, "mkdir");
    is_int((int)getxattr(in_export("child"), "system.posix_acl_default", NULL,
                         0), sizeof(acl), "inherits it");
    set(ROOT_FID, "system.posix_acl_default", "", 0, 0);
}

static void test_xattr_of_fids(void)
{
    call(P9_TWALK, "ddw", ROOT_FID, 6u, 0);
    is_int(do_create(6, "fresh", O_RDWR, 0600), 0, "a created fid");
    is_int(get(6, "user.a"), -ENODATA, "get by it");
    is_int(set(6, "user.a", "1", 1, 0), 0, "set by a clone of it");
    is_int(call(P9_TUNLINKAT, "dsd", ROOT_FID, "fresh", 0u), 0, "unlink");
    is_int(get(6, "user.a"), 1, "get after unlink");
    is_int(set(6, "user.b", "1", 1, 0), 0, "set after unlink");
    do_clunk(6);
    if (symlink("file", in_export("link")))
        return;
    do_path(6, "link");
    is_int(set(6, "user.a", "1", 1, 0), EPERM, "user.* of a symlink");
    is_int(get(6, "user.a"), -ENODATA, "the file behind it is not looked at");
    do_clunk(6);
}

/* --- locks --------------------------------------------------------------------------------- */

static int lock(uint32_t fid, int type, uint64_t start, uint64_t length,
                uint32_t process)
{
    int error = call(P9_TLOCK, "dbdqqds", fid, type, 1u, start, length,
                     process, "guest");

    return error ? -error : p9_read_u8(&answer);
}

/* The host's view, from another process: can it lock so? */
static bool host_can(short type, off_t start, off_t length)
{
    int status, pid = fork();

    if (!pid) {
        int fd = open(in_export("locked"), O_RDWR);
        struct flock l = { .l_type = type, .l_whence = SEEK_SET,
                           .l_start = start, .l_len = length };

        _exit(fcntl(fd, F_SETLK, &l) < 0);
    }
    waitpid(pid, &status, 0);
    return !status;
}

static void open_locked(uint32_t fid)
{
    do_path(fid, "locked");
    do_open(fid, O_RDWR);
}

static void test_ranges(void)
{
    is_int(lock(1, WRITE_LOCK, 10, 10, 100), SUCCESS, "write lock 10-19");
    ok(host_can(F_WRLCK, 0, 10) && host_can(F_WRLCK, 20, 0) &&
       !host_can(F_WRLCK, 19, 1) && !host_can(F_RDLCK, 10, 1),
       "the host sees just that range");
    is_int(lock(2, READ_LOCK, 15, 1, 101), BLOCKED, "another process");
    is_int(lock(2, READ_LOCK, 20, 5, 101), SUCCESS, "beside it");
    is_int(lock(3, READ_LOCK, 20, 5, 102), SUCCESS, "two readers");
    is_int(lock(3, WRITE_LOCK, 20, 5, 102), BLOCKED, "upgrade of one");
    is_int(lock(2, UNLOCK, 20, 5, 101), SUCCESS, "unlock of the other");
    is_int(lock(3, WRITE_LOCK, 20, 5, 102), SUCCESS, "upgrade then");
    is_int(lock(1, UNLOCK, 12, 3, 100), SUCCESS, "unlock in the middle");
    ok(host_can(F_WRLCK, 12, 3) && !host_can(F_WRLCK, 11, 1) &&
       !host_can(F_WRLCK, 15, 1), "splits the range");
    is_int(lock(1, READ_LOCK, 10, 2, 100), SUCCESS, "downgrade");
    ok(host_can(F_RDLCK, 10, 2) && !host_can(F_WRLCK, 10, 2), "is shared");
    is_int(lock(1, UNLOCK, 0, 0, 100), SUCCESS, "unlock all");
    ok(host_can(F_WRLCK, 0, 20), "all of one process");
    ok(!host_can(F_WRLCK, 20, 5), "and none of the other's");
    lock(2, UNLOCK, 0, 0, 101);
    lock(3, UNLOCK, 0, 0, 102);
}

/* A process is one owner, by whatever fid. */
static void test_same_process(void)
{
    struct p9_usage usage;

    is_int(lock(1, WRITE_LOCK, 0, 0, 7), SUCCESS, "lock all by one fid");
    is_int(lock(2, WRITE_LOCK, 5, 5, 7), SUCCESS, "a part by another");
    is_int(lock(2, UNLOCK, 0, 0, 7), SUCCESS, "unlock all by that");
    ok(host_can(F_WRLCK, 0, 0), "nothing is locked");
    is_int(lock(2, UNLOCK, 0, 0, 8), SUCCESS, "unlock without a lock");
    lock(1, WRITE_LOCK, 0, 1, 7);
    do_path(9, "locked");
    do_open(9, O_RDWR);
    do_clunk(9);
    ok(!host_can(F_WRLCK, 0, 1), "a fid without locks takes none along");
    do_clunk(1);
    ok(host_can(F_WRLCK, 0, 1), "the fid that locked does");
    p9_server_usage(server, &usage);
    is_int(usage.locks, 0, "no owner is left");
    open_locked(1);
}

static void test_host_locks(void)
{
    int fd = open(in_export("locked"), O_RDWR);
    struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET,
                       .l_start = 50, .l_len = 10 };

    fcntl(fd, F_OFD_SETLK, &l);
    is_int(lock(1, READ_LOCK, 55, 1, 7), BLOCKED, "locked on the host");
    is_int(call(P9_TGETLOCK, "dbqqds", 1u, UNLOCK, UINT64_C(0), UINT64_C(0),
                7u, "guest"), 0, "getlock");
    is_int(p9_read_u8(&answer), WRITE_LOCK, "type");
    is_int((long long)p9_read_u64(&answer), 50, "start");
    is_int((long long)p9_read_u64(&answer), 10, "length");
    close(fd);
    call(P9_TGETLOCK, "dbqqds", 1u, WRITE_LOCK, UINT64_C(3), UINT64_C(4), 7u,
         "guest");
    is_int(p9_read_u8(&answer), UNLOCK, "free after that");
    is_int((long long)p9_read_u64(&answer), 3, "with the range as asked");
}

/* Two guests that share the directory, each with its server. */
static void test_two_servers(void)
{
    struct p9_server *first = server, *second;

    session_start(NULL);
    second = server;
    open_locked(1);
    server = first;
    is_int(lock(1, WRITE_LOCK, 0, 0, 7), SUCCESS, "one guest locks");
    server = second;
    is_int(lock(1, READ_LOCK, 0, 1, 7), BLOCKED,
           "another's process of the same number does not");
    server = first;
    lock(1, UNLOCK, 0, 0, 7);
    server = second;
    is_int(lock(1, READ_LOCK, 0, 1, 7), SUCCESS, "until it is unlocked");
    p9_server_free(second);
    server = first;
    is_int(lock(1, WRITE_LOCK, 0, 0, 7), SUCCESS, "or the other has gone");
    lock(1, UNLOCK, 0, 0, 7);
}

static void test_lock_abuse(void)
{
    struct p9_usage usage;
    uint32_t i;
    int status = SUCCESS;

    is_int(lock(1, 3, 0, 0, 7), -EINVAL, "unknown type");
    is_int(lock(1, READ_LOCK, UINT64_MAX, 1, 7), -EINVAL, "negative start");
    is_int(lock(1, READ_LOCK, INT64_MAX, INT64_MAX, 7), -EINVAL, "overflow");
    is_int(lock(ROOT_FID, READ_LOCK, 0, 0, 7), -EBADF, "of a fid not open");
    for (i = 0; status == SUCCESS && i < 5000; i++)
        status = lock(1, READ_LOCK, 0, 1, 1000 + i);
    is_int(status, FAILED, "owners without end");
    p9_server_usage(server, &usage);
    ok(usage.locks <= 1024, "end");
    p9_server_reset(server);
    p9_server_usage(server, &usage);
    is_int(usage.locks + usage.descriptors, 0, "and go with the session");
    do_attach(ROOT_FID, 0);
}

static void test_read_only_share(void)
{
    struct p9_settings settings = { .read_only = true };
    uint32_t n;

    p9_server_free(server);
    session_start(&settings);
    is_int(call(P9_TMKDIR, "dsdd", ROOT_FID, "x", 0755u, 0u), EROFS, "mkdir");
    is_int(call(P9_TUNLINKAT, "dsd", ROOT_FID, "file", 0u), EROFS, "unlink");
    do_path(1, "file");
    is_int(do_setattr(1, (struct change){ .valid = 1, .mode = 0600 }), EROFS,
           "chmod");
    is_int(do_open(1, O_RDWR), EROFS, "open for writing");
    is_int(do_open(1, O_RDONLY | 01000), EROFS, "open with truncation");
    is_int(do_open(1, O_RDONLY), 0, "open for reading");
    is_int(do_read(1, 0, 10, &n), 0, "read");
    is_int(do_write(1, 0, "x", 1, &n), EROFS, "write");
    is_int(lock(1, READ_LOCK, 0, 0, 1), SUCCESS, "read lock");
    is_int(set(1, "user.x", "1", 1, 0), EROFS, "attribute");
    is_int(call(P9_TWALK, "ddw", ROOT_FID, 2u, 0), 0, "walk");
    is_int(do_create(2, "n", O_RDONLY, 0600), EROFS, "create");
}

int main(void)
{
    scratch_make();
    is_int(session_start(NULL), 0, "session");
    if (has_xattrs()) {
        test_values();
        test_list();
        test_names();
        test_half_written();
        test_xattr_memory();
        test_acl();
        test_xattr_of_fids();
    } else {
        ok(1, "attributes # SKIP this file system has none");
    }
    do_clunk(1);
    close(open(in_export("locked"), O_CREAT | O_WRONLY, 0644));
    open_locked(1);
    open_locked(2);
    open_locked(3);
    test_ranges();
    test_same_process();
    test_host_locks();
    test_two_servers();
    test_lock_abuse();
    test_read_only_share();
    p9_server_free(server);
    return done_testing();
}
