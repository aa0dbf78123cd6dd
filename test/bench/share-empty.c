/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Empty round trips: the product's server, but a Tgetattr or Tread that is the
 * same as the last one is answered with the same bytes again, without looking
 * at the file. What is left of a request is its way over the ring.
 */
#include "share-service.h"

#include <linux/securebits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "xl-oci/9p/message.h"
#include "xl-oci/9p/serve.h"
#include "xl-oci/9p/server.h"

#define ASKED_BYTES 64u             /* of either request, and more */
#define TAG_AT 5

struct empty {
    struct p9_server *server;
    unsigned char asked[ASKED_BYTES], *answer;
    size_t asked_bytes, answer_bytes;
    uint32_t answer_max;
};

static uint32_t empty_msize(void *context)
{
    return p9_server_msize(((struct empty *)context)->server);
}

static bool is_repeated(const struct empty *e, const void *request,
                        size_t size_bytes)
{
    const unsigned char *r = request;

    return size_bytes == e->asked_bytes &&
           !memcmp(r, e->asked, TAG_AT) &&
           !memcmp(r + P9_HEADER_BYTES, e->asked + P9_HEADER_BYTES,
                   size_bytes - P9_HEADER_BYTES);
}

static void remember(struct empty *e, const void *request, size_t size_bytes,
                     const void *reply, size_t answer_bytes)
{
    unsigned char type = ((const unsigned char *)request)[4];

    e->asked_bytes = 0;
    if ((type != P9_TGETATTR && type != P9_TREAD) ||
        size_bytes > ASKED_BYTES || answer_bytes > e->answer_max)
        return;
    memcpy(e->asked, request, size_bytes);
    memcpy(e->answer, reply, answer_bytes);
    e->asked_bytes = size_bytes;
    e->answer_bytes = answer_bytes;
}

static size_t empty_handle(void *context, const void *request,
                           size_t size_bytes, void *reply, size_t room)
{
    struct empty *e = context;
    size_t answer_bytes;

    if (is_repeated(e, request, size_bytes)) {
        memcpy(reply, e->answer, e->answer_bytes);
        memcpy((char *)reply + TAG_AT, (const char *)request + TAG_AT, 2);
        return e->answer_bytes;
    }
    answer_bytes = p9_server_handle(e->server, request, size_bytes, reply,
                                    room);
    remember(e, request, size_bytes, reply, answer_bytes);
    return answer_bytes;
}

int share_service(uint32_t msize_max, struct p9_service *service)
{
    static struct empty e;
    const struct p9_settings settings = { .msize_max = msize_max };

    /* as in the jail: setfsuid() takes no capability away */
    prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP);
    e.server = p9_server_new(SERVE_EXPORT_FD, &settings);
    e.answer_max = msize_max;
    e.answer = malloc(msize_max);
    *service = (struct p9_service){
        .context = &e, .msize = empty_msize, .handle = empty_handle,
    };
    return e.server && e.answer ? 0 : -1;
}
