/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Locks of byte ranges (fcntl(2)) on a shared file.
 *
 *     locks hold FILE UNTIL    takes it, says so, holds it until UNTIL exists
 *     locks try FILE           says whether it is free
 *     locks wait FILE          the same, then waits for it and says so
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int lock(int fd, int command)
{
    struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET,
                           .l_len = 100 };

    return fcntl(fd, command, &range);
}

static int try(int fd)
{
    int rc = lock(fd, F_SETLK);

    puts(!rc ? "free" : errno == EAGAIN || errno == EACCES ? "taken" :
         strerror(errno));
    fflush(stdout);
    return rc;
}

static int hold(int fd, const char *until)
{
    if (lock(fd, F_SETLK)) {
        puts(strerror(errno));
        return 1;
    }
    puts("held");
    fflush(stdout);
    while (access(until, F_OK))
        usleep(50000);
    puts("let go");
    return 0;
}

int main(int argc, char **argv)
{
    int fd = argc < 3 ? -1 : open(argv[2], O_RDWR | O_CREAT, 0600);

    if (fd < 0)
        return 2;
    if (!strcmp(argv[1], "hold") && argc == 4)
        return hold(fd, argv[3]);
    if (!try(fd))
        return 0;
    if (!strcmp(argv[1], "try"))
        return 1;
    puts(lock(fd, F_SETLKW) ? strerror(errno) : "got it");
    return 0;
}
