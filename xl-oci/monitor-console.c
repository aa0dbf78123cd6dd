/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#define XC_WANT_COMPAT_MAP_FOREIGN_API 1     /* xc_map_foreign_range() */
#include <xenctrl.h>
#include <xenstore.h>
#include <xen/io/console.h>

#define CONSOLE_TIMEOUT_MS 10000
#define DRAIN_TIMEOUT_MS 5000
#define QUIET_MS 20             /* xenconsoled: from the ring to its pty */

/* Dom0's own node, written by xenconsoled: not the guest's to change. */
static char *read_node(struct monitor *m, const char *node)
{
    unsigned int size;
    char path[64];

    if (!m->xs)
        return NULL;
    snprintf(path, sizeof(path), "/local/domain/%d/console/%s", m->domid,
             node);
    return xs_read(m->xs, XBT_NULL, path, &size);
}

static int open_tty(const char *path)
{
    struct termios raw;
    int fd;

    if (strncmp(path, "/dev/", 5))
        return -1;
    fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (!tcgetattr(fd, &raw)) {
        cfmakeraw(&raw);
        tcsetattr(fd, TCSANOW, &raw);
    }
    return fd;
}

void monitor_reopen_console(struct monitor *m)
{
    char *path;

    if (m->tty_fd >= 0)
        return;
    path = read_node(m, "tty");
    if (path && *path)
        m->tty_fd = open_tty(path);
    free(path);
}

int monitor_attach_console(struct monitor *m, char *text, size_t text_bytes)
{
    int64_t until_ms = monitor_now_ms() + CONSOLE_TIMEOUT_MS;
    struct pollfd wait = { .fd = xs_fileno(m->xs), .events = POLLIN };

    for (;;) {
        monitor_reopen_console(m);
        if (m->tty_fd >= 0)
            return 0;
        if (monitor_now_ms() >= until_ms)
            break;
        poll(&wait, 1, 100);
        monitor_take_events(m);
        if (m->ended || !m->xs)
            break;
    }
    snprintf(text, text_bytes, m->ended ? "the domain is gone" :
             "xenconsoled made no terminal for domain %d within %d s",
             m->domid, CONSOLE_TIMEOUT_MS / 1000);
    return -1;
}

bool monitor_read_console(struct monitor *m)
{
    char buffer[4096];
    ssize_t got;
    size_t lost;

    if (m->tty_fd < 0)
        return false;
    got = read(m->tty_fd, buffer, sizeof(buffer));
    if (got > 0) {
        lost = (size_t)got - console_log_append(&m->log, buffer, (size_t)got);
        m->unlogged_bytes += lost;
        m->lost_bytes += lost;
        return true;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    /* xenconsoled has closed its side: it died, or the domain did */
    close(m->tty_fd);
    m->tty_fd = -1;
    return false;
}

void monitor_write_input(struct monitor *m)
{
    ssize_t done;

    while (m->input_pending && m->tty_fd >= 0 && monitor_guest_reads(m)) {
        done = write(m->tty_fd, m->input.data + m->input_done,
                     m->input.size_bytes - m->input_done);
        if (done < 0)
            return;
        m->input_done += (size_t)done;
        m->input_pending = m->input_done < m->input.size_bytes;
    }
}

/* The console's ring, which the domain owns until it is destroyed. */
static const struct xencons_interface *map_ring(struct monitor *m)
{
    char *text = read_node(m, "ring-ref");
    unsigned long frame = text ? strtoul(text, NULL, 10) : 0;

    free(text);
    if (!frame)
        return NULL;
    return xc_map_foreign_range(m->xc, (uint32_t)m->domid, XC_PAGE_SIZE,
                                PROT_READ, frame);
}

/* The indices are the guest's: only ever compared, never used. */
static bool ring_is_empty(const volatile struct xencons_interface *ring)
{
    return !ring || ring->out_cons == ring->out_prod;
}

/*
 * A domain that has shut down writes no more, but xenconsoled may still have
 * to take the rest from the ring; what it has taken arrives at once.
 */
void monitor_drain_console(struct monitor *m)
{
    int64_t until_ms = monitor_now_ms() + DRAIN_TIMEOUT_MS;
    const struct xencons_interface *ring = map_ring(m);
    struct pollfd wait;
    bool was_empty;

    do {
        was_empty = ring_is_empty(ring);
        wait = (struct pollfd){ .fd = m->tty_fd, .events = POLLIN };
        if (poll(&wait, 1, QUIET_MS) > 0 && monitor_read_console(m)) {
            monitor_feed_client(m);
            was_empty = false;
        }
    } while (m->tty_fd >= 0 && !was_empty && monitor_now_ms() < until_ms);
    if (ring)
        munmap((void *)(uintptr_t)ring, XC_PAGE_SIZE);
}
