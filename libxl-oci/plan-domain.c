/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The domain's name, uuid, pool, and what vm.hypervisor may say. */
#include "plan-internal.h"

#include <ctype.h>
#include <string.h>

#define NAME_MAX_BYTES 80u

static bool is_name_byte(unsigned char c)
{
    return (c < 0x80 && isalnum(c)) || c == '_' || c == '.' || c == '-';
}

/* xl takes a name of digits alone for a domain number. */
static bool is_numeric(const char *s)
{
    return s[strspn(s, "0123456789")] == '\0';
}

static bool is_name(const char *s)
{
    size_t i, length = strlen(s);

    if (!length || length > NAME_MAX_BYTES || is_numeric(s) ||
        !is_name_byte((unsigned char)s[0]) || strchr("._-", s[0]))
        return false;
    for (i = 0; i < length; i++)
        if (!is_name_byte((unsigned char)s[i]))
            return false;
    return true;
}

/* The bundle directory's name, made to fit. */
static const char *default_name(struct planner *p)
{
    const char *from = p->host->bundle_name ? p->host->bundle_name : "";
    char name[NAME_MAX_BYTES + 1];
    size_t i;

    for (i = 0; from[i] && i < NAME_MAX_BYTES; i++)
        name[i] = is_name_byte((unsigned char)from[i]) ? from[i] : '-';
    name[i] = '\0';
    return is_name(name) ? planner_printf(p, "%s", name)
                         : planner_printf(p, "oci-%.76s", name);
}

static void plan_name(struct planner *p)
{
    const struct spec_string *named = &p->spec->extension.name;
    struct plan_string *name = &p->plan->name;

    if (p->options->name) {
        name->value = p->options->name;
        name->from = origin_option("--name");
    } else if (named->at) {
        name->value = named->value;
        name->from = origin_at(p, named->at);
    } else {
        name->value = default_name(p);
        name->from = origin_default("default: the bundle directory's name");
    }
    if (name->value && !is_name(name->value))
        planner_refuse(p, CONTAINER_NAME,
                       p->options->name ? NULL : named->at,
                       "\"%s\" cannot be a domain's name", name->value);
}

static void plan_pool_parameter(struct planner *p, const char *parameter)
{
    static const char key[] = "cpupool=";
    const struct json *at = p->spec->vm.hypervisor_parameters.at;

    if (strncmp(parameter, key, sizeof(key) - 1) ||
        !parameter[sizeof(key) - 1]) {
        planner_refuse(p, HYPERVISOR_PARAMETER, at,
                       "\"%s\" is not accepted", parameter);
        return;
    }
    p->plan->cpupool.value = parameter + sizeof(key) - 1;
    p->plan->cpupool.from = origin_at(p, at);
}

static void plan_hypervisor(struct planner *p)
{
    static const char *const ours[] = { "xl", "xl-oci", "xen" };
    const struct spec_vm *vm = &p->spec->vm;
    const char *path = vm->hypervisor_path.value, *base;
    size_t i;

    for (i = 0; i < vm->hypervisor_parameters.count; i++)
        plan_pool_parameter(p, vm->hypervisor_parameters.values[i]);
    if (!vm->hypervisor_path.at || !path[0])
        return;
    base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        if (!strcmp(base, ours[i]))
            return;
    planner_refuse(p, HYPERVISOR_PATH, vm->hypervisor_path.at,
                   "\"%s\" is not the hypervisor of this host", path);
}

void plan_domain(struct planner *p)
{
    const struct spec_string *pool = &p->spec->extension.cpupool;
    struct plan *plan = p->plan;

    plan_name(p);
    plan->uuid.value = p->options->uuid;
    plan->uuid.from = origin_default("default: chosen at creation");
    plan->block_script.value = p->host->block_script;
    plan->block_script.from = origin_default("default: installed with xl-oci");
    plan->cpupool.from = origin_default("default: Pool-0");
    if (pool->at) {
        plan->cpupool.value = pool->value;
        plan->cpupool.from = origin_at(p, pool->at);
    }
    plan_hypervisor(p);
}
