/* SPDX-License-Identifier: MIT */
/*
 * The xenstore protocol (Xen: public/io/xs_wire.h) over /dev/xen/xenbus.
 * Requests never wait for their replies: init starts the process meanwhile.
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
    unsigned int awaited;    /* replies still to come */
    size_t have_bytes;       /* of the message being received */
    unsigned char message[XENBUS_HEADER_BYTES + XENBUS_MAX_BYTES + 1];
};

enum xenbus_event_kind {
    XENBUS_REPLY,   /* text: what the request asked for */
    XENBUS_REFUSED, /* text: the error's name, as "ENOENT" */
    XENBUS_WATCH,   /* text: the path that changed */
};

struct xenbus_event {
    enum xenbus_event_kind kind;
    uint32_t request;   /* as given to xenbus_read(); 0 for all else */
    const char *text;   /* borrowed until the next xenbus_next() */
    size_t text_bytes;
};

/* fd is read and written, closed by xenbus_close(); -1 for none. */
void xenbus_init(struct xenbus *xenbus, int fd);
void xenbus_close(struct xenbus *xenbus);

/* Paths are relative to the domain's own directory. Return -1 with errno. */
int xenbus_write(struct xenbus *xenbus, const char *path, const char *value);
int xenbus_read(struct xenbus *xenbus, const char *path, uint32_t request);
/* Drops the answers to what was asked before: no read may be outstanding. */
int xenbus_watch(struct xenbus *xenbus, const char *path);

/*
 * 1: event is set; 0: nothing has come (yet); -1: the peer breaks the protocol
 * or is gone.
 */
int xenbus_next(struct xenbus *xenbus, struct xenbus_event *event);

/* Waits until all replies are there, dropping events. -1: they did not come. */
int xenbus_settle(struct xenbus *xenbus, int timeout_ms);

#endif
