/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loop devices for files that domains use as disks. */
#ifndef XL_OCI_BLOCK_LOOP_H
#define XL_OCI_BLOCK_LOOP_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Attaches the file that file_fd is open on (O_RDWR when writable); label, the
 * disk's directory in xenstore, is noted in the device, which is this disk's
 * alone. 0 with the device's name and number, or an errno: ETXTBSY when another
 * user of the file, or this one, writes to it.
 */
int loop_attach(int file_fd, const char *label, bool writable, char *node,
                size_t node_bytes, dev_t *number);

#define LOOP_TEXT_BYTES 512

/* Why loop_attach(), or open(2), failed for the file path. */
void loop_describe(int error, const char *path, bool writable,
                   char text[LOOP_TEXT_BYTES]);

/* Is node attached to something, under that label? */
bool loop_has_label(const char *node, const char *label);

/* Detaches node when it still has that label. 0 or an errno. */
int loop_detach(const char *node, const char *label);

/* Detaches every device whose label is_orphan says true of. 0 or an errno. */
int loop_detach_all(bool (*is_orphan)(const char *label, void *opaque),
                    void *opaque);

#endif
