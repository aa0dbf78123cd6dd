/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of CPUs, "0-3,7" (OCI config-linux.md "CPU", cpuset(7) "List
 * format"). */
#ifndef XLOCI_CPU_LIST_H
#define XLOCI_CPU_LIST_H

#include <stdbool.h>

#define CPU_LIST_MAX 4096u      /* more than Xen's NR_CPUS can be */

struct cpu_list {
    unsigned char bits[CPU_LIST_MAX / 8];
    unsigned int highest;
};

/* false: not a list, or a number too large; *list is then undefined. */
bool cpu_list_parse(const char *text, struct cpu_list *list);

unsigned int cpu_list_count(const struct cpu_list *list);

#endif
