/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rtc [HOLD]: reads the clock of /dev/rtc0, sets an alarm two seconds on,
 * waits for its interrupt. With an argument, then waits for ever. */
#include <fcntl.h>
#include <linux/rtc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define ALARM_S 2
#define LIMIT_MS 20000

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static time_t read_clock(int fd)
{
    struct rtc_time now;
    struct tm tm = { 0 };

    if (ioctl(fd, RTC_RD_TIME, &now))
        fail("RTC_RD_TIME");
    tm.tm_year = now.tm_year;
    tm.tm_mon = now.tm_mon;
    tm.tm_mday = now.tm_mday;
    tm.tm_hour = now.tm_hour;
    tm.tm_min = now.tm_min;
    tm.tm_sec = now.tm_sec;
    return timegm(&tm);
}

static void set_alarm(int fd, time_t at)
{
    struct rtc_wkalrm alarm = { .enabled = 1 };
    struct tm tm;

    gmtime_r(&at, &tm);
    alarm.time.tm_year = tm.tm_year;
    alarm.time.tm_mon = tm.tm_mon;
    alarm.time.tm_mday = tm.tm_mday;
    alarm.time.tm_hour = tm.tm_hour;
    alarm.time.tm_min = tm.tm_min;
    alarm.time.tm_sec = tm.tm_sec;
    if (ioctl(fd, RTC_WKALM_SET, &alarm))
        fail("RTC_WKALM_SET");
}

int main(int argc, char **argv)
{
    int fd = open("/dev/rtc0", O_RDONLY);
    struct pollfd pollfd = { .fd = fd, .events = POLLIN };
    unsigned long data = 0;
    time_t start;

    (void)argv;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (fd < 0)
        fail("/dev/rtc0");
    start = read_clock(fd);
    printf("clock %lld\n", (long long)start);
    set_alarm(fd, start + ALARM_S);
    if (poll(&pollfd, 1, LIMIT_MS) != 1 ||
        read(fd, &data, sizeof(data)) != sizeof(data))
        fail("no interrupt");
    printf("interrupts %lu, alarm %s, after %lld s\n", data >> 8,
           data & RTC_AF ? "yes" : "no",
           (long long)(read_clock(fd) - start));
    if (argc > 1)
        for (;;)
            pause();
    return data >> 8 == 1 && data & RTC_AF ? 0 : 1;
}
