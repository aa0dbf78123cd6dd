/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The few xenstore requests of the hotplug program, spoken on the daemon's
 * socket (docs/misc/xenstore.txt, xen/public/io/xs_wire.h): the program runs
 * at every start and every stop of a domain, so it is static and loads no
 * library. Requests of one batch go out together and cost one round trip.
 */
#ifndef XL_OCI_XENSTORE_WIRE_H
#define XL_OCI_XENSTORE_WIRE_H

#include <stddef.h>
#include <stdint.h>

#define XENSTORE_PAYLOAD_MAX 4096

enum xenstore_type {
    XENSTORE_DIRECTORY = 1,
    XENSTORE_READ = 2,
    XENSTORE_TRANSACTION_START = 6,
    XENSTORE_TRANSACTION_END = 7,
    XENSTORE_WRITE = 11,
    XENSTORE_MKDIR = 12,
    XENSTORE_RM = 13,
    XENSTORE_SET_PERMS = 14,
};

struct xenstore_request {
    enum xenstore_type type;
    const char *dir, *name;     /* "<dir>/<name>"; name NULL: dir alone */
    const char *value;          /* of WRITE; of SET_PERMS: "n0 r5" */
    int error;                  /* errno of the answer */
    size_t size_bytes;          /* of the answer */
    char answer[XENSTORE_PAYLOAD_MAX + 1];  /* NUL added */
};

/* A connection, or -1 with errno. */
int xenstore_connect(void);

/* Every request in order. 0, or -1 with errno when the connection failed;
 * each request's own error is in the request. */
int xenstore_batch(int fd, struct xenstore_request *requests, size_t count);

/*
 * A transaction: what is asked between begin and end is seen, and done, at one
 * moment. end: 0; EAGAIN when others came between and nothing was done, so
 * that all must be tried again; another errno. Without commit, nothing is done.
 */
int xenstore_begin(int fd, uint32_t *transaction);
int xenstore_batch_in(int fd, uint32_t transaction,
                      struct xenstore_request *requests, size_t count);
int xenstore_end(int fd, uint32_t transaction, int commit);

#endif
