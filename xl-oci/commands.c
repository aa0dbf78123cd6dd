/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"

#include <string.h>

const char *const xl_oci_version = "0.1.0";

struct global_options globals;

/* in the order of `xl-oci help` */
const struct command *const commands[] = {
    &command_create,
    &command_check,
    &command_plan,
    &command_list,
    &command_state,
    &command_logs,
    &command_kill,
    &command_delete,
    &command_devices,
    &command_coverage,
    &command_explain,
    &command_generate,
    &command_reap,
    NULL,
};

const struct command *command_by_name(const char *name)
{
    static const char prefix[] = "oci-";
    size_t length = sizeof(prefix) - 1;
    size_t skip = strncmp(name, prefix, length) ? length : 0;
    const struct command *const *c;

    for (c = commands; *c; c++)
        if (!strcmp((*c)->name + skip, name))
            return *c;
    return NULL;
}
