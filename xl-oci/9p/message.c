/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "message.h"

#include <endian.h>
#include <string.h>

/* size_bytes bytes of the message, or NULL and the reader has failed. */
static const uint8_t *take(struct p9_reader *r, size_t size_bytes)
{
    const uint8_t *p = r->at;

    if (r->failed || (size_t)(r->end - r->at) < size_bytes) {
        r->failed = true;
        return NULL;
    }
    r->at += size_bytes;
    return p;
}

/* Of 1 to 8 bytes, in one access: little endian, as 9P is. */
static inline uint64_t read_number(struct p9_reader *r, size_t size_bytes)
{
    const uint8_t *p = take(r, size_bytes);
    uint64_t value = 0;

    if (p)
        memcpy(&value, p, size_bytes);
    return le64toh(value);
}

struct p9_reader p9_reader_of(const void *message, size_t size_bytes)
{
    const uint8_t *start = message;
    struct p9_reader r = { start, start + size_bytes, false };

    take(&r, P9_HEADER_BYTES);
    return r;
}

bool p9_read_header(const void *bytes, size_t size_bytes,
                    struct p9_header *header)
{
    const uint8_t *start = bytes;
    struct p9_reader r = { start, start + size_bytes, false };

    header->size_bytes = p9_read_u32(&r);
    header->type = p9_read_u8(&r);
    header->tag = p9_read_u16(&r);
    return !r.failed;
}

uint8_t p9_read_u8(struct p9_reader *r)
{
    return (uint8_t)read_number(r, 1);
}

uint16_t p9_read_u16(struct p9_reader *r)
{
    return (uint16_t)read_number(r, 2);
}

uint32_t p9_read_u32(struct p9_reader *r)
{
    return (uint32_t)read_number(r, 4);
}

uint64_t p9_read_u64(struct p9_reader *r)
{
    return read_number(r, 8);
}

struct p9_string p9_read_string(struct p9_reader *r)
{
    uint16_t length = p9_read_u16(r);
    const uint8_t *p = take(r, length);
    struct p9_string s = { p ? (const char *)p : "", p ? length : 0 };

    return s;
}

struct p9_qid p9_read_qid(struct p9_reader *r)
{
    struct p9_qid qid;

    qid.type = p9_read_u8(r);
    qid.version = p9_read_u32(r);
    qid.path = p9_read_u64(r);
    return qid;
}

const uint8_t *p9_read_data(struct p9_reader *r, uint32_t *count)
{
    const uint8_t *p;

    *count = p9_read_u32(r);
    p = take(r, *count);
    if (!p)
        *count = 0;
    return p;
}

/* --- writing ---------------------------------------------------------------- */

static uint8_t *room_for(struct p9_writer *w, size_t size_bytes)
{
    uint8_t *p = w->at;

    if (w->failed || (size_t)(w->end - w->at) < size_bytes) {
        w->failed = true;
        return NULL;
    }
    w->at += size_bytes;
    return p;
}

static inline void write_number(struct p9_writer *w, uint64_t value,
                                size_t size_bytes)
{
    uint8_t *p = room_for(w, size_bytes);

    value = htole64(value);
    if (p)
        memcpy(p, &value, size_bytes);
}

struct p9_writer p9_writer_into(void *message, size_t room)
{
    uint8_t *start = message;
    struct p9_writer w = { start, start, start + room, false };

    room_for(&w, P9_HEADER_BYTES);
    return w;
}

void p9_write_u8(struct p9_writer *w, uint8_t value)
{
    write_number(w, value, 1);
}

void p9_write_u16(struct p9_writer *w, uint16_t value)
{
    write_number(w, value, 2);
}

void p9_write_u32(struct p9_writer *w, uint32_t value)
{
    write_number(w, value, 4);
}

void p9_write_u64(struct p9_writer *w, uint64_t value)
{
    write_number(w, value, 8);
}

void p9_write_string(struct p9_writer *w, const char *text, size_t length)
{
    uint8_t *p;

    if (length > UINT16_MAX) {
        w->failed = true;
        return;
    }
    p9_write_u16(w, (uint16_t)length);
    p = room_for(w, length);
    if (p && length)
        memcpy(p, text, length);
}

void p9_write_qid(struct p9_writer *w, const struct p9_qid *qid)
{
    p9_write_u8(w, qid->type);
    p9_write_u32(w, qid->version);
    p9_write_u64(w, qid->path);
}

size_t p9_write_end(struct p9_writer *w, uint8_t type, uint16_t tag)
{
    struct p9_writer header = { w->start, w->start, w->end, false };

    if (w->failed)
        return 0;
    p9_write_u32(&header, (uint32_t)(w->at - w->start));
    p9_write_u8(&header, type);
    p9_write_u16(&header, tag);
    return (size_t)(w->at - w->start);
}
