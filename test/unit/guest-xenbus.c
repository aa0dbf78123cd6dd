/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The xenstore protocol, byte by byte (Xen: public/io/xs_wire.h). */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest/xenbus.h"
#include "tap.h"

static struct xenbus xenbus;
static int peer;

static void begin(void)
{
    int ends[2];

    xenbus_close(&xenbus);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends))
        _exit(1);
    if (peer > 0)
        close(peer);
    peer = ends[1];
    xenbus_init(&xenbus, ends[0]);
}

static void put(uint32_t type, uint32_t request, uint32_t size_bytes,
                const char *body, size_t body_bytes)
{
    uint32_t header[4] = { type, request, 0, size_bytes };

    if (write(peer, header, sizeof(header)) != sizeof(header) ||
        write(peer, body, body_bytes) != (ssize_t)body_bytes)
        _exit(1);
}

static void test_requests(void)
{
    unsigned char got[256];
    uint32_t header[4];

    begin();
    is_int(xenbus_write(&xenbus, "data/x", "value"), 0, "a write is sent");
    is_int(read(peer, got, sizeof(got)), 16 + 7 + 5, "its length");
    memcpy(header, got, sizeof(header));
    ok(header[0] == 11 && !header[2] && header[3] == 12, "its header");
    ok(!memcmp(got + 16, "data/x\0value", 12), "path, NUL, value without one");
    xenbus_read(&xenbus, "oci/a", 3);
    is_int(read(peer, got, sizeof(got)), 16 + 6, "a read: path and NUL");
    memcpy(header, got, sizeof(header));
    ok(header[0] == 2 && header[1] == 3, "its header");
    /* Linux would deadlock: see xenbus_watch(). */
    put(11, 0, 3, "OK", 3);
    put(16, 3, 7, "ENOENT", 7);
    xenbus_watch(&xenbus, "oci");
    is_int(xenbus.awaited, 1, "a watch waits for the replies before it");
    is_int(read(peer, got, sizeof(got)), 16 + 6, "a watch: path, token");
    ok(!memcmp(got + 16, "oci\0x", 6), "each with a NUL");
}

static void test_events(void)
{
    struct xenbus_event event;
    uint32_t header[4] = { 2, 7, 0, 3 };

    begin();
    is_int(xenbus_next(&xenbus, &event), 0, "nothing has come");
    xenbus_read(&xenbus, "a", 7);
    put(15, 0, 8, "oci/a\0x", 8);
    ok(xenbus_next(&xenbus, &event) == 1 && event.kind == XENBUS_WATCH &&
       !strcmp(event.text, "oci/a"), "a watch event before the reply");
    is_int(write(peer, header, 10), 10, "# half a header");
    is_int(xenbus_next(&xenbus, &event), 0, "half a header is not enough");
    is_int(write(peer, (char *)header + 10, 6), 6, "# the rest");
    is_int(xenbus_next(&xenbus, &event), 0, "nor a header alone");
    is_int(write(peer, "abc", 3), 3, "# the body");
    ok(xenbus_next(&xenbus, &event) == 1 && event.kind == XENBUS_REPLY &&
       event.request == 7 && event.text_bytes == 3 &&
       !strcmp(event.text, "abc"), "the reply, terminated");
    xenbus_read(&xenbus, "b", 8);
    put(16, 8, 7, "ENOENT", 7);
    ok(xenbus_next(&xenbus, &event) == 1 && event.kind == XENBUS_REFUSED &&
       event.request == 8 && !strcmp(event.text, "ENOENT"), "an error");
}

static void test_wrong(void)
{
    struct xenbus_event event;

    begin();
    put(2, 1, 3, "abc", 3);
    is_int(xenbus_next(&xenbus, &event), -1, "a reply that nobody asked for");
    begin();
    xenbus_read(&xenbus, "a", 1);
    put(2, 1, 4097, "", 0);
    is_int(xenbus_next(&xenbus, &event), -1, "a body longer than allowed");
    begin();
    close(peer);
    peer = 0;
    is_int(xenbus_next(&xenbus, &event), -1, "the peer is gone");
    xenbus_close(&xenbus);
    is_int(xenbus_write(&xenbus, "a", "b"), 0, "without xenstore: nothing");
    is_int(xenbus_next(&xenbus, &event), 0, "and no events");
}

static void test_settle(void)
{
    begin();
    is_int(xenbus_settle(&xenbus, 0), 0, "nothing to wait for");
    xenbus_watch(&xenbus, "oci");
    xenbus_write(&xenbus, "a", "b");
    errno = 0;
    ok(xenbus_settle(&xenbus, 10) == -1 && errno == ETIMEDOUT, "no replies");
    put(11, 0, 3, "OK", 3);
    put(15, 0, 6, "oci\0x", 6);
    put(4, 0, 3, "OK", 3);
    is_int(xenbus_settle(&xenbus, 1000), 0, "all replies are there");
}

int main(void)
{
    xenbus_init(&xenbus, -1);
    test_requests();
    test_events();
    test_wrong();
    test_settle();
    return done_testing();
}
