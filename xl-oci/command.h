/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Commands: each cmd-NAME.c exports one const struct command; help, usage
 * errors, bash completion and the OPTIONS of xl-oci(1) come from these tables.
 */
#ifndef XL_OCI_COMMAND_H
#define XL_OCI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_kind {
    OPTION_FLAG,        /* bool *: set to true */
    OPTION_STRING,      /* const char ** */
    OPTION_U64,         /* uint64_t *: decimal */
    OPTION_COUNT,       /* the same, but not 0, which says: not given */
    OPTION_SIZE,        /* uint64_t *: bytes, with K, M or G (1024); not 0 */
    OPTION_FORMAT,      /* int *: one of choices, by position */
};

struct option_row {
    char letter;                /* 0: none */
    const char *name;           /* "name": --name */
    enum option_kind kind;
    size_t offset;              /* in the command's options struct */
    const char *argument;       /* "NAME", NULL for flags */
    const char *choices;        /* "text|json|xl" of OPTION_FORMAT */
    const char *help;           /* one line */
};

struct command {
    const char *name;           /* "oci-create" */
    const char *summary;        /* one line */
    const char *arguments;      /* "BUNDLE", "[NAME]…" */
    unsigned int min_args, max_args;
    const struct option_row *options;   /* ends with name == NULL */
    const void *defaults;       /* options struct to start from */
    size_t options_bytes;
    const char *details;        /* for --help: exit codes, examples */
    bool internal;              /* not shown in help */
    bool no_dry_run;            /* changes something whenever it is run: the
                                 * global -N is refused */
    /* argv holds the arguments alone; returns the exit code */
    int (*run)(const void *options, int argc, char **argv);
};

/* Exit codes of every command but an attached create. */
enum {
    XL_OCI_OK = 0,
    XL_OCI_FAILED = 1,          /* the bundle or the host does not allow it:
                                 * diagnostics tell */
    XL_OCI_USAGE = 2,           /* the command line is wrong */
    XL_OCI_NOT_FOUND = 3,       /* no such container */
    XL_OCI_INTERNAL = 125,      /* attached create: not the process's code */
};

/* Of this program, as `xl-oci --version` shows it. */
extern const char *const xl_oci_version;

/* All commands, NULL-terminated (commands.c). */
extern const struct command *const commands[];

/* xl's own global options, as given before the command. */
struct global_options {
    int verbose;                /* -v, repeated */
    bool dry_run, force, timestamps;    /* -N, -f, -T */
};
extern struct global_options globals;

struct arena;
struct report;
/* Prints report to stderr (text) or stdout (json); returns 0 without errors,
 * XL_OCI_NOT_FOUND when the container is unknown, else XL_OCI_FAILED. */
int print_report(const struct report *report, bool json);

/* The code alone. */
int report_exit_code(const struct report *report);

/*
 * What most commands are: work that has an arena and a report, which is
 * printed as text when it is done. Returns the report's exit code; without
 * errors in it, what work has returned (0: XL_OCI_OK; < 0: XL_OCI_FAILED).
 */
typedef int (*command_work)(struct arena *arena, const void *options,
                            int argc, char **argv, struct report *report);
int with_report(const struct command *command, command_work work,
                const void *options, int argc, char **argv);

#endif
