/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gpio [HOLD]: the lines of /dev/gpiochip0; one is driven low and high and
 * read back. With an argument, then waits for ever. */
#include <fcntl.h>
#include <linux/gpio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LINE 5

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int drive(int line, int value)
{
    struct gpio_v2_line_values values = { .bits = (unsigned)value,
                                          .mask = 1 };

    if (ioctl(line, GPIO_V2_LINE_SET_VALUES_IOCTL, &values))
        fail("set");
    values.bits = !value;
    if (ioctl(line, GPIO_V2_LINE_GET_VALUES_IOCTL, &values))
        fail("get");
    return (int)(values.bits & 1);
}

int main(int argc, char **argv)
{
    int fd = open("/dev/gpiochip0", O_RDWR), low, high;
    struct gpiochip_info info;
    struct gpio_v2_line_request request = {
        .offsets = { LINE }, .num_lines = 1, .consumer = "test",
        .config = { .flags = GPIO_V2_LINE_FLAG_OUTPUT },
    };

    (void)argv;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (fd < 0 || ioctl(fd, GPIO_GET_CHIPINFO_IOCTL, &info))
        fail("/dev/gpiochip0");
    printf("chip of %u lines\n", info.lines);
    if (ioctl(fd, GPIO_V2_GET_LINE_IOCTL, &request))
        fail("line");
    low = drive(request.fd, 0);
    high = drive(request.fd, 1);
    printf("driven low %d, high %d\n", low, high);
    if (argc > 1)
        for (;;)
            pause();
    return info.lines == 8 && !low && high ? 0 : 1;
}
