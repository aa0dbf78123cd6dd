/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * diod, which must be /usr/sbin/diod, behind the product's rings: each request
 * goes to its socket, and the reply comes from there. Only Tattach is changed:
 * diod wants the path of the directory in it, and a user whom it knows.
 */
#include "share-service.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "xl-oci/9p/message.h"
#include "xl-oci/9p/serve.h"

static struct {
    char path[PATH_MAX];
    int socket_fd;
    uint32_t msize_max;
    unsigned char attach[PATH_MAX + 512];
} diod;

static bool transfer(ssize_t (*step)(int, void *, size_t, int), void *bytes,
                     size_t size_bytes)
{
    unsigned char *at = bytes, *end = at + size_bytes;
    ssize_t n;

    for (; at < end; at += n) {
        n = step(diod.socket_fd, at, (size_t)(end - at), MSG_NOSIGNAL);
        if (n <= 0)
            return false;
    }
    return true;
}

static ssize_t send_step(int fd, void *bytes, size_t size_bytes, int flags)
{
    return send(fd, bytes, size_bytes, flags);
}

/* fid[4] afid[4] uname[s] aname[s] n_uname[4] */
static size_t attach_with_path(const void *request, size_t size_bytes,
                               uint16_t tag)
{
    struct p9_reader in = p9_reader_of(request, size_bytes);
    struct p9_writer out = p9_writer_into(diod.attach, sizeof(diod.attach));
    struct p9_string name;
    uint32_t n_uname;

    p9_write_u32(&out, p9_read_u32(&in));
    p9_write_u32(&out, p9_read_u32(&in));
    name = p9_read_string(&in);
    p9_write_string(&out, name.text, name.length);
    p9_read_string(&in);
    p9_write_string(&out, diod.path, strlen(diod.path));
    n_uname = p9_read_u32(&in);
    p9_write_u32(&out, n_uname == P9_NOUID ? 0 : n_uname);
    return in.failed ? 0 : p9_write_end(&out, P9_TATTACH, tag);
}

static uint32_t diod_msize(void *context)
{
    (void)context;
    return diod.msize_max;
}

static size_t diod_handle(void *context, const void *request,
                          size_t size_bytes, void *reply, size_t room)
{
    struct p9_header header;
    void *message = (void *)request;

    (void)context;
    if (!p9_read_header(request, size_bytes, &header))
        return 0;
    if (header.type == P9_TATTACH) {
        size_bytes = attach_with_path(request, size_bytes, header.tag);
        message = diod.attach;
    }
    if (!size_bytes || !transfer(send_step, message, size_bytes) ||
        !transfer(recv, reply, P9_HEADER_BYTES) ||
        !p9_read_header(reply, P9_HEADER_BYTES, &header) ||
        header.size_bytes < P9_HEADER_BYTES || header.size_bytes > room ||
        !transfer(recv, (char *)reply + P9_HEADER_BYTES,
                  header.size_bytes - P9_HEADER_BYTES))
        return 0;
    return header.size_bytes;
}

static void run_diod(int fd)
{
    char number[16];

    snprintf(number, sizeof(number), "%d", fd);
    fcntl(fd, F_SETFD, 0);
    execl("/usr/sbin/diod", "diod", "-f", "-n", "-N", "-r", number, "-w",
          number, "-e", diod.path, "-c", "/dev/null", "-L", "/tmp/diod.log",
          NULL);
    _exit(127);
}

int share_service(uint32_t msize_max, struct p9_service *service)
{
    char link[32];
    ssize_t size;
    int fds[2];
    pid_t pid;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", SERVE_EXPORT_FD);
    size = readlink(link, diod.path, sizeof(diod.path) - 1);
    if (size < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
        return -1;
    pid = fork();
    if (!pid)
        run_diod(fds[1]);
    close(fds[1]);              /* diod ends with its client */
    diod.socket_fd = fds[0];
    diod.msize_max = msize_max;
    *service = (struct p9_service){ .msize = diod_msize,
                                    .handle = diod_handle };
    return pid < 0 ? -1 : 0;
}
