/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* image-provide CACHE_DIR TREE [ext4]: what a start does for its root, alone. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/report.h"
#include "plan.h"
#include "xl-oci/image.h"

int main(int argc, char **argv)
{
    struct plan_image image = { .format = IMAGE_EROFS, .mount_index = -1,
                                .from = { .field = "/root/path" } };
    struct arena *arena = arena_new();
    struct report *report = report_new();
    struct bytes text = BYTES_INIT;
    const char *path;
    int fd, held_fd, rc;

    if (argc < 3 || argc > 4 || !arena || !report)
        return 2;
    image.source = argv[2];
    if (argc == 4 && !strcmp(argv[3], "ext4"))
        image.format = IMAGE_EXT4;
    fd = open(argv[2], O_PATH | O_DIRECTORY | O_CLOEXEC);
    rc = image_provide(arena, argv[1], &image, fd, &path, &held_fd, report);
    if (!rc)
        puts(path);
    report_format_text(report, &text);
    fputs(bytes_text(&text), stderr);
    bytes_free(&text);
    report_free(report);
    arena_free(arena);
    if (fflush(stdout)) {
        perror("image-provide");
        return 1;
    }
    return rc ? 1 : 0;
}
