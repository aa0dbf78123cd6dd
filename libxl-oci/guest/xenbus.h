/* SPDX-License-Identifier: MIT */
/*
 * The xenstore protocol (Xen: public/io/xs_wire.h) over /dev/xen/xenbus.
 *
 * One request at a time: Linux sends a request later, from the file's only
 * buffer, which the next write(2) overwrites (drivers/xen/xenbus/
 * xenbus_dev_frontend.c, xenbus_file_write() and xenbus_xs.c,
 * xenbus_dev_request_and_reply()). So each request first waits for the reply
 * to the one before; nothing waits for the last. A watch with a reply to come
 * would even deadlock: xenbus_write_watch(), xenbus_dev_queue_reply().
 */
#ifndef GUEST_XENBUS_H
#define GUEST_XENBUS_H

#include <stddef.h>
#include <stdint.h>

#define XENBUS_PATH "/dev/xen/xenbus"
#define XENBUS_HEADER_BYTES 16
#define XENBUS_MAX_BYTES 4096 /* XENSTORE_PAYLOAD_MAX */

struct xenbus {
    int fd;                  /* -1: there is none; requests are no-ops */
    int is_awaited;          /* the reply to the last request is to come */
    int is_changed;          /* a watch has fired, see xenbus_take_change() */
    size_t have_bytes;       /* of the message being received */
    unsigned char message[XENBUS_HEADER_BYTES + XENBUS_MAX_BYTES + 1];
};

/* fd is read and written, closed by xenbus_close(); -1 for none. */
void xenbus_init(struct xenbus *xenbus, int fd);
void xenbus_close(struct xenbus *xenbus);

/*
 * Paths are relative to the domain's own directory. Return -1 with errno when
 * the peer is gone, breaks the protocol or does not answer in time; it is
 * closed then.
 */
int xenbus_write(struct xenbus *xenbus, const char *path, const char *value);
int xenbus_watch(struct xenbus *xenbus, const char *path);

/* The node's value, terminated, until the next call; NULL: there is none. */
const char *xenbus_read(struct xenbus *xenbus, const char *path);

/*
 * Takes what has come without waiting; returns whether a watch has fired since
 * it was asked last. Watches fire once when they are set.
 */
int xenbus_take_change(struct xenbus *xenbus);

/* Waits for the reply to the last request. */
int xenbus_settle(struct xenbus *xenbus, int timeout_ms);

#endif
