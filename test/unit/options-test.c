/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Option tables: parsing, errors, help, nearest names. */
#include <stdlib.h>

#include "tap.h"

#include "base/bytes.h"
#include "xl-oci/command.h"
#include "xl-oci/options.h"
#include "base/suggest.h"

struct sample {
    const char *name;
    uint64_t memory_bytes, vcpus, grace_ms;
    bool paused, attach;
    int format;
};

static const struct option_row rows[] = {
    { 'n', "name", OPTION_STRING, offsetof(struct sample, name), "NAME",
      NULL, "domain name" },
    { 'm', "memory", OPTION_SIZE, offsetof(struct sample, memory_bytes),
      "SIZE", NULL, "memory" },
    { 0, "vcpus", OPTION_COUNT, offsetof(struct sample, vcpus), "N", NULL,
      "virtual CPUs" },
    { 0, "grace", OPTION_U64, offsetof(struct sample, grace_ms), "MS", NULL,
      "milliseconds" },
    { 'p', "paused", OPTION_FLAG, offsetof(struct sample, paused), NULL,
      NULL, "leave paused" },
    { 'c', "console", OPTION_FLAG, offsetof(struct sample, attach), NULL,
      NULL, "attach" },
    { 0, "format", OPTION_FORMAT, offsetof(struct sample, format), "FORMAT",
      "text|json|xl", "output" },
    { .name = NULL },
};

#define MAX_WORDS 16

static struct sample got;
static char *args[MAX_WORDS];
static int n_args;
static struct bytes error;

/* Parses the words, NULL-terminated. */
static enum options_outcome parse(const char **words)
{
    int count = 0;

    while (words[count])
        count++;
    memset(&got, 0, sizeof(got));
    bytes_free(&error);
    return options_parse(rows, &got, count, (char **)words, args, &n_args,
                         &error);
}

#define PARSE(...) parse((const char *[]){ __VA_ARGS__, NULL })

static void is_wrong(enum options_outcome outcome, const char *message)
{
    is_int(outcome, OPTIONS_WRONG, message);
    is_str(bytes_text(&error), message, "... and says so");
}

static void test_forms(void)
{
    is_int(PARSE("-n", "a", "bundle"), OPTIONS_OK, "-n VALUE");
    is_str(got.name, "a", "value of -n");
    is_int(n_args, 1, "one argument");
    is_str(args[0], "bundle", "the argument");
    PARSE("-nb");
    is_str(got.name, "b", "-nVALUE");
    PARSE("--name=c=d");
    is_str(got.name, "c=d", "--name=VALUE with = inside");
    PARSE("--name", "--e");
    is_str(got.name, "--e", "--name VALUE takes the next word as it is");
    PARSE("--name=");
    is_str(got.name, "", "--name= is an empty value");
    PARSE("-pcn", "f", "x");
    ok(got.paused && got.attach, "clustered flags");
    is_str(got.name, "f", "value after a cluster");
    PARSE("--name=1", "-n", "2");
    is_str(got.name, "2", "the last one wins");
    PARSE("one", "-p", "two", "--", "-c", "--name");
    is_int(n_args, 4, "options between arguments, none after --");
    is_str(args[2], "-c", "-- ends the options");
    ok(got.paused && !got.attach, "only what stands before --");
    PARSE("-", "-p");
    is_str(args[0], "-", "a lone hyphen is an argument");
    is_int(PARSE("-n", "x", "--help", "--nonsense"), OPTIONS_HELP,
           "--help before errors");
    is_int(PARSE("--", "--help"), OPTIONS_OK, "no help after --");
}

static void test_values(void)
{
    PARSE("--memory=24M", "--vcpus", "3", "--format=xl");
    is_int((long long)got.memory_bytes, 24 << 20, "24M");
    is_int((long long)got.vcpus, 3, "3");
    is_int(got.format, 2, "third choice");
    PARSE("-m4k");
    is_int((long long)got.memory_bytes, 4096, "4k");
    PARSE("-m", "2G");
    is_int((long long)got.memory_bytes, 2ll << 30, "2G");
    PARSE("-m", "123");
    is_int((long long)got.memory_bytes, 123, "plain bytes");
    is_int(PARSE("--grace=0"), OPTIONS_OK, "0 where it means something");
}

static void test_numbers(void)
{
    uint64_t v = 7;

    ok(parse_u64("18446744073709551615", &v) && v == UINT64_MAX, "2^64-1");
    ok(!parse_u64("18446744073709551616", &v), "2^64");
    ok(!parse_u64("", &v) && !parse_u64("-1", &v) && !parse_u64("+1", &v) &&
       !parse_u64(" 1", &v) && !parse_u64("0x1", &v) && !parse_u64("1 ", &v),
       "not decimal digits alone");
    ok(v == UINT64_MAX, "left alone on failure");
    ok(parse_size("17179869183G", &v) && v == 17179869183ull << 30,
       "largest number of G");
    ok(!parse_size("17179869184G", &v), "2^64 bytes");
    ok(!parse_size("M", &v) && !parse_size("", &v) && !parse_size("1T", &v) &&
       !parse_size("1MB", &v) && !parse_size("-1M", &v) &&
       !parse_size("1.5G", &v), "not sizes");
}

static void test_errors(void)
{
    is_wrong(PARSE("--nmae=x"), "unknown option --nmae; did you mean --name?");
    is_wrong(PARSE("--mem"), "unknown option --mem; did you mean --memory?");
    is_wrong(PARSE("--zzzzzz=1"), "unknown option --zzzzzz");
    is_wrong(PARSE("-x"), "unknown option -x");
    is_wrong(PARSE("-px"), "unknown option -x");
    is_wrong(PARSE("-n"), "option --name needs a value: --name=NAME");
    is_wrong(PARSE("--vcpus"), "option --vcpus needs a value: --vcpus=N");
    is_wrong(PARSE("--paused=yes"), "option --paused takes no value");
    is_wrong(PARSE("--vcpus=two"),
             "--vcpus: \"two\" is not a decimal number of at least 1");
    is_wrong(PARSE("--grace=-1"), "--grace: \"-1\" is not a decimal number");
    /* else the default would be taken for them, silently */
    is_wrong(PARSE("--vcpus=0"),
             "--vcpus: \"0\" is not a decimal number of at least 1");
    is_wrong(PARSE("-m0M"), "--memory: \"0M\" is not a size such as 64M "
             "(bytes, or with K, M, G)");
    is_wrong(PARSE("-m", "1T"), "--memory: \"1T\" is not a size such as 64M "
             "(bytes, or with K, M, G)");
    is_wrong(PARSE("--format=xm"),
             "--format: \"xm\" is not one of text|json|xl");
    is_wrong(PARSE("--format="),
             "--format: \"\" is not one of text|json|xl");
    is_wrong(PARSE("--format=tex"),
             "--format: \"tex\" is not one of text|json|xl");
}

static void test_no_table(void)
{
    char *words[] = { (char *)"a", (char *)"--x" };
    char *out[2];

    bytes_free(&error);
    is_int(options_parse(NULL, NULL, 1, words, out, &n_args, &error),
           OPTIONS_OK, "a command without options");
    is_int(options_parse(NULL, NULL, 2, words, out, &n_args, &error),
           OPTIONS_WRONG, "... refuses one");
}

static void test_help(void)
{
    static const struct command sample = {
        .name = "oci-sample", .summary = "Do it", .arguments = "BUNDLE",
        .options = rows, .details = "Exit codes: 0.\n",
    };
    struct bytes out = BYTES_INIT;

    options_format_help(&sample, &out);
    is_str(bytes_text(&out),
           "Usage: xl oci-sample [OPTION]... BUNDLE\n"
           "Do it.\n\n"
           "Options:\n"
           "  -n, --name=NAME         domain name\n"
           "  -m, --memory=SIZE       memory\n"
           "      --vcpus=N           virtual CPUs\n"
           "      --grace=MS          milliseconds\n"
           "  -p, --paused            leave paused\n"
           "  -c, --console           attach\n"
           "      --format=FORMAT     output (text|json|xl)\n"
           "  -h, --help              show this help\n"
           "\nExit codes: 0.\n", "help from the table");
    bytes_free(&out);
}

static const char *nearest(const char *word)
{
    struct suggestion s = suggest_start(word);

    suggest_consider(&s, "oci-create");
    suggest_consider(&s, "oci-delete");
    suggest_consider(&s, "oci-list");
    return s.best;
}

static void test_suggestions(void)
{
    char longest[200];

    is_str(nearest("oci-craete"), "oci-create", "swapped letters");
    is_str(nearest("oci-lst"), "oci-list", "a letter missing");
    is_str(nearest("oci-deletee"), "oci-delete", "a letter too many");
    is_str(nearest("oci-cre"), "oci-create", "a beginning");
    is_str(nearest("OCI-LISt"), "oci-list", "in another case");
    is_str(nearest("shutdown"), NULL, "nothing near");
    is_str(nearest(""), NULL, "nothing typed");
    memset(longest, 'o', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    is_str(nearest(longest), NULL, "far too long");
}

int main(void)
{
    test_forms();
    test_values();
    test_numbers();
    test_errors();
    test_no_table();
    test_help();
    test_suggestions();
    bytes_free(&error);
    return done_testing();
}
