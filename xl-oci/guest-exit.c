/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest-exit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xen/xen.h>
#include <xen/sched.h>

#include "files.h"
#include "guest/program.h"

#define EXIT_FILE "exit"
#define RESERVE_FILE "reserve"
/* "exit" and "log.lost" take one each; the record, longer by its end, one more
 * than it has now, and a part of one */
#define RESERVE_BLOCKS 4
#define MAX_BLOCK_BYTES 65536   /* more is what is best to read at a time */

static void set(struct guest_exit *e, enum exit_kind kind, int number,
                const char *text)
{
    size_t i, length = text ? strnlen(text, GUEST_EXIT_TEXT_BYTES - 1) : 0;

    e->exit.kind = kind;
    e->exit.number = number;
    e->exit.text = text ? e->text : NULL;
    for (i = 0; i < length; i++)
        e->text[i] = text[i] >= 0x20 && text[i] < 0x7f ? text[i] : '?';
    e->text[length] = '\0';
}

/* Decimal without sign or leading zeros, to the end of the text. */
static bool parse_number(const char *text, int max, int *value)
{
    int n = 0;

    if (!*text || (text[0] == '0' && text[1]))
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        n = n * 10 + (*text - '0');
        if (n > max)
            return false;
    }
    *value = n;
    return true;
}

static const char *after(const char *text, const char *prefix)
{
    size_t length = strlen(prefix);

    return strncmp(text, prefix, length) ? NULL : text + length;
}

int guest_exit_parse(const char *bytes, size_t size_bytes,
                     struct guest_exit *result)
{
    char text[XS_GUEST_MAX_BYTES + 1];
    const char *rest;
    int number;

    set(result, EXIT_NONE, 0, NULL);
    if (size_bytes > XS_GUEST_MAX_BYTES || memchr(bytes, '\0', size_bytes))
        return -1;
    memcpy(text, bytes, size_bytes);
    text[size_bytes] = '\0';
    if ((rest = after(text, "exited ")) && parse_number(rest, 255, &number))
        set(result, EXIT_EXITED, number, NULL);
    else if ((rest = after(text, "signalled ")) &&
             parse_number(rest, 64, &number) && number)
        set(result, EXIT_SIGNALLED, number, NULL);
    else if ((rest = after(text, "failed ")) && *rest)
        set(result, EXIT_FAILED, 0, rest);
    else
        return -1;
    return 0;
}

void guest_exit_from_reason(int shutdown_reason, struct guest_exit *result)
{
    switch (shutdown_reason) {
    case SHUTDOWN_crash:
        set(result, EXIT_CRASHED, 0, "the guest kernel crashed");
        break;
    case SHUTDOWN_watchdog:
        set(result, EXIT_CRASHED, 0, "the guest's watchdog expired");
        break;
    default:
        set(result, EXIT_UNKNOWN, 0,
            "the guest shut down without leaving an exit status");
    }
}

int guest_exit_reserve(int dir_fd)
{
    struct stat record;
    size_t block, size;
    char *zeros;
    int rc;

    if (fstatat(dir_fd, "record", &record, AT_SYMLINK_NOFOLLOW))
        return -1;
    block = (size_t)record.st_blksize;
    if (block > MAX_BLOCK_BYTES)
        block = MAX_BLOCK_BYTES;
    size = (size_t)record.st_size + RESERVE_BLOCKS * block;
    zeros = calloc(1, size);
    rc = zeros ? file_write_at(dir_fd, RESERVE_FILE, zeros, size) : -1;
    free(zeros);
    return rc;
}

int guest_exit_write(int dir_fd, const struct container_exit *e)
{
    char line[GUEST_EXIT_TEXT_BYTES + 64];
    int length = snprintf(line, sizeof(line), "%s %d %s\n",
                          exit_kind_name(e->kind), e->number,
                          e->text ? e->text : "");

    unlinkat(dir_fd, RESERVE_FILE, 0);
    return file_write_at(dir_fd, EXIT_FILE, line, (size_t)length);
}

int guest_exit_read(int dir_fd, struct guest_exit *result)
{
    char line[GUEST_EXIT_TEXT_BYTES + 64], name[16];
    int kind, number, at = 0;

    set(result, EXIT_NONE, 0, NULL);
    if (file_read_at(dir_fd, EXIT_FILE, line, sizeof(line)) < 0)
        return -1;
    line[strcspn(line, "\n")] = '\0';
    if (sscanf(line, "%15s %d %n", name, &number, &at) < 2 || !at) {
        errno = EINVAL;
        return -1;
    }
    for (kind = EXIT_NONE; kind <= EXIT_UNKNOWN; kind++) {
        if (strcmp(name, exit_kind_name((enum exit_kind)kind)))
            continue;
        set(result, (enum exit_kind)kind, number,
            line[at] ? line + at : NULL);
        return 0;
    }
    errno = EINVAL;
    return -1;
}
