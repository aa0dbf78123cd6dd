/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is printed from the tables at build time: bash completion, and the
 * section COMMANDS of xl-oci(1). */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "checks.h"
#include "dt/checks.h"

#include "commands.h"
#include "options.h"
#include "print.h"

#define CHECK_COLUMNS "| check | | what is wrong |\n|---|---|---|\n"

static void add_names(struct bytes *out, const char *prefix, bool skip_oci)
{
    const struct command *const *c;

    for (c = commands; *c; c++)
        if (!(*c)->internal)
            bytes_printf(out, "%s%s", prefix,
                         (*c)->name + (skip_oci ? strlen("oci-") : 0));
}

static void add_options(struct bytes *out, const struct command *command)
{
    const struct option_row *row;

    bytes_printf(out, "        %s) options='--help",
                 command->name + strlen("oci-"));
    for (row = command->options; row && row->name; row++)
        bytes_printf(out, " --%s%s", row->name, row->argument ? "=" : "");
    bytes_add_string(out, "' ;;\n");
}

/* "--format=text --format=json": what bash is to offer after the "=" */
static void add_choices(struct bytes *out, const struct command *command)
{
    const struct option_row *row;
    const char *c;

    for (row = command->options; row && row->name; row++) {
        if (!row->choices)
            continue;
        bytes_printf(out, "        %s:--%s) words='",
                     command->name + strlen("oci-"), row->name);
        for (c = row->choices; *c; c++)
            bytes_add(out, *c == '|' ? " " : c, 1);
        bytes_add_string(out, "' ;;\n");
    }
}

/* What a command's arguments are, told by their name in its row. */
static const char *argument_words(const struct command *command)
{
    if (strstr(command->arguments, "NAME"))
        return "$(xl-oci list --quiet 2>/dev/null)";
    if (strstr(command->arguments, "CHECK"))
        return "$(xl-oci explain 2>/dev/null | cut -d' ' -f1)";
    return NULL;
}

static void add_arguments(struct bytes *out, const struct command *command)
{
    const char *words = argument_words(command);

    if (words)
        bytes_printf(out, "        %s) words=\"%s\" ;;\n",
                     command->name + strlen("oci-"), words);
    else if (strstr(command->arguments, "BUNDLE"))
        bytes_printf(out, "        %s) directories=1 ;;\n",
                     command->name + strlen("oci-"));
}

static void add_each(struct bytes *out,
                     void (*add)(struct bytes *, const struct command *))
{
    const struct command *const *c;

    for (c = commands; *c; c++)
        if (!(*c)->internal)
            add(out, *c);
}

/* Up to the command's name; without one, that is what is completed. */
static void add_find_command(struct bytes *out)
{
    bytes_add_string(out,
        "# SPDX-License-Identifier: LGPL-2.1-or-later\n"
        "# bash completion of xl-oci and `xl oci-*'; written by\n"
        "# `xl-oci generate completion' from the tables of the commands.\n"
        "_xl_oci()\n"
        "{\n"
        "    local current=${COMP_WORDS[COMP_CWORD]} command= options= words=\n"
        "    local directories= option= i\n"
        "    COMPREPLY=()\n"
        "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
        "        case ${COMP_WORDS[i]} in\n"
        "        -*) ;;\n"
        "        *) command=${COMP_WORDS[i]#oci-}; break ;;\n"
        "        esac\n"
        "    done\n"
        "    if [ -z \"$command\" ]; then\n"
        "        words='help");
    add_names(out, " ", true);
    add_names(out, " ", false);
    bytes_add_string(out, "'\n"
        "        COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
        "        return\n"
        "    fi\n");
}

/* What the command takes; and an option's argument, if that is due. */
static void add_find_words(struct bytes *out)
{
    bytes_add_string(out, "    case $command in\n");
    add_each(out, add_options);
    bytes_add_string(out, "        help) words='");
    add_names(out, " ", true);
    bytes_add_string(out, "' ;;\n"
        "    esac\n"
        "    # \"=\" is a word of its own (COMP_WORDBREAKS)\n"
        "    if [ \"$current\" = = ]; then\n"
        "        option=${COMP_WORDS[COMP_CWORD-1]} current=\n"
        "    elif [ \"${COMP_WORDS[COMP_CWORD-1]}\" = = ]; then\n"
        "        option=${COMP_WORDS[COMP_CWORD-2]}\n"
        "    fi\n"
        "    if [ -n \"$option\" ]; then\n"
        "        case $command:$option in\n");
    add_each(out, add_choices);
    bytes_add_string(out,
        "        *) COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n"
        "        esac\n");
}

/* Goes on in that "if": options, else arguments. */
static void add_complete(struct bytes *out)
{
    bytes_add_string(out,
        "    elif [[ $current == -* ]]; then\n"
        "        COMPREPLY=($(compgen -W \"$options\" -- \"$current\"))\n"
        "        if [[ ${COMPREPLY[0]-} == *= ]]; then\n"
        "            compopt -o nospace 2>/dev/null\n"
        "        fi\n"
        "        return\n"
        "    else\n"
        "        case $command in\n");
    add_each(out, add_arguments);
    bytes_add_string(out,
        "        esac\n"
        "    fi\n"
        "    if [ -n \"$directories\" ]; then\n"
        "        COMPREPLY=($(compgen -d -- \"$current\"))\n"
        "    else\n"
        "        COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
        "    fi\n"
        "}\n"
        "complete -F _xl_oci xl-oci\n"
        "\n");
}

static void add_xl(struct bytes *out)
{
    bytes_add_string(out,
        "# xl's own completion stays in charge of everything but oci-*\n"
        "_xl_with_oci()\n"
        "{\n"
        "    local i word names='");
    add_names(out, " ", false);
    bytes_add_string(out, "'\n"
        "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
        "        word=${COMP_WORDS[i]}\n"
        "        case $word in\n"
        "        -*) ;;\n"
        "        oci-*) _xl_oci; return ;;\n"
        "        *) break ;;\n"
        "        esac\n"
        "    done\n"
        "    COMPREPLY=()\n"
        "    if declare -F _xl >/dev/null; then _xl; fi\n"
        "    if [ \"$i\" -eq \"$COMP_CWORD\" ]; then\n"
        "        COMPREPLY+=($(compgen -W \"$names\" -- "
        "\"${COMP_WORDS[COMP_CWORD]}\"))\n"
        "    fi\n"
        "}\n"
        "complete -o default -F _xl_with_oci xl\n");
}

static void generate_completion(struct bytes *out)
{
    add_find_command(out);
    add_find_words(out);
    add_complete(out);
    add_xl(out);
}

/* POD has its own meaning for < > and a leading "=". */
static void add_pod(struct bytes *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '<')
            bytes_add_string(out, "E<lt>");
        else if (*text == '>')
            bytes_add_string(out, "E<gt>");
        else
            bytes_add(out, text, 1);
    }
}

static void add_pod_option(struct bytes *out, const struct option_row *row)
{
    bytes_add_string(out, "=item ");
    if (row->letter)
        bytes_printf(out, row->argument ? "B<-%c> I<%s>, " : "B<-%c>, ",
                     row->letter, row->argument);
    bytes_printf(out, "B<--%s>", row->name);
    if (row->argument)
        bytes_printf(out, "B<=>I<%s>", row->argument);
    bytes_add_string(out, "\n\n");
    add_pod(out, row->help);
    if (row->choices)
        bytes_printf(out, " (%s)", row->choices);
    bytes_add_string(out, ".\n\n");
}

/* The last line of details is an example: verbatim, hence indented. */
static void add_pod_details(struct bytes *out, const char *details)
{
    static const char label[] = "\nExample: ";
    const char *example = strstr(details, label);

    if (!example) {
        add_pod(out, details);
        bytes_add_string(out, "\n");
        return;
    }
    while (details < example) {
        char c[2] = { *details++, '\0' };

        add_pod(out, c);
    }
    bytes_printf(out, "\n\nExample:\n\n    %s\n",
                 example + strlen(label));
}

static void add_pod_command(struct bytes *out, const struct command *command)
{
    const struct option_row *row;

    bytes_printf(out, "=head2 %s [I<OPTION>]... %s\n\n", command->name,
                 command->arguments);
    add_pod(out, command->summary);
    bytes_add_string(out, ".\n\n");
    if (command->options) {
        bytes_add_string(out, "=over 4\n\n");
        for (row = command->options; row->name; row++)
            add_pod_option(out, row);
        bytes_add_string(out, "=back\n\n");
    }
    add_pod_details(out, command->details);
}

static void generate_manual(struct bytes *out)
{
    bytes_add_string(out, "=head1 COMMANDS\n\n"
        "Each has B<-h>, B<--help>.\n\n");
    add_each(out, add_pod_command);
}

static void add_check(struct bytes *out, const struct report_check *check)
{
    static const char *const severities[] = {
        [REPORT_ERROR] = "error", [REPORT_WARNING] = "warning",
        [REPORT_NOTE] = "note",
    };

    bytes_printf(out, "| `%s` | %s | %s |\n", check->name,
                 severities[check->severity], check->title);
}

static void add_stage(struct bytes *out, enum dt_stage stage)
{
    const struct dt_stage_row *row = &dt_stages[stage];
    size_t i;

    bytes_printf(out, "\n### %s\n\n", row->title);
    if (row->after != DT_STAGE_ANY)
        bytes_printf(out, "After: %s.\n\n", dt_stages[row->after].title);
    bytes_add_string(out, CHECK_COLUMNS);
    for (i = 0; i < DT_CHECK_COUNT; i++)
        if (dt_check_stage((enum dt_check_id)i) == stage)
            add_check(out, &dt_checks[i]);
}

static void generate_checks(struct bytes *out)
{
    size_t i;

    bytes_add_string(out,
        "<!-- SPDX-License-Identifier: LGPL-2.1-or-later -->\n"
        "<!-- made by docs/update: not by hand -->\n"
        "# Diagnostics\n\n"
        "`xl oci-explain NAME` says more of each, and its remedy.\n\n"
        "## Device trees\n\n"
        "A check is asked of a thing where those of the stages before its "
        "own found nothing\nthere.\n");
    for (i = 0; i < DT_STAGE_COUNT; i++)
        add_stage(out, (enum dt_stage)i);
    bytes_add_string(out, "\n## All else\n\n" CHECK_COLUMNS);
    for (i = 0; i < CHECK_COUNT; i++)
        add_check(out, &xloci_checks[i]);
}

static int run(const void *options, int argc, char **argv)
{
    struct bytes out = BYTES_INIT;

    (void)options;
    (void)argc;
    if (!strcmp(argv[0], "completion")) {
        generate_completion(&out);
    } else if (!strcmp(argv[0], "manual")) {
        generate_manual(&out);
    } else if (!strcmp(argv[0], "checks")) {
        generate_checks(&out);
    } else {
        fprintf(stderr, "xl oci-generate: \"%s\" is none of completion, "
                "manual, checks\n", argv[0]);
        return XL_OCI_USAGE;
    }
    return print_bytes(&out);
}

const struct command command_generate = {
    .name = "oci-generate",
    .summary = "Print the bash completion, the manual's list of commands, or "
               "the list of checks",
    .arguments = "completion|manual|checks",
    .min_args = 1,
    .max_args = 1,
    .details = "Exit codes: 0 printed; 2 wrong command line.\n"
               "Example: xl-oci generate completion\n",
    .internal = true,
    .run = run,
};
