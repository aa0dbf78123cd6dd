/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /etc/xen/xl.conf as xl reads it (Xen tools/xl/xl.c parse_global_config()). */
#include "toolstack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libxlutil.h>

#include "checks.h"

#define XL_LOCK_FILE "/var/lock/xl"     /* XEN_LOCK_DIR "/xl" (xl.h) */

static void report_value(struct report *report, const char *key,
                         const char *value)
{
    struct report_where where = { .file = XL_CONF };

    report_check(report, XL_CONF_INVALID, &where, "%s=\"%s\"", key, value);
}

static void read_autoballoon(XLU_Config *config, struct xl_conf *conf,
                             struct report *report)
{
    const char *text;
    long number;

    if (!xlu_cfg_get_string(config, "autoballoon", &text, 1)) {
        if (!strcmp(text, "on") || !strcmp(text, "1"))
            conf->autoballoon = AUTOBALLOON_ON;
        else if (!strcmp(text, "off") || !strcmp(text, "0"))
            conf->autoballoon = AUTOBALLOON_OFF;
        else if (!strcmp(text, "auto"))
            conf->autoballoon = AUTOBALLOON_AUTO;
        else
            report_value(report, "autoballoon", text);
    } else if (!xlu_cfg_get_long(config, "autoballoon", &number, 1)) {
        conf->autoballoon = number ? AUTOBALLOON_ON : AUTOBALLOON_OFF;
    }
}

static void read_flag(XLU_Config *config, const char *key, bool *flag)
{
    long number;

    if (!xlu_cfg_get_long(config, key, &number, 1))
        *flag = number != 0;
}

static void read_text(XLU_Config *config, const char *key, char **value)
{
    const char *text;

    if (xlu_cfg_get_string(config, key, &text, 1))
        return;
    free(*value);
    *value = strdup(text);
}

static bool read_frames(XLU_Config *config, const char *key, uint32_t *frames,
                        struct report *report)
{
    const char *text = "";
    long number;

    if (xlu_cfg_get_string(config, key, &text, 1) == ESRCH)
        return false;
    if (xlu_cfg_get_long(config, key, &number, 1) || number < 0 ||
        number > INT32_MAX) {
        report_value(report, key, text);
        return false;
    }
    *frames = (uint32_t)number;
    return true;
}

static void read_keys(XLU_Config *config, struct xl_conf *conf,
                      struct report *report)
{
    const char *text;

    read_autoballoon(config, conf, report);
    read_flag(config, "run_hotplug_scripts", &conf->run_hotplug_scripts);
    read_flag(config, "claim_mode", &conf->claim_mode);
    read_text(config, "lockfile", &conf->lock_file);
    read_text(config, "vm.cpumask", &conf->vm_cpumask);
    read_text(config, "vm.hvm.cpumask", &conf->hvm_cpumask);
    if (!xlu_cfg_get_string(config, "domid_policy", &text, 1)) {
        /* the manual's word and the one that xl.c knows */
        if (!strcmp(text, "libxl") || !strcmp(text, "random"))
            conf->random_domid = true;
        else if (strcmp(text, "xen"))
            report_value(report, "domid_policy", text);
    }
    conf->has_grant_frames = read_frames(config, "max_grant_frames",
                                         &conf->max_grant_frames, report);
    conf->has_maptrack_frames = read_frames(config, "max_maptrack_frames",
                                            &conf->max_maptrack_frames,
                                            report);
    conf->has_grant_version = read_frames(config, "max_grant_version",
                                          &conf->max_grant_version, report);
}

static void parse(struct xl_conf *conf, struct report *report)
{
    struct report_where where = { .file = XL_CONF };
    char *messages = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&messages, &size);
    XLU_Config *config = stream ? xlu_cfg_init(stream, XL_CONF) : NULL;

    if (!config) {
        report_check(report, HOST_RESOURCES, &where, "out of memory");
    } else if (xlu_cfg_readfile(config, XL_CONF)) {
        fflush(stream);
        report_check(report, XL_CONF_INVALID, &where, "%.*s",
                     messages ? (int)strcspn(messages, "\n") : 0,
                     messages ? messages : "");
    } else {
        read_keys(config, conf, report);
    }
    if (config)
        xlu_cfg_destroy(config);
    if (stream)
        fclose(stream);
    free(messages);
}

int xl_conf_read(struct xl_conf *conf, struct report *report)
{
    size_t errors = report_errors(report);

    *conf = (struct xl_conf){
        .autoballoon = AUTOBALLOON_AUTO,
        .run_hotplug_scripts = true,
        .claim_mode = true,
        .lock_file = strdup(XL_LOCK_FILE),
    };
    if (!access(XL_CONF, F_OK))
        parse(conf, report);
    if (!conf->lock_file)
        report_check(report, HOST_RESOURCES, NULL, "out of memory");
    return report_errors(report) == errors ? 0 : -1;
}

void xl_conf_dispose(struct xl_conf *conf)
{
    free(conf->lock_file);
    free(conf->vm_cpumask);
    free(conf->hvm_cpumask);
    conf->lock_file = conf->vm_cpumask = conf->hvm_cpumask = NULL;
}
