/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the command and the container's monitor say to each other, over a
 * SOCK_SEQPACKET pair: one message, one packet: a byte of type, then data.
 *
 *   command                          monitor
 *     DOMAIN message_domain,     ->    attaches the console, starts the
 *       descriptors                    backends of the shares
 *                                <-    READY; or FAILED text, of the console;
 *                                      or SHARE_FAILED text
 *     COMMIT attached?           ->    creation is complete
 *     INPUT bytes                ->    to the console (attached)
 *                                <-    OUTPUT bytes (attached)
 *                                <-    LOST count of bytes not delivered
 *                                <-    EXIT struct message_exit: the end;
 *                                      everything is released
 *     ABORT                      ->    the command undoes what it did; exit
 *
 * The command's death before COMMIT or ABORT: the monitor undoes everything;
 * one started again for a complete container just exits.
 */
#ifndef XL_OCI_MONITOR_H
#define XL_OCI_MONITOR_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>
#include <sys/types.h>

enum message_type {
    MESSAGE_DOMAIN = 1,
    MESSAGE_READY,
    MESSAGE_FAILED,
    MESSAGE_SHARE_FAILED,
    MESSAGE_COMMIT,
    MESSAGE_ABORT,
    MESSAGE_INPUT,
    MESSAGE_OUTPUT,
    MESSAGE_LOST,
    MESSAGE_EXIT,
};

#define MESSAGE_MAX_DATA 4096
#define MESSAGE_MAX_FDS 16

struct message {
    uint8_t type;
    char data[MESSAGE_MAX_DATA];
    size_t size_bytes;              /* of data */
    int fds[MESSAGE_MAX_FDS];       /* received, for the receiver to close */
    unsigned int n_fds;
};

/* With descriptors: first the shared directories, then the images' locks. */
struct message_domain {
    int32_t domid;
    uint32_t n_shares;
};

struct message_exit {
    int32_t kind, number;           /* enum exit_kind */
    char text[512];
};

/* flags: MSG_DONTWAIT or 0. 0, or -1 with errno (EPIPE never raises). */
int message_send(int fd, enum message_type type, const void *data,
                 size_t size_bytes, const int *fds, unsigned int n_fds,
                 int flags);

/* 1, 0 when the other side is gone, -1 with errno. */
int message_receive(int fd, struct message *message, int flags);

struct monitor_start {
    const char *name, *uuid;
    bool recover;       /* of a complete container: it is never undone */
    int client_fd, lock_fd, dir_fd;
};

/*
 * Starts xl-oci-monitor, which stands in the directory of this program, with
 * these descriptors alone. Its pid, or -1 with errno.
 */
pid_t monitor_spawn(const struct monitor_start *start);

#endif
