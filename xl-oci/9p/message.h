/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 9P2000.L on the wire: size[4] type[1] tag[2], then the message's members,
 * little endian; strings have a length of 2 bytes before them and no NUL.
 *
 * Any bytes are safe input. Reader and writer have a sticky error: look at it
 * once, after the last member.
 *
 * Sources: intro(5) of Plan 9 and Linux include/net/9p/9p.h for numbers,
 * net/9p/client.c for the members that Linux sends.
 */
#ifndef XL_OCI_9P_MESSAGE_H
#define XL_OCI_9P_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define P9_HEADER_BYTES 7
#define P9_QID_BYTES 13
#define P9_NOTAG 0xffffu
#define P9_NOFID 0xffffffffu
#define P9_NOUID 0xffffffffu
#define P9_WALK_NAMES_MAX 16
#define P9_VERSION "9P2000.L"

/* What Linux 6.12 and 6.1 send, and what they fall back to; a reply's type is
 * the request's plus one. */
enum p9_type {
    P9_RLERROR = 7,
    P9_TSTATFS = 8, P9_TLOPEN = 12, P9_TLCREATE = 14, P9_TSYMLINK = 16,
    P9_TMKNOD = 18, P9_TRENAME = 20, P9_TREADLINK = 22, P9_TGETATTR = 24,
    P9_TSETATTR = 26, P9_TXATTRWALK = 30, P9_TXATTRCREATE = 32,
    P9_TREADDIR = 40, P9_TFSYNC = 50, P9_TLOCK = 52, P9_TGETLOCK = 54,
    P9_TLINK = 70, P9_TMKDIR = 72, P9_TRENAMEAT = 74, P9_TUNLINKAT = 76,
    P9_TVERSION = 100, P9_TAUTH = 102, P9_TATTACH = 104, P9_TFLUSH = 108,
    P9_TWALK = 110, P9_TREAD = 116, P9_TWRITE = 118, P9_TCLUNK = 120,
    P9_TREMOVE = 122,
};

enum p9_qid_type { P9_QTFILE = 0, P9_QTSYMLINK = 0x02, P9_QTDIR = 0x80 };

struct p9_qid {
    uint8_t type;
    uint32_t version;
    uint64_t path;
};

/* --- reading ---------------------------------------------------------------- */

struct p9_reader {
    const uint8_t *at, *end;
    bool failed; /* a member lay beyond the end: all later ones are zero */
};

/* A string inside the message: not terminated, may hold any byte. */
struct p9_string {
    const char *text;
    uint16_t length;
};

struct p9_header {
    uint32_t size_bytes;
    uint8_t type;
    uint16_t tag;
};

/* Reads the header; false where bytes has less than that. The size in it is
 * not compared with anything. */
bool p9_read_header(const void *bytes, size_t size_bytes,
                    struct p9_header *header);

/* A reader of the members of a message of size_bytes bytes, header included. */
struct p9_reader p9_reader_of(const void *message, size_t size_bytes);

uint8_t p9_read_u8(struct p9_reader *r);
uint16_t p9_read_u16(struct p9_reader *r);
uint32_t p9_read_u32(struct p9_reader *r);
uint64_t p9_read_u64(struct p9_reader *r);
struct p9_string p9_read_string(struct p9_reader *r);
struct p9_qid p9_read_qid(struct p9_reader *r);

/* count[4] data[count]: the data where they lie in the message. */
const uint8_t *p9_read_data(struct p9_reader *r, uint32_t *count);

/* --- writing ---------------------------------------------------------------- */

struct p9_writer {
    uint8_t *start, *at, *end;
    bool failed; /* no room: what was written is void */
};

/* A writer into room bytes, behind a header that p9_write_end() fills in. */
struct p9_writer p9_writer_into(void *message, size_t room);

void p9_write_u8(struct p9_writer *w, uint8_t value);
void p9_write_u16(struct p9_writer *w, uint16_t value);
void p9_write_u32(struct p9_writer *w, uint32_t value);
void p9_write_u64(struct p9_writer *w, uint64_t value);
void p9_write_string(struct p9_writer *w, const char *text, size_t length);
void p9_write_qid(struct p9_writer *w, const struct p9_qid *qid);

/* Fills in the header; the size of the message, or 0 where it had no room. */
size_t p9_write_end(struct p9_writer *w, uint8_t type, uint16_t tag);

#endif
