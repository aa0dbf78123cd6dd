/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XL_OCI_PROGRAM_PATH_H
#define XL_OCI_PROGRAM_PATH_H

#define PROGRAM_PATH_BYTES 512

/* Path of another program in the directory of the running one (never $PATH).
 * 0, or -1 with errno. */
int program_sibling(const char *name, char path[PROGRAM_PATH_BYTES]);

#endif
