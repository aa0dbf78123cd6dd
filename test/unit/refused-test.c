/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the table says is refused, is: for each row of that fate the smallest
 * configuration that has the property gives an error there, or at the parent
 * that is refused with all it holds.
 */
#include "tap.h"

#include "plan-build.h"

/* What else an object must have, so that nothing but the property is wrong.
 * object: as in the rows' paths. */
static const struct { const char *object, *key, *value; } siblings[] = {
    { "", "ociVersion", "\"1.3.0\"" },
    { "", "root", "{\"path\":\"rootfs\"}" },
    { "", "process", "{\"cwd\":\"/\",\"args\":[\"a\"]}" },
    { "/process", "cwd", "\"/\"" },
    { "/process", "args", "[\"a\"]" },
    { "/mounts/N", "destination", "\"/m\"" },
    { "/mounts/N", "type", "\"tmpfs\"" },
    { "/linux/namespaces/N", "type", "\"pid\"" },
    { "/linux/seccomp", "defaultAction", "\"SCMP_ACT_ALLOW\"" },
    { "/linux/memoryPolicy", "mode", "\"MPOL_DEFAULT\"" },
    { "/linux/personality", "domain", "\"LINUX\"" },
};

static const struct { const char *type, *value; } values[] = {
    { "string", "\"x\"" }, { "bool", "true" }, { "array of strings", "[\"x\"]" },
    { "array of objects", "[{\"x\":1}]" }, { "array of uint32", "[1]" },
    { "map of objects", "{\"k\":{\"x\":1}}" }, { "object", "{\"x\":1}" },
};

static const char *value_of(const char *type)
{
    size_t i;

    for (i = 0; i < sizeof(values) / sizeof(*values); i++)
        if (!strcmp(values[i].type, type))
            return values[i].value;
    return strstr(type, "int") ? "1" : NULL;
}

static int is_key(const char *key, const char *part, size_t length)
{
    return strlen(key) == length && !strncmp(key, part, length);
}

/* The value at `at`, a place in path; pointer gets the JSON pointer. */
static void add_value(struct bytes *out, struct bytes *pointer,
                      const char *path, const char *at, const char *value)
{
    size_t length, i;
    const char *part = at + 1;

    if (!*at) {
        bytes_add_string(out, value);
        return;
    }
    length = strcspn(part, "/");
    if (is_key("N", part, length)) {
        bytes_add_string(out, "[");
        bytes_add_string(pointer, "/0");
        add_value(out, pointer, path, part + length, value);
        bytes_add_string(out, "]");
        return;
    }
    bytes_add_string(out, "{");
    for (i = 0; i < sizeof(siblings) / sizeof(*siblings); i++)
        if (is_key(siblings[i].object, path, (size_t)(at - path)) &&
            !is_key(siblings[i].key, part, length))
            bytes_printf(out, "\"%s\":%s,", siblings[i].key,
                         siblings[i].value);
    bytes_printf(out, "\"%.*s\":", (int)length, part);
    bytes_printf(pointer, "/%.*s", (int)length, part);
    add_value(out, pointer, path, part + length, value);
    bytes_add_string(out, "}");
}

/* Is the property's place below that of the error, or the same? */
static int is_at(const char *error, const char *pointer)
{
    size_t length = error ? strlen(error) : 0;

    return length && !strncmp(error, pointer, length) &&
           (!pointer[length] || pointer[length] == '/');
}

static void test_row(const struct spec_property *row)
{
    static const struct plan_options options = { .uuid = NULL };
    struct bytes text = BYTES_INIT, pointer = BYTES_INIT;
    const char *value = value_of(row->type);
    const struct diagnostic *d;
    struct made m;
    int refused = 0, other = 0;

    add_value(&text, &pointer, row->path, row->path, value ? value : "null");
    m = make_with(bytes_text(&text), &options);
    for (d = report_first(m.report); d; d = d->next) {
        if (d->check->severity != REPORT_ERROR)
            continue;
        if (strstr(d->check->name, "refused") &&
            is_at(d->where.path, bytes_text(&pointer)))
            refused++;
        else
            other++;
    }
    if (!ok(value && refused == 1 && !other && !m.plan, "%s", row->path))
        for (d = report_first(m.report); d; d = d->next)
            printf("# %s: %s [%s]\n", d->where.path ? d->where.path : "",
                   d->message, d->check->name);
    unmake(&m);
    bytes_free(&text);
    bytes_free(&pointer);
}

/* An object of refused members has nothing of its own to refuse. */
static int has_members(const struct spec_property *row,
                       const struct spec_property *end)
{
    size_t length = strlen(row->path);

    return !strcmp(row->type, "object") && row + 1 < end &&
           !strncmp(row[1].path, row->path, length) &&
           row[1].path[length] == '/';
}

int main(void)
{
    size_t count, i, seen = 0;
    const struct spec_property *rows = spec_properties(&count);

    for (i = 0; i < count; i++)
        if (rows[i].fate == SPEC_REFUSED &&
            !has_members(&rows[i], rows + count)) {
            test_row(&rows[i]);
            seen++;
        }
    ok(seen > 40, "%zu properties are refused", seen);
    return done_testing();
}
