/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Toolstack: libxl under the rules that xl.conf(5) sets for every toolstack
 * of this host. Included only where libxl is called. */
#ifndef XL_OCI_TOOLSTACK_H
#define XL_OCI_TOOLSTACK_H

#include <stdbool.h>
#include <stdint.h>

#include <libxl.h>

struct report;

#define XL_CONF "/etc/xen/xl.conf"

/* The keys of /etc/xen/xl.conf that concern domains like ours. */
struct xl_conf {
    enum { AUTOBALLOON_OFF, AUTOBALLOON_ON, AUTOBALLOON_AUTO } autoballoon;
    char *lock_file;
    bool run_hotplug_scripts, claim_mode;
    bool random_domid;              /* domid_policy="libxl" */
    bool has_grant_frames, has_maptrack_frames, has_grant_version;
    uint32_t max_grant_frames, max_maptrack_frames, max_grant_version;
    char *vm_cpumask, *hvm_cpumask; /* vm.cpumask, vm.hvm.cpumask; NULL: all */
};

struct toolstack {
    libxl_ctx *ctx;
    struct xl_conf conf;
    struct log_capture *log;        /* what libxl says, kept */
};

/* NULL with errors (xen-unavailable, xenstore-unavailable, xl-conf-invalid). */
struct toolstack *toolstack_open(struct report *report);
/* Keeps one for the next to open it. */
void toolstack_close(struct toolstack *ts);

/* Moves what libxl has said since the last time into report. */
void toolstack_report_log(struct toolstack *ts, struct report *report);

/* xl.conf: absent is the defaults. 0, or -1 with errors. */
int xl_conf_read(struct xl_conf *conf, struct report *report);
void xl_conf_dispose(struct xl_conf *conf);

/* Narrows the affinity to the CPUs that xl.conf leaves to guests (a domain of
 * arm64 is none of PV). 0, or -1 with errors. */
int xl_conf_apply_cpus(libxl_ctx *ctx, const struct xl_conf *conf,
                       libxl_domain_build_info *info, struct report *report);

/*
 * Creates the domain, paused, taking xl's lock, and asking for its memory first, where
 * autoballoon is on. config is changed by libxl. 0 and *domid, or -1 with
 * errors and no domain left.
 */
int toolstack_create(struct toolstack *ts, libxl_domain_config *config,
                     uint32_t *domid, struct report *report);

int toolstack_unpause(struct toolstack *ts, uint32_t domid,
                      struct report *report);

/* As domain_destroy(), with a toolstack that is open already. */
int toolstack_destroy(struct toolstack *ts, const char *uuid,
                      struct report *report);

#endif
