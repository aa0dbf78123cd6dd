/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What sharing a directory with a guest depends on. */
#include "survey-share.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/arena.h"
#include "bundle.h"

/* proc(5): blanks, line ends and backslashes are \ooo there. In place. */
static void unescape(char *text)
{
    char *to = text;

    for (; *text; text++, to++) {
        if (*text == '\\' && text[1] && text[2] && text[3]) {
            *to = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 |
                         (text[3] - '0'));
            text += 3;
        } else {
            *to = *text;
        }
    }
    *to = '\0';
}

static bool is_below(const char *path, const char *directory)
{
    size_t n = strlen(directory);

    n -= n == 1; /* "/" */
    return !strncmp(path, directory, n) && path[n] == '/' && path[n + 1];
}

/* The first by name, whatever order they were mounted in. */
static const char *mount_below(struct arena *arena, const char *directory)
{
    FILE *file = fopen("/proc/self/mountinfo", "re");
    char *line = NULL, *first = NULL, *point;
    size_t room = 0;

    while (file && getline(&line, &room, file) > 0) {
        if (sscanf(line, "%*d %*d %*s %*s %ms", &point) != 1)
            continue;
        unescape(point);
        if (is_below(point, directory) &&
            (!first || strcmp(point, first) < 0)) {
            free(first);
            first = point;
        } else {
            free(point);
        }
    }
    free(line);
    if (file)
        fclose(file);
    point = first ? arena_strdup(arena, first) : NULL;
    free(first);
    return point;
}

/* By the modes of all directories down to it. */
static bool others_reach(char *path)
{
    char *slash;
    struct stat st;
    bool open;

    for (slash = strchr(path + 1, '/'); slash;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        open = !stat(path, &st) && (st.st_mode & S_IXOTH);
        *slash = '/';
        if (!open)
            return false;
    }
    return !stat(path, &st) && (st.st_mode & S_IXOTH);
}

void survey_share(struct arena *arena, int fd, struct source_fact *fact)
{
    char link[32], path[PATH_MAX];
    struct statvfs system;
    ssize_t size;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    /* listxattr(2) knows no such error where there is nothing to ask */
    fact->no_xattrs = getxattr(link, "user.xl-oci", NULL, 0) < 0 &&
                      errno == EOPNOTSUPP;
    size = readlink(link, path, sizeof(path) - 1);
    if (size <= 0)
        return;
    path[size] = '\0';
    fact->real_path = arena_strdup(arena, path);
    fact->mount_below = mount_below(arena, path);
    fact->is_exposed = others_reach(path) && !fstatvfs(fd, &system) &&
                       !(system.f_flag & ST_NOSUID);
}
