/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "devices-doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/report.h"
#include "dt/checks.h"
#include "dt/correct.h"
#include "dt/host-tree.h"
#include "dts.h"

#include "command.h"
#include "files.h"
#include "host-tree.h"
#include "print.h"

enum kind { KIND_DTB, KIND_DTBO, KIND_DTS, KIND_NONE };

static enum kind kind_of(const char *fix)
{
    static const char *const endings[] = { ".dtb", ".dtbo", ".dts" };
    size_t n = strlen(fix), m;
    enum kind kind;

    for (kind = KIND_DTB; kind < KIND_NONE; kind++) {
        m = strlen(endings[kind]);
        if (n > m && !strcmp(fix + n - m, endings[kind]))
            return kind;
    }
    return KIND_NONE;
}

bool doctor_can_write(const char *fix)
{
    return kind_of(fix) != KIND_NONE;
}

/* --- what is shown ------------------------------------------------------- */

static const char *severity_of(const struct dt_finding *f)
{
    return f->check->severity == REPORT_ERROR ? "error" : "warning";
}

static bool is_among(const struct dt_finding *f, const struct dt_checkup *c)
{
    const struct dt_finding *g;

    for (g = c->findings; g; g = g->next)
        if (g->check == f->check && !strcmp(g->message, f->message) &&
            (f->path ? g->path && !strcmp(g->path, f->path) : !g->path))
            return true;
    return false;
}

/* fixed: what became of it, NULL: nothing was to. */
static void add_text(const struct doctor_order *order,
                     const struct dt_finding *f,
                     const struct dt_correction *fixed, struct bytes *out)
{
    print_add_safe_string(out, order->file);
    bytes_printf(out, ": %s: ", severity_of(f));
    if (f->path) {
        print_add_safe_string(out, f->path);
        bytes_add_string(out, ": ");
    }
    print_add_safe_string(out, f->message);
    bytes_printf(out, " [%s]\n    remedy: ", f->check->name);
    print_add_safe_string(out, f->remedy);
    bytes_add_string(out, "\n");
    if (f->correctable && !fixed)
        bytes_add_string(out, "    --fix corrects it\n");
    else if (f->correctable && !is_among(f, fixed->after))
        bytes_add_string(out, "    corrected\n");
}

static void add_summary(const struct dt_checkup *c, struct bytes *out)
{
    size_t warnings = c->n_findings - c->n_errors;

    if (!c->n_findings)
        bytes_add_string(out, "nothing found\n");
    else
        bytes_printf(out, "%zu error%s, %zu warning%s; %zu of them %s "
                     "correctable\n", c->n_errors, c->n_errors == 1 ? "" : "s",
                     warnings, warnings == 1 ? "" : "s", c->n_correctable,
                     c->n_correctable == 1 ? "is" : "are");
}

static void add_changes_text(const struct doctor_order *order,
                             const struct dt_correction *r, struct bytes *out)
{
    const struct dt_finding *f;
    const struct dt_edit *e;
    size_t i;

    for (f = r->after->findings; f; f = f->next)
        if (!is_among(f, r->before))
            add_text(order, f, r, out);
    for (i = 0; r->n_edits && i < r->before->tree->n_nodes; i++)
        for (e = r->edits[i]; e; e = e->next)
            bytes_printf(out, "changed: %s: %s\n", e->path, e->property);
    print_add_safe_string(out, order->fix);
    bytes_printf(out, ": %zu propert%s changed; %zu error%s left\n",
                 r->n_edits, r->n_edits == 1 ? "y" : "ies",
                 r->after->n_errors, r->after->n_errors == 1 ? "" : "s");
}

static void show_text(const struct doctor_order *order,
                      const struct dt_checkup *checkup,
                      const struct dt_correction *r, struct bytes *out)
{
    const struct dt_finding *f;

    for (f = checkup->findings; f; f = f->next)
        add_text(order, f, r, out);
    add_summary(checkup, out);
    if (r)
        add_changes_text(order, r, out);
}

static void add_member(struct bytes *out, const char *name, const char *text)
{
    bytes_printf(out, ",\"%s\":", name);
    if (text)
        bytes_add_json_string(out, text);
    else
        bytes_add_string(out, "null");
}

static void add_findings_json(const struct dt_checkup *checkup,
                              struct bytes *out)
{
    const struct dt_finding *f;

    bytes_printf(out, "\"errors\":%zu,\"warnings\":%zu,\"findings\":[",
                 checkup->n_errors, checkup->n_findings - checkup->n_errors);
    for (f = checkup->findings; f; f = f->next) {
        bytes_printf(out, "%s\n{\"check\":\"%s\",\"severity\":\"%s\"",
                     f == checkup->findings ? "" : ",", f->check->name,
                     severity_of(f));
        add_member(out, "path", f->path);
        add_member(out, "message", f->message);
        add_member(out, "remedy", f->remedy);
        bytes_printf(out, ",\"correctable\":%s}",
                     f->correctable ? "true" : "false");
    }
    bytes_add_string(out, "]");
}

static void add_changes_json(const struct doctor_order *order,
                             const struct dt_correction *r, struct bytes *out)
{
    const struct dt_edit *e;
    const char *comma = "";
    size_t i, k;

    bytes_add_string(out, ",\n\"fixed\":{\"file\":");
    bytes_add_json_string(out, order->fix);
    bytes_printf(out, ",\"rounds\":%u,\"changes\":[", r->rounds);
    for (i = 0; r->n_edits && i < r->before->tree->n_nodes; i++)
        for (e = r->edits[i]; e; e = e->next) {
            bytes_printf(out, "%s\n{\"path\":", comma);
            comma = ",";
            bytes_add_json_string(out, e->path);
            add_member(out, "property", e->property);
            bytes_add_string(out, ",\"value\":\"");
            for (k = 0; k < e->size_bytes; k++)
                bytes_printf(out, "%02x", ((const uint8_t *)e->value)[k]);
            bytes_add_string(out, "\"}");
        }
    bytes_add_string(out, "],\n");
    add_findings_json(r->after, out);
    bytes_add_string(out, "}");
}

static void show_json(const struct doctor_order *order,
                      const struct dt_checkup *checkup,
                      const struct dt_correction *r, struct bytes *out)
{
    bytes_add_string(out, "{\"file\":");
    bytes_add_json_string(out, order->file);
    bytes_add_string(out, ",");
    add_findings_json(checkup, out);
    if (r)
        add_changes_json(order, r, out);
    bytes_add_string(out, "}\n");
}

/* --- what is written ----------------------------------------------------- */

static int fail(const struct doctor_order *order, struct report *report)
{
    struct report_where where = { .file = order->fix };

    dt_report(report, UNWRITABLE, &where, "%s", strerror(errno));
    return -1;
}

static int write_file(const struct doctor_order *order, const void *data,
                      size_t size_bytes, struct report *report)
{
    const char *slash = strrchr(order->fix, '/');
    const char *name = slash ? slash + 1 : order->fix;
    char *folder = slash ? strndup(order->fix, (size_t)(name - order->fix)) :
                           strdup(".");
    int fd = folder ? open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    int rc = fd < 0 ? -1 : file_write_mode_at(fd, name, data, size_bytes,
                                              0666);

    if (rc < 0)
        rc = fail(order, report);
    if (fd >= 0)
        close(fd);
    free(folder);
    return rc;
}

static int write_fix(const struct doctor_order *order,
                     const struct dt_correction *r, struct report *report)
{
    enum kind kind = kind_of(order->fix);
    struct report_where where = { .file = order->fix };
    struct bytes text = BYTES_INIT;
    int rc = -1;

    if (kind == KIND_DTB)
        return write_file(order, r->dtb, r->dtb_bytes, report);
    if (r->overlay_problem) {
        dt_report(report, BOARD_UNCORRECTED, &where,
                  "an overlay cannot say it (a .dtb can): %s",
                  r->overlay_problem);
        return -1;
    }
    if (kind == KIND_DTBO)
        return write_file(order, r->overlay, r->overlay_bytes, report);
    dts_format(r->overlay, &text);
    if (text.failed)
        dt_report(report, OUT_OF_MEMORY, &where, "out of memory");
    else
        rc = write_file(order, text.data, text.size, report);
    bytes_free(&text);
    return rc;
}

int devices_doctor(struct arena *arena, const struct doctor_order *order,
                   struct report *report)
{
    size_t size_bytes, n = (size_t)order->n_devices;
    char *dtb = host_tree_bytes(order->file, &size_bytes, report);
    const struct dt_correction *r = NULL;
    const struct dt_checkup *checkup = NULL, *last;
    struct bytes out = BYTES_INIT;

    if (dtb && order->fix)
        r = dt_correct(arena, order->file, dtb, size_bytes, order->devices,
                       n, report);
    else if (dtb)
        checkup = dt_doctor_examine(arena, order->file, dtb, size_bytes,
                                    order->devices, n, report);
    free(dtb);
    if (r)
        checkup = r->before;
    last = r ? r->after : checkup;
    if (r && !r->dtb)           /* no tree: the findings tell */
        r = NULL;
    if (!checkup || (r && write_fix(order, r, report)))
        return print_report(report, order->json);
    (order->json ? show_json : show_text)(order, checkup, r, &out);
    return print_bytes(&out) || last->n_errors ? XL_OCI_FAILED : XL_OCI_OK;
}
