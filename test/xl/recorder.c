/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Stands for a program that xl or xl-divert executes: prints the path by which
 * it was executed, every argument byte by byte, and the descriptors above 2
 * that it inherited. It ends with the status of a last argument "exit=N".
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

static void print_quoted(const char *s)
{
    putchar('[');
    for (; *s; s++) {
        if (*s > ' ' && *s < 127 && !strchr("[]\\", *s))
            putchar(*s);
        else
            printf("\\x%02x", (unsigned char)*s);
    }
    putchar(']');
}

static void print_descriptors(void)
{
    int fd;

    for (fd = 3; fd < 256; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            printf(" fd=%d", fd);
}

int main(int argc, char **argv)
{
    const char *last = argc ? argv[argc - 1] : "";
    int i;

    print_quoted((const char *)getauxval(AT_EXECFN));
    for (i = 0; i < argc; i++)
        print_quoted(argv[i]);
    print_descriptors();
    putchar('\n');
    return strncmp(last, "exit=", 5) ? 0 : atoi(last + 5);
}
