/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signals.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/suggest.h"

#include "options.h"

/* include/uapi/asm-generic/signal.h of Linux, which arm64 uses; the first two
 * real-time signals are the C library's own (signal(7)). */
#define REAL_TIME_FIRST 34
#define REAL_TIME_LAST 64

static const struct {
    const char *name;
    int number;
} names[] = {
    { "HUP", 1 }, { "INT", 2 }, { "QUIT", 3 }, { "ILL", 4 }, { "TRAP", 5 },
    { "ABRT", 6 }, { "BUS", 7 }, { "FPE", 8 }, { "KILL", SIGNAL_KILL },
    { "USR1", 10 }, { "SEGV", 11 }, { "USR2", 12 }, { "PIPE", 13 },
    { "ALRM", 14 }, { "TERM", SIGNAL_TERM }, { "STKFLT", 16 }, { "CHLD", 17 },
    { "CONT", 18 }, { "STOP", 19 }, { "TSTP", 20 }, { "TTIN", 21 },
    { "TTOU", 22 }, { "URG", 23 }, { "XCPU", 24 }, { "XFSZ", 25 },
    { "VTALRM", 26 }, { "PROF", 27 }, { "WINCH", 28 }, { "IO", 29 },
    { "PWR", 30 }, { "SYS", 31 }, { "IOT", 6 }, { "POLL", 29 },
    { "CLD", 17 }, { "RTMIN", REAL_TIME_FIRST }, { "RTMAX", REAL_TIME_LAST },
};

#define N_NAMES (sizeof(names) / sizeof(names[0]))

static const char *skip_prefix(const char *text)
{
    return strncasecmp(text, "SIG", 3) ? text : text + 3;
}

/* "RTMIN+3", "RTMAX-1" */
static int real_time_signal(const char *text)
{
    bool up = !strncasecmp(text, "RTMIN+", 6);
    uint64_t offset;

    if (!up && strncasecmp(text, "RTMAX-", 6))
        return -1;
    if (!parse_u64(text + 6, &offset) ||
        offset > REAL_TIME_LAST - REAL_TIME_FIRST)
        return -1;
    return up ? REAL_TIME_FIRST + (int)offset : REAL_TIME_LAST - (int)offset;
}

int signal_from_text(const char *text)
{
    const char *name = skip_prefix(text);
    uint64_t number;
    size_t i;

    if (parse_u64(text, &number))
        return number >= 1 && number <= REAL_TIME_LAST ? (int)number : -1;
    for (i = 0; i < N_NAMES; i++)
        if (!strcasecmp(name, names[i].name))
            return names[i].number;
    return real_time_signal(name);
}

const char *signal_name(int number)
{
    size_t i;

    for (i = 0; i < N_NAMES; i++)
        if (names[i].number == number)
            return names[i].name;
    return NULL;
}

const char *signal_suggest(const char *text)
{
    const char *name = skip_prefix(text);
    struct suggestion s = suggest_start(name);
    size_t i;

    for (i = 0; i < N_NAMES; i++)
        suggest_consider(&s, names[i].name);
    return s.best;
}
