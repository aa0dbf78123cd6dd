/* SPDX-License-Identifier: MIT */
#include "in-root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "text.h"

#define MAX_LINKS 40 /* as the kernel, include/linux/namei.h MAXSYMLINKS */

#ifndef SYS_openat2
#define SYS_openat2 437
#endif

struct fd_path fd_path_of(int fd)
{
    struct fd_path path;
    struct text text;

    text_start(&text, path.text, sizeof(path.text));
    text_put(&text, "/proc/self/fd/");
    text_put_number(&text, fd);
    return path;
}

int in_root_open(int root, const char *path, int flags)
{
    /* No magic links: a container's /proc/self/root would lead outside. */
    struct open_how how = {
        .flags = (uint64_t)(unsigned int)(O_PATH | O_CLOEXEC | flags),
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };

    return (int)syscall(SYS_openat2, root, *path ? path : "/", &how,
                        sizeof(how));
}

static int make_entry(int parent, const char *name, enum in_root_kind kind,
                      mode_t mode)
{
    if (kind == IN_ROOT_DIRECTORY)
        return mkdirat(parent, name, mode);
    return mknodat(parent, name, S_IFREG | mode, 0);
}

/*
 * path is a buffer of PATH_MAX whose component at name, ending at end, is a
 * dangling link in parent. Replaces the component by what the link says.
 */
static int replace_by_link(char *path, const char *name, const char *end,
                           int parent)
{
    char link[PATH_MAX], whole[PATH_MAX];
    struct text text;
    ssize_t length;
    char component[NAME_MAX + 1];
    size_t name_bytes = (size_t)(end - name);
    size_t before_bytes = (size_t)(name - path);

    memcpy(component, name, name_bytes);
    component[name_bytes] = '\0';
    length = readlinkat(parent, component, link, sizeof(link) - 1);
    if (length < 0)
        return -1; /* EINVAL: made by somebody else at the same time */
    link[length] = '\0';
    if (before_bytes + (size_t)length + strlen(end) + 2 > sizeof(whole)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    text_start(&text, whole, sizeof(whole));
    if (*link != '/') {
        memcpy(whole, path, before_bytes);
        text.at += before_bytes;
    }
    text_put(&text, link);
    text_put(&text, end);
    memcpy(path, whole, text_length(&text) + 1);
    return 0;
}

/* Opens path up to end, which is made when missing. Not for the root. */
static int open_component(int root, int parent, char *path, char *name,
                          char *end, enum in_root_kind kind, mode_t mode)
{
    char saved = *end;
    int fd, made = 0;

    *end = '\0';
    fd = in_root_open(root, path, 0);
    if (fd < 0 && errno == ENOENT) {
        made = make_entry(parent, name, kind, mode);
        fd = made && errno != EEXIST ? -1 : in_root_open(root, path, 0);
    }
    *end = saved;
    return fd;
}

static int is_last_component(const char *end)
{
    return !end[strspn(end, "/")];
}

/*
 * Walks path, making what is missing. Returns a descriptor, or -1 with errno;
 * with ELOOP in *again the path was rewritten at a dangling link.
 */
static int walk(int root, char *path, enum in_root_kind kind, mode_t mode,
                int *again)
{
    int parent = in_root_open(root, "/", 0), fd;
    char *name = path + strspn(path, "/"), *end;
    int last, saved_errno;

    *again = 0;
    for (; parent >= 0 && *name; name = end + strspn(end, "/")) {
        end = name + strcspn(name, "/");
        if (end - name > NAME_MAX) {
            close(parent);
            errno = ENAMETOOLONG;
            return -1;
        }
        last = is_last_component(end);
        fd = open_component(root, parent, path, name, end,
                            last ? kind : IN_ROOT_DIRECTORY,
                            last ? mode : 0755);
        if (fd < 0 && errno == ENOENT)
            *again = !replace_by_link(path, name, end, parent);
        saved_errno = errno;
        close(parent);
        errno = saved_errno;
        parent = fd;
    }
    return parent;
}

int in_root_make(int root, const char *path, enum in_root_kind kind,
                 mode_t mode)
{
    char buffer[PATH_MAX];
    int links, again, fd = in_root_open(root, path, 0);

    if (fd >= 0 || errno != ENOENT)
        return fd;
    if (strlen(path) >= sizeof(buffer)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(buffer, path, strlen(path) + 1);
    for (links = 0; links < MAX_LINKS; links++) {
        fd = walk(root, buffer, kind, mode, &again);
        if (fd >= 0 || !again)
            return fd;
    }
    errno = ELOOP;
    return -1;
}

int in_root_make_parent(int root, const char *path, const char **name)
{
    const char *slash = strrchr(path, '/');
    char parent[PATH_MAX];
    size_t length = slash ? (size_t)(slash - path) : 0;

    *name = slash ? slash + 1 : path;
    if (!**name || !strcmp(*name, ".") || !strcmp(*name, "..") ||
        length >= sizeof(parent)) {
        errno = EINVAL;
        return -1;
    }
    memcpy(parent, path, length);
    parent[length] = '\0';
    return in_root_make(root, parent, IN_ROOT_DIRECTORY, 0755);
}
