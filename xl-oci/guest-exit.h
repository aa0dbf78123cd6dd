/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How the container ended: from what the guest says (hostile bytes) and what
 * Xen says, kept in the file "exit" of the run directory until the record is
 * written.
 */
#ifndef XL_OCI_GUEST_EXIT_H
#define XL_OCI_GUEST_EXIT_H

#include <stddef.h>

#include "xl-oci/run-directory.h"

#define GUEST_EXIT_TEXT_BYTES 512

/* A container_exit that holds its own text. */
struct guest_exit {
    struct container_exit exit;         /* .text: NULL or text[] */
    char text[GUEST_EXIT_TEXT_BYTES];
};

/*
 * Parses the guest's data/oci/exit (guest/program.h). Anything but exactly
 * the forms given there is EXIT_NONE, returned as -1. Control characters and
 * bytes beyond ASCII of its text become '?'.
 */
int guest_exit_parse(const char *bytes, size_t size_bytes,
                     struct guest_exit *result);

/* What Xen's shutdown reason means for a guest that has left no status. */
void guest_exit_from_reason(int shutdown_reason, struct guest_exit *result);

/*
 * Keeps room in dir_fd for what is written at the end, whatever fills the file
 * system until then: the file "exit", a record beside the one that is there,
 * and a word on lost output. 0, or -1 with errno.
 */
int guest_exit_reserve(int dir_fd);

/* The file "exit" in dir_fd; it uses up the reserve. 0, or -1 with errno;
 * read: -1 when absent. */
int guest_exit_write(int dir_fd, const struct container_exit *e);
int guest_exit_read(int dir_fd, struct guest_exit *result);

#endif
