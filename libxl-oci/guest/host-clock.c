/* SPDX-License-Identifier: MIT */
#include "host-clock.h"

#include <errno.h>
#include <time.h>

#include "clock.h"
#include "program.h"
#include "report.h"

#define NS_PER_S 1000000000
#define ANSWER_TIMEOUT_MS 1000
#define ANSWER_INTERVAL_NS 1000000

int64_t host_clock_ask(struct xenbus *xenbus)
{
    int64_t asked_ns = now_ns();

    report_state(xenbus, "booting");
    return asked_ns;
}

/* Usually the answer has come long ago, while the guest was set up. */
static const char *wait_for_answer(struct xenbus *xenbus)
{
    const struct timespec pause = { .tv_nsec = ANSWER_INTERVAL_NS };
    int64_t deadline_ms = now_ms() + ANSWER_TIMEOUT_MS;
    const char *value;

    for (;;) {
        value = xenbus_read(xenbus, XS_HOST_CLOCK);
        if (value || xenbus->fd < 0 || now_ms() >= deadline_ms)
            return value;
        nanosleep(&pause, NULL);
    }
}

int host_clock_set(struct xenbus *xenbus, int64_t asked_ns)
{
    const char *value = wait_for_answer(xenbus);
    struct timespec time;
    uint64_t ns;

    if (!value) {
        errno = ETIMEDOUT;
        return -1;
    }
    if (take_number(&value, &ns) || ns > INT64_MAX / 2) {
        errno = EPROTO;
        return -1;
    }
    ns += (uint64_t)(now_ns() - asked_ns);
    time.tv_sec = (time_t)(ns / NS_PER_S);
    time.tv_nsec = (long)(ns % NS_PER_S);
    return clock_settime(CLOCK_REALTIME, &time);
}
