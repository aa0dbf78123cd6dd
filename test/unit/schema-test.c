/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every property of the OCI JSON schema has a row, and docs/coverage.md is
 * what the rows print. The schema is read from OCI_SCHEMA_DIR (made by
 * test/schema/get-schema); what newer versions added is in
 * test/schema/additions-1.3.
 */
#include "tap.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/report.h"
#include "json.h"
#include "spec.h"

#define PATH_BYTES 512
#define MAX_FILES 16

static struct arena *arena;
static struct report *report;
static const char *schema_dir;
static size_t properties_seen, properties_missing;

static char *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "r");
    char *text;

    if (!f)
        return NULL;
    text = calloc(1, 1 << 20);
    *size = fread(text, 1, (1 << 20) - 1, f);
    fclose(f);
    return text;
}

/* --- rows -----------------------------------------------------------------*/

static const struct spec_property *find_row(const char *path, size_t length)
{
    size_t count, i;
    const struct spec_property *rows = spec_properties(&count);

    for (i = 0; i < count; i++)
        if (strlen(rows[i].path) == length &&
            !strncmp(rows[i].path, path, length))
            return &rows[i];
    return NULL;
}

/* Elements and values share the row of their list or map; what is below a
 * section of another platform shares the section's. */
static int is_covered(const char *path)
{
    const char *last = strrchr(path, '/'), *second = strchr(path + 1, '/');
    const struct spec_property *row;

    if (find_row(path, strlen(path)))
        return 1;
    if (!strcmp(last, "/N") || !strcmp(last, "/KEY")) {
        row = find_row(path, (size_t)(last - path));
        if (row && (!strncmp(row->type, "array of", 8) ||
                    !strncmp(row->type, "map of", 6)))
            return 1;
    }
    row = second ? find_row(path, (size_t)(second - path)) : NULL;
    return row && row->fate == SPEC_IGNORED;
}

static void see_property(const char *path)
{
    properties_seen++;
    if (is_covered(path))
        return;
    printf("# no row: %s\n", path);
    properties_missing++;
}

/* --- the schema -----------------------------------------------------------*/

static struct { char name[64]; const struct json *root; } files[MAX_FILES];

static const struct json *load_schema(const char *name)
{
    char path[PATH_BYTES];
    size_t size, i = 0;
    char *text;

    while (i < MAX_FILES && files[i].root && strcmp(files[i].name, name))
        i++;
    if (i == MAX_FILES || files[i].root)
        return i == MAX_FILES ? NULL : files[i].root;
    snprintf(path, sizeof(path), "%s/%s", schema_dir, name);
    text = read_file(path, &size);
    if (!text)
        return NULL;
    files[i].root = json_parse(arena, path, text, size, &json_default_limits,
                               report);
    snprintf(files[i].name, sizeof(files[i].name), "%.63s", name);
    free(text);
    return files[i].root;
}

static void walk(const char *file, const struct json *node, const char *path);

static void walk_below(const char *file, const struct json *node,
                       const char *path, const char *name)
{
    char below[PATH_BYTES];

    snprintf(below, sizeof(below), "%.400s/%.100s", path, name);
    see_property(below);
    walk(file, node, below);
}

static void walk_reference(const char *file, const char *reference,
                           const char *path)
{
    char name[64], part[64];
    const char *hash = strchr(reference, '#'), *s;
    const struct json *node;

    snprintf(name, sizeof(name), "%.*s", (int)(hash - reference), reference);
    if (!*name)
        snprintf(name, sizeof(name), "%.63s", file);
    node = load_schema(name);
    for (s = hash + 1; node && *s == '/'; s += strlen(part) + 1) {
        snprintf(part, sizeof(part), "%.*s", (int)strcspn(s + 1, "/"), s + 1);
        node = json_member(node, part);
    }
    if (node)
        walk(name, node, path);
    else
        ok(0, "reference %s of %s", reference, file);
}

static void walk(const char *file, const struct json *node, const char *path)
{
    static const char *const choices[] = { "allOf", "anyOf" };
    const struct json *j, *reference = json_member(node, "$ref");
    size_t i;

    if (reference) {
        walk_reference(file, reference->text, path);
        return;
    }
    for (i = 0; i < 2; i++) {
        j = json_member(node, choices[i]);
        for (j = j ? j->child : NULL; j; j = j->next)
            walk(file, j, path);
    }
    j = json_member(node, "properties");
    for (j = j ? j->child : NULL; j; j = j->next)
        walk_below(file, j, path, j->key);
    j = json_member(node, "patternProperties");
    for (j = j ? j->child : NULL; j; j = j->next)
        walk_below(file, j, path, "KEY");
    j = json_member(node, "additionalProperties");
    if (j && j->type == JSON_OBJECT)
        walk_below(file, j, path, "KEY");
    j = json_member(node, "items");
    if (j)
        walk_below(file, j, path, "N");
}

static void test_schema(void)
{
    const struct json *root = load_schema("config-schema.json");

    if (!root) {
        printf("ok %d - schema # SKIP none in %s (test/schema/get-schema)\n",
               ++tap_count, schema_dir);
        return;
    }
    walk("config-schema.json", root, "");
    ok(properties_seen > 250, "%zu properties in the schema",
       properties_seen);
    ok(!properties_missing, "every one has a row");
}

static void test_additions(void)
{
    FILE *f = fopen("test/schema/additions-1.3", "r");
    char line[PATH_BYTES];
    size_t seen = 0, missing = properties_missing;

    while (f && fgets(line, sizeof(line), f)) {
        line[strcspn(line, "\n")] = '\0';
        if (*line != '/')
            continue;
        see_property(line);
        seen++;
    }
    if (f)
        fclose(f);
    ok(seen > 30, "%zu properties added up to 1.3", seen);
    ok(properties_missing == missing, "every one has a row");
}

/* A property that does not exist must be found missing. */
static void test_sharpness(void)
{
    ok(!is_covered("/process/nice") && !is_covered("/vm/hwConfig/x/N") &&
       !is_covered("/root/path/x"), "what is not there is not covered");
}

static void test_rows(void)
{
    size_t count, i, j, same = 0, without = 0;
    const struct spec_property *rows = spec_properties(&count);

    for (i = 0; i < count; i++) {
        without += !rows[i].how || !*rows[i].how || !*rows[i].type;
        for (j = 0; j < i; j++)
            same += !strcmp(rows[i].path, rows[j].path);
    }
    ok(!same, "no property has two rows");
    ok(!without, "every row says how, or why not");
}

static void test_coverage_file(void)
{
    struct bytes out = BYTES_INIT;
    size_t size;
    char *text = read_file("docs/coverage.md", &size);

    spec_format_coverage(&out);
    ok(text && size == out.size && !memcmp(text, out.data, size),
       "docs/coverage.md is what the rows print (xl-oci coverage >it)");
    free(text);
    bytes_free(&out);
}

int main(int argc, char **argv)
{
    struct bytes out = BYTES_INIT;

    if (argc == 2 && !strcmp(argv[1], "--print")) {
        spec_format_coverage(&out);
        fputs(bytes_text(&out), stdout);
        bytes_free(&out);
        return 0;
    }
    schema_dir = getenv("OCI_SCHEMA_DIR");
    if (!schema_dir)
        schema_dir = "build/cache/oci-schema";
    arena = arena_new();
    report = report_new();
    test_schema();
    test_additions();
    test_sharpness();
    test_rows();
    test_coverage_file();
    report_free(report);
    arena_free(arena);
    return done_testing();
}
