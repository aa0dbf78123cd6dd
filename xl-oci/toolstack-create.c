/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Creation as xl does it (Xen tools/xl/xl_vmcontrol.c create_domain()). */
#include "toolstack.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checks.h"
#include "domain.h"
#include "log-capture.h"

/* xl.c auto_autoballoon(): on unless Xen was booted with dom0_mem=. */
static bool balloons(struct toolstack *ts)
{
    const libxl_version_info *info;
    const char *p;

    if (ts->conf.autoballoon != AUTOBALLOON_AUTO)
        return ts->conf.autoballoon == AUTOBALLOON_ON;
    info = libxl_get_version_info(ts->ctx);
    p = info ? info->commandline : NULL;
    for (; p && (p = strstr(p, "dom0_mem=")); p++)
        if (p == info->commandline || p[-1] == ' ')
            return false;
    return true;
}

/* xl_vmcontrol.c acquire_lock(): the same file and kind of lock. */
static int take_xl_lock(const char *path, struct report *report)
{
    struct report_where where = { .file = path };
    struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, S_IWUSR), rc = -1;

    while (fd >= 0 && (rc = fcntl(fd, F_SETLKW, &range)) && errno == EINTR)
        ;
    if (fd >= 0 && !rc)
        return fd;
    report_check(report, DOMAIN_CREATE, &where,
                 "xl's lock cannot be taken: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

static void report_memory(struct report *report, uint64_t need_kib,
                          uint64_t free_kib)
{
    report_check(report, DOMAIN_MEMORY, NULL,
                 "the domain needs %llu KiB, and %llu KiB are free",
                 (unsigned long long)need_kib, (unsigned long long)free_kib);
}

/*
 * Where xl's freemem() would let Dom0 give what is missing, there is nothing
 * to be had on arm64: Xen keeps the pages that a directly mapped domain, as
 * Dom0 is, gives back (Xen xen/common/memory.c guest_remove_page()), and
 * libxl_set_memory_target() of Dom0 ends in an assertion (libxl_arm.c
 * libxl__arch_extra_memory()). What is left is to ask before anything is made.
 */
static int find_memory(struct toolstack *ts, libxl_domain_config *config,
                       struct report *report)
{
    uint64_t need_kib, free_kib;

    if (libxl_domain_need_memory(ts->ctx, config, INVALID_DOMID, &need_kib) ||
        libxl_get_free_memory(ts->ctx, &free_kib)) {
        toolstack_report_log(ts, report);
        report_check(report, DOMAIN_CREATE, NULL,
                     "libxl does not tell what memory is needed or free");
        return -1;
    }
    if (free_kib >= need_kib)
        return 0;
    report_memory(report, need_kib, free_kib);
    return -1;
}

static void apply_conf(const struct xl_conf *conf, libxl_domain_config *config)
{
    libxl_defbool_set(&config->c_info.run_hotplug_scripts,
                      conf->run_hotplug_scripts);
    libxl_defbool_set(&config->b_info.claim_mode, conf->claim_mode);
    config->c_info.domid = conf->random_domid ? RANDOM_DOMID : INVALID_DOMID;
    if (conf->has_grant_frames)
        config->b_info.max_grant_frames = conf->max_grant_frames;
    if (conf->has_maptrack_frames)
        config->b_info.max_maptrack_frames = conf->max_maptrack_frames;
    if (conf->has_grant_version)
        config->b_info.max_grant_version = (int)conf->max_grant_version;
}

/* libxl has undone its part already, so names and memory are as they were
 * before. A name that another toolstack's domain has is looked for only now:
 * libxl refuses it before it builds anything, and to ask beforehand would cost
 * a read per domain of the host at each creation. */
static void explain_failure(struct toolstack *ts,
                            const libxl_domain_config *config, int rc,
                            struct report *report)
{
    uint64_t need_kib = config->b_info.max_memkb +
                        config->b_info.shadow_memkb, free_kib = 0;

    if (domain_name_is_used(config->c_info.name, report) > 0) {
        report_check(report, DOMAIN_NAME_USED, NULL,
                     "there is a domain \"%s\" already",
                     config->c_info.name);
        return;
    }
    if (!libxl_get_free_memory(ts->ctx, &free_kib) && free_kib < need_kib) {
        report_memory(report, need_kib, free_kib);
        return;
    }
    toolstack_report_log(ts, report);
    report_check(report, DOMAIN_CREATE, NULL, "libxl error %d", rc);
}

static int create_locked(struct toolstack *ts, libxl_domain_config *config,
                         bool balloon, uint32_t *domid, struct report *report)
{
    int rc;

    if (balloon && find_memory(ts, config, report))
        return -1;
    rc = libxl_domain_create_new(ts->ctx, config, domid, NULL, NULL);
    if (!rc)
        return 0;
    explain_failure(ts, config, rc, report);
    return -1;
}

int toolstack_create(struct toolstack *ts, libxl_domain_config *config,
                     uint32_t *domid, struct report *report)
{
    bool balloon = balloons(ts);
    int lock_fd = -1, rc;

    apply_conf(&ts->conf, config);
    *domid = INVALID_DOMID;
    if (xl_conf_apply_cpus(ts->ctx, &ts->conf, &config->b_info, report))
        return -1;
    /* xl holds it until libxl has kept what its domain has: a device is given
     * by one of both only (ledger_confirm()) */
    if (balloon || config->b_info.num_iomem || config->b_info.num_irqs ||
        config->num_dtdevs) {
        lock_fd = take_xl_lock(ts->conf.lock_file, report);
        if (lock_fd < 0)
            return -1;
    }
    rc = create_locked(ts, config, balloon, domid, report);
    if (lock_fd >= 0)
        close(lock_fd);
    return rc;
}
