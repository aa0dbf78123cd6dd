/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The spec as a whole, and the properties outside of process and linux. */
#include "spec.h"

#include <string.h>

#include "base/arena.h"
#include "spec-rows.h"

/* --- version --------------------------------------------------------------*/

/* The next number of a version; -1 when there is none or it is absurd. */
static int version_part(const char **s)
{
    size_t digits = strspn(*s, "0123456789"), i;
    int value = 0;

    if (!digits || digits > 6)
        return -1;
    for (i = 0; i < digits; i++)
        value = value * 10 + ((*s)[i] - '0');
    *s += digits;
    return value;
}

void check_oci_version(struct reader *r, const struct spec_row *row,
                       const struct json *j, void *base)
{
    const char *s = j->text;
    int major, minor = -1, patch = -1;

    (void)row;
    (void)base;
    major = version_part(&s);
    if (major >= 0 && *s == '.' && s++)
        minor = version_part(&s);
    if (minor >= 0 && *s == '.' && s++)
        patch = version_part(&s);
    if (patch < 0 || (*s && *s != '-' && *s != '+'))
        spec_fail(r, CHECK_SPEC_VERSION, j,
                  "\"%s\" is not a semantic version", j->text);
    else if (major != 1)
        spec_fail(r, CHECK_SPEC_VERSION, j,
                  "version %s of the runtime specification is not known; 1.x "
                  "is", j->text);
    else if (minor > 3)
        spec_fail(r, CHECK_SPEC_VERSION_NEWER, j,
                  "version %s is newer than 1.3, which this program knows",
                  j->text);
}

/* --- root, vm -------------------------------------------------------------*/

void check_root_path(struct reader *r, const struct spec_row *row,
                     const struct json *j, void *base)
{
    (void)row;
    (void)base;
    if (!*j->text)
        spec_fail(r, CHECK_SPEC_EMPTY, j, "the root's path is empty");
}

void check_image(struct reader *r, const struct spec_row *row,
                 const struct json *j, void *base)
{
    const struct spec_vm *vm = &((struct spec *)base)->vm;

    (void)row;
    if (!vm->image_path.at && vm->image_format.at &&
        *vm->image_format.value && !spec_is_faulty(r->spec, &vm->image_path))
        spec_fail(r, CHECK_SPEC_MISSING, j, "\"path\" is missing");
}

/* A string that is "" counts as absent. */
static void drop_empty(struct spec_string *s)
{
    if (s->at && !*s->value)
        *s = (struct spec_string){ NULL, NULL };
}

/* --- the whole ------------------------------------------------------------*/

void check_annotations(struct reader *r, const struct spec_row *row,
                       const struct json *j, void *base)
{
    (void)row;
    (void)base;
    spec_read_extension(r, j);
}

/* config.md "Root": on all platforms but Windows it is REQUIRED; an image of
 * the whole machine holds its own. */
static void check_presence(struct reader *r)
{
    struct spec *s = r->spec;
    bool has_image = s->vm.image_path.at ||
                     spec_is_faulty(s, &s->vm.image_path);

    if (!json_member(s->document, "root") && !has_image) {
        spec_fail(r, CHECK_SPEC_MISSING, s->document, "\"root\" is missing");
        spec_mark_faulty(r, &s->root_path);
    }
    if (s->process.at && !json_member(s->process.at, "args")) {
        spec_fail(r, CHECK_SPEC_MISSING, s->process.at,
                  "\"args\" is missing");
        spec_mark_faulty(r, &s->process.args);
    }
}

void spec_check_whole(struct reader *r)
{
    const struct json *annotations;
    struct spec *s = r->spec;
    size_t i;

    drop_empty(&s->vm.hypervisor_path);
    drop_empty(&s->vm.kernel_path);
    drop_empty(&s->vm.kernel_initrd);
    drop_empty(&s->vm.image_path);
    drop_empty(&s->vm.image_format);
    /* the specification's Go binding writes the object even when unused */
    if (!s->vm.image_path.at)
        s->vm.image_format = s->vm.image_path;
    drop_empty(&s->vm.hw_device_tree);
    drop_empty(&s->hostname);
    drop_empty(&s->domainname);
    drop_empty(&s->linux_.cgroups_path);
    drop_empty(&s->linux_.rootfs_propagation);
    drop_empty(&s->linux_.resources.cpu_cpus);
    drop_empty(&s->linux_.resources.cpu_mems);
    for (i = 0; i < s->linux_.n_namespaces; i++)
        drop_empty(&s->linux_.namespaces[i].path);
    for (i = 0; i < s->n_mounts; i++) {
        drop_empty(&s->mounts[i].type);
        drop_empty(&s->mounts[i].source);
        if (!s->mounts[i].data)
            s->mounts[i].data = "";
    }
    annotations = json_member(s->document, "annotations");
    if (annotations && annotations->type != JSON_OBJECT &&
        annotations->type != JSON_NULL)
        spec_lose_extension(r);
    check_presence(r);
}

const struct spec *spec_read(struct arena *arena, const struct json *document,
                             const struct json *side, struct report *report)
{
    struct report_where where = { .file = document->file };
    size_t errors = report_errors(report);
    struct reader r = { arena, report, ARENA_NEW(arena, struct spec), false };

    if (document->type != JSON_OBJECT) {
        where = json_where(arena, document);
        report_check(report, SPEC_TYPE, &where,
                     "the document must be an object, not a JSON %s",
                     json_type_name(document->type));
        return NULL;
    }
    if (r.spec) {
        r.spec->document = document;
        spec_read_members(&r, 0, document, r.spec);
        spec_check_whole(&r);
        if (side)
            spec_read_side_file(&r, side);
    }
    if (!r.spec || r.out_of_memory) {
        report_check(report, OUT_OF_MEMORY, &where,
                     "memory is exhausted while reading");
        return NULL;
    }
    r.spec->errors = report_errors(report) - errors;
    return r.spec;
}

const struct spec *spec_from_json(struct arena *arena,
                                  const struct json *document,
                                  struct report *report)
{
    const struct spec *spec = spec_read(arena, document, NULL, report);

    return spec && !spec->errors ? spec : NULL;
}
