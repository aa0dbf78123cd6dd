/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Needs libxenctrl alone: the monitor links it. */
#include "domain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include <xenctrl.h>

#define BATCH 32

int domain_uuid_make(char text[DOMAIN_UUID_TEXT_BYTES])
{
    unsigned char b[16];

    if (getrandom(b, sizeof(b), 0) != sizeof(b))
        return -1;
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);   /* RFC 4122: version 4 */
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);   /* and its variant */
    snprintf(text, DOMAIN_UUID_TEXT_BYTES,
             "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
             "%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3], b[4], b[5],
             b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
    return 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

int domain_uuid_parse(const char *text, unsigned char bytes[16])
{
    unsigned int i;

    if (strlen(text) != DOMAIN_UUID_TEXT_BYTES - 1)
        return -1;
    for (i = 0; i < 16; i++) {
        int high, low;

        if ((i == 4 || i == 6 || i == 8 || i == 10) && *text++ != '-')
            return -1;
        high = hex_digit(*text++);
        low = hex_digit(*text++);
        if (high < 0 || low < 0)
            return -1;
        bytes[i] = (unsigned char)(high << 4 | low);
    }
    return 0;
}

static void fill_state(const xc_domaininfo_t *info, struct domain_state *state)
{
    state->life = info->flags & XEN_DOMINF_dying ? DOMAIN_DYING :
                  info->flags & XEN_DOMINF_shutdown ? DOMAIN_SHUTDOWN :
                  DOMAIN_ALIVE;
    state->domid = info->domain;
    state->paused = info->flags & XEN_DOMINF_paused;
    state->shutdown_reason = (int)(info->flags >> XEN_DOMINF_shutdownshift &
                                   XEN_DOMINF_shutdownmask);
    state->memory_kib = info->tot_pages * (XC_PAGE_SIZE / 1024);
    state->cpu_time_ns = info->cpu_time;
    state->vcpus = info->nr_online_vcpus;
}

int domain_find_with(struct xc_interface_core *xc,
                     const unsigned char uuid[16], struct domain_state *state)
{
    xc_domaininfo_t infos[BATCH];
    uint32_t first = 1;         /* 0 is Dom0 */
    int got, i;

    memset(state, 0, sizeof(*state));
    state->domid = -1;
    do {
        got = xc_domain_getinfolist(xc, first, BATCH, infos);
        if (got < 0)
            return -1;
        for (i = 0; i < got; i++) {
            if (!memcmp(infos[i].handle, uuid, 16)) {
                fill_state(&infos[i], state);
                return 0;
            }
            first = infos[i].domain + 1u;
        }
    } while (got == BATCH);
    return 0;
}
