/* SPDX-License-Identifier: MIT */
#include "ops.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void failure_set(struct failure *failure, const struct op *op, int error,
                 const char *text)
{
    struct text name, what;

    memset(failure, 0, sizeof(*failure));
    failure->op_index = op ? (int32_t)op->index : -1;
    failure->error = error;
    text_start(&name, failure->op_name, sizeof(failure->op_name));
    text_put(&name, op ? op_name(op->code) : "init");
    text_start(&what, failure->text, sizeof(failure->text));
    text_put_printable(&what, text);
}

void detail_set(struct setup *setup, const char *first, const char *joint,
                const char *second)
{
    text_start(&setup->detail, setup->detail_bytes,
               sizeof(setup->detail_bytes));
    text_put(&setup->detail, first);
    if (joint) {
        text_put(&setup->detail, joint);
        text_put(&setup->detail, second);
    }
}

int op_run(struct setup *setup, const struct op *op, op_function *function,
           struct failure *failure)
{
    struct args args = op_args(op);

    setup->op = op;
    detail_set(setup, "", NULL, NULL);
    if (function(setup, &args) == 0)
        return 0;
    failure_set(failure, op, errno, setup->detail_bytes);
    return -1;
}

int make_dirs(const char *path, mode_t mode)
{
    char buffer[PATH_MAX];
    char *slash = buffer;

    if (strlen(path) >= sizeof(buffer)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(buffer, path, strlen(path) + 1);
    while ((slash = strchr(slash + 1, '/'))) {
        *slash = '\0';
        if (mkdir(buffer, 0755) && errno != EEXIST)
            return -1;
        *slash = '/';
    }
    return mkdir(path, mode) && errno != EEXIST ? -1 : 0;
}

/* In one write: the files of proc and cgroup take each write as a whole. */
int write_file_at(int dir, const char *path, const void *bytes,
                  size_t size_bytes)
{
    int fd = openat(dir, path, O_WRONLY | O_CLOEXEC);
    ssize_t written;
    int saved_errno;

    if (fd < 0)
        return -1;
    written = write(fd, bytes, size_bytes);
    saved_errno = written >= 0 ? EIO : errno;
    close(fd);
    errno = saved_errno;
    return written == (ssize_t)size_bytes ? 0 : -1;
}
