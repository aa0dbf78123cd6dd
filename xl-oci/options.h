/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Option parser: fills a command's options struct from its table.
 *
 * As getopt_long(): -x, -xyz, -xVALUE, -x VALUE, --name, --name=VALUE,
 * --name VALUE, "--" ends the options, options may follow arguments, the
 * last of several wins. Unlike it: names are never abbreviated (a new option
 * must not change what an old script means), and errors say what was meant.
 */
#ifndef XL_OCI_OPTIONS_H
#define XL_OCI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct bytes;
struct command;
struct option_row;

enum options_outcome {
    OPTIONS_OK,
    OPTIONS_HELP,       /* -h or --help was given; nothing else was judged */
    OPTIONS_WRONG,      /* error holds one line, without program name */
};

/*
 * Parses argv[0..argc-1] (options and arguments, no program name). options
 * points at the struct that rows describe, filled with its defaults. The
 * arguments proper go to args[0..*n_args-1] (room for argc), in order.
 * Strings borrow from argv.
 */
enum options_outcome options_parse(const struct option_row *rows,
                                   void *options, int argc, char **argv,
                                   char **args, int *n_args,
                                   struct bytes *error);

/* "64M" -> 67108864. Plain numbers are bytes. False when text is not a size
 * or exceeds 2^64-1. */
bool parse_size(const char *text, uint64_t *size_bytes);

/* Decimal digits alone. */
bool parse_u64(const char *text, uint64_t *value);

/* Usage, options, details: what `--help` prints. */
void options_format_help(const struct command *command, struct bytes *out);

/* "-n, --name=NAME" of a row. */
void options_format_name(const struct option_row *row, struct bytes *out);

#endif
