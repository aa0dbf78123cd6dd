/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A 9P2000.L server of one directory for one client.
 *
 * It knows no transport: one whole message in, one whole message out, one at
 * a time, never waiting for anything but the file system. Everything that it
 * is given may be hostile. Nothing outside the directory is ever opened, read,
 * written or asked for, whatever links, renames and races there are in it.
 *
 * It is a part of its process as a whole in two ways: it sets the file system
 * user and group of the calling thread (setfsuid(2)), so that what the guest
 * creates belongs to whom the guest says, and it expects umask 0. Users and
 * groups are the guest's numbers, unchanged.
 */
#ifndef XL_OCI_9P_SERVER_H
#define XL_OCI_9P_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define P9_MSIZE_MIN 4096u
#define P9_MSIZE_MAX (512u << 10)

struct p9_settings {
    bool read_only;        /* EROFS for whatever would change something */
    uint32_t msize_max;    /* 0: P9_MSIZE_MAX */
    uint32_t fid_max;      /* fids at a time; 0: 65536 */
    uint32_t open_max;     /* files open at a time, of these fids; 0: 5120 */
    /* Where the process's own descriptors are seen as links: files are opened
     * by way of these, since only so a file can be opened that has been
     * renamed or unlinked. NULL: "/proc/self/fd". In the jail it is what
     * p9_jail_enter() gave. */
    const char *descriptors;
};

struct p9_server;

/*
 * A server of the directory export_fd (a descriptor of any kind, O_PATH too),
 * which is duplicated. RLIMIT_NOFILE must allow p9_server_descriptors().
 * NULL with errno: ENOTDIR, EINVAL (settings out of range), ENOMEM, EMFILE.
 */
struct p9_server *p9_server_new(int export_fd,
                                const struct p9_settings *settings);

/* As many as a server uses at a time, one for each fid, open file and owner of
 * locks, and those that a process has besides. */
uint32_t p9_server_descriptors(const struct p9_settings *settings);

/* Forgets all fids and locks: as new, for a client that connects again. */
void p9_server_reset(struct p9_server *s);

/* Closes all that is open. NULL is allowed. */
void p9_server_free(struct p9_server *s);

/*
 * The largest message that may come or go: msize_max until the client's
 * Tversion was answered, the agreed msize from then on.
 */
uint32_t p9_server_msize(const struct p9_server *s);

/*
 * Answers one request.
 *
 * request: size_bytes bytes which nobody else changes meanwhile (a message in
 * shared memory must be copied first). They must be one whole message: where
 * the size in its header is another, or greater than p9_server_msize(), the
 * answer is Rlerror EINVAL.
 *
 * reply: room >= p9_server_msize() bytes, not overlapping the request. Only
 * as much of it is written as the answer has, except for Rread and Rreaddir,
 * which may use all of msize.
 *
 * The size of the answer in reply, never more than p9_server_msize() or room;
 * or 0 for what cannot be answered, fewer bytes than a header (or too little
 * room): drop the connection. Tag and order of requests do not matter to the server: each is
 * answered before the next is looked at, so Tflush has nothing to do.
 */
size_t p9_server_handle(struct p9_server *s, const void *request,
                        size_t size_bytes, void *reply, size_t room);

/* What a server holds at the moment, for tests and reports. */
struct p9_usage {
    uint32_t fids;       /* known to the client */
    uint32_t descriptors;/* of this process, used for them and for locks */
    uint32_t open_files; /* fids that are open */
    uint32_t locks;      /* owners of locks */
    uint32_t xattr_bytes;/* of attributes being read or written */
};

void p9_server_usage(const struct p9_server *s, struct p9_usage *usage);

#endif
