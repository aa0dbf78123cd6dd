/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rows of commands.c; each is defined in cmd-NAME.c. */
#ifndef XL_OCI_COMMANDS_H
#define XL_OCI_COMMANDS_H

#include "command.h"

extern const struct command command_create;
extern const struct command command_check;
extern const struct command command_plan;
extern const struct command command_list;
extern const struct command command_state;
extern const struct command command_logs;
extern const struct command command_kill;
extern const struct command command_delete;
extern const struct command command_devices;
extern const struct command command_coverage;
extern const struct command command_explain;
extern const struct command command_generate;
extern const struct command command_reap;

/* Row by name, with or without "oci-"; NULL when there is none. */
const struct command *command_by_name(const char *name);

#endif
