/* SPDX-License-Identifier: MIT */
/*
 * Paths of the container, resolved beneath its root while init's own tree is
 * still "/". The image is not trusted: its symbolic links are followed as they
 * would be inside, so none leads to init's tree (openat2(2), RESOLVE_IN_ROOT).
 * What was found is then used by its descriptor, never by its name again.
 */
#ifndef GUEST_IN_ROOT_H
#define GUEST_IN_ROOT_H

#include <stddef.h>
#include <sys/types.h>

enum in_root_kind { IN_ROOT_DIRECTORY, IN_ROOT_FILE };

/* Opens an existing path with O_PATH | O_CLOEXEC | flags. -1 with errno. */
int in_root_open(int root, const char *path, int flags);

/*
 * Opens path as in_root_open() does; when it is missing, makes it with that
 * mode, and its missing parents with 0755. What a dangling link names is made.
 */
int in_root_make(int root, const char *path, enum in_root_kind kind,
                 mode_t mode);

/*
 * Makes the directory that holds path and opens it; *name is set to the last
 * component, within path. EINVAL when that is none, "." or "..".
 */
int in_root_make_parent(int root, const char *path, const char **name);

/* The path by which mount(2) reaches an open descriptor: "/proc/self/fd/N". */
struct fd_path {
    char text[32];
};
struct fd_path fd_path_of(int fd);

#endif
