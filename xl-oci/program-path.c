/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "program-path.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int program_sibling(const char *name, char path[PROGRAM_PATH_BYTES])
{
    ssize_t length = readlink("/proc/self/exe", path, PROGRAM_PATH_BYTES);
    char *slash;

    if (length < 0)
        return -1;
    if (length < PROGRAM_PATH_BYTES) {
        path[length] = '\0';
        slash = strrchr(path, '/');
        if (slash && (size_t)(slash + 1 - path) + strlen(name) <
                     PROGRAM_PATH_BYTES) {
            strcpy(slash + 1, name);
            return 0;
        }
    }
    errno = ENAMETOOLONG;
    return -1;
}
