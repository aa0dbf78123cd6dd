/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* startContainer hooks: run in the guest, inside the container (OCI config.md
 * "POSIX-platform Hooks"). The others run in Dom0 and are not the plan's. */
#include "plan-internal.h"

#include "base/bytes.h"

#include <string.h>

static void add_member(struct bytes *out, const char *key, const char *value)
{
    bytes_add_json_string(out, key);
    bytes_add_string(out, ":");
    bytes_add_json_string(out, value);
    bytes_add_string(out, ",");
}

/* The container's state (OCI runtime.md "State"): the process is the first
 * of its pid namespace. */
static const char *state_json(struct planner *p)
{
    const struct spec_pairs *a = &p->spec->annotations;
    const char *bundle = p->host->bundle_path;
    struct bytes out = BYTES_INIT;
    const char *text;
    size_t i;

    bytes_add_string(&out, "{");
    add_member(&out, "ociVersion", p->spec->oci_version.value ?
                                   p->spec->oci_version.value : "1.0.0");
    add_member(&out, "id", p->plan->name.value ? p->plan->name.value : "");
    add_member(&out, "status", "created");
    add_member(&out, "bundle", bundle ? bundle : "/");
    bytes_add_string(&out, "\"pid\":1,\"annotations\":{");
    for (i = 0; i < a->count; i++) {
        bytes_add_string(&out, i ? "," : "");
        bytes_add_json_string(&out, a->items[i].key);
        bytes_add_string(&out, ":");
        bytes_add_json_string(&out, a->items[i].value);
    }
    bytes_add_string(&out, "}}");
    text = arena_strdup(p->arena, bytes_text(&out) ? out.data : "");
    p->no_memory |= out.failed || !text;
    bytes_free(&out);
    return text;
}

static void plan_hook(struct planner *p, const struct spec_hook *hook,
                      const char *state)
{
    static const char *const empty[] = { NULL };
    const char **argv = ARENA_ARRAY(p->arena, const char *, 2);
    uint64_t timeout_ms = 0;

    if (!argv || !state) {
        p->no_memory = true;
        return;
    }
    argv[0] = hook->path.value;
    if (hook->timeout_s.at && hook->timeout_s.value > 0)
        timeout_ms = (uint64_t)hook->timeout_s.value > UINT32_MAX / 1000 ?
                     UINT32_MAX : (uint64_t)hook->timeout_s.value * 1000;
    op(p, HOOK, origin_at(p, hook->at), ARG_S(hook->path.value),
       ARG_V(hook->args.count ? hook->args.values : argv),
       ARG_V(hook->env.count ? hook->env.values : (const char **)empty),
       ARG_B(state, strlen(state)), ARG_U(timeout_ms));
}

void plan_hook_ops(struct planner *p)
{
    const struct spec_hooks *hooks = &p->spec->start_container;
    const char *state = hooks->count ? state_json(p) : NULL;
    size_t i;

    for (i = 0; i < hooks->count; i++)
        plan_hook(p, &hooks->items[i], state);
}
