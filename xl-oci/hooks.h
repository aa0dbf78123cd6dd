/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OCI hooks that run in Dom0: prestart, createRuntime, poststart, poststop
 * (runtime-spec config.md "POSIX-platform Hooks"). */
#ifndef XL_OCI_HOOKS_H
#define XL_OCI_HOOKS_H

#include <stdbool.h>

#include "xl-oci/run-directory.h"

struct bytes;
struct spec_hooks;

/* The OCI state (runtime.md "State") of a record, as one line of JSON. */
void state_format(const struct container_record *record,
                  enum container_status status, struct bytes *out);

/*
 * Runs the hooks in order, each in the bundle's directory with exactly its
 * own environment and the state on standard input. is_fatal: the first
 * failure ends the run, -1 with errors (hook-failed); else failures are
 * warnings and the result is 0. stage names them in reports.
 */
int hooks_run(const struct spec_hooks *hooks, const char *stage,
              const struct container_record *record,
              enum container_status status, bool is_fatal,
              struct report *report);

#endif
