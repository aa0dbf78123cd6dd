/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans from config.json texts without any file, for the unit tests. */
#ifndef TEST_PLAN_BUILD_H
#define TEST_PLAN_BUILD_H

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/report.h"
#include "json.h"
#include "plan.h"
#include "spec.h"

static const struct host_facts test_host = {
    .xen_major = 4, .xen_minor = 17, .kernel_bytes = 7 << 20,
    .kernel_path = "/k", .initramfs_path = "/i", .initramfs_bytes = 65536,
    .bundle_name = "my bundle", .block_script = "/s",
};

/* What a test says of the files that its text names. */
__attribute__((unused)) static struct survey test_survey;

/* Devices of the host; NULL: no tree of it is known. */
__attribute__((unused)) static const struct dt_devices *test_devices;

/* What else a test says of the host. */
__attribute__((unused)) static bool test_has_no_iommu;

struct made {
    struct arena *arena;
    struct report *report;
    const struct plan *plan;
};

/* All mounts of the text must be of types that need no file. */
__attribute__((unused))
static struct made make_with(const char *text,
                             const struct plan_options *options)
{
    struct made m = { arena_new(), report_new(), NULL };
    static struct host_facts host;
    struct survey survey = test_survey;
    const struct json *j;
    const struct spec *s;

    if (!m.arena || !m.report)
        return m;
    j = json_parse(m.arena, "config.json", text, strlen(text),
                   &json_default_limits, m.report);
    s = j ? spec_read(m.arena, j, NULL, m.report) : NULL;
    if (!s)
        return m;
    host = test_host;
    host.devices = test_devices;
    host.has_no_iommu = test_has_no_iommu;
    survey.rootfs_fd = -1;
    survey.mounts = arena_calloc(m.arena, s->n_mounts + 1,
                                 sizeof(*survey.mounts));
    if (survey.mounts)
        m.plan = plan_make(m.arena, s, &survey, &host, options,
                           m.report);
    return m;
}

static void unmake(struct made *m)
{
    arena_free(m->arena);
    report_free(m->report);
}

/* Does the report name the check? */
__attribute__((unused))
static int has_check(const struct made *m, const char *name)
{
    const struct diagnostic *d;

    for (d = report_first(m->report); d; d = d->next)
        if (!strcmp(d->check->name, name))
            return 1;
    return 0;
}

#define HEAD "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\"}," \
             "\"process\":{\"cwd\":\"/\",\"args\":[\"a\"]}"

#endif
