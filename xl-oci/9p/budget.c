/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "budget.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "internal.h"

/* Of one domain. An inode, its name and the open file that pins them are about
 * 1.5 KiB (ext4: 1.1 KiB, 0.2, 0.25): no more than an eighth of Dom0's memory
 * goes there. */
#define DOMAIN_FIDS 65536u
#define FIDS_PER_MEMORY_KIB(kib) ((kib) * 2 / 3 / 8)
/* Our guest's kernel keeps 1,024 open on each share (kernel-patches). */
#define DOMAIN_OPENS 15360u
#define SHARE_OPENS 5120u
/* With less, hardly anything can be done. */
#define SHARE_FIDS_MIN 1024u

/* Four times what a server's tables and buffers take at their fullest. */
#define MEMORY_FIXED (UINT64_C(8) << 20)
#define MEMORY_PER_FID 384u

static uint64_t read_number(const char *path)
{
    char text[32] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return 0;
    if (read(fd, text, sizeof(text) - 1) < 0)
        text[0] = '\0';
    close(fd);
    return strtoull(text, NULL, 10);
}

void p9_host_read(struct p9_host *host)
{
    struct sysinfo info;

    host->memory_kib = sysinfo(&info) ? 0 :
        (uint64_t)info.totalram * info.mem_unit / 1024;
    host->file_max = read_number("/proc/sys/fs/file-max");
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Half of the table is left to others, of whom those with CAP_SYS_ADMIN go
 * beyond it. */
static uint64_t fids_by_table(const struct p9_host *host, unsigned int n_shares,
                              uint32_t open_max)
{
    uint64_t others = (uint64_t)n_shares * (open_max + P9_LOCK_OWNERS_MAX);
    uint64_t half = host->file_max / 2;

    return half > others ? half - others : 0;
}

struct p9_budget p9_budget_of(const struct p9_host *host,
                              unsigned int n_shares)
{
    uint32_t opens = (uint32_t)least(SHARE_OPENS, DOMAIN_OPENS / n_shares);
    uint64_t fids = least(DOMAIN_FIDS, FIDS_PER_MEMORY_KIB(host->memory_kib));
    struct p9_budget budget;

    fids = least(fids, fids_by_table(host, n_shares, opens)) / n_shares;
    budget.open_max = opens;
    budget.fid_max = fids < SHARE_FIDS_MIN ? SHARE_FIDS_MIN : (uint32_t)fids;
    budget.memory_more = MEMORY_FIXED +
        (uint64_t)MEMORY_PER_FID * budget.fid_max;
    return budget;
}
