/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/suggest.h"
#include "checks.h"
#include "dt/checks.h"

#include "commands.h"
#include "print.h"

#define TEXT_COLUMNS 76

static const char *const severity_names[] = {
    [REPORT_ERROR] = "error",
    [REPORT_WARNING] = "warning",
    [REPORT_NOTE] = "note",
};

/* text, broken at spaces, each line indented; "\n" starts a new line */
static void add_wrapped(struct bytes *out, const char *indent,
                        const char *text)
{
    size_t column = 0, word;

    for (; *text; text += word) {
        if (*text == ' ' || *text == '\n') {
            if (*text == '\n') {
                bytes_add_string(out, "\n");
                column = 0;
            }
            word = 1;
            continue;
        }
        word = strcspn(text, " \n");
        if (column && column + 1 + word > TEXT_COLUMNS) {
            bytes_add_string(out, "\n");
            column = 0;
        }
        bytes_add_string(out, column ? " " : indent);
        bytes_add(out, text, word);
        column += (column ? 1 : strlen(indent)) + word;
    }
    bytes_add_string(out, "\n");
}

/* What must have found nothing; of checks of device trees. */
static void explain_order(const struct report_check *check, struct bytes *out)
{
    struct bytes names = BYTES_INIT;
    size_t id = 0, i;

    while (id < DT_CHECK_COUNT && &dt_checks[id] != check)
        id++;
    for (i = 0; i < DT_CHECK_COUNT && id < DT_CHECK_COUNT; i++)
        if (dt_check_follows((enum dt_check_id)id, (enum dt_check_id)i))
            bytes_printf(&names, "%s%s", names.size ? ", " : "",
                         dt_checks[i].name);
    if (names.size && bytes_text(&names)) {
        bytes_add_string(out, "\n  Asked where these found nothing:\n");
        add_wrapped(out, "    ", names.data);
    }
    out->failed |= names.failed;
    bytes_free(&names);
}

static void explain_check(const struct report_check *check, struct bytes *out)
{
    bytes_printf(out, "%s (%s)\n", check->name,
                 severity_names[check->severity]);
    add_wrapped(out, "  ", check->title);
    bytes_add_string(out, "\n");
    add_wrapped(out, "  ", check->explanation);
    if (check->remedy) {
        bytes_add_string(out, "\n  Remedy:\n");
        add_wrapped(out, "    ", check->remedy);
    }
    explain_order(check, out);
}

/* The i-th check of all tables; NULL after the last. */
static const struct report_check *check_at(size_t i)
{
    if (i < CHECK_COUNT)
        return &xloci_checks[i];
    return i - CHECK_COUNT < DT_CHECK_COUNT ? &dt_checks[i - CHECK_COUNT] :
                                              NULL;
}

static const struct report_check *find_check(const char *name)
{
    const struct report_check *check = check_by_name(name);
    size_t i;

    for (i = 0; !check && i < DT_CHECK_COUNT; i++)
        if (!strcmp(dt_checks[i].name, name))
            check = &dt_checks[i];
    return check;
}

static void list_checks(struct bytes *out)
{
    const struct report_check *check;
    size_t i;

    for (i = 0; (check = check_at(i)); i++)
        bytes_printf(out, "%-30s %-8s %s\n", check->name,
                     severity_names[check->severity], check->title);
}

static int reject_name(const char *name)
{
    struct suggestion s = suggest_start(name);
    size_t i;

    for (i = 0; check_at(i); i++)
        suggest_consider(&s, check_at(i)->name);
    fprintf(stderr, "xl oci-explain: there is no check \"%s\"", name);
    if (s.best)
        fprintf(stderr, "; did you mean %s?", s.best);
    fputs("\n`xl oci-explain' without a name lists all.\n", stderr);
    return XL_OCI_USAGE;
}

static int run(const void *options, int argc, char **argv)
{
    struct bytes out = BYTES_INIT;
    const struct report_check *check;

    (void)options;
    if (argc == 0) {
        list_checks(&out);
        return print_bytes(&out);
    }
    check = find_check(argv[0]);
    if (!check)
        return reject_name(argv[0]);
    explain_check(check, &out);
    return print_bytes(&out);
}

const struct command command_explain = {
    .name = "oci-explain",
    .summary = "Explain a diagnostic, by the name in its brackets",
    .arguments = "[CHECK]",
    .max_args = 1,
    .details =
        "Without an argument: the list of all checks.\n"
        "\n"
        "Exit codes: 0 shown; 2 there is no such check.\n"
        "Example: xl oci-explain json-syntax\n",
    .run = run,
};
