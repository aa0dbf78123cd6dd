/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/arena.h"
#include "base/bytes.h"
#include "checks.h"
#include "dt/checks.h"
#include "dt/find.h"
#include "dt/host-tree.h"
#include "dt/passable.h"
#include "dt/passthrough.h"
#include "dts.h"

#include "commands.h"
#include "devices-doctor.h"
#include "devices.h"
#include "holders.h"
#include "host-tree.h"
#include "print.h"
#include "settings.h"

struct devices_options {
    const char *host_dtb, *allow, *compatible, *clocks, *fix;
    int format;
    bool all, plan, draw, doctor;
};

enum { FORMAT_TEXT, FORMAT_JSON, FORMAT_DTS, FORMAT_DTB };

static const struct option_row rows[] = {
    { 0, "host-dtb", OPTION_STRING,
      offsetof(struct devices_options, host_dtb), "FILE", NULL,
      "the device tree that Xen gets; default: host_dtb of xl-oci.conf, else "
      "Dom0's own tree" },
    { 'a', "all", OPTION_FLAG, offsetof(struct devices_options, all), NULL,
      NULL, "those without xen,passthrough too; with --draw: every node" },
    { 0, "format", OPTION_FORMAT, offsetof(struct devices_options, format),
      "FORMAT", "text|json|dts|dtb",
      "how to print; dts and dtb: the partial tree of a plan" },
    { 0, "draw", OPTION_FLAG, offsetof(struct devices_options, draw), NULL,
      NULL, "a picture (SVG) of the tree and what each guest has of it" },
    { 'p', "plan", OPTION_FLAG, offsetof(struct devices_options, plan), NULL,
      NULL, "what a guest would get that has all of DEVICE..." },
    { 0, "allow", OPTION_STRING, offsetof(struct devices_options, allow),
      "REASON,...", NULL,
      "with --plan: reasons that do not matter (see below)" },
    { 0, "compatible", OPTION_STRING,
      offsetof(struct devices_options, compatible), "NAME", NULL,
      "with --plan: compatible of the devices, such as generic-uio" },
    { 0, "clocks", OPTION_STRING, offsetof(struct devices_options, clocks),
      "NAME=HZ,...", NULL,
      "with --plan: rates that the tree does not tell" },
    { 0, "doctor", OPTION_FLAG, offsetof(struct devices_options, doctor),
      NULL, NULL,
      "what keeps the board from working, for all or with DEVICE..." },
    { 0, "fix", OPTION_STRING, offsetof(struct devices_options, fix),
      "FILE", NULL, "with --doctor: write a corrected tree (FILE.dtb) or an "
      "overlay (FILE.dtbo, FILE.dts)" },
    { .name = NULL },
};

static bool is_named(const struct dt_node *node,
                     const struct dt_node *const *named, int n)
{
    int i;

    for (i = 0; i < n; i++)
        if (named[i] == node)
            return true;
    return false;
}

/* Whether a device is listed when none is named. In Dom0's own tree a mark has
 * become a status of "disabled". */
static bool is_listed(const struct devices_options *options,
                      const struct devices_host *host,
                      const struct dt_device *d)
{
    return d->marked || options->all ||
           (host->is_dom0s && !d->node->enabled);
}

static void print_devices(const struct devices_options *options,
                          const struct dt_devices *devices,
                          const struct devices_host *host,
                          const struct dt_node *const *named, int n_named,
                          struct bytes *out)
{
    const struct dt_device *d;
    size_t i, shown = 0;

    if (options->format == FORMAT_JSON)
        bytes_add_string(out, "[");
    for (i = 0; i < devices->count; i++) {
        d = &devices->list[i];
        if (n_named ? !is_named(d->node, named, n_named) :
            !is_listed(options, host, d))
            continue;
        if (options->format == FORMAT_JSON) {
            bytes_add_string(out, shown ? ",\n" : "\n");
            devices_add_json(devices, d, host, out);
        } else {
            devices_add_text(devices, d, host, out);
        }
        shown++;
    }
    if (options->format == FORMAT_JSON)
        bytes_add_string(out, shown ? "\n]\n" : "]\n");
    else if (shown < devices->count && !n_named)
        bytes_printf(out, "%zu of %zu devices %s; --all shows the others\n",
                     shown, devices->count, host->is_dom0s ?
                     "are disabled in Dom0's own tree, as those with "
                     "xen,passthrough are" : "have xen,passthrough");
}

/* What stands in where no tree is named; NULL with an error. A doctor of it
 * would be late: Xen has booted, and made it. */
static const char *find_dom0s(const struct devices_options *options,
                              const struct settings *settings,
                              struct report *report)
{
    const char *file = options->doctor ? NULL : host_tree_of_dom0();
    struct report_where where = { .file = settings->file };

    if (file)
        report_check(report, HOST_TREE_OF_DOM0, &where,
                     "there is no host_dtb, so this is of Dom0's own tree, "
                     "%s: it does not tell which devices have "
                     "xen,passthrough, nor of an IOMMU", file);
    else
        dt_report(report, UNNAMED, &where, "there is no host_dtb");
    return file;
}

/* The tree's file; NULL with errors. What is set for this host holds for its
 * own tree: one that is named may be another machine's. */
static const char *find_file(struct arena *arena,
                             const struct devices_options *options,
                             struct devices_host *host, struct report *report)
{
    struct settings settings;

    *host = (struct devices_host){ .claims = NULL };
    if (options->host_dtb)
        return options->host_dtb;
    if (settings_read(arena, &settings, report))
        return NULL;
    host->allowances = settings.allowances;
    host->n_allowances = settings.n_allowances;
    host->is_dom0s = !settings.host_dtb;
    return settings.host_dtb ? settings.host_dtb :
                               find_dom0s(options, &settings, report);
}

/* All names, so that one run tells every one that is wrong. */
static const struct dt_node **find_named(struct arena *arena,
                                         const struct dt_devices *devices,
                                         int argc, char **argv,
                                         struct report *report)
{
    const struct dt_node **named =
        ARENA_ARRAY(arena, const struct dt_node *, (size_t)argc + 1);
    struct report_where where = { .file = devices->tree->file };
    size_t k;
    int i;

    if (!named) {
        dt_report(report, OUT_OF_MEMORY, &where, "out of memory");
        return NULL;
    }
    for (i = 0; i < argc; i++) {
        named[i] = dt_find(devices->tree, argv[i], report);
        for (k = 0; named[i] && k < devices->count &&
             devices->list[k].node != named[i]; k++)
            ;
        where.path = named[i] ? named[i]->path : NULL;
        if (named[i] && k == devices->count)
            dt_report(report, NODE_UNKNOWN, &where,
                      "this node has no place in memory: it is no device "
                      "that could be passed through");
    }
    return named;
}

static int wrong(const char *message, const char *word)
{
    fprintf(stderr, "xl oci-devices: %s%s\n", message, word);
    return XL_OCI_USAGE;
}

/* What only the whole command line shows to be wrong; XL_OCI_OK if nothing. */
static int check_options(const struct devices_options *o, int argc)
{
    if (o->doctor && (o->plan || o->all || o->draw))
        return wrong("--doctor goes without --plan, --draw and --all", "");
    if (o->fix && !o->doctor)
        return wrong("--fix needs --doctor", "");
    if (o->fix && !doctor_can_write(o->fix))
        return wrong("--fix wants a file ending in .dtb, .dtbo or .dts: ",
                     o->fix);
    if (o->fix && globals.dry_run)
        return wrong("-N: leave out --fix, which would write ", o->fix);
    if (o->plan && !argc)
        return wrong("--plan needs a DEVICE", "");
    if (!o->plan && (o->format == FORMAT_DTS || o->format == FORMAT_DTB))
        return wrong("--format=dts and --format=dtb need --plan", "");
    if (!o->plan && (o->allow || o->compatible || o->clocks))
        return wrong("--allow, --compatible and --clocks need --plan", "");
    if (o->draw && o->format != FORMAT_TEXT)
        return wrong("--draw has a format of its own: not with --format", "");
    return XL_OCI_OK;
}

static int print_plan(const struct devices_options *o,
                      const struct dt_passthrough *plan, struct bytes *out)
{
    switch (o->format) {
    case FORMAT_JSON:
        devices_plan_json(plan, out);
        break;
    case FORMAT_DTS:
        dts_format(plan->dtb, out);
        break;
    case FORMAT_DTB:
        bytes_add(out, plan->dtb, plan->dtb_bytes);
        break;
    default:
        devices_plan_text(plan, out);
    }
    return print_bytes(out);
}

/* Who holds what; a tree that is named may be another machine's. */
static const struct claim *find_claims(struct arena *arena,
                                       const struct devices_options *o)
{
    return o->host_dtb ? NULL : holders_read(arena);
}

/* plan: NULL, or what is to be drawn beside what is held. */
static int draw(struct arena *arena, const struct devices_options *o,
                const struct dt_devices *devices,
                const struct dt_passthrough *plan,
                const struct dt_node *const *named, int n_named,
                struct bytes *out)
{
    struct claim planned;
    const struct devices_drawing chosen = {
        .claims = find_claims(arena, o), .planned = plan ? &planned : NULL,
        .named = named, .n_named = (size_t)n_named, .all = o->all,
    };

    if ((plan && !claim_of_passthrough(arena, "", plan, &planned)) ||
        devices_draw(arena, devices, &chosen, out))
        return wrong("out of memory", "");
    return print_bytes(out);
}

static int plan_devices(struct arena *arena, const struct devices_options *o,
                        const struct devices_host *host,
                        const struct dt_devices *devices, int argc,
                        char **argv, struct report *report,
                        struct bytes *out)
{
    struct dt_order order;
    const struct dt_passthrough *plan;
    const struct devices_words words = { o->allow, o->compatible, o->clocks };
    const char *unknown = NULL;

    if (devices_order(arena, argc, argv, &words, host, &order, &unknown))
        return unknown ? wrong("wrong value of --allow or --clocks: ",
                               unknown) : wrong("out of memory", "");
    plan = dt_passthrough_plan(arena, devices, &order, report);
    if (plan && o->draw)
        return draw(arena, o, devices, plan, NULL, 0, out);
    return plan ? print_plan(o, plan, out) :
                  print_report(report, o->format == FORMAT_JSON);
}

static int act(struct arena *arena, const struct devices_options *o, int argc,
               char **argv, struct report *report, struct bytes *out)
{
    struct devices_host host;
    const char *file = find_file(arena, o, &host, report);
    struct doctor_order doctor = {
        .file = file, .fix = o->fix, .n_devices = argc,
        .devices = (const char *const *)argv,
        .json = o->format == FORMAT_JSON,
    };
    const struct dt_tree *tree =
        file && !o->doctor ? host_tree_read(arena, file, report) : NULL;
    const struct dt_devices *devices =
        tree ? dt_devices_judge(arena, tree, report) : NULL;
    const struct dt_node **named;

    if (file && o->doctor)
        return devices_doctor(arena, &doctor, report);
    if (devices && o->plan)
        return plan_devices(arena, o, &host, devices, argc, argv, report,
                            out);
    named = devices ? find_named(arena, devices, argc, argv, report) : NULL;
    if (!named || report_errors(report))
        return print_report(report, o->format == FORMAT_JSON);
    if (o->draw)
        return draw(arena, o, devices, NULL, named, argc, out);
    if (!devices_find_allowed(arena, devices->tree, &host))
        return wrong("out of memory", "");
    host.claims = find_claims(arena, o);
    print_devices(o, devices, &host, named, argc, out);
    return print_bytes(out);
}

static int run(const void *options, int argc, char **argv)
{
    const struct devices_options *o = options;
    struct arena *arena = arena_new();
    struct report *report = report_new();
    struct bytes out = BYTES_INIT;
    int rc = check_options(o, argc);

    if (!arena || !report)
        rc = XL_OCI_FAILED;
    else if (rc == XL_OCI_OK)
        rc = act(arena, o, argc, argv, report, &out);
    if (rc == XL_OCI_OK && !o->doctor)
        print_report(report, false);    /* whose tree this is */
    bytes_free(&out);
    report_free(report);
    arena_free(arena);
    return rc;
}

static const struct devices_options defaults;

const struct command command_devices = {
    .name = "oci-devices",
    .summary = "List the host's devices and whether they may be passed "
               "through",
    .arguments = "[DEVICE]...",
    .max_args = 64,
    .options = rows,
    .defaults = &defaults,
    .options_bytes = sizeof(defaults),
    .details =
        "Each device that has a place in memory, with its pages, interrupts, "
        "what it needs of other nodes, and why it may not be given to a "
        "guest. A DEVICE is a path, a pattern of one (*, ?, [...], none of "
        "which goes past a \"/\") that one node alone is like, an alias or a "
        "label of the tree. Needs no Xen: works for any board's tree on any "
        "machine. What device_allow of xl-oci.conf passes over is said so; "
        "with --host-dtb it is not asked, as the tree may be another "
        "machine's.\n"
        "\n"
        "Where no tree is named, Dom0's own serves, with a warning. Xen made "
        "it of the host's: devices with xen,passthrough are among those that "
        "are disabled, and listed as such; no IOMMU is in it, so no device "
        "behind one can be had. Any other can, once "
        "device_allow says \"unmarked\" and \"disabled\" of it.\n"
        "\n"
        "--plan: pages, interrupts and streams of all that a guest would get "
        "with DEVICE..., and the partial device tree for it, or every reason "
        "why not. Reasons of --allow, which is for trying out what the "
        "administrator may say in xl-oci.conf: unmarked, disabled, "
        "unprotected-dma, no-dma, partial-page, shared-page, needed-by-dom0, "
        "without-provider, unknown-clock-rate.\n"
        "\n"
        "--draw: the tree at the left, and for each guest a column with the "
        "nodes, pages, interrupts and clocks that it has, each on the line of "
        "what it is of the host; for a browser or a printer. What no guest "
        "has is counted, --all draws it. With --plan, what a guest would get; "
        "without --host-dtb, to root, what containers and domains have.\n"
        "\n"
        "--doctor: what keeps the board from working under Xen, one finding "
        "a line with its remedy: nodes at which Xen's making of Dom0 ends, "
        "interrupt controller and timer, console, boot modules, reserved "
        "memory; and for each DEVICE, and each that is marked, whether it "
        "may be passed through and what Dom0 may turn off under it. --fix "
        "changes properties until nothing is left that can be corrected, "
        "examines the result again, and tries an overlay before it is "
        "written.\n"
        "\n"
        "The doctor sees the tree alone: no command line that the boot "
        "loader adds, no register (such as the GIC's identification), no "
        "firmware, nothing of what Dom0 does. What Xen reads and skips is "
        "that of Xen 4.17 and 4.20 as Debian builds them. Both were seen to "
        "fail of each kind of finding on QEMU, and to boot with what --fix "
        "writes, but for IOMMUs, and for clocks, power domains and supplies "
        "that Dom0 turns off: no machine there has them.\n"
        "\n"
        "Exit codes: 0 shown; 1 the tree cannot be read or has no such "
        "device, a device of the plan cannot be passed through, or the "
        "doctor leaves an error; 2 wrong command line.\n"
        "Example: xl oci-devices --host-dtb board.dtb --all\n"
        "Example: xl oci-devices --plan /rtc@9010000 --format=dts\n"
        "Example: xl oci-devices --draw >devices.svg\n"
        "Example: xl oci-devices --doctor --fix=fixed.dtbo serial1\n",
    .run = run,
};
