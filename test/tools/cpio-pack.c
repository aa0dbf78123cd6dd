/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cpio-pack OUT ENTRY...: an initramfs archive, written without root.
 *   dir PATH MODE            node PATH MODE MAJOR MINOR   (character device)
 *   file PATH MODE SOURCE
 * Modes in octal. Directories come before what is in them.
 */
#include "base/bytes.h"
#include "cpio.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void read_file(const char *path, struct bytes *content)
{
    char buffer[65536];
    FILE *f = fopen(path, "re");
    size_t n;

    if (!f)
        err(1, "%s", path);
    while ((n = fread(buffer, 1, sizeof(buffer), f)) > 0)
        bytes_add(content, buffer, n);
    if (ferror(f) || content->failed)
        errx(1, "%s: cannot be read", path);
    fclose(f);
}

static const char *next(char ***argv)
{
    if (!**argv)
        errx(2, "an entry is incomplete");
    return *(*argv)++;
}

static uint32_t number(const char *text, int base)
{
    char *end;
    unsigned long n = strtoul(text, &end, base);

    if (!*text || *end || n > UINT32_MAX)
        errx(2, "%s: not a number", text);
    return (uint32_t)n;
}

static void add(struct cpio *c, char ***argv)
{
    const char *kind = next(argv), *path = next(argv);
    uint32_t mode = number(next(argv), 8), major;
    struct bytes content = BYTES_INIT;

    if (!strcmp(kind, "dir")) {
        cpio_add_directory(c, path, mode);
    } else if (!strcmp(kind, "file")) {
        read_file(next(argv), &content);
        cpio_add_file(c, path, mode, content.data, content.size);
        bytes_free(&content);
    } else if (!strcmp(kind, "node")) {
        major = number(next(argv), 10);
        cpio_add_node(c, path, S_IFCHR | mode, major,
                      number(next(argv), 10));
    } else {
        errx(2, "%s: not an entry", kind);
    }
}

int main(int argc, char **argv)
{
    struct bytes out = BYTES_INIT;
    struct cpio c;
    FILE *f;

    if (argc < 3)
        errx(2, "usage: cpio-pack OUT ENTRY...");
    cpio_begin(&c, &out);
    for (char **p = argv + 2; *p;)
        add(&c, &p);
    cpio_end(&c);
    f = fopen(argv[1], "we");
    if (out.failed || !f || fwrite(out.data, 1, out.size, f) != out.size ||
        fclose(f))
        err(1, "%s", argv[1]);
    bytes_free(&out);
    return 0;
}
