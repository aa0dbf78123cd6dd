/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of the export, from the host's side and the client's. After
 * p9-client.h. */
#ifndef TEST_P9_FILES_H
#define TEST_P9_FILES_H

#define SET_MODE 0x1u
#define SET_OWNER 0x6u
#define SET_SIZE 0x8u
#define SET_ATIME 0x80u | 0x10u
#define SET_MTIME 0x100u | 0x20u

MAY_BE_UNUSED
static struct stat host_stat(const char *name)
{
    struct stat st;

    if (lstat(in_export(name), &st) < 0)
        memset(&st, 0, sizeof(st));
    return st;
}

MAY_BE_UNUSED
static int host_file(const char *name, const char *content)
{
    int fd = open(in_export(name), O_CREAT | O_TRUNC | O_WRONLY, 0644);
    ssize_t n = write(fd, content, strlen(content));

    close(fd);
    return n < 0 ? -1 : 0;
}

MAY_BE_UNUSED
static int make_node(const char *name, uint32_t mode, uint32_t major,
                     uint32_t minor)
{
    return call(P9_TMKNOD, "dsdddd", ROOT_FID, name, mode, major, minor, 0u);
}

#endif
