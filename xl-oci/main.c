/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xl-oci: finds the command and hands its options and arguments over.
 *
 * Three ways lead here, told apart by argv[0] alone:
 *   xl-oci [GLOBAL]... create ...       by the program's own name
 *   xl-oci-create ...                   by the name of a link to it
 *   xl [GLOBAL]... oci-create ...       from xl, which executes
 *       LIBEXEC_BIN/xl-oci-create with its own argv (xen-patches/0001)
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/suggest.h"

#include "commands.h"
#include "options.h"
#include "print.h"

static void format_commands(struct bytes *out)
{
    const struct command *const *c;

    bytes_add_string(out,
        "Usage: xl-oci [-vftTN] COMMAND [OPTION]... [ARGUMENT]...\n"
        "       xl oci-COMMAND ...\n"
        "OCI containers as Xen domains.\n\nCommands:\n");
    for (c = commands; *c; c++)
        if (!(*c)->internal)
            bytes_printf(out, "  %-12s %s\n", (*c)->name + strlen("oci-"),
                         (*c)->summary);
    bytes_add_string(out,
        "  help         show this list, or the help of a command\n"
        "\n"
        "Options before the command, as of xl:\n"
        "  -v           tell more; twice: much more\n"
        "  -f           force, of delete\n"
        "  -N           dry run, of create; refused by what changes something\n"
        "               and has none\n"
        "  -t           accepted for xl's sake: there is no progress to show\n"
        "  -T           date, time and process ID in libxl's messages\n"
        "      --help, --version\n"
        "\n"
        "Exit codes: 0 done; 1 the bundle or the host does not allow it;\n"
        "2 wrong command line; 3 no such container; 125 trouble of an\n"
        "attached create itself, whose other codes are the process's.\n");
}

static int show_help(const struct command *command)
{
    struct bytes out = BYTES_INIT;

    if (command)
        options_format_help(command, &out);
    else
        format_commands(&out);
    return print_bytes(&out);
}

static int reject_command(const char *name)
{
    static const char prefix[] = "oci-";
    size_t length = sizeof(prefix) - 1;
    bool prefixed = !strncmp(name, prefix, length);
    struct suggestion s = suggest_start(prefixed ? name + length : name);
    const struct command *const *c;

    for (c = commands; *c; c++)
        if (!(*c)->internal)
            suggest_consider(&s, (*c)->name + length);
    fprintf(stderr, "xl-oci: unknown command \"%s\"", name);
    if (s.best)
        fprintf(stderr, "; did you mean %s%s?", prefixed ? prefix : "",
                s.best);
    fputs("\nTry `xl-oci help'.\n", stderr);
    return XL_OCI_USAGE;
}

static int reject_usage(const struct command *command, const char *message)
{
    fprintf(stderr, "xl %s: %s\nTry `xl %s --help'.\n", command->name,
            message, command->name);
    return XL_OCI_USAGE;
}

static int check_arguments(const struct command *command, int count,
                           char **args, struct bytes *error)
{
    if (count >= 0 && (unsigned int)count < command->min_args)
        bytes_printf(error, "missing argument: %s", command->arguments);
    else if ((unsigned int)count > command->max_args)
        bytes_printf(error, "unexpected argument \"%s\"",
                     args[command->max_args]);
    return error->size ? -1 : 0;
}

/* What was to be shown only must not be done. */
static int reject_dry_run(const struct command *command)
{
    fprintf(stderr, "xl %s: -N: this command has no dry run\n"
            "Leave -N out to do it; `xl oci-list' shows what there is.\n",
            command->name);
    return XL_OCI_USAGE;
}

/* argv: what follows the command's name */
static int run_command(const struct command *command, int argc, char **argv)
{
    struct bytes error = BYTES_INIT;
    char **args = calloc((size_t)argc + 1, sizeof(*args));
    void *options = calloc(1, command->options_bytes + 1);
    enum options_outcome outcome;
    int n_args, rc;

    if (!args || !options) {
        fputs("xl-oci: out of memory\n", stderr);
        rc = XL_OCI_FAILED;
        goto out;
    }
    if (command->defaults)
        memcpy(options, command->defaults, command->options_bytes);
    outcome = options_parse(command->options, options, argc, argv, args,
                            &n_args, &error);
    if (outcome == OPTIONS_HELP)
        rc = show_help(command);
    else if (outcome == OPTIONS_WRONG ||
             check_arguments(command, n_args, args, &error))
        rc = reject_usage(command, bytes_text(&error));
    else if (command->no_dry_run && globals.dry_run)
        rc = reject_dry_run(command);
    else
        rc = command->run(options, n_args, args);
out:
    bytes_free(&error);
    free(options);
    free(args);
    return rc;
}

/* One word of xl's getopt() string "+vftTN" (tools/xl/xl.c main()). */
static bool take_globals(const char *letters)
{
    for (; *letters; letters++) {
        switch (*letters) {
        case 'v': globals.verbose++; break;
        case 'f': globals.force = true; break;
        case 't': break;
        case 'T': globals.timestamps = true; break;
        case 'N': globals.dry_run = true; break;
        default:
            fprintf(stderr, "xl-oci: unknown option -%c before the command"
                    "\nTry `xl-oci help'.\n", *letters);
            return false;
        }
    }
    return true;
}

static int run_help(int argc, char **argv)
{
    const struct command *command;

    if (argc == 0)
        return show_help(NULL);
    command = command_by_name(argv[0]);
    return command ? show_help(command) : reject_command(argv[0]);
}

/* argv: what follows the program's name */
static int dispatch(int argc, char **argv)
{
    const struct command *command;
    int i;

    for (i = 0; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
        if (!strcmp(argv[i], "--")) {
            i++;
            break;
        }
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
            return show_help(NULL);
        if (!strcmp(argv[i], "--version")) {
            printf("xl-oci %s (Xen %s)\n", xl_oci_version, XEN_VERSION);
            return XL_OCI_OK;
        }
        if (argv[i][1] == '-') {
            fprintf(stderr, "xl-oci: unknown option %s before the command\n"
                    "Try `xl-oci help'.\n", argv[i]);
            return XL_OCI_USAGE;
        }
        if (!take_globals(argv[i] + 1))
            return XL_OCI_USAGE;
    }
    if (i >= argc) {
        fputs("xl-oci: no command given\nTry `xl-oci help'.\n", stderr);
        return XL_OCI_USAGE;
    }
    if (!strcmp(argv[i], "help"))
        return run_help(argc - i - 1, argv + i + 1);
    command = command_by_name(argv[i]);
    if (!command)
        return reject_command(argv[i]);
    return run_command(command, argc - i - 1, argv + i + 1);
}

/* A descriptor opened later must never be taken for a standard one. */
static int open_standard_descriptors(void)
{
    int fd;

    do {
        fd = open("/dev/null", O_RDWR);
        if (fd < 0)
            return -1;
    } while (fd <= STDERR_FILENO);
    return close(fd);
}

static void set_up_signals(void)
{
    sigset_t child;

    /* a file that may not grow any more is an error to report */
    signal(SIGXFSZ, SIG_IGN);
    /* how hooks, tools and libxl's scripts end would be lost otherwise */
    signal(SIGCHLD, SIG_DFL);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_UNBLOCK, &child, NULL);
}

int main(int argc, char **argv)
{
    static const char link_prefix[] = "xl-oci-";
    const char *slash, *base;
    const struct command *command = NULL;
    int rc;

    if (argc < 1 || open_standard_descriptors())
        return XL_OCI_FAILED;
    set_up_signals();
    slash = strrchr(argv[0], '/');
    base = slash ? slash + 1 : argv[0];
    if (!strncmp(base, link_prefix, sizeof(link_prefix) - 1))
        command = command_by_name(base + strlen("xl-"));
    rc = command ? run_command(command, argc - 1, argv + 1)
                 : dispatch(argc - 1, argv + 1);
    if (fflush(stdout) || ferror(stdout)) {
        fprintf(stderr, "xl-oci: cannot write: %s\n", strerror(errno));
        rc = rc ? rc : XL_OCI_FAILED;
    }
    return rc;
}
