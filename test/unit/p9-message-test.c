/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* 9P messages: what is written is read back, and no length leads outside. */
#include "tap.h"

#include <stdint.h>
#include <stdlib.h>

#include "xl-oci/9p/message.h"

static uint8_t buffer[256];

static size_t write_all_kinds(size_t room)
{
    struct p9_qid qid = { P9_QTDIR, 0x01020304, UINT64_C(0x1122334455667788) };
    struct p9_writer w = p9_writer_into(buffer, room);

    p9_write_u8(&w, 0xfe);
    p9_write_u16(&w, 0xfedc);
    p9_write_u32(&w, 0xfedcba98);
    p9_write_u64(&w, UINT64_C(0xfedcba9876543210));
    p9_write_string(&w, "name", 4);
    p9_write_string(&w, "", 0);
    p9_write_qid(&w, &qid);
    return p9_write_end(&w, P9_TWALK, 0x1234);
}

static void test_read_back(void)
{
    size_t size = write_all_kinds(sizeof(buffer));
    struct p9_reader r = p9_reader_of(buffer, size);
    struct p9_header header;
    struct p9_string s;
    struct p9_qid qid;

    is_int((long long)size, 7 + 1 + 2 + 4 + 8 + 6 + 2 + 13, "size");
    ok(p9_read_header(buffer, size, &header) && header.size_bytes == size &&
       header.type == P9_TWALK && header.tag == 0x1234, "header");
    ok(buffer[0] == size && !buffer[1] && buffer[4] == P9_TWALK &&
       buffer[5] == 0x34 && buffer[6] == 0x12, "little endian");
    is_int(p9_read_u8(&r), 0xfe, "1 byte");
    is_int(p9_read_u16(&r), 0xfedc, "2 bytes");
    is_int(p9_read_u32(&r), 0xfedcba98, "4 bytes");
    ok(p9_read_u64(&r) == UINT64_C(0xfedcba9876543210), "8 bytes");
    s = p9_read_string(&r);
    ok(s.length == 4 && !memcmp(s.text, "name", 4), "string");
    s = p9_read_string(&r);
    ok(s.length == 0 && !r.failed, "empty string");
    qid = p9_read_qid(&r);
    ok(qid.type == P9_QTDIR && qid.version == 0x01020304 &&
       qid.path == UINT64_C(0x1122334455667788), "qid");
    ok(!r.failed && r.at == r.end, "all read");
    is_int(p9_read_u8(&r), 0, "nothing is behind the end");
    ok(r.failed, "and that is an error");
}

/* Copies of exactly so many bytes: ASan sees a read behind the end. */
static void test_truncated(void)
{
    size_t size = write_all_kinds(sizeof(buffer)), n;
    int failures = 0;

    for (n = 0; n < size; n++) {
        uint8_t *copy = malloc(n ? n : 1);
        struct p9_header header;
        struct p9_reader r;

        memcpy(copy, buffer, n);
        r = p9_reader_of(copy, n);
        if (p9_read_header(copy, n, &header) != (n >= P9_HEADER_BYTES))
            break;
        p9_read_u8(&r);
        p9_read_u16(&r);
        p9_read_u32(&r);
        p9_read_u64(&r);
        p9_read_string(&r);
        p9_read_string(&r);
        p9_read_qid(&r);
        failures += r.failed;
        free(copy);
    }
    is_int(failures, (long long)size, "every shorter message fails");
}

static void test_lengths_that_lie(void)
{
    uint8_t message[] = { 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 'a', 'b', 0xff };
    struct p9_reader r = p9_reader_of(message, sizeof(message));
    struct p9_string s = p9_read_string(&r);
    const uint8_t *data;
    uint32_t count;

    ok(r.failed && s.length == 0 && s.text, "string longer than the message");
    r = p9_reader_of(message, sizeof(message));
    data = p9_read_data(&r, &count);
    ok(r.failed && !count && !data, "data longer than the message");
    memset(message, 0xff, sizeof(message));
    r = p9_reader_of(message, sizeof(message));
    data = p9_read_data(&r, &count);
    ok(r.failed && !count && !data, "data of 4 GiB");
}

static void test_no_room(void)
{
    size_t size = write_all_kinds(sizeof(buffer)), n;
    int refused = 0;

    for (n = 0; n < size; n++)
        refused += !write_all_kinds(n);
    is_int(refused, (long long)size, "no room: no message");
    ok(write_all_kinds(size) == size, "just enough room");
}

int main(void)
{
    test_read_back();
    test_truncated();
    test_lengths_that_lie();
    test_no_room();
    return done_testing();
}
