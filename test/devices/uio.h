/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A UIO device: its registers and its interrupt (uio_pdrv_genirq). */
#ifndef DEVICES_UIO_H
#define DEVICES_UIO_H

#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define UIO_LIMIT_MS 20000

struct uio {
    int fd;
    volatile uint32_t *registers;
};

static inline void fail(const char *what)
{
    perror(what);
    exit(1);
}

static inline struct uio uio_open(const char *path, size_t size_bytes)
{
    struct uio uio = { .fd = open(path, O_RDWR) };

    if (uio.fd < 0)
        fail(path);
    uio.registers = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
                         uio.fd, 0);
    if (uio.registers == MAP_FAILED)
        fail("mmap");
    return uio;
}

/* The registers of one page of the device that the command line names first. */
static inline struct uio uio_of_arguments(int argc, char **argv, int wanted)
{
    if (argc != wanted)
        exit(2);
    return uio_open(argv[1], 0x1000);
}

static inline void uio_enable_interrupt(const struct uio *uio)
{
    uint32_t one = 1;

    if (write(uio->fd, &one, sizeof(one)) != sizeof(one))
        fail("enabling the interrupt");
}

/* How many there have been. */
static inline uint32_t uio_wait(const struct uio *uio)
{
    struct pollfd pollfd = { .fd = uio->fd, .events = POLLIN };
    uint32_t count;

    if (poll(&pollfd, 1, UIO_LIMIT_MS) != 1 ||
        read(uio->fd, &count, sizeof(count)) != sizeof(count))
        fail("no interrupt");
    return count;
}

#endif
