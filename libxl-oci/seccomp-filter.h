/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linux.seccomp as a BPF program for the guest's kernel. */
/* Not seccomp.h: that is the name of the header of libseccomp. */
#ifndef XLOCI_SECCOMP_FILTER_H
#define XLOCI_SECCOMP_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct report;
struct spec;

struct seccomp_filter {
    uint32_t flags;             /* SECCOMP_FILTER_FLAG_* */
    const char *program;        /* array of struct sock_filter, little endian */
    size_t size_bytes;
};

/*
 * Compiles linux.seccomp for arm64, whatever machine this runs on. System calls
 * that the guest does not have are left out, as OCI runtimes do, and so are
 * rules that are faulty. false with errors, or where the default action is.
 */
bool seccomp_compile(struct arena *arena, const struct spec *spec,
                     struct seccomp_filter *filter, struct report *report);

#endif
