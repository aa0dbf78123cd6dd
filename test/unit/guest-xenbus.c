/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The xenstore protocol, byte by byte (Xen: public/io/xs_wire.h). */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
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
    put(11, 0, 3, "OK", 3);
    is_int(xenbus_watch(&xenbus, "oci"), 0, "a watch is sent");
    is_int(read(peer, got, sizeof(got)), 16 + 6, "a watch: path, token");
    ok(!memcmp(got + 16, "oci\0x", 6), "each with a NUL");
}

/* What Linux would send instead, see xenbus.h. */
static void test_one_at_a_time(void)
{
    unsigned char got[256];
    pid_t pid;

    begin();
    xenbus_write(&xenbus, "a", "1");
    fflush(stdout);
    pid = fork();
    if (!pid) {
        xenbus_write(&xenbus, "b", "2");
        _exit(xenbus_settle(&xenbus, 5000) ? 1 : 0);
    }
    usleep(50000);
    is_int(read(peer, got, sizeof(got)), 16 + 3, "the second request waits");
    put(11, 0, 3, "OK", 3);
    usleep(50000);
    is_int(read(peer, got, sizeof(got)), 16 + 3, "for the first's reply");
    put(15, 0, 6, "oci\0x", 6);
    put(11, 0, 3, "OK", 3);
    waitpid(pid, &(int){ 0 }, 0);
}

static void test_read(void)
{
    begin();
    put(15, 0, 6, "oci\0x", 6);
    put(2, 0, 3, "abc", 3);
    is_str(xenbus_read(&xenbus, "a"), "abc", "a read's value, terminated");
    is_int(xenbus_take_change(&xenbus), 1, "a watch fired before the reply");
    is_int(xenbus_take_change(&xenbus), 0, "that is said once");
    put(16, 0, 7, "ENOENT", 7);
    is_str(xenbus_read(&xenbus, "b"), NULL, "a refused read");
    put(2, 0, 0, "", 0);
    is_str(xenbus_read(&xenbus, "c"), "", "an empty value");
}

static void test_pieces(void)
{
    uint32_t header[4] = { 15, 0, 0, 6 };
    int i, fired = 0;
    char message[22];

    begin();
    memcpy(message, header, 16);
    memcpy(message + 16, "oci\0x", 6);
    for (i = 0; i < 21; i++) {
        fired += write(peer, message + i, 1) != 1;
        fired += xenbus_take_change(&xenbus);
    }
    is_int(fired, 0, "an event is not taken before it is whole");
    is_int(write(peer, message + 21, 1), 1, "# the last byte");
    is_int(xenbus_take_change(&xenbus), 1, "then it is");
}

static void test_wrong(void)
{
    begin();
    put(2, 1, 3, "abc", 3);
    xenbus_take_change(&xenbus);
    is_int(xenbus.fd, -1, "a reply that nobody asked for ends it");
    begin();
    put(2, 1, 4097, "", 0);
    is_str(xenbus_read(&xenbus, "a"), NULL, "a body longer than allowed");
    is_int(xenbus.fd, -1, "ends it, too");
    begin();
    close(peer);
    peer = 0;
    xenbus_take_change(&xenbus);
    is_int(xenbus.fd, -1, "and so does a peer that is gone");
    is_int(xenbus_write(&xenbus, "a", "b"), 0, "without xenstore: nothing");
    is_str(xenbus_read(&xenbus, "a"), NULL, "no value");
    is_int(xenbus_take_change(&xenbus), 0, "and no change");
}

static void test_settle(void)
{
    begin();
    is_int(xenbus_settle(&xenbus, 0), 0, "nothing to wait for");
    xenbus_write(&xenbus, "a", "b");
    put(11, 0, 3, "OK", 3);
    is_int(xenbus_settle(&xenbus, 1000), 0, "the reply is there");
    xenbus_write(&xenbus, "a", "b");
    errno = 0;
    ok(xenbus_settle(&xenbus, 10) == -1 && errno == ETIMEDOUT, "no reply");
}

int main(void)
{
    xenbus_init(&xenbus, -1);
    test_requests();
    test_one_at_a_time();
    test_read();
    test_pieces();
    test_wrong();
    test_settle();
    return done_testing();
}
