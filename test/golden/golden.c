/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * golden CASE OUT [DTB]: everything that a bundle becomes before Xen is asked.
 *
 * CASE/ holds config.json (a bundle) and perhaps `options`, lines key=value
 * (name, memory, vcpus, rootfs, persist, pcpus). DTB is the host's tree. Writes
 * into OUT/: report.txt, and when the bundle is good plan.txt, plan.json,
 * xl.cfg, with a DTB devices.dts, program.txt (read back by the guest's
 * reader), libxl-VERSION.json (the real libxl_domain_config). The case's directory is written as @BUNDLE@.
 */
#include <err.h>
#include <libxl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/report.h"
#include "bundle.h"
#include "domain-config.h"
#include "dt/host-tree.h"
#include "dt/passable.h"
#include "guest/reader.h"
#include "plan.h"
#include "spec.h"

#define UUID "5f0c2e4e-6a52-4c3b-9d0f-0123456789ab"

struct golden {
    struct arena *arena;
    const char *case_dir, *out_dir;
    struct bundle *bundle;
    struct plan_options options;
    struct host_facts host;
};

static void write_out(const struct golden *g, const char *name,
                      struct bytes *text)
{
    const char *path = arena_printf(g->arena, "%s/%s", g->out_dir, name);
    const char *s = bytes_text(text), *hit;
    FILE *f = fopen(path, "we");

    if (!f || !s)
        err(1, "%s", path);
    while (g->bundle && (hit = strstr(s, g->bundle->path))) {
        fprintf(f, "%.*s@BUNDLE@", (int)(hit - s), s);
        s = hit + strlen(g->bundle->path);
    }
    while ((hit = strstr(s, g->case_dir))) {
        fprintf(f, "%.*s@BUNDLE@", (int)(hit - s), s);
        s = hit + strlen(g->case_dir);
    }
    fputs(s, f);
    if (fclose(f))
        err(1, "%s", path);
    text->size = 0;
}

static void set_option(struct golden *g, const char *key, const char *value)
{
    struct plan_options *o = &g->options;

    if (!strcmp(key, "name"))
        o->name = value;
    else if (!strcmp(key, "memory"))
        o->memory_bytes = strtoull(value, NULL, 10);
    else if (!strcmp(key, "vcpus"))
        o->vcpus = strtoull(value, NULL, 10);
    else if (!strcmp(key, "rootfs"))
        o->rootfs = value;
    else if (!strcmp(key, "persist"))
        o->persist_path = value;
    else if (!strcmp(key, "pcpus"))
        g->host.pcpus = (unsigned int)strtoul(value, NULL, 10);
    else
        errx(2, "%s: not an option", key);
}

static void read_options(struct golden *g)
{
    const char *path = arena_printf(g->arena, "%s/options", g->case_dir);
    FILE *f = fopen(path, "re");
    char line[1024], *value;

    if (!f)
        return;
    while (fgets(line, sizeof(line), f)) {
        line[strcspn(line, "\n")] = '\0';
        value = strchr(line, '=');
        if (!value)
            errx(2, "%s: no =", path);
        *value++ = '\0';
        set_option(g, arena_strdup(g->arena, line),
                   arena_strdup(g->arena, value));
    }
    fclose(f);
}

static void dump_argument(struct bytes *out, struct args *args, char kind)
{
    const unsigned char *p;
    uint32_t n, i;
    char **v;

    switch (kind) {
    case 'u':
        bytes_printf(out, " %u", arg_u32(args));
        return;
    case 'q':
        bytes_printf(out, " 0x%llx", (unsigned long long)arg_u64(args));
        return;
    case 's':
        bytes_add_string(out, " ");
        bytes_add_json_string(out, arg_string(args));
        return;
    case 'b':
        p = arg_bytes(args, &n);
        bytes_printf(out, " %u:", n);
        for (i = 0; i < n; i++)
            bytes_printf(out, "%02x", p[i]);
        return;
    default:
        v = arg_vector(args);
        bytes_add_string(out, " [");
        for (i = 0; v && v[i]; i++) {
            bytes_add_string(out, i ? ", " : "");
            bytes_add_json_string(out, v[i]);
        }
        bytes_add_string(out, "]");
        free(v);
    }
}

static const char *signature_of(unsigned int opcode)
{
    switch (opcode) {
#define OP(code, id, name, signature, phase) case code: return signature;
    PROGRAM_OPS(OP)
#undef OP
    default:
        return "";
    }
}

static void dump_program(const struct golden *g, const struct plan *plan)
{
    struct bytes program = BYTES_INIT, out = BYTES_INIT;
    struct program checked;
    struct op op = { 0 };
    const char *wrong, *signature;
    int index;

    if (plan_write_program(plan, &program))
        errx(1, "the program was not written");
    wrong = program_open(&checked, program.data, program.size, &index);
    if (wrong)
        errx(1, "the guest's reader refuses operation %d: %s", index, wrong);
    while (op_next(&checked, &op)) {
        struct args args = op_args(&op);

        bytes_add_string(&out, op_name(op.code));
        for (signature = signature_of(op.code); *signature; signature++)
            dump_argument(&out, &args, *signature);
        bytes_add_string(&out, "\n");
    }
    write_out(g, "program.txt", &out);
    bytes_free(&out);
    bytes_free(&program);
}

/* Where the commands would have put things. */
static struct plan_artifacts artifacts_of(struct arena *a,
                                          const struct plan *plan)
{
    const char **paths = ARENA_ARRAY(a, const char *, plan->n_disks + 1);
    struct plan_artifacts artifacts = {
        .disk_paths = paths, .ramdisk_path = "/run/xl-oci/golden/ramdisk",
        .device_tree_path = "/run/xl-oci/golden/device-tree",
    };
    size_t i;

    for (i = 0; i < plan->n_disks; i++)
        paths[i] = plan->disks[i].image < 0 ? plan->disks[i].path :
            arena_printf(a, "/var/cache/xl-oci/image-%d",
                         plan->disks[i].image);
    return artifacts;
}

static void dump_config(const struct golden *g, const struct plan *plan,
                        const struct plan_artifacts *artifacts)
{
    libxl_domain_config config;
    struct bytes out = BYTES_INIT;
    char *json;

    if (domain_config_fill(NULL, plan, artifacts, &config))
        errx(1, "no libxl configuration");
    json = libxl_domain_config_to_json(NULL, &config);
    if (!json)
        errx(1, "no JSON of the libxl configuration");
    bytes_add_string(&out, json);
    bytes_add_string(&out, "\n");
    write_out(g, "libxl-" XEN_VERSION ".json", &out);
    bytes_free(&out);
    free(json);
    libxl_domain_config_dispose(&config);
}

static void dump_plan(const struct golden *g, const struct plan *plan)
{
    static const struct { const char *name; enum plan_format format; }
    formats[] = {
        { "plan.txt", PLAN_FORMAT_TEXT },
        { "plan.json", PLAN_FORMAT_JSON },
        { "xl.cfg", PLAN_FORMAT_XL },
        { "devices.dts", PLAN_FORMAT_DTS },     /* with a host tree */
    };
    struct plan_artifacts artifacts = artifacts_of(g->arena, plan);
    struct bytes out = BYTES_INIT;
    size_t i;

    for (i = 0; i < (g->host.devices ? 4 : 3); i++) {
        if (plan_format(plan, &artifacts, formats[i].format, &out))
            errx(1, "%s failed", formats[i].name);
        write_out(g, formats[i].name, &out);
    }
    bytes_free(&out);
    dump_program(g, plan);
    dump_config(g, plan, &artifacts);
}

static void read_tree(struct golden *g, const char *path,
                      struct report *report)
{
    static char dtb[DT_MAX_BYTES];
    FILE *f = fopen(path, "re");
    size_t size = f ? fread(dtb, 1, sizeof(dtb), f) : 0;
    const struct dt_tree *tree;

    if (!f)
        err(1, "%s", path);
    fclose(f);
    tree = dt_tree_load(g->arena, "host.dtb", dtb, size, report);
    if (tree)
        g->host.devices = dt_devices_judge(g->arena, tree, report);
}

/* A checkout's modes are those of somebody's umask, and it lies anywhere. */
static void fix_place(struct survey *survey, size_t n_mounts)
{
    size_t i;

    survey->rootfs.is_exposed = false;
    for (i = 0; i < n_mounts; i++) {
        survey->mounts[i].mode = 0644;
        survey->mounts[i].is_exposed = false;
    }
}

static const struct plan *make_plan(struct golden *g, struct report *report)
{
    const struct spec *spec;
    struct survey *survey;
    const struct plan *plan;

    g->bundle = bundle_open(g->arena, g->case_dir, report);
    if (!g->bundle)
        return NULL;
    spec = bundle_spec(g->arena, g->bundle, report);
    survey = spec ? survey_take(g->arena, g->bundle, spec, report) : NULL;
    if (!survey)
        return NULL;
    fix_place(survey, spec->n_mounts);
    plan = plan_make(g->arena, spec, survey, &g->host, &g->options, report);
    survey_close(survey);
    return plan;
}

int main(int argc, char **argv)
{
    struct golden g = {
        .options = { .uuid = UUID },
        .host = {
            .xen_major = 4, .xen_minor = 20, .kernel_bytes = 7102464,
            .kernel_path = "/usr/lib/xl-oci/Image",
            .initramfs_path = "/usr/lib/xl-oci/initramfs",
            .initramfs_bytes = 65536, .bundle_name = "golden",
            .bundle_path = "/srv/golden",
            .block_script = "/usr/lib/xl-oci/xl-oci-block",
        },
    };
    struct report *report = report_new();
    struct bytes out = BYTES_INIT;
    const struct plan *plan;

    if (argc != 3 && argc != 4)
        errx(2, "usage: golden CASE OUT [DTB]");
    g.arena = arena_new();
    if (argc == 4)
        read_tree(&g, argv[3], report);
    g.case_dir = argv[1];
    g.out_dir = argv[2];
    read_options(&g);
    plan = make_plan(&g, report);
    report_format_text(report, &out);
    write_out(&g, "report.txt", &out);
    if (plan)
        dump_plan(&g, plan);
    bundle_close(g.bundle);
    bytes_free(&out);
    report_free(report);
    arena_free(g.arena);
    return 0;
}
