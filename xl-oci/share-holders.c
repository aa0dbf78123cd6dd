/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "share-holders.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "checks.h"
#include "files.h"
#include "load.h"
#include "run-directory.h"
#include "share-backend.h"

/* Per share: 'p' when it is cached as private, else 's'; 'w' or 'r'; the path,
 * which may hold any byte but NUL; NUL. */
#define FILE_NAME "shares"
#define MAX_BYTES (SHARES_MAX * (PATH_MAX + 2) + 1)

struct held {
    const char *path, *holder;
    bool is_private, writable;
};

static struct held held_at(const char *entry, const char *holder)
{
    return (struct held){
        .path = entry + 2, .holder = holder, .is_private = entry[0] == 'p',
        .writable = entry[1] == 'w',
    };
}

static int write_own(const struct plan *plan, int dir_fd)
{
    struct bytes out = BYTES_INIT;
    size_t i;
    int rc = -1;

    for (i = 0; i < plan->n_shares; i++) {
        bytes_printf(&out, "%c%c%s", plan->shares_are_private ? 'p' : 's',
                     plan->shares[i].writable ? 'w' : 'r',
                     plan->shares[i].path);
        bytes_add(&out, "", 1);
    }
    errno = ENOMEM;
    if (!out.failed)
        rc = file_write_at(dir_fd, FILE_NAME, out.data, out.size);
    bytes_free(&out);
    return rc;
}

static void compare(const struct loaded *loaded,
                    const struct plan_share *share, const struct held *other)
{
    bool is_private = loaded->plan->shares_are_private;
    struct report_where where = loaded_where(loaded, &share->from);

    if (!(is_private || other->is_private) ||
        !(share->writable || other->writable) ||
        !(plan_path_is_within(share->path, other->path) ||
          plan_path_is_within(other->path, share->path)))
        return;
    report_check(loaded->report, SHARE_NOT_ALONE, &where,
                 "\"%s\": the container \"%s\" shares \"%s\", too, to %s; "
                 "%s caches it", share->path, other->holder, other->path,
                 other->writable ? "write" : "read",
                 !is_private ? "that one" :
                 other->is_private ? "each" : "this one");
}

/* With the entries of another's file; a damaged one ends early. */
static void compare_all(const struct loaded *loaded, const char *holder,
                        const char *entries, size_t size)
{
    const struct plan *plan = loaded->plan;
    const char *entry, *end = entries + size;
    size_t i;

    for (entry = entries; end - entry > 2 && entry[0] && entry[1];
         entry += strlen(entry) + 1) {
        const struct held other = held_at(entry, holder);

        for (i = 0; i < plan->n_shares; i++)
            compare(loaded, &plan->shares[i], &other);
    }
}

/* Containers come and go: what is not there any more does not count. */
static void look_at(const struct loaded *loaded, const char *holder,
                    char *buffer)
{
    int dir_fd = run_find(holder);
    ssize_t size;

    if (dir_fd < 0)
        return;
    size = file_read_at(dir_fd, FILE_NAME, buffer, MAX_BYTES);
    if (size > 0)
        compare_all(loaded, holder, buffer, (size_t)size);
    close(dir_fd);
}

int share_holders_add(const struct loaded *loaded, int dir_fd)
{
    const struct plan *plan = loaded->plan;
    char **names, *buffer;

    if (!plan->n_shares)
        return 0;
    if (write_own(plan, dir_fd)) {
        report_check(loaded->report, RUN_DIRECTORY, NULL,
                     "what the container shares cannot be noted: %s",
                     strerror(errno));
        return -1;
    }
    names = run_list(loaded->arena, loaded->report);
    if (!names)
        return -1;
    buffer = malloc(MAX_BYTES);
    if (!buffer) {
        report_check(loaded->report, HOST_RESOURCES, NULL, "out of memory");
        return -1;
    }
    for (; *names; names++)
        if (strcmp(*names, plan->name.value))
            look_at(loaded, *names, buffer);
    free(buffer);
    return 0;
}

void share_holders_remove(int dir_fd)
{
    unlinkat(dir_fd, FILE_NAME, 0);
}
