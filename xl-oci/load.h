/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Load: bundle -> json -> spec -> survey -> host facts -> plan, as the commands
 * create, check and plan all need it. */
#ifndef XL_OCI_LOAD_H
#define XL_OCI_LOAD_H

#include "plan.h"
#include "settings.h"

struct loaded {
    struct arena *arena;        /* owns all that follows */
    struct report *report;      /* everything that is wrong */
    struct settings settings;
    struct bundle *bundle;      /* NULL where loading stopped before it … */
    const struct spec *spec;    /* perhaps with errors */
    struct survey *survey;
    struct host_facts host;
    const struct plan *plan;    /* … NULL: report has errors */
};

/*
 * Fills loaded as far as possible; all problems are in loaded->report.
 * Returns 0 when there is a plan without errors, else -1. options is copied
 * by the plan's rules: it must outlive loaded. In every case the caller calls
 * loaded_close(). Needs neither root nor Xen.
 */
int load_bundle(struct loaded *loaded, const char *bundle_path,
                const struct plan_options *options);

/* Where in config.json something of the plan comes from, for a report. */
struct report_where loaded_where(const struct loaded *loaded,
                                 const struct origin *from);

void loaded_close(struct loaded *loaded);

/*
 * What is true of this host, with what settings say. Off Xen: the version
 * built for, and pcpus 0. A missing kernel or initramfs is told by its size
 * 0, here without an error; load_require_guest() makes it one.
 */
void host_facts_read(struct arena *arena, const struct settings *settings,
                     struct host_facts *facts);

/* Errors when something must be loaded into a device, as nothing can yet.
 * Needs the spec alone. */
int load_require_loaders(const struct loaded *loaded);

/* The same, and errors when the plan's own kernel, initramfs or block script
 * is absent. */
int load_require_guest(const struct loaded *loaded);

#endif
