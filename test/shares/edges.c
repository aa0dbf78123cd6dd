/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * edges TOPIC DIRECTORY: what is rare in a file system, inside the guest. A
 * line for the topic when it went well, and its time; else the first
 * difference, and 1. "fill" is run by Dom0, what else by the container's root.
 * Static, no libc beyond musl.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define ENTRIES 100000u
#define LINKS_MAX 60000u            /* ext4: 65,000 */
#define ACL_ACCESS "system.posix_acl_access"
#define ACL_DEFAULT "system.posix_acl_default"

static void expect(bool good, const char *what)
{
    if (good)
        return;
    printf("differs: %s (errno %s)\n", what, strerror(errno));
    exit(1);
}

static void expect_error(int result, int want, const char *what)
{
    expect(result < 0 && errno == want, what);
}

/* --- a directory of 100,000 entries ---------------------------------------- */

/* Names of few files: quick to make. */
static void fill(void)
{
    char name[16], target[16] = "";
    uint32_t i;

    for (i = 0; i < ENTRIES; i++) {
        snprintf(name, sizeof(name), "n%u", i);
        if (i % LINKS_MAX) {
            expect(!link(target, name), name);
            continue;
        }
        strcpy(target, name);
        close(open(name, O_WRONLY | O_CREAT | O_EXCL, 0600));
    }
}

static void entries(void)
{
    static bool seen[ENTRIES];
    struct dirent *entry;
    uint32_t count = 0, n;
    DIR *dir = opendir(".");

    expect(dir != NULL, "opendir");
    while ((entry = readdir(dir))) {
        if (*entry->d_name == '.')
            continue;
        n = (uint32_t)strtoul(entry->d_name + 1, NULL, 10);
        expect(*entry->d_name == 'n' && n < ENTRIES && !seen[n],
               entry->d_name);
        seen[n] = true;
        count++;
    }
    closedir(dir);
    printf("entries: %u, each once\n", count);
}

/* --- names and sizes ------------------------------------------------------- */

static void names(void)
{
    char name[300], target[4096];
    struct stat s;

    memset(name, 'n', sizeof(name));
    name[256] = '\0';
    expect_error(open(name, O_WRONLY | O_CREAT, 0600), ENAMETOOLONG,
                 "a name of 256 bytes");
    name[255] = '\0';
    expect(!mkdir(name, 0700) && !stat(name, &s) && !rmdir(name),
           "a name of 255 bytes");
    memset(target, 't', sizeof(target));
    target[4000] = '\0';
    expect(!symlink(target, name) && !lstat(name, &s) && s.st_size == 4000 &&
           !unlink(name), "a link to 4,000 bytes");
    expect(!mknod("fifo", S_IFIFO | 0600, 0) && !stat("fifo", &s) &&
           S_ISFIFO(s.st_mode) && !unlink("fifo"), "a FIFO");
    expect_error(mknod("null", S_IFCHR | 0600, 0x103), EPERM,
                 "a device node");
    puts("names: as they should be");
}

static void sizes(void)
{
    const off_t end = (off_t)9 << 30;
    int fd = open("large", O_RDWR | O_CREAT | O_EXCL, 0600);
    char text[8] = "";
    struct stat s;

    expect(fd >= 0 && pwrite(fd, "end", 3, end) == 3 &&
           pwrite(fd, "mid", 3, (end >> 1) - 1) == 3, "written");
    expect(!fstat(fd, &s) && s.st_size == end + 3, "9 GiB and 3 bytes");
    expect(s.st_blocks < 100, "sparse");
    expect(pread(fd, text, 8, end - 4) == 7 && !memcmp(text, "\0\0\0\0end", 7),
           "the end");
    expect(pread(fd, text, 3, (end >> 1) - 1) == 3 && !memcmp(text, "mid", 3),
           "the middle");
    expect(!ftruncate(fd, (off_t)5 << 30) && !fstat(fd, &s) &&
           s.st_size == (off_t)5 << 30 && !unlink("large"), "5 GiB");
    close(fd);
    puts("sizes: as they should be");
}

/* --- attributes ------------------------------------------------------------ */

static void xattrs(void)
{
    char value[8] = "", list[64];

    close(open("named", O_WRONLY | O_CREAT, 0600));
    expect(!setxattr("named", "user.a", "value", 5, XATTR_CREATE) &&
           getxattr("named", "user.a", value, 8) == 5 &&
           !strcmp(value, "value") &&
           listxattr("named", list, sizeof(list)) == 7 &&
           !removexattr("named", "user.a") && !unlink("named"), "user.a");
    puts("xattrs: as they should be");
}

static void no_xattrs(void)
{
    struct stat s;
    char value[8];

    close(open("named", O_WRONLY | O_CREAT, 0600));
    expect_error(setxattr("named", "user.a", "value", 5, 0), EOPNOTSUPP,
                 "user.a is set");
    expect(getxattr("named", "user.a", value, 8) < 0, "user.a is read");
    expect_error(setxattr("named", ACL_ACCESS, "\2\0\0\0", 4, 0), EOPNOTSUPP,
                 "an ACL is set");
    expect(!chmod("named", 0640) && !stat("named", &s) &&
           (s.st_mode & 07777) == 0640 && !chown("named", 7, 8) &&
           !unlink("named"), "mode and owner");
    expect(!mkdir("directory", 0700) && !rmdir("directory"), "a directory");
    puts("no xattrs: but all else");
}

/* --- access control lists -------------------------------------------------- */

/* linux/posix_acl_xattr.h */
struct acl {
    uint32_t version;
    struct { uint16_t tag, perm; uint32_t id; } entries[5];
};

/* The owner reads and writes, user 1000 reads, nobody else anything; the
 * group's bits of the mode are the mask's. */
static struct acl acl_for_1000(uint16_t perm)
{
    static const uint16_t tags[] = { 0x01, 0x02, 0x04, 0x10, 0x20 };
    const uint16_t perms[] = { 7, perm, 0, perm, 0 };
    struct acl acl = { .version = htole32(2) };
    size_t i;

    for (i = 0; i < 5; i++) {
        acl.entries[i].tag = htole16(tags[i]);
        acl.entries[i].perm = htole16(perms[i]);
        acl.entries[i].id = htole32(tags[i] == 0x02 ? 1000u : ~0u);
    }
    return acl;
}

/* Can that user, of that group, read? */
static bool reads(const char *name, uid_t uid, gid_t gid)
{
    int status;

    if (!fork())
        _exit(setgid(gid) || setuid(uid) ? 2 : open(name, O_RDONLY) < 0);
    wait(&status);
    expect(WIFEXITED(status) && WEXITSTATUS(status) < 2, "another user");
    return !WEXITSTATUS(status);
}

/* "from-dom0" has a list that Dom0 has made. */
static void acl(void)
{
    const struct acl list = acl_for_1000(4), inherited = acl_for_1000(7);
    struct acl got;
    struct stat s;

    expect(getxattr("from-dom0", ACL_ACCESS, &got, sizeof(got)) ==
           sizeof(got), "Dom0's list is seen");
    expect(reads("from-dom0", 1000, 1000), "Dom0's user 1000");
    expect(!reads("from-dom0", 1001, 0), "Dom0's list: no user of the group");
    close(open("of-guest", O_WRONLY | O_CREAT, 0600));
    expect(!setxattr("of-guest", ACL_ACCESS, &list, sizeof(list), 0),
           "a list is set");
    expect(!stat("of-guest", &s) && (s.st_mode & 0777) == 0740,
           "the mode follows");
    expect(reads("of-guest", 1000, 1000), "user 1000");
    expect(!reads("of-guest", 1001, 0), "no user of the group");
    expect(!mkdir("heir", 0755) &&
           !setxattr("heir", ACL_DEFAULT, &inherited, sizeof(inherited), 0),
           "a default list");
    close(open("heir/file", O_WRONLY | O_CREAT, 0666));
    expect(reads("heir/file", 1000, 1000), "the default list");
    expect(!reads("heir/file", 1001, 0), "the default list: nobody else");
    puts("acl: as they should be");
}

static const struct {
    const char *name;
    void (*run)(void);
} topics[] = {
    { "fill", fill }, { "entries", entries }, { "names", names },
    { "sizes", sizes }, { "xattrs", xattrs }, { "no-xattrs", no_xattrs },
    { "acl", acl },
};

static void run(size_t topic)
{
    struct timespec from, to;

    umask(0);
    clock_gettime(CLOCK_MONOTONIC, &from);
    topics[topic].run();
    clock_gettime(CLOCK_MONOTONIC, &to);
    printf("# %s: %.1f s\n", topics[topic].name,
           (double)(to.tv_sec - from.tv_sec) +
           (double)(to.tv_nsec - from.tv_nsec) / 1e9);
}

int main(int argc, char **argv)
{
    size_t i;

    if (argc == 3 && !chdir(argv[2]))
        for (i = 0; i < sizeof(topics) / sizeof(topics[0]); i++)
            if (!strcmp(argv[1], topics[i].name)) {
                run(i);
                return 0;
            }
    fprintf(stderr, "usage: edges TOPIC DIRECTORY\n");
    return 2;
}
