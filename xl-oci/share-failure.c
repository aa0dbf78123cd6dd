/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "share-failure.h"

#include <errno.h>
#include <inttypes.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "files.h"

#define FAILURE_BYTES (PATH_MAX + SHARE_WHY_BYTES + 128)

static void name_of(unsigned int index, char name[32])
{
    snprintf(name, 32, "share-%u-failed", index);
}

/* Numbers; the reason, of one line; the path, which may have more. */
int share_failure_write(int dir_fd, const struct share_failure *failure)
{
    char name[32], text[FAILURE_BYTES];
    int size = snprintf(text, sizeof(text),
                        "%" PRId64 " %d %d\n%.*s\n%.*s", failure->at_s,
                        failure->end.signal, failure->end.status,
                        SHARE_WHY_BYTES - 1, failure->why, PATH_MAX,
                        failure->path);

    name_of(failure->index, name);
    if (!faccessat(dir_fd, name, F_OK, 0))
        return 0;
    return file_write_at(dir_fd, name, text, (size_t)size);
}

const struct share_failure *share_failure_read(struct arena *arena,
                                               int dir_fd, unsigned int index)
{
    struct share_failure *failure;
    char name[32], text[FAILURE_BYTES], *why, *path;
    int at = 0;

    name_of(index, name);
    if (file_read_at(dir_fd, name, text, sizeof(text)) < 0)
        return NULL;
    failure = ARENA_NEW(arena, struct share_failure);
    errno = ENOMEM;
    if (!failure)
        return NULL;
    errno = EINVAL;
    if (sscanf(text, "%" SCNd64 " %d %d%n", &failure->at_s,
               &failure->end.signal, &failure->end.status, &at) != 3 ||
        text[at] != '\n')
        return NULL;
    why = text + at + 1;
    path = strchr(why, '\n');
    if (!path)
        return NULL;
    *path++ = '\0';
    failure->index = index;
    failure->why = arena_strdup(arena, why);
    failure->path = arena_strdup(arena, path);
    errno = ENOMEM;
    return failure->why && failure->path ? failure : NULL;
}
