/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/suggest.h"

#include "command.h"

/* one run over a command line */
struct parse {
    const struct option_row *rows;
    char *options;
    int argc, next;             /* next: index of the word to look at */
    char **argv;
    struct bytes *error;
};

bool parse_u64(const char *text, uint64_t *value)
{
    char *end;

    if (!*text || text[strspn(text, "0123456789")])
        return false;
    errno = 0;
    *value = strtoull(text, &end, 10);
    return !errno && !*end;
}

bool parse_size(const char *text, uint64_t *size_bytes)
{
    static const char suffixes[] = "kKmMgG";
    size_t digits = strspn(text, "0123456789");
    unsigned int shift = 0;
    const char *suffix;
    uint64_t value;

    if (!digits)
        return false;
    if (text[digits]) {
        suffix = strchr(suffixes, text[digits]);
        if (!suffix || text[digits + 1])
            return false;
        shift = 10 * (unsigned int)((suffix - suffixes) / 2 + 1);
    }
    errno = 0;
    value = strtoull(text, NULL, 10);
    if (errno || value > UINT64_MAX >> shift)
        return false;
    *size_bytes = value << shift;
    return true;
}

/* Position of value in "text|json|xl"; -1 when it is none of them. */
static int find_choice(const char *choices, const char *value)
{
    size_t length = strlen(value);
    int i;

    for (i = 0; length; i++) {
        size_t n = strcspn(choices, "|");

        if (n == length && !strncmp(choices, value, n))
            return i;
        if (!choices[n])
            break;
        choices += n + 1;
    }
    return -1;
}

/* What kind of value an option wants, for the error message. */
static void format_expected(const struct option_row *row, struct bytes *out)
{
    if (row->kind == OPTION_FORMAT)
        bytes_printf(out, "one of %s", row->choices);
    else if (row->kind == OPTION_SIZE)
        bytes_add_string(out, "a size such as 64M (bytes, or with K, M, G)");
    else if (row->kind == OPTION_COUNT)
        bytes_add_string(out, "a decimal number of at least 1");
    else
        bytes_add_string(out, "a decimal number");
}

static bool store_value(struct parse *p, const struct option_row *row,
                        char *value)
{
    char *target = p->options + row->offset;
    int choice;
    bool ok = true;

    switch (row->kind) {
    case OPTION_FLAG:
        *(bool *)target = true;
        break;
    case OPTION_STRING:
        *(const char **)target = value;
        break;
    case OPTION_U64:
        ok = parse_u64(value, (uint64_t *)target);
        break;
    case OPTION_COUNT:
        ok = parse_u64(value, (uint64_t *)target) && *(uint64_t *)target;
        break;
    case OPTION_SIZE:
        ok = parse_size(value, (uint64_t *)target) && *(uint64_t *)target;
        break;
    case OPTION_FORMAT:
        choice = find_choice(row->choices, value);
        ok = choice >= 0;
        if (ok)
            *(int *)target = choice;
        break;
    }
    if (!ok) {
        bytes_printf(p->error, "--%s: \"%s\" is not ", row->name, value);
        format_expected(row, p->error);
    }
    return ok;
}

/* The value that follows an option as a word of its own. */
static char *take_word(struct parse *p, const struct option_row *row)
{
    if (p->next < p->argc)
        return p->argv[p->next++];
    bytes_printf(p->error, "option --%s needs a value: --%s=%s", row->name,
                 row->name, row->argument);
    return NULL;
}

static bool report_unknown(struct parse *p, const char *name, size_t length)
{
    char *typed = strndup(name, length);
    struct suggestion s;
    const struct option_row *row;

    bytes_printf(p->error, "unknown option --%.*s", (int)length, name);
    if (!typed)
        return false;
    s = suggest_start(typed);
    for (row = p->rows; row && row->name; row++)
        suggest_consider(&s, row->name);
    if (s.best)
        bytes_printf(p->error, "; did you mean --%s?", s.best);
    free(typed);
    return false;
}

/* word: after the two hyphens */
static bool parse_long(struct parse *p, char *word)
{
    size_t length = strcspn(word, "=");
    char *value = word[length] ? word + length + 1 : NULL;
    const struct option_row *row;

    for (row = p->rows; row && row->name; row++)
        if (strlen(row->name) == length && !strncmp(row->name, word, length))
            break;
    if (!row || !row->name)
        return report_unknown(p, word, length);
    if (row->kind == OPTION_FLAG && value) {
        bytes_printf(p->error, "option --%s takes no value", row->name);
        return false;
    }
    if (row->kind != OPTION_FLAG && !value) {
        value = take_word(p, row);
        if (!value)
            return false;
    }
    return store_value(p, row, value);
}

/* letters: after the hyphen; flags may be clustered, a value may stick */
static bool parse_short(struct parse *p, char *letters)
{
    const struct option_row *row;
    char *value;

    for (; *letters; letters++) {
        for (row = p->rows; row && row->name; row++)
            if (row->letter == *letters)
                break;
        if (!row || !row->name) {
            bytes_printf(p->error, "unknown option -%c", *letters);
            return false;
        }
        if (row->kind == OPTION_FLAG) {
            store_value(p, row, NULL);
            continue;
        }
        value = letters[1] ? letters + 1 : take_word(p, row);
        return value && store_value(p, row, value);
    }
    return true;
}

/* As GNU tools do: help is help wherever it stands before "--". */
static bool asks_help(int argc, char **argv)
{
    int i;

    for (i = 0; i < argc && strcmp(argv[i], "--"); i++)
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
            return true;
    return false;
}

enum options_outcome options_parse(const struct option_row *rows,
                                   void *options, int argc, char **argv,
                                   char **args, int *n_args,
                                   struct bytes *error)
{
    struct parse p = { .rows = rows, .options = options, .argc = argc,
                       .argv = argv, .error = error };
    bool only_args = false, ok = true;
    char *word;

    *n_args = 0;
    if (asks_help(argc, argv))
        return OPTIONS_HELP;
    while (ok && p.next < argc) {
        word = argv[p.next++];
        if (only_args || word[0] != '-' || !word[1])
            args[(*n_args)++] = word;
        else if (!strcmp(word, "--"))
            only_args = true;
        else if (word[1] == '-')
            ok = parse_long(&p, word + 2);
        else
            ok = parse_short(&p, word + 1);
    }
    return ok ? OPTIONS_OK : OPTIONS_WRONG;
}

void options_format_name(const struct option_row *row, struct bytes *out)
{
    if (row->letter)
        bytes_printf(out, "-%c, ", row->letter);
    else
        bytes_add_string(out, "    ");
    bytes_printf(out, "--%s", row->name);
    if (row->argument)
        bytes_printf(out, "=%s", row->argument);
}

static void format_row(const struct option_row *row, struct bytes *out)
{
    size_t start = out->size, width;

    bytes_add_string(out, "  ");
    options_format_name(row, out);
    width = out->size - start;
    bytes_printf(out, "%*s%s", width < 26 ? (int)(26 - width) : 1, "",
                 row->help);
    if (row->choices)
        bytes_printf(out, " (%s)", row->choices);
    bytes_add_string(out, "\n");
}

void options_format_help(const struct command *command, struct bytes *out)
{
    static const struct option_row help = {
        'h', "help", OPTION_FLAG, 0, NULL, NULL, "show this help",
    };
    const struct option_row *row;

    bytes_printf(out, "Usage: xl %s [OPTION]...%s%s\n%s.\n\nOptions:\n",
                 command->name, *command->arguments ? " " : "",
                 command->arguments, command->summary);
    for (row = command->options; row && row->name; row++)
        format_row(row, out);
    format_row(&help, out);
    if (command->details)
        bytes_printf(out, "\n%s", command->details);
}
