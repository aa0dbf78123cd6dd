/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of states, apart from the record so that the monitor stays small. */
#include "run-directory.h"

static const char *const status_names[] = {
    [CONTAINER_CREATING] = "creating",
    [CONTAINER_CREATED] = "created",
    [CONTAINER_RUNNING] = "running",
    [CONTAINER_STOPPED] = "stopped",
};

static const char *const exit_names[] = {
    [EXIT_NONE] = "none",
    [EXIT_EXITED] = "exited",
    [EXIT_SIGNALLED] = "signalled",
    [EXIT_FAILED] = "failed",
    [EXIT_DESTROYED] = "destroyed",
    [EXIT_CRASHED] = "crashed",
    [EXIT_UNKNOWN] = "unknown",
};

const char *container_status_name(enum container_status status)
{
    return status_names[status];
}

const char *exit_kind_name(enum exit_kind kind)
{
    return exit_names[kind];
}

int exit_to_code(const struct container_exit *e)
{
    switch (e->kind) {
    case EXIT_EXITED:
        return e->number & 0xff;
    case EXIT_SIGNALLED:
        return 128 + (e->number & 0x7f);
    default:
        return 125;
    }
}
